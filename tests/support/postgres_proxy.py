"""A proxy between a client and PostgreSQL that breaks their connections at chosen moments."""

from __future__ import annotations

import asyncio
import enum
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from support.postgres_wire import Commits, Message, Messages, ends_request

LATE_S_MAX = 1.0


class Moment(enum.Enum):
    """Where in a commit the connection breaks. The client learns the outcome in none of them."""

    BEFORE = "before the database gets anything: not committed"
    EXECUTED = "after all but the end of the request: rolled back, unless it is a simple query"
    SENT = "after the whole request: the database may notice or not, and commits"
    ANSWERED = "after the database has answered: committed"
    LATE = "before the database gets the request, which arrives all the same, up to 1 s later"


class Faults:
    """What is to go wrong. To be changed through the proxy, in whose thread it is read."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.requests_flow = asyncio.Event()
        self.answers_flow = asyncio.Event()
        self.requests_flow.set()
        self.answers_flow.set()
        self.moments: Sequence[Moment] = ()
        self.share = 0.0
        self.random = random.Random(0)
        self.cuts: Counter[Moment] = Counter()

    def draw(self) -> Moment | None:
        """The moment at which the next commit is to break, if it is."""
        if not self.moments or self.random.random() >= self.share:
            return None
        return self.random.choice(self.moments)


class _Link:
    """One client's connection and the one made for it to the database."""

    def __init__(
        self,
        faults: Faults,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        database: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._faults = faults
        self._from_client, self._to_client = client
        self._from_database, self._to_database = database
        self._messages = Messages(startup=True)
        self._answers = Messages(startup=False)
        self._commits = Commits()
        self._moment: Moment | None = None
        self._in_commit = False
        self._held: list[bytes] = []
        self._cut_at_answer = False

    async def run(self) -> None:
        """Forward until either side, or a fault, ends the connection."""
        pumps = [asyncio.ensure_future(self._requests()), asyncio.ensure_future(self._replies())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._to_client.transport.abort()
            self._to_database.close()

    def cut(self) -> None:
        """Break both connections at once."""
        self._to_client.transport.abort()
        self._to_database.transport.abort()

    async def _requests(self) -> None:
        while data := await self._from_client.read(1 << 16):
            await self._pass(self._faults.requests_flow)
            for message in self._messages.feed(data):
                if not await self._forward(message):
                    return
            await self._to_database.drain()

    async def _replies(self) -> None:
        while data := await self._from_database.read(1 << 16):
            await self._pass(self._faults.answers_flow)
            # Before the startup message an answer is one letter, and no message.
            messages = [] if self._messages.starting else self._answers.feed(data)
            if self._cut_at_answer:
                if any(message.kind == b"Z" for message in messages):
                    return
                continue
            self._to_client.write(data)
            await self._to_client.drain()

    async def _pass(self, flow: asyncio.Event) -> None:
        if self._faults.delay_s:
            await asyncio.sleep(self._faults.delay_s)
        await flow.wait()

    async def _forward(self, message: Message) -> bool:
        """Whether the connection goes on after this message."""
        within = self._commits.includes(message)
        if within and not self._in_commit:
            self._moment = self._faults.draw()
        ended = ends_request(message)
        self._in_commit = within and not ended
        if not within or self._moment is None:
            self._to_database.write(message.raw)
            return True
        return await self._forward_commit(self._moment, message, ended)

    async def _forward_commit(self, moment: Moment, message: Message, ended: bool) -> bool:
        self._held.append(message.raw)
        if not ended:
            return True
        self._faults.cuts[moment] += 1
        request, self._held = self._held, []
        match moment:
            case Moment.BEFORE:
                request = []
            case Moment.EXECUTED:
                request.pop()
            case Moment.LATE:
                self._to_client.transport.abort()
                await asyncio.sleep(self._faults.random.uniform(0, LATE_S_MAX))
            case Moment.ANSWERED:
                self._cut_at_answer = True
            case Moment.SENT:
                pass
        self._to_database.write(b"".join(request))
        await self._to_database.drain()
        return moment is Moment.ANSWERED


class PostgresProxy:
    """Listens on a loopback port of its own and forwards to `host` and `port`, in a thread."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres-proxy")
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._faults = Faults()
        self.port = 0

    def __enter__(self) -> PostgresProxy:
        self._thread.start()
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, user: str, database: str) -> str:
        """Where to connect to, without encryption, which would hide the messages."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    @property
    def cuts(self) -> Counter[Moment]:
        """How many commits were broken at which moment."""
        return Counter(self._faults.cuts)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._links)

    def open(self) -> None:
        """Listen, after `close` on the same port."""
        self._call(self._open)

    def close(self) -> None:
        """Refuse connections and break those that are open: nobody is there."""
        self._call(self._close)

    def cut(self) -> None:
        """Break all connections; others are accepted."""
        self._call(self._cut)

    def hold(self, *, requests: bool = True, answers: bool = True) -> None:
        """Forward nothing in these directions, and accept connections: a black hole."""

        def change() -> None:
            if requests:
                self._faults.requests_flow.clear()
            if answers:
                self._faults.answers_flow.clear()

        self._call(change)

    def release(self) -> None:
        """Forward again, beginning with what was held."""

        def change() -> None:
            self._faults.requests_flow.set()
            self._faults.answers_flow.set()

        self._call(change)

    def delay(self, seconds: float) -> None:
        """Forward each piece so much later."""
        self._call(lambda: setattr(self._faults, "delay_s", seconds))

    def cut_commits(self, *moments: Moment, share: float = 1.0, seed: int = 0) -> None:
        """Break this share of commits, each at one of the moments; none given: no longer."""

        def change() -> None:
            self._faults.moments, self._faults.share = moments, share
            self._faults.random.seed(seed)

        self._call(change)

    def _call(self, work: Callable[[], Any]) -> None:
        async def run() -> None:
            result = work()
            if asyncio.iscoroutine(result):
                await result

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=15)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        self._cut()

    def _cut(self) -> None:
        for link in self._links:
            link.cut()

    async def _end(self) -> None:
        await self._close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # A connection that breaks is what this is for.
        with suppress(OSError, asyncio.CancelledError):
            await self._serve(reader, writer)
        self._tasks.discard(task)
        writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        database = await asyncio.open_connection(*self._target)
        link = _Link(self._faults, (reader, writer), database)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
