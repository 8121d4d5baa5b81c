"""A primary and a synchronous standby that Patroni manages, which promotes the standby by itself.

Patroni keeps its state in a server of etcd. A member is a Patroni and the PostgreSQL it runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

from tools import local_postgres
from tools.local_postgres import SUPERUSER, LocalPostgres, free_port

_START_S_MAX = 40.0
_STOP_S_MAX = 20.0
# Runs a command until its input ends, as it does when the tests are killed.
_UNTIL_INPUT_ENDS = '"$@" </dev/null & read -r _; kill "$!"; wait "$!"'


def missing() -> str | None:
    """Why this cannot run here, or None."""
    absent = [program for program in ("patroni", "etcd") if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)}" if absent else local_postgres.missing()


class Member:
    """One Patroni, its configuration and its PostgreSQL's data, in `folder`."""

    def __init__(self, name: str, folder: Path, programs: Path, etcd: int) -> None:
        self.port = free_port()
        self.rest = f"127.0.0.1:{free_port()}"
        self.data = folder / name
        self.configuration = folder / f"{name}.yml"
        # JSON is YAML.
        described = _configuration(self, name, programs, etcd)
        self.configuration.write_text(json.dumps(described))

    @property
    def url(self) -> str:
        """Where its PostgreSQL listens."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres"


class PatroniPair:
    """`with` starts all; commits wait for the standby. Patroni decides which one that is."""

    def __init__(self) -> None:
        # Never started: it knows the user, the programs and a folder that the user may write to.
        self._home = LocalPostgres()
        self._started = ExitStack()
        self._etcd = free_port()
        folder, programs = self._home.folder, self._home.programs
        self.members = [Member(name, folder, programs, self._etcd) for name in ("a", "b")]

    def __enter__(self) -> PatroniPair:
        with ExitStack() as started:
            started.callback(self._home.close)
            started.enter_context(self._run("etcd", *self._etcd_options()))
            _wait_until(self._etcd_is_well, self._logs)
            for member in self.members:
                started.enter_context(self._run("patroni", str(member.configuration)))
            _wait_until(self._has_standby, self._logs)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def url(self, database: str) -> str:
        """Both servers; which one is the primary, only they know."""
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"postgresql://{SUPERUSER}@{hosts}/{database}"

    def create_database(self, name: str) -> None:
        """Make a new and empty database."""
        primary = self._primary()
        assert primary is not None
        self._sql(primary, f'CREATE DATABASE "{name}"')

    def fail_over(self) -> None:
        """Kill the first process of the primary, and wait until the other one is it."""
        killed = self._primary()
        assert killed is not None
        pid = int((killed.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        _wait_until(lambda: self._primary() not in (None, killed), self._logs)

    def _primary(self) -> Member | None:
        asked = "SELECT pg_is_in_recovery()"
        return next((each for each in self.members if self._sql(each, asked) == "f"), None)

    def _has_standby(self) -> bool:
        """Whether Patroni has noted which member it may promote: later than that one has begun."""
        with suppress(OSError), urlopen(f"http://{self.members[0].rest}/cluster") as answer:
            members = json.load(answer)["members"]
            return sorted(each["role"] for each in members) == ["leader", "sync_standby"]
        return False

    def _sql(self, member: Member, statement: str) -> str | None:
        """What a statement returns; None if the member does not answer."""
        try:
            return self._home.run("psql", "-XqAt", "-c", statement, member.url).strip()
        except RuntimeError:
            return None

    def _etcd_is_well(self) -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self._etcd}/health") as answer:
            return bool(json.load(answer)["health"] == "true")
        return False

    def _etcd_options(self) -> Sequence[str]:
        client, peer = (f"http://127.0.0.1:{port}" for port in (self._etcd, free_port()))
        return (
            "--unsafe-no-fsync",
            f"--data-dir={self._home.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        )

    def _run(self, *command: str) -> _Running:
        return _Running(command, self._home)

    def _logs(self) -> str:
        logs = sorted(self._home.folder.glob("*.log"))
        return "\n".join(f"{log}:\n{log.read_text(errors='replace')[-5000:]}" for log in logs)


class _Running:
    """A command that runs until the end of `with`, as the user and in the folder of `home`."""

    def __init__(self, command: Sequence[str], home: LocalPostgres) -> None:
        program = Path(command[0]).name
        with (home.folder / f"{program}-{free_port()}.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_INPUT_ENDS, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=home.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(home.folder), "LC_ALL": "C.UTF-8"},
                user=home.user,
                group=home.folder.stat().st_gid,
                extra_groups=None if home.user is None else [],
                start_new_session=True,
            )

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=_STOP_S_MAX)


def _configuration(member: Member, name: str, programs: Path, etcd: int) -> dict[str, object]:
    listen = f"127.0.0.1:{member.port}"
    return {
        "scope": "genset",
        "name": name,
        "restapi": {"listen": member.rest, "connect_address": member.rest},
        "etcd3": {"host": f"127.0.0.1:{etcd}"},
        "bootstrap": {
            "dcs": {
                "synchronous_mode": True,
                "loop_wait": 1,
                "retry_timeout": 3,
                "ttl": 20,
                # A primary that was killed is replaced, not started again.
                "primary_start_timeout": 0,
            },
            "initdb": [{"auth": "trust"}, {"encoding": "UTF8"}, {"locale": "C"}, "no-sync"],
            "pg_hba": [f"host {each} all 127.0.0.1/32 trust" for each in ("all", "replication")],
        },
        "postgresql": {
            "listen": listen,
            "connect_address": listen,
            "data_dir": str(member.data),
            "bin_dir": str(programs),
            "authentication": {
                "superuser": {"username": SUPERUSER},
                "replication": {"username": SUPERUSER},
            },
            "parameters": {"fsync": "off", "unix_socket_directories": str(member.data.parent)},
            "basebackup": [{"checkpoint": "fast"}, "no-sync"],
        },
    }


def _wait_until(holds: Callable[[], bool], logs: Callable[[], str]) -> None:
    deadline = time.monotonic() + _START_S_MAX
    while not holds():
        assert time.monotonic() < deadline, logs()
        time.sleep(0.1)
