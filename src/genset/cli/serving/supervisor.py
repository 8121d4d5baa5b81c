"""Several worker processes at one port: forking, watching, restarting and stopping them.

The parent serves nothing. It holds the data directory's lock, if there is one, and the port,
without listening at it, or the socket that was passed to it, so that a restarted worker finds them.
It has no event loop, thread or engine, which is what makes forking from it safe at any time.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback

from genset.cli.serving.activation import notify
from genset.cli.serving.serve import Listening, announce, run_process
from genset.cli.serving.settings import Settings
from genset.cli.stores.store import Store
from genset.realism.memory import SharedMemory
from genset.storage.engine import StorageError
from genset.wire.sigv4 import Authenticator

logger = logging.getLogger(__name__)

_STOPPING = (signal.SIGINT, signal.SIGTERM)
# A worker that dies at once is not restarted faster than this.
_RESTART_PAUSE_S = 0.5
# Longer than a worker's own deadline for finishing what it has accepted.
_STOP_DEADLINE_S = 20.0
_PR_SET_PDEATHSIG = 1


def supervise(
    settings: Settings, authenticator: Authenticator, store: Store, passed: socket.socket | None
) -> int:
    """Run `settings.workers` workers until SIGINT or SIGTERM; return the exit status.

    They share the socket `passed`, which listens, or else the port, each with a socket of its own.
    Raises OSError if the port cannot be had. A worker that dies before any was ready ends it
    with 1: what stops the first would stop its successors.
    """
    if passed is not None:
        return _Supervisor(settings, authenticator, store, passed, is_passed=True).run()
    with _reserve(settings.host, settings.port) as reserved:
        return _Supervisor(settings, authenticator, store, reserved, is_passed=False).run()


def _reserve(host: str, port: int) -> socket.socket:
    """A socket that holds the port for processes of this user, without listening."""
    _check_free(host, port)
    family, kind, protocol, _, address = _resolve(host, port)
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except BaseException:
        reserved.close()
        raise
    return reserved


def _check_free(host: str, port: int) -> None:
    """Raise OSError if anyone is at the port: SO_REUSEPORT alone would share it with a stranger."""
    if port == 0:
        return
    family, kind, protocol, _, address = _resolve(host, port)
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        # Two that only bind with SO_REUSEADDR may coexist; two that listen may not.
        probe.listen(1)


def _resolve(host: str, port: int) -> tuple[int, int, int, str, tuple[object, ...]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    if not found:
        raise OSError(errno.EADDRNOTAVAIL, f"{host} is no address")
    return found[0]


class _Supervisor:
    """The parent of the workers. `run` is called once."""

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        store: Store,
        reserved: socket.socket,
        *,
        is_passed: bool,
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._store = store
        self._port = reserved.getsockname()[1]
        self._reserved = reserved
        self._is_passed = is_passed
        self._memory = SharedMemory(processes=True)
        self._workers: set[int] = set()
        self._stopping = False
        self._announced = False
        self._ready = 0
        # Workers read the first pipe and see its end when the parent is gone.
        self._alive_read, self._alive_write = os.pipe()
        self._ready_read, self._ready_write = os.pipe()
        self._signal_read, self._signal_write = os.pipe()
        for descriptor in (self._ready_read, self._signal_read, self._signal_write):
            os.set_blocking(descriptor, False)

    def run(self) -> int:
        """Start, watch, stop. The exit status."""
        for number in _STOPPING:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._signal_write, warn_on_full_buffer=False)
        for _ in range(self._settings.workers):
            self._fork()
        status = self._watch()
        notify("STOPPING=1")
        self._end_workers()
        return status

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _watch(self) -> int:
        """Until a stop is asked for: announce when all are ready, replace those that die."""
        while not self._stopping:
            readable, _, _ = select.select([self._signal_read, self._ready_read], [], [], 1.0)
            if self._ready_read in readable:
                self._ready += len(os.read(self._ready_read, 4096))
            if self._signal_read in readable:
                os.read(self._signal_read, 4096)
            if self._ready >= self._settings.workers and not self._announced:
                self._announced = True
                announce(self._settings.host, self._port)
            dead = self._reap()
            if dead and not self._stopping:
                if not self._announced:
                    return 1
                self._replace(dead)
        return 0

    def _replace(self, dead: list[int]) -> None:
        for worker in dead:
            logger.error("worker %d died; starting another", worker)
        time.sleep(_RESTART_PAUSE_S)
        for _ in dead:
            if not self._stopping:
                self._fork()

    def _reap(self) -> list[int]:
        """The workers that have ended since the last call."""
        dead = []
        for worker in list(self._workers):
            if os.waitpid(worker, os.WNOHANG)[0]:
                self._workers.discard(worker)
                dead.append(worker)
        return dead

    def _end_workers(self) -> None:
        """Ask all to end, wait, and kill those that do not."""
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_DEADLINE_S
        while self._workers and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.01)
        self._signal_all(signal.SIGKILL)
        for worker in self._workers:
            os.waitpid(worker, 0)

    def _signal_all(self, number: signal.Signals) -> None:
        # They are children not yet waited for, so their ids are theirs.
        for worker in self._workers:
            os.kill(worker, number)

    def _fork(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal in the child before it has its own handlers must not be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            parent = os.getpid()
            worker = os.fork()
            if worker == 0:
                self._work(parent)
            self._workers.add(worker)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def _work(self, parent: int) -> None:
        """The worker's whole life; never returns."""
        status = 1
        try:
            _die_with(parent)
            self._become_worker()
            listening = Listening(
                port=None if self._is_passed else self._port,
                passed=self._reserved if self._is_passed else None,
                on_ready=self._say_ready,
                watch=self._alive_read,
            )
            status = run_process(
                self._settings, self._authenticator, self._store, self._memory, listening
            )
        except (OSError, StorageError) as error:
            print(f"genset: a worker cannot serve: {error}", file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _become_worker(self) -> None:
        """Let go of what is the parent's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if not self._is_passed:
            self._reserved.close()
        for descriptor in (
            self._alive_write,
            self._ready_read,
            self._signal_read,
            self._signal_write,
        ):
            os.close(descriptor)

    def _say_ready(self) -> None:
        # Only now are the loop's handlers there for a signal that was held back.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        os.write(self._ready_write, b".")


def _die_with(parent: int) -> None:
    """Have the kernel end this process when `parent` dies, where the kernel can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # It may have died between the fork and the call.
        if os.getppid() != parent:
            os._exit(0)
