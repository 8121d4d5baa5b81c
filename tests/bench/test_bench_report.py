"""The report says what was measured and, as plainly, what was not."""

from __future__ import annotations

from bench.processes import Memory
from bench.report import render
from bench.results import Footprint, Growth, Measurement, Results, Series
from bench.settings import Settings, parse_settings
from bench.wrk import WrkResult


def settings() -> Settings:
    return parse_settings(["--servers", "genset-1,dynoxide,moto"])


def series(throughput: int, p99_ms: float = 2.0, others_share: float = 0.0) -> Series:
    result = WrkResult(
        requests=throughput * 2, seconds=2.0, bytes_read=1, p50_ms=1.0, p99_ms=p99_ms, errors={}
    )
    measurement = Measurement(
        wrk=result,
        cpu_seconds=1.0,
        others_share=others_share,
        background={"puts": 100.0, "scans": 2.0},
    )
    return Series(rounds=[measurement])


def report(results: Results) -> str:
    return render(results, settings(), {"Kernel": "Linux"}, {"moto": "moto 1"})


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(start))


def test_a_bar_is_judged_against_the_fastest_valid_peer() -> None:
    row = {"genset-1": series(3000), "dynoxide": series(2000), "moto": Series(failure="broken")}
    text = report(Results(rows={"GetItem": row}))
    expected = "| GetItem | 3,000/s (genset, 1 worker) | 2,000/s (dynoxide) | 1.50 | >= 1.5 | met |"
    assert line(text, "| GetItem |") == expected


def test_a_row_that_was_not_measured_says_so() -> None:
    text = report(Results())
    assert line(text, "| PutItem |").endswith("| - | - | - | >= 1.2 | not measured |")
    assert line(text, "| GetItem: 10,000 to").endswith("not measured |")


def test_a_failure_is_told_once_for_all_its_rows() -> None:
    failed = {"moto": Series(failure="it | broke\nbadly")}
    text = report(Results(rows={"GetItem": failed, "PutItem": failed}))
    assert "- moto: GetItem, PutItem: it \\| broke badly" in text


def test_a_mixed_load_that_a_peer_does_not_carry_is_not_compared() -> None:
    late = series(900, p99_ms=1.0)
    late.rounds[0] = Measurement(wrk=late.rounds[0].wrk, cpu_seconds=1, background={"puts": 10.0})
    mixed = {"genset-1": series(900, 8.0), "dynoxide": series(500, 16.0), "moto": late}
    bar = line(report(Results(mixed=mixed)), "| p99 of GetItem")
    assert bar.endswith("| 8.0 ms (genset, 1 worker) | 16.0 ms (dynoxide) | 0.50 | <= 1 | met |")


def test_start_memory_and_growth_are_judged_alone() -> None:
    text = report(
        Results(
            footprints={"genset-1": Footprint((0.7, 0.2, 0.1), Memory(90_000_000, 80_000_000))},
            growth={
                "genset-1": Growth(
                    10_000,
                    1_000_000,
                    small={"GetItem": series(1200)},
                    large={"GetItem": series(1000)},
                )
            },
        )
    )
    assert line(text, "| Start to first").endswith("| 0.20 s |  |  | <= 0.3 s | met |")
    assert line(text, "| Idle memory").endswith("| 90 MB |  |  | < 80 MB | not met |")
    assert line(text, "| GetItem: 10,000 to").endswith("| 1.20x slower |  |  | <= 1.3 | met |")


def test_a_busy_machine_is_told_at_the_top() -> None:
    busy = report(Results(rows={"GetItem": {"moto": series(10, others_share=0.4)}}))
    quiet = report(Results(rows={"GetItem": {"moto": series(10, others_share=0.01)}}))
    assert "The machine was busy" in busy
    assert "The machine was busy" not in quiet
