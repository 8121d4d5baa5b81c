"""The whole server in one thread, on virtual time and a faulty disk, through crash after crash.

A `Simulation` is decided by its seed: the requests, when bytes and threads get on, what the disk
does, when and how the server dies. The server is the real one from the HTTP protocol down to
SQLite; the clock, the network, the threads and the platter are simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import hashlib
import json
import logging
import random
import shutil
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from genset.background import backfill, expiry, streams, sweep
from genset.background.jobs import Job, JobRunner, all_jobs
from genset.background.portions import read_portion
from genset.operations.operation import Services
from genset.storage import _connections, _group_commit, _readers, _snapshots
from genset.storage._connections import Durability
from genset.storage._write_connection import WriteConnection
from genset.storage.engine import Engine, StorageError
from genset.storage.sqlite import open_sqlite
from genset.storage.write_lock import WriteLock
from genset.wire.api import Api
from genset.wire.request_ids import random_request_ids
from genset.wire.server import HttpServer
from genset.wire.sigv4 import OpenAuthenticator
from simulation.faulty_vfs import FaultyVfs, never
from simulation.invariants import (
    Contents,
    broken,
    events,
    read_everything,
    unsettled,
    wrong_records,
)
from simulation.ledger import FollowedEngine, Ledger, Violation, plain, told
from simulation.network import Connection
from simulation.requests import MAIN, Call, Requests
from simulation.virtual_loop import Stopped, VirtualLoop
from simulation.weather import CALM, SKIES, Weather
from simulation.world import Refusal, World
from support.client import JSON_1_0, TARGET, authorization

EPOCH = 1_800_000_000.0
CLIENTS = 4
# A request without an answer for so long (virtual seconds) will never get one.
PATIENCE_S = 300.0
STEPS_MAX = 200_000
TRACE_LINES_KEPT = 300


class Simulation:
    """One run. `directory` is for its files; nothing in it is read.

    If the server `may_forget`, a power cut may lead back to any moment since the last one.
    """

    def __init__(
        self,
        seed: int,
        directory: Path,
        *,
        lives: int = 5,
        calls: int = 60,
        durability: Durability = "full",
        power_cuts: bool = True,
        may_forget: bool = False,
    ) -> None:
        self.seed = seed
        self.lives = lives
        self.steps = 0
        # How often each kind of event happened that a simulation is for.
        self.met: Counter[str] = Counter()
        self._calls = calls
        self._durability = durability
        self._power_cuts = power_cuts
        self._directory = directory
        self._chance = random.Random(seed)
        self._time = 0.0
        self._digest = hashlib.sha256()
        self._last_lines: deque[str] = deque(maxlen=TRACE_LINES_KEPT)
        self._vfs = FaultyVfs(f"simulation-{uuid.uuid4()}", seed)
        self._requests = Requests(self._chance, self._now)
        self._ledger = Ledger(self._now, self._trace, self.met, may_forget=may_forget)
        self._unanswered: list[Call] = []
        self._life = 0
        self._loop: VirtualLoop
        self._weather: Weather
        self._files = directory / "life-0"

    def run(self) -> str:
        """Live all lives; answers a digest of everything that happened.

        Raises Violation, with the seed and the last steps.
        """
        try:
            with (
                _small_bounds(self._chance),
                _another_process_writes(self._chance),
                _watched_batches(self),
                _quiet(),
            ):
                for number in range(self.lives + 1):
                    self._life = number
                    self._live()
        except Violation:
            raise
        except Exception as error:
            raise Violation(self._report(f"{error!r} ended the simulation")) from error
        finally:
            self._vfs.schedule = never
            self._close_connections()
            self._vfs.unregister()
        return self._digest.hexdigest()

    # One life of the server.

    def _live(self) -> None:
        last = self._life == self.lives
        self._files.mkdir(exist_ok=True)
        self._vfs.live_again(self._files)
        self._loop = loop = VirtualLoop(self._chance, self._time)
        loop.before_step = self._before_step
        self._weather = Weather(
            self._chance, trace=self._trace, crash=self._crash, interrupt=loop.interrupt
        )
        self._vfs.schedule = self._weather
        self._steps_left: int | None = None
        if not last:
            self._plan_crash()
        self._trace(f"life {self._life} begins")
        try:
            self._run_life(last)
        finally:
            if not self._vfs.is_dead:
                self._vfs.die()
            self._vfs.schedule = never
            loop.stop()
            loop.bury()
            self._close_connections()
            self.met += self._weather.met
            self.met["interruption"] += loop.interruptions
            self.met["job beside a job"] += loop.nested_jobs
        self.steps += loop.steps
        # Tokens expire in minutes, and stream records in a day.
        self._time = loop.time() + self._chance.choice((0.0, 0.0, 1.0, 1.0, 700.0, 90_000.0))
        self._trace(f"life {self._life} is over")
        self._change_disks()

    def _run_life(self, last: bool) -> None:
        try:
            self._loop.run(self._serve(last))
        except Stopped:
            pass
        except StorageError as error:
            # A server that cannot open its storage says so and ends; it is started again.
            if not self._vfs.is_dead:
                self.met["no start"] += 1
                if not self._weather.faults:
                    self._ledger.violate(f"the server did not start: {error!r}")
        for failure in self._loop.failures:
            self._ledger.violate(f"nobody handled {failure}")
        self._raise_violation()

    def _plan_crash(self) -> None:
        """After so many changes of files, right after a fault, after steps, or at the log."""
        number = int(10 ** self._chance.uniform(0, 3.4))
        kind = self._chance.random()
        if kind < 0.4:
            self._weather.changes_left = number
        elif kind < 0.6:
            self._weather.faults_left = self._chance.randint(1, 8)
        elif kind < 0.85:
            self._steps_left = number
        elif kind < 0.9:
            self._weather.crash_at = "delete"
        elif kind < 0.95:
            self._weather.crash_at = "sync"
            self._weather.operations_left = self._chance.randint(3, 40)

    def _crash(self, where: str) -> None:
        self._trace(f"crash {where}")
        self.met[f"crash {where}"] += 1
        self._vfs.die()
        self._loop.stop()

    def _before_step(self) -> None:
        if self._ledger.violation is not None:
            self._raise_violation()
        if self._loop.steps > STEPS_MAX:
            raise AssertionError("this does not end")
        if self._steps_left is not None:
            self._steps_left -= 1
            if self._steps_left < 0:
                self._crash("between two steps")

    def _change_disks(self) -> None:
        """What the next life finds: the files after a power cut, or after no more than an end."""
        before, self._files = self._files, self._directory / f"life-{self._life + 1}"
        seed = self._chance.randrange(2**32)
        if self._power_cuts and self._chance.random() < 0.7:
            self._trace("the power is cut")
            self.met["power cut"] += 1
            self._on_platter = True
            self._vfs.power_cut(self._files, seed)
        else:
            self.met["kill"] += 1
            self._on_platter = False
            self._vfs.kill(self._files, goes_on=True)
        self._vfs.forget(before)
        shutil.rmtree(before)

    def _close_connections(self) -> None:
        for connection in apsw.connections():
            if str(self._directory) in connection.filename:
                # It is closed, whatever the dead disk has raised meanwhile.
                with contextlib.suppress(apsw.Error):
                    connection.close(True)

    # Inside the loop.

    async def _serve(self, last: bool) -> None:
        if not last and self._chance.random() < 0.3:
            self._weather.sky = self._chance.choice(SKIES)
        engine = open_sqlite(
            self._files / "genset.db", durability=self._durability, vfs=self._vfs.vfs_name
        )
        self._weather.sky = CALM
        await self._recognize(engine)
        services = self._services()
        background = FollowedEngine(engine, self._ledger)
        jobs = self._jobs()
        # Several processes may do the same jobs, and none of them be the one that wakes them.
        runners = [JobRunner(background, services, jobs) for _ in range(self._chance.randint(1, 2))]
        woken = self._chance.choice(([], runners))
        operations = self._ledger.operations()

        def wake() -> None:
            for runner in woken:
                runner.wake()

        server = HttpServer(
            Api(engine, operations, OpenAuthenticator(), services, wake),
            request_ids=random_request_ids(self._chance.randbytes),
            wall_clock=self._now,
        )
        await server.start("127.0.0.1")
        working = [self._loop.create_task(runner.run()) for runner in runners]
        await Client(self).create_main_table()
        weather = self._loop.create_task(self._change_weather(last))
        clients = [
            self._loop.create_task(Client(self).work(self._calls // CLIENTS))
            for _ in range(CLIENTS)
        ]
        for client in clients:
            await client
        weather.cancel()
        self._weather.sky = CALM
        await self._look_at_the_end(engine)
        # A crash may also come while the server shuts down in good order.
        for work in working:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        if last:
            await self._settle(background, services, jobs)
        await server.stop()
        await engine.close()

    def _jobs(self) -> list[Job]:
        """The jobs, each often or seldom in the few seconds of a life."""
        return [
            self._ledger.watched_job(
                dataclasses.replace(job, pause_s=self._chance.choice((0.1, 0.5, 2.0, 10.0)))
            )
            for job in all_jobs()
        ]

    async def _settle(self, engine: Engine, services: Services, jobs: list[Job]) -> None:
        """After a round of each job there is nothing left to do for them."""
        now = self._now()
        for job in jobs:
            await job.run(engine, services)
        contents = await read_everything(engine)
        self._check(contents)
        for wrong in unsettled(contents, now):
            self._ledger.violate(wrong)

    def _services(self) -> Services:
        chance = self._chance
        return Services(
            now=self._now,
            new_uuid=lambda: str(uuid.UUID(bytes=chance.randbytes(16), version=4)),
            new_salt=lambda: chance.randbytes(16),
            ttl_cooldown_s=0.0,
        )

    def _now(self) -> float:
        return EPOCH + self._loop.time()

    async def _change_weather(self, last: bool) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(2.0))
            self._weather.sky = CALM
            self._trace("the sky is calm")
            await asyncio.sleep(self._chance.expovariate(1.0))
            if not last:
                self._weather.sky = self._chance.choice(SKIES)
                self._trace(f"the sky is {self._weather.sky}")

    async def _recognize(self, engine: Engine) -> None:
        """Find out which of the possible worlds the crash has left."""
        contents = await read_everything(engine)
        self._check(contents)
        possible = self._ledger.possible_worlds()
        for world in possible:
            if not self._wrong(contents, world):
                if any(world is earlier for earlier in self._ledger.earlier):
                    self.met["something forgotten"] += 1
                self._ledger.found(world, on_platter=self._life > 0 and self._on_platter)
                found_world = f"world {possible.index(world)} of {len(possible)}"
                self._trace(f"{found_world} was found")
                self.met[f"found {found_world}"] += 1
                return
        self._ledger.violate(
            f"after the crash there is none of {len(possible)} possible worlds: "
            + self._wrong(contents, possible[0])
        )

    def _wrong(self, contents: Contents, world: World) -> str:
        """How what is stored differs from a world; "" if it is that world."""
        now = self._now()
        expected, found = world.contents(now), contents.world.contents(now)
        if expected != found:
            return difference(expected, found)
        return next(wrong_records(contents, world, now), "")

    async def _look_at_the_end(self, engine: Engine) -> None:
        """With the sky calm again, writes succeed, and all is as it should be."""
        status = await Client(self).ask(self._requests.create_scratch())
        if status not in (200, 400):
            self._ledger.violate("a write failed although the disk was well again")
        possible: list[World] = []

        def at_view() -> None:
            # Requests of clients that have gone may still be under way.
            batch = self._ledger.batch
            possible[:] = [self._ledger.world, *([batch.world] if batch is not None else [])]

        contents = await read_everything(engine, at_view)
        self._check(contents)
        if all(self._wrong(contents, world) for world in possible):
            self._ledger.violate("the live server differs: " + self._wrong(contents, possible[0]))

    def _check(self, contents: Contents) -> None:
        self.met.update(events(contents))
        for wrong in broken(contents):
            self._ledger.violate(wrong)

    # What happened.

    def _trace(self, line: str) -> None:
        line = f"{self._loop.time():.6f} {line}"
        self._digest.update(line.encode())
        # Reads are most of it, and never what one looks for.
        if " read " not in line:
            self._last_lines.append(line)

    def _raise_violation(self) -> None:
        if self._ledger.violation is not None:
            raise Violation(self._report(self._ledger.violation))

    def _report(self, what: str) -> str:
        steps = "\n".join(self._last_lines)
        return (
            f"{steps}\nThese were the last steps of seed {self.seed}. "
            f"In life {self._life}, at step {self._loop.steps}: {what[:2000]}\n"
            f"GENSET_SIMULATION_SEED={self.seed} runs exactly this again."
        )


class Client:
    """One client of a simulation, over connections of its own."""

    def __init__(self, simulation: Simulation) -> None:
        self._sim = simulation
        self._chance = simulation._chance
        self._connection: Connection | None = None

    async def create_main_table(self) -> None:
        await self.ask(self._sim._requests.create(MAIN))

    async def work(self, calls: int) -> None:
        """Send `calls` requests: one by one or in a pipeline; sometimes be gone in between."""
        while calls > 0:
            await asyncio.sleep(self._chance.choice((0.0, 0.001, 0.1, 0.5)) * self._chance.random())
            several = 1 if self._chance.random() < 0.7 else self._chance.randint(2, 6)
            await self._exchange([self._next() for _ in range(several)])
            calls -= several

    async def ask(self, call: Call) -> int:
        """Send one request and check its answer; answers its status."""
        (status,) = await self._exchange([call], may_drop=False)
        return status

    def _next(self) -> Call:
        waiting = self._sim._unanswered
        if waiting and self._chance.random() < 0.5:
            self._sim.met["repeated transaction"] += 1
            return waiting.pop().again()
        return self._sim._requests.any()

    async def _exchange(self, calls: list[Call], *, may_drop: bool = True) -> list[int]:
        """Send some requests at once and check their answers; answers the statuses that came."""
        connection = self._connection or Connection(self._sim._loop, self._chance)
        self._connection = connection
        connection.send(b"".join(self._request(call) for call in calls))
        drops = may_drop and self._chance.random() < 0.08
        self._sim._unanswered += [call for call in calls if call.token is not None]
        faults = self._sim._weather.faults
        if drops:
            await asyncio.sleep(self._chance.choice((0.0, 0.001, 0.01)) * self._chance.random())
            self._sim._trace("a client drops its connection")
            self._sim.met["dropped connection"] += 1
            connection.drop()
            self._connection = None
            return []
        statuses: list[int] = []
        for call in calls:
            try:
                status, body = await asyncio.wait_for(read_answer(connection.reader), PATIENCE_S)
            except TimeoutError:
                self._sim._ledger.violate(f"{told(call)} was never answered")
                return statuses
            if call in self._sim._unanswered:
                self._sim._unanswered.remove(call)
            self._check(call, status, body, self._sim._weather.faults > faults)
            statuses.append(status)
        if self._chance.random() < 0.05:
            connection.close()
            self._connection = None
        return statuses

    def _request(self, call: Call) -> bytes:
        body = json.dumps(self._sim._ledger.expect(call)).encode()
        self._sim._trace(f"send {call.number} {call.operation}")
        head = (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: {TARGET}{call.operation}\r\n"
            f"Content-Type: {JSON_1_0}\r\nX-Amz-Date: 20261123T000000Z\r\n"
            f"Authorization: {authorization()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _check(self, call: Call, status: int, body: bytes, faulty: bool) -> None:
        """What the client was answered is what the operation made of it, and is stored."""
        sim = self._sim
        sim.met[f"answer {status}"] += 1
        sim._trace(f"answer {call.number} {status} {len(body)} bytes")
        violate = sim._ledger.violate
        if status == 500:
            if call.writes and call.stored:
                violate(f"{told(call)} was answered 500 and has happened")
            if not faulty:
                violate(f"{told(call)} was answered 500 while the disk was well")
            return
        answered: Any = plain(json.loads(body))
        if status == 400:
            reasons = answered.get("CancellationReasons", ())
            answered = Refusal(
                answered["__type"].rpartition("#")[2], [reason["Code"] for reason in reasons]
            )
        elif status != 200:
            violate(f"{told(call)} was answered {status}")
        if answered != call.outcome:
            violate(f"{told(call)} was answered {answered!r}, not {call.outcome!r}")
        if call.writes and not call.stored:
            violate(f"{told(call)} was answered before it was stored")


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    lengths = [line for line in lines if line.lower().startswith("content-length:")]
    body = await reader.readexactly(int(lengths[0].partition(":")[2]))
    return int(lines[0].split()[1]), body


def difference(expected: Any, found: Any) -> str:
    """Where two worlds differ, in words."""
    (tables, tokens), (found_tables, found_tokens) = expected, found
    if tables.keys() != found_tables.keys():
        return f"tables {sorted(found_tables)}, not {sorted(tables)}"
    if tokens != found_tokens:
        return f"tokens {tokens ^ found_tokens}"
    different = {
        (name, key): (items.get(key), found_tables[name].get(key))
        for name, items in tables.items()
        for key in {**items, **found_tables[name]}
        if items.get(key) != found_tables[name].get(key)
    }
    return f"{len(different)} items, the first {str(next(iter(different.items()), None))[:600]}"


@contextlib.contextmanager
def _small_bounds(chance: random.Random) -> Iterator[None]:
    """Bounds so small that a small run meets what takes a busy server hours."""
    bounds = {
        (_group_commit, "CHECKPOINT_FRAMES"): chance.choice((8, 30, 1000)),
        (_group_commit, "IDLE_CHECKPOINT_FRAMES"): chance.choice((1, 10)),
        (_group_commit, "IDLE_SECONDS"): chance.choice((0.01, 1.0)),
        (_group_commit, "INLINE_CHANGES_MAX"): chance.choice((2, 10, 128)),
        (_connections, "WRITE_CACHE_KIB"): chance.choice((32, 16 * 1024)),
        (_connections, "READ_CACHE_KIB"): chance.choice((32, 16 * 1024)),
        (_connections, "LOG_BYTES_KEPT"): chance.choice((0, 64 * 1024 * 1024)),
        (_snapshots, "INLINE_ROWS_MAX"): chance.choice((2, 10, 256)),
        (_snapshots, "CHUNK_ROWS"): chance.choice((1, 4, 32)),
        (_readers, "LONG_READS_MAX"): chance.choice((1, 2, 4)),
        (backfill, "_ITEMS_AT_FIRST"): chance.choice((1, 10)),
        (backfill, "_ITEMS_PER_WRITE"): chance.choice((1, 3, 100)),
        (expiry, "ITEMS_PER_WRITE"): chance.choice((2, 100)),
        (expiry, "ITEMS_PER_READ"): chance.choice((1, 10)),
        (sweep, "KEYS_PER_WRITE"): chance.choice((3, 100)),
        (streams, "read_portion"): partial(read_portion, keys_max=chance.choice((2, 100))),
        (streams, "_DEFAULT"): streams.ShardPolicy(
            roll_after_s=chance.choice((1.0, 600.0)),
            hot_records=chance.choice((5, 30)),
            open_shards_max=chance.choice((1, 2, 4)),
        ),
    }
    kept = {place: getattr(*place) for place in bounds}
    for (module, name), value in bounds.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in kept.items():
            setattr(module, name, value)


@contextlib.contextmanager
def _watched_batches(simulation: Simulation) -> Iterator[None]:
    """Tell the ledger of each batch, and whether a failed one may come back after a crash.

    It may if a write or the sync of its commit failed, until a commit in its place has succeeded.
    """
    originals = {
        name: getattr(WriteConnection, name)
        for name in ("run_bodies", "commit_batch", "_committed")
    }
    ledger = simulation._ledger
    repaired = False

    def watched_bodies(connection: WriteConnection, *waiting: Any, **bounds: Any) -> None:
        ledger.bodies_begin()
        originals["run_bodies"](connection, *waiting, **bounds)

    def watched_commit(connection: WriteConnection) -> Any:
        nonlocal repaired
        repaired = False
        before = simulation._weather.failed_log_changes
        ledger.commit_begins()
        done = originals["commit_batch"](connection)
        if not simulation._vfs.is_dead:
            failed = simulation._weather.failed_log_changes > before
            ledger.commit_ended(done, may_come_back=failed and not repaired)
        return done

    def watched_success(connection: WriteConnection, *about: Any) -> int:
        nonlocal repaired
        repaired = True
        ledger.doubtful.clear()
        frames: int = originals["_committed"](connection, *about)
        return frames

    watched = {
        "run_bodies": watched_bodies,
        "commit_batch": watched_commit,
        "_committed": watched_success,
    }
    for name, replacement in watched.items():
        setattr(WriteConnection, name, replacement)
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(WriteConnection, name, original)


@contextlib.contextmanager
def _another_process_writes(chance: random.Random) -> Iterator[None]:
    """Now and then the write lock is not free at once, as if another process had it."""
    acquire_now = WriteLock.acquire_now
    share = chance.choice((0.0, 0.3, 0.9))

    def maybe_acquire(lock: WriteLock) -> bool:
        return chance.random() >= share and acquire_now(lock)

    WriteLock.acquire_now = maybe_acquire  # type: ignore[method-assign]
    try:
        yield
    finally:
        WriteLock.acquire_now = acquire_now  # type: ignore[method-assign]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The server logs each fault; here they are planned. The collector works only in between."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
