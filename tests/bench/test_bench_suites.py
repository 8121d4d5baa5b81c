"""The comparison of test suites: that it runs, what it refuses, and its place in the report."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from bench.report import render
from bench.results import Results, Suite, SuiteRound
from bench.settings import parse_settings
from bench.suites import SuiteFailed, run_suite
from bench.ways import GENSET, WAYS, way_named

PYTHON = Path(sys.executable)


def suite(whole: float, tests: float) -> Suite:
    one = SuiteRound(whole_seconds=whole, tests_seconds=tests, each_seconds=(0.001, 0.002, 0.9))
    return Suite(rounds=[one])


def report(suites: dict[str, Suite]) -> str:
    settings = parse_settings(["--only", "tests"])
    return render(Results(suites=suites, suites_versions="moto 5"), settings, {}, {})


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(start))


def test_all_two_hundred_tests_pass_on_genset(tmp_path):
    measured = run_suite(way_named(GENSET), PYTHON, tmp_path / "run", tmp_path)
    assert len(measured.each_seconds) == 200


def test_the_tests_pass_on_a_server_and_are_timed(tmp_path):
    few = ["-k", "listed_by_prefix or is_tagged"]
    way = way_named("genset-server")
    measured = run_suite(way, PYTHON, tmp_path / "run", tmp_path, few)
    assert len(measured.each_seconds) == 10
    assert 0 < sum(measured.each_seconds) <= measured.tests_seconds < measured.whole_seconds


def test_a_run_without_tests_is_none(tmp_path):
    with pytest.raises(SuiteFailed, match="0 of 0 tests"):
        run_suite(way_named(GENSET), PYTHON, tmp_path / "run", tmp_path, ["-k", "no_such_test"])


def test_a_test_that_fails_fails_the_run(tmp_path):
    # Without the server that its fixtures ask for.
    way = replace(way_named("genset-server"), server=None)
    with pytest.raises(SuiteFailed, match="5 of 5 tests did not pass"):
        run_suite(way, PYTHON, tmp_path / "run", tmp_path, ["-k", "is_tagged"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_fixtures_of_a_way_are_there(way):
    assert find_spec(f"bench.suite.peers.{way.fixtures}") is not None


def test_ratios_are_told_of_the_tests_and_of_the_whole():
    text = report({"genset": suite(1.0, 0.5), "moto": suite(9.0, 6.0)})
    cells = "9.00 s (9.00-9.00) | 6.00 s (6.00-6.00) | 2.0 ms | 9.0 | 12.0 |"
    assert line(text, "| moto, `mock_aws`").endswith(cells)
    bars = [each for each in text.splitlines() if each.startswith("| 200 tests, ")]
    assert "| 0.50 s | 6.00 s (moto, `mock_aws` around each test) | 12.0 | >= 10 | met |" in bars[0]
    assert (
        "| 1.00 s | 9.00 s (moto, `mock_aws` around each test) | 9.0 | >= 10 | not met |" in bars[1]
    )


def test_a_way_that_failed_says_why():
    text = report({"genset": suite(1.0, 0.5), "moto": Suite(failure="3 of 200 | did not pass")})
    assert "- moto, `mock_aws` around each test: the tests: 3 of 200 \\| did not pass" in text
    assert line(text, "| 200 tests, tests alone").endswith("| - | >= 10 | not measured |")


def test_commands_are_told_beside_the_starts():
    settings = parse_settings(["--only", "start"])
    text = render(Results(commands={"`genset version`": (0.3, 0.1, 0.2)}), settings, {}, {})
    assert "| `genset version` | 0.200 s (0.100-0.300) |" in text
