"""What the harness reads from the load generator, and what it makes a failure of."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.wrk import WrkFailed, parse_output, write_requests

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
