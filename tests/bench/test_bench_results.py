"""The arithmetic behind the report: series, ratios, bars."""

from __future__ import annotations

import pytest
from bench.background import is_carried
from bench.results import (
    Growth,
    Measurement,
    Series,
    compare,
    cpu_us_per_request,
    throughput,
    verdict,
)
from bench.wrk import WrkResult


def measurement(requests: int = 1000, errors: dict[str, int] | None = None) -> Measurement:
    result = WrkResult(
        requests=requests, seconds=2.0, bytes_read=1, p50_ms=1.0, p99_ms=2.0, errors=errors or {}
    )
    return Measurement(wrk=result, cpu_seconds=0.5)


def series(*requests: int) -> Series:
    made = Series()
    for count in requests:
        made.add(measurement(count))
    return made


def test_the_median_is_over_the_rounds() -> None:
    assert series(3000, 1000, 2000).median(throughput) == 1000


def test_processor_time_is_per_request() -> None:
    assert cpu_us_per_request(measurement(1000)) == pytest.approx(500)


def test_one_round_with_errors_invalidates_the_series() -> None:
    made = series(1000)
    made.add(measurement(1000, {"status": 1}))
    made.fail("a later reason")
    assert not made.is_valid
    assert made.failure == "errors under load: 1 status"


def test_a_round_with_hardly_an_answer_invalidates_the_series() -> None:
    assert series(15).failure == "too slow: 15 answers in 2 s"


def test_a_series_without_rounds_is_not_valid() -> None:
    assert not Series().is_valid


def test_the_best_of_genset_is_compared_with_the_best_peer() -> None:
    figures = {"genset-1": 90.0, "genset-2": 120.0, "quick": 60.0, "slow": 20.0}
    comparison = compare(figures, ("genset-1", "genset-2"))
    assert comparison.genset == ("genset-2", 120.0)
    assert comparison.peer == ("quick", 60.0)
    assert comparison.ratio == 2.0


def test_the_best_latency_is_the_least() -> None:
    comparison = compare({"genset-1": 4.0, "quick": 8.0, "slow": 90.0}, ("genset-1",), min)
    assert comparison.ratio == 0.5


@pytest.mark.parametrize("figures", [{}, {"genset-1": 1.0}, {"peer": 1.0}])
def test_without_both_sides_there_is_no_ratio(figures: dict[str, float]) -> None:
    assert compare(figures, ("genset-1",)).ratio is None


def test_verdicts() -> None:
    assert verdict(1.5, at_least=1.5) == "met"
    assert verdict(1.49, at_least=1.5) == "not met"
    assert verdict(0.6, at_most=0.6) == "met"
    assert verdict(0.61, at_most=0.6) == "not met"
    assert verdict(None, at_least=1.5) == "not measured"


def test_growth_compares_throughput_with_few_and_many_items() -> None:
    growth = Growth(10, 1000, small={"GetItem": series(2600)}, large={"GetItem": series(2000)})
    assert growth.slowdown("GetItem") == pytest.approx(1.3)
    assert growth.slowdown("Query100") is None


def test_a_background_is_carried_when_nine_tenths_of_each_kind_are_answered() -> None:
    assert is_carried({"puts": 90.0, "scans": 1.8})
    assert not is_carried({"puts": 100.0, "scans": 1.7})
    assert not is_carried({})
