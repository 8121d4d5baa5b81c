"""The section of the report on the two hundred tests, and its bars."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping

from bench.markdown import one_line, table
from bench.results import Suite, verdict
from bench.ways import GENSET, WAYS, way_named

MISSING = "-"
_Figure = Callable[[Suite], float | None]


def suites_section(suites: Mapping[str, Suite], versions: str) -> str:
    """The whole section."""
    if not suites:
        return "Not measured in this run."
    rows = [_row(name, suites) for name in suites]
    header = [
        "",
        "whole run",
        "tests alone",
        "a test",
        "whole, to genset",
        "tests, to genset",
    ]
    return f"{_lead(suites, versions)}\n\n{table(header, rows)}"


def _lead(suites: Mapping[str, Suite], versions: str) -> str:
    rounds = max(len(suite.rounds) for suite in suites.values())
    counts = [len(each.each_seconds) for suite in suites.values() for each in suite.rounds]
    return (
        f"The same {max(counts, default=0)} small tests of an application (`bench/suite`), with "
        "the fixtures that users of each tool write, each run a process of pytest of its own: the "
        f"median of {rounds} (least-most). The whole run is from starting Python to its end, with "
        "the start of the server that tests share; the tests alone are from the first one's "
        "fixtures to the last one's end, with what a tool loads at its first use; a test is the "
        "median one. How many times genset's time a run takes is told of both. All with "
        f"{versions or 'unknown versions'}."
    )


def _row(name: str, suites: Mapping[str, Suite]) -> list[str]:
    suite, genset = suites[name], suites.get(GENSET, Suite())
    if suite.test_ms is None:
        return [way_named(name).title, *[MISSING] * 5]
    return [
        way_named(name).title,
        _spread([each.whole_seconds for each in suite.rounds]),
        _spread([each.tests_seconds for each in suite.rounds]),
        f"{suite.test_ms:.1f} ms",
        *(_times(_ratio(suite, genset, figure)) for figure in (_whole, _tests)),
    ]


def suites_bars(suites: Mapping[str, Suite]) -> Iterable[list[str]]:
    """The rows of the table of bars: title, genset, the other way, ratio, bar, verdict."""
    genset = suites.get(GENSET, Suite())
    for way in WAYS:
        if way.bar is None:
            continue
        suite = suites.get(way.name, Suite())
        for title, figure in (("tests alone", _tests), ("whole run", _whole)):
            ratio = _ratio(suite, genset, figure)
            yield [
                f"200 tests, {title}",
                _seconds(figure(genset)),
                f"{_seconds(figure(suite))} ({way.title})",
                _times(ratio),
                f">= {way.bar:g}",
                verdict(ratio, at_least=way.bar),
            ]


def suites_failures(suites: Mapping[str, Suite]) -> list[str]:
    """A line for each way that has no figures."""
    return [
        f"- {way_named(name).title}: the tests: {one_line(suite.failure)}"
        for name, suite in suites.items()
        if suite.failure is not None
    ]


def _whole(suite: Suite) -> float | None:
    return suite.whole_seconds


def _tests(suite: Suite) -> float | None:
    return suite.tests_seconds


def _ratio(suite: Suite, genset: Suite, figure: _Figure) -> float | None:
    theirs, ours = figure(suite), figure(genset)
    return theirs / ours if theirs and ours else None


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f})"


def _seconds(seconds: float | None) -> str:
    return MISSING if seconds is None else f"{seconds:.2f} s"


def _times(ratio: float | None) -> str:
    return MISSING if ratio is None else f"{ratio:.1f}"
