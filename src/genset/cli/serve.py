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
from collections.abc import Callable
from typing import Any

from genset.background.jobs import JobRunner, all_jobs
from genset.cli.activation import notify
from genset.cli.loading import load_rest
from genset.cli.settings import Settings, realism_switches
from genset.cli.stores import Store, claimed, open_engine, settings_store
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

# Threads of the storage hand over to the event loop; Python's 5 ms would be their latency.
_SWITCH_INTERVAL_S = 0.0002


def run(settings: Settings, passed: socket.socket | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status.

    With `passed`, a socket that listens, the address of the settings only says where that is.
    Raises CredentialsError, StorageError, or OSError if the address cannot be had.
    """
    authenticator = new_authenticator(settings)
    store = settings_store(settings)
    with claimed(store):
        if settings.workers == 1:
            return run_process(settings, authenticator, store, SharedMemory(), passed=passed)
        from genset.cli.supervisor import supervise

        # What no worker could open is said once, and not by each of them.
        asyncio.run(_check_store(store, settings))
        load_rest()
        return supervise(settings, authenticator, store, passed)


def new_authenticator(settings: Settings) -> Authenticator:
    """The authenticator that the settings ask for. Raises CredentialsError."""
    if settings.auth == "open" or settings.credentials is None:
        return OpenAuthenticator()
    return SigV4Authenticator(CredentialsFile(settings.credentials).find)


async def _check_store(store: Store, settings: Settings) -> None:
    engine = await _open_complete(store, settings)
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
    *,
    port: int | None = None,
    passed: socket.socket | None = None,
    on_ready: Callable[[], None] | None = None,
    watch: int | None = None,
) -> int:
    """Run one process's event loop until a signal; return 0.

    With `port` it shares that port with other processes; with `passed` it serves that socket.
    `on_ready` is called when it listens, instead of saying so on stdout and to a service manager.
    It also stops when the descriptor `watch` can be read, which is how a worker sees that its
    parent has gone. `memory` is that of all the server's processes.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    main = _serve(settings, authenticator, store, memory, port, passed, on_ready, watch)
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
    port: int | None,
    passed: socket.socket | None,
    on_ready: Callable[[], None] | None,
    watch: int | None,
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if watch is not None:
        loop.add_reader(watch, stop.set)
    engine = await _open_complete(store, settings)
    try:
        contributors = Contributors(time.time)
        services = _new_services(settings, contributors)
        jobs = JobRunner(engine, services, all_jobs(ttl_sweep_s=settings.ttl_sweep_seconds))
        await jobs.ask()
        realism = Realism(memory, engine, services, realism_switches(settings))
        about = functools.partial(_about, settings, store, time.time())
        api = _new_api(engine, authenticator, services, jobs, realism, contributors, about)
        server = HttpServer(api)
        await server.start(
            settings.host,
            settings.port if port is None else port,
            sock=passed,
            reuse_port=port is not None,
        )
        working = asyncio.gather(jobs.run(), realism.watch(), asyncio.to_thread(load_rest))
        try:
            if on_ready is not None:
                on_ready()
            else:
                announce(settings.host, server.addresses[0][1])
            await stop.wait()
        finally:
            if on_ready is None:
                notify("STOPPING=1")
            if watch is not None:
                loop.remove_reader(watch)
            await server.stop()
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
    finally:
        await engine.close()


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
    from genset.cli.about import about_server

    return about_server(settings, store, started)


def announce(host: str, port: int) -> None:
    """Say on stdout where the server listens, and to a service manager that it does.

    A reader that has gone is no reason to end.
    """
    shown = f"[{host}]" if ":" in host else host
    with contextlib.suppress(BrokenPipeError):
        print(f"genset listening on http://{shown}:{port}", flush=True)
    notify("READY=1")
