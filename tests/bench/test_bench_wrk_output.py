"""What the load generator sends, what is read from it, and what is made a failure of."""

from __future__ import annotations

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench.wrk import WrkFailed, parse_output, run, write_requests

CLEAN = """\
Running 3s test @ http://127.0.0.1:8000/
  1 threads and 16 connections
Requests/sec:   4120.00
bench requests=12360 duration_us=3000000 bytes=5000000 p50_us=3782 p99_us=7944 \
connect=0 read=0 write=0 status=0 timeout=0
"""


def test_a_clean_run_gives_its_rate_and_latencies() -> None:
    result = parse_output(CLEAN)
    assert result.throughput == pytest.approx(4120)
    assert (result.p50_ms, result.p99_ms) == (3.782, 7.944)
    assert result.errors == {}


def test_errors_are_kept_by_kind() -> None:
    result = parse_output(CLEAN.replace("status=0", "status=7").replace("read=0", "read=1"))
    assert result.errors == {"status": 7, "read": 1}


def test_a_run_of_no_time_has_no_rate() -> None:
    assert parse_output(CLEAN.replace("duration_us=3000000", "duration_us=0")).throughput == 0


@pytest.mark.parametrize("text", ["", "unable to connect", "bench requests=1 status=0"])
def test_output_without_the_whole_result_is_a_failure(text: str) -> None:
    with pytest.raises(WrkFailed):
        parse_output(text)


def test_requests_are_written_with_their_lengths(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    write_requests(path, [b"one\nline", b""])
    assert path.read_bytes() == b"8\none\nline0\n"


class Port:
    """A server that answers everything, and the bodies it was sent."""

    def __init__(self) -> None:
        self.bodies: set[bytes] = set()
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                bodies.add(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.number = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def request(self, number: int) -> bytes:
        body = f"{self.number}:{number}"
        return f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_every_port_is_sent_its_own_requests() -> None:
    ports = [Port(), Port()]
    requests = {port.number: [port.request(number) for number in range(3)] for port in ports}
    result = run(requests, seconds=1, connections=2)
    for port in ports:
        port.server.shutdown()
        port.server.server_close()
    assert result.errors == {}
    assert [port.bodies for port in ports] == [
        {f"{port.number}:{number}".encode() for number in range(3)} for port in ports
    ]
