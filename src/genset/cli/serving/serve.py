"""Assembling a server from its parts, and running one process of it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genset.background.jobs import JobRunner, all_jobs
from genset.cli.serving.activation import notify
from genset.cli.serving.loading import load_rest
from genset.cli.serving.settings import Settings, realism_switches
from genset.cli.stores.store import Store, claimed, open_engine, settings_store
from genset.insights.contributors import Contributors
from genset.insights.watching import Watching
from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.realism.memory import SharedMemory
from genset.realism.realism import Realism
from genset.storage.engine import Engine
from genset.storage.unfinished_migration import refuse_unfinished
from genset.wire.api import Api
from genset.wire.credentials import CredentialsFile
from genset.wire.server import HttpServer
from genset.wire.sigv4 import Authenticator, OpenAuthenticator, SigV4Authenticator

if TYPE_CHECKING:
    from genset.cli.serving.schema_at_start import StartSchema

# Threads of the storage hand over to the event loop; Python's 5 ms would be their latency.
_SWITCH_INTERVAL_S = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """How one process of several listens.

    At a `port` that it shares with others, or at `passed`, a socket that listens. `on_ready` is
    called when it does, instead of saying so on stdout and to a service manager. It also stops
    when the descriptor `watch` can be read, which is how a worker sees that its parent has gone.
    """

    port: int | None = None
    passed: socket.socket | None = None
    on_ready: Callable[[], None] | None = None
    watch: int | None = None


def run(
    settings: Settings, schema: StartSchema | None = None, passed: socket.socket | None = None
) -> int:
    """Serve until SIGINT or SIGTERM, with the tables of `schema`; return the exit status.

    With `passed`, a socket that listens, the address of the settings only says where that is.
    Raises CredentialsError, StorageError, CommandError if tables cannot be made, or OSError if the
    address cannot be had.
    """
    authenticator = new_authenticator(settings)
    store = settings_store(settings)
    with claimed(store):
        if settings.workers == 1:
            listening = Listening(passed=passed)
            return run_process(settings, authenticator, store, SharedMemory(), listening, schema)
        from genset.cli.serving.supervisor import supervise

        # What no worker could open is said once, and not by each of them.
        asyncio.run(_prepare_store(store, settings, schema))
        load_rest()
        return supervise(settings, authenticator, store, passed)


def new_authenticator(settings: Settings) -> Authenticator:
    """The authenticator that the settings ask for. Raises CredentialsError."""
    if settings.auth == "open" or settings.credentials is None:
        return OpenAuthenticator()
    return SigV4Authenticator(CredentialsFile(settings.credentials).find)


async def _prepare_store(store: Store, settings: Settings, schema: StartSchema | None) -> None:
    engine = await _open_complete(store, settings)
    try:
        if schema is not None:
            await schema.make_tables(engine, _new_services(settings, Contributors(time.time)))
    finally:
        await engine.close()


async def _open_complete(store: Store, settings: Settings) -> Engine:
    """The engine on a store, unless its data is still on the way there. Raises StorageError."""
    engine = await open_engine(store, settings.durability)
    try:
        await refuse_unfinished(engine)
    except BaseException:
        await engine.close()
        raise
    return engine


def run_process(
    settings: Settings,
    authenticator: Authenticator,
    store: Store,
    memory: SharedMemory,
    listening: Listening,
    schema: StartSchema | None = None,
) -> int:
    """Run one process's event loop until a signal; return 0.

    Before it listens, it makes the tables of `schema`. `memory` is that of all the server's
    processes.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    main = _serve(settings, authenticator, store, memory, listening, schema)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(
    settings: Settings,
    authenticator: Authenticator,
    store: Store,
    memory: SharedMemory,
    listening: Listening,
    schema: StartSchema | None,
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if listening.watch is not None:
        loop.add_reader(listening.watch, stop.set)
    engine = await _open_complete(store, settings)
    try:
        contributors = Contributors(time.time)
        services = _new_services(settings, contributors)
        if schema is not None:
            await _unless(stop, schema.make_tables(engine, services))
            if stop.is_set():
                return
        jobs = JobRunner(engine, services, all_jobs(ttl_sweep_s=settings.ttl_sweep_seconds))
        await jobs.ask()
        realism = Realism(memory, engine, services, realism_switches(settings))
        about = functools.partial(_about, settings, store, time.time())
        api = _new_api(engine, authenticator, services, jobs, realism, contributors, about)
        server = HttpServer(api)
        await server.start(
            settings.host,
            settings.port if listening.port is None else listening.port,
            sock=listening.passed,
            reuse_port=listening.port is not None,
        )
        tasks = [
            asyncio.create_task(each)
            for each in (jobs.run(), realism.watch(), asyncio.to_thread(load_rest))
        ]
        working = asyncio.gather(*tasks)
        # They go on for as long as the server: one that fails ends it, and is told.
        working.add_done_callback(lambda _: stop.set())
        try:
            if listening.on_ready is not None:
                listening.on_ready()
            else:
                announce(settings.host, server.addresses[0][1])
            await stop.wait()
        finally:
            if listening.on_ready is None:
                notify("STOPPING=1")
            if listening.watch is not None:
                loop.remove_reader(listening.watch)
            await server.stop()
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
    finally:
        await engine.close()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, or leave it when a stop is asked for."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not task.done():
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _new_services(settings: Settings, contributors: Contributors) -> Services:
    return Services(
        now=time.time,
        new_uuid=lambda: str(uuid.uuid4()),
        new_salt=lambda: os.urandom(16),
        ttl_cooldown_s=settings.ttl_cooldown_seconds,
        transition_s=settings.transition_seconds,
        watching=Watching(contributors),
    )


def _new_api(
    engine: Engine,
    authenticator: Authenticator,
    services: Services,
    jobs: JobRunner,
    realism: Realism,
    contributors: Contributors,
    about: Callable[[], dict[str, Any]],
) -> Api:
    wake = jobs.wake
    return Api(engine, OPERATIONS, authenticator, services, wake, realism, contributors, about)


def _about(settings: Settings, store: Store, started: float) -> dict[str, Any]:
    # Imported late: few servers are ever asked.
    from genset.cli.serving.about import about_server

    return about_server(settings, store, started)


def announce(host: str, port: int) -> None:
    """Say on stdout where the server listens, and to a service manager that it does.

    A reader that has gone is no reason to end.
    """
    shown = f"[{host}]" if ":" in host else host
    with contextlib.suppress(BrokenPipeError):
        print(f"genset listening on http://{shown}:{port}", flush=True)
    notify("READY=1")
