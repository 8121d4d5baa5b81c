"""Starting a server, what its processes use, and stopping them all by their own ids."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.client import Client, RequestFailed

FIRST_ANSWER_SECONDS = 60
STOP_SECONDS = 15
POLL_SECONDS = 0.002
# A server that used less than this share of a core over the interval has nothing left to do.
QUIET_SHARE = 0.05
QUIET_INTERVAL_SECONDS = 0.2
QUIET_LIMIT_SECONDS = 120

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class ServerFailed(Exception):
    """A server did not start, or ended when it should not."""


@dataclasses.dataclass(frozen=True)
class Memory:
    """The resident memory of a server's whole process tree, in bytes.

    `rss` counts a page once for each process that shares it, `pss` once in all.
    """

    rss: int
    pss: int


def machine_cpu_seconds() -> float:
    """The processor time that all processes of the machine used, and that its host withheld."""
    user, nice, system, _idle, _wait, _irq, _softirq, steal = (
        int(field) for field in Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + steal) / _CLOCK_TICKS


def harness_cpu_seconds() -> float:
    """The processor time of this process and of the load generators it has waited for."""
    return _used_seconds(resource.RUSAGE_SELF) + generator_cpu_seconds()


def generator_cpu_seconds() -> float:
    """The processor time of the load generators (and other children) that have ended."""
    return _used_seconds(resource.RUSAGE_CHILDREN)


def _used_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def tree_cpu_seconds(root: int) -> float:
    """The processor time that a process and its descendants have used so far.

    With that of the children that have ended and were waited for: a database has a process for
    each connection.
    """
    ticks = 0
    for pid in _tree(root):
        with contextlib.suppress(OSError):
            user, system, ended_user, ended_system = map(int, _stat_fields(pid)[11:15])
            ticks += user + system + ended_user + ended_system
    return ticks / _CLOCK_TICKS


def wait_until_quiet(cpu_seconds: Callable[[], float]) -> bool:
    """Wait until next to nothing is used; False if that is not so in two minutes."""
    deadline = time.monotonic() + QUIET_LIMIT_SECONDS
    before = cpu_seconds()
    while time.monotonic() < deadline:
        time.sleep(QUIET_INTERVAL_SECONDS)
        now = cpu_seconds()
        if now - before <= QUIET_SHARE * QUIET_INTERVAL_SECONDS:
            return True
        before = now
    return False


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """A running server: a process of ours in a session of its own, with its children.

    As a context manager it stops the server at the end, whatever happened.
    """

    def __init__(self, name: str, command: list[str], port: int, folder: Path) -> None:
        self.name = name
        self.port = port
        self.ports = (port,)
        self._log = folder / "log"
        self._started = time.monotonic()
        with self._log.open("wb") as output:
            # A session of its own keeps a Ctrl-C at the terminal for the harness alone, which
            # then stops the servers in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )

    def wait_for_first_answer(self) -> float:
        """The seconds from the start to the first answered request.

        Raises ServerFailed, with the end of its log, if it ends or is not there in a minute.
        """
        while time.monotonic() - self._started < FIRST_ANSWER_SECONDS:
            with contextlib.suppress(RequestFailed), Client(self.port, 5) as client:
                client.call("ListTables", {})
                return time.monotonic() - self._started
            self.ensure_running()
            time.sleep(POLL_SECONDS)
        raise ServerFailed(f"no answer in {FIRST_ANSWER_SECONDS} s: {self._log_end()}")

    def ensure_running(self) -> None:
        """Raise ServerFailed if the process has ended."""
        status = self._process.poll()
        if status is not None:
            raise ServerFailed(f"ended with status {status}: {self._log_end()}")

    def memory(self) -> Memory:
        """What the process tree has resident now."""
        rss = pss = 0
        for pid in _tree(self._process.pid):
            with contextlib.suppress(OSError):
                fields = _smaps_rollup(pid)
                rss += fields.get("Rss", 0)
                pss += fields.get("Pss", 0)
        return Memory(rss, pss)

    def cpu_seconds(self) -> float:
        """The processor time the process tree has used so far."""
        return tree_cpu_seconds(self._process.pid)

    def database_cpu_seconds(self) -> float:
        """Nothing: what such a server stores, it stores itself."""
        return 0.0

    def wait_until_quiet(self) -> None:
        """Wait until the server has worked off what it was sent.

        A server can go on with requests whose clients are gone, and would take the processor
        from the next one's round. Raises ServerFailed, and stops it, if it does so for long.
        """
        if wait_until_quiet(self.cpu_seconds):
            return
        self.stop()
        raise ServerFailed(f"busy {QUIET_LIMIT_SECONDS} s after its load ended, and stopped")

    def stop(self) -> None:
        """End the server and its children; idempotent."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        # Whatever the server left behind is in the process group that we made for it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _log_end(self) -> str:
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")[-400:].strip() or "its log is empty"
        return "it has no log"


def _tree(root: int) -> list[int]:
    """A process and its descendants."""
    parents = _parents()
    family = {root}
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in family}
        grown = not children <= family
        family |= children
    return sorted(family)


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int(_stat_fields(int(entry.name))[1])
    return parents


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name (which may hold spaces)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _smaps_rollup(pid: int) -> dict[str, int]:
    """The totals of a process's mappings, in bytes, by the kernel's names."""
    fields: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            fields[name] = int(value.split()[0]) * 1024
    return fields
