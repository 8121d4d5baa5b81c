"""A server that a service manager starts: the socket is passed to it, and it says how it is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.activation import activated
from support.client import Api
from support.process import genset_command, serve


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Where a server says how it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(20)
        yield made


def started(
    passed: list[socket.socket], *options: str, notify: str = ""
) -> AbstractContextManager[subprocess.Popen[str]]:
    return activated(passed, [*genset_command(), "serve", *options], notify)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_that_came_before_the_server_are_answered(
    listening: socket.socket, manager: socket.socket, tmp_path: Path, workers: str
) -> None:
    """It serves that socket and no other, says when it is ready, and when it stops."""
    host, port = listening.getsockname()
    early = [socket.create_connection((host, port)) for _ in range(6)]
    for each in early:
        each.settimeout(20)
        each.sendall(b"GET / HTTP/1.1\r\nHost: genset\r\nConnection: close\r\n\r\n")
    options = ["--data-dir", str(tmp_path / "data"), "--workers", workers, "--port", "1"]
    with started([listening], *options, notify=manager.getsockname()) as process:
        for each in early:
            assert each.recv(100).startswith(b"HTTP/1.1 200")
            each.close()
        assert manager.recv(100) == b"READY=1"
        with Api(f"http://{host}:{port}") as api:
            assert api("ListTables")["TableNames"] == []
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
        assert manager.recv(100) == b"STOPPING=1"
        assert process.returncode == 0
        assert f"genset listening on http://{host}:{port}\n" in said
    # It is not the server's to close: who comes waits for the next one.
    with socket.create_connection((host, port), timeout=5) as waiting:
        assert waiting.getpeername() == (host, port)


def test_a_worker_that_dies_is_replaced_at_the_same_socket(
    listening: socket.socket, manager: socket.socket, tmp_path: Path
) -> None:
    host, port = listening.getsockname()
    options = ["--data-dir", str(tmp_path / "data"), "--workers", "2"]
    with started([listening], *options, notify=manager.getsockname()) as process:
        assert manager.recv(100) == b"READY=1"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for worker in children.read_text().split():
            os.kill(int(worker), signal.SIGKILL)
        with Api(f"http://{host}:{port}", timeout=20) as api:
            assert api("ListTables")["TableNames"] == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def refused(passed: list[socket.socket], *options: str) -> str:
    """The one line that a server ends with that is started wrongly."""
    with started(passed, "--memory", *options) as process:
        said, _ = process.communicate(timeout=20)
    assert process.returncode in (1, 2)
    (line,) = said.splitlines()
    return line


def test_a_socket_that_others_can_reach_needs_signatures() -> None:
    with socket.create_server(("0.0.0.0", 0)) as reachable:
        line = refused([reachable])
    assert line.startswith("genset: 0.0.0.0 can be reached by other machines")


def test_more_than_one_socket_is_refused(listening: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as second:
        assert refused([listening, second]) == "genset: 2 sockets were passed; genset serves one"


def test_a_socket_of_another_kind_is_refused(tmp_path: Path) -> None:
    wrong = "genset: the socket that was passed is not one of TCP that listens"
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "socket"))
        local.listen()
        assert refused([local]) == wrong
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert refused([silent]) == wrong


def test_a_socket_for_another_process_is_left_alone(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a shell that systemd started starts a server."""
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    with serve("--memory") as server:
        assert not server.url.endswith(f":{listening.getsockname()[1]}")
        assert server.stop() == 0


def test_a_manager_that_has_gone_is_no_reason_not_to_serve(
    listening: socket.socket, tmp_path: Path
) -> None:
    host, port = listening.getsockname()
    with (
        started([listening], "--memory", notify=str(tmp_path / "nobody")) as process,
        Api(f"http://{host}:{port}") as api,
    ):
        assert api("ListTables")["TableNames"] == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
