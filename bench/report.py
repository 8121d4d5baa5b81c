"""The report of a run, as Markdown. What was not measured is said to be so."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench.background import OFFERED, is_carried
from bench.features import (
    BACKFILL,
    EXPIRY,
    GET_ITEM,
    GET_RECORDS,
    PARTIQL,
    PUT_PLAIN,
    PUT_STREAM,
)
from bench.markdown import one_line, table
from bench.report_postgres import postgres_bars, postgres_failures, postgres_section
from bench.report_suites import suites_bars, suites_failures, suites_section
from bench.results import (
    Comparison,
    Features,
    Footprint,
    Growth,
    Measurement,
    Results,
    Series,
    compare,
    cpu_us_per_request,
    others_share,
    p50_ms,
    p99_ms,
    throughput,
    verdict,
)
from bench.servers import SERVERS, server_named
from bench.settings import Settings
from bench.workloads import WORKLOADS

START_SECONDS_BAR = 0.3
IDLE_BYTES_BAR = 80e6
GROWTH_BAR = 1.3
STREAM_WRITE_BAR = 1.25
PARTIQL_BAR = 1.3
RECORDS_BAR = 50_000
EXPIRY_BAR = 20_000
# More than this share of the processor going elsewhere is worth a warning at the top.
BUSY_SHARE = 0.05
FINDINGS = Path(__file__).with_name("findings.md")

GENSETS = tuple(server.name for server in SERVERS if server.is_genset)


def render(
    results: Results, settings: Settings, machine: Mapping[str, str], versions: Mapping[str, str]
) -> str:
    """The whole report."""
    # With each section, the parts of a run that it tells of; none for what is always told.
    sections: list[tuple[str, str, set[str]]] = [
        ("The bars", _bars(results, settings), set()),
        ("Throughput", _throughput(results, settings), {"rows"}),
        ("Latency", _latency(results), {"rows"}),
        ("Processor time", _processor_time(results), {"rows"}),
        ("GetItem under a mixed load", _mixed(results), {"mixed"}),
        ("Start and memory", _footprints(results, settings), {"start"}),
        ("From few items to many", _growth(results, settings), {"growth"}),
        ("Features of a table", _features(results, settings), {"features"}),
        ("On PostgreSQL", postgres_section(results.postgres), {"postgres"}),
        ("Tests", suites_section(results.suites, results.suites_versions), {"tests"}),
        ("What was not measured", _failures(results, settings), set()),
        ("Machine and versions", _machine(results, machine, versions), set()),
        ("Method", _method(settings), set()),
    ]
    texts = ["# Speed of genset and its peers\n\n" + _introduction(results, settings)]
    texts += [
        f"## {title}\n\n{text}"
        for title, text, parts in sections
        if not parts or parts & set(settings.parts)
    ]
    if FINDINGS.exists():
        texts.append(FINDINGS.read_text().strip())
    return "\n\n".join(texts) + "\n"


def _introduction(results: Results, settings: Settings) -> str:
    day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = f"Written by `make bench` on {day}."
    if settings.quick:
        text += " **A quick run, a smoke test only: its figures are not to be quoted.**"
    shares = [others_share(measurement) for measurement in results.measurements()]
    if shares and statistics.median(shares) > BUSY_SHARE:
        text += " **The machine was busy with other work during this run: see its section.**"
    modes = [f"- {server_named(n).title}: {server_named(n).mode}." for n in settings.servers]
    return "\n".join([text, "", *modes])


def _bars(results: Results, settings: Settings) -> str:
    bars = {
        "rows": _throughput_bars(results),
        "mixed": [_mixed_bar(results)],
        "start": _footprint_bars(results),
        "growth": _growth_bars(results),
        "features": _feature_bars(results),
        "postgres": postgres_bars(results.postgres),
        "tests": suites_bars(results.suites),
    }
    rows = [row for part, each in bars.items() if part in settings.parts for row in each]
    return table(["", "genset", "fastest peer", "ratio", "bar", ""], rows)


def _throughput_bars(results: Results) -> Iterable[list[str]]:
    for workload in WORKLOADS:
        series = results.rows.get(workload.name, {})
        comparison = compare(_medians(series, throughput), GENSETS)
        yield [
            workload.name,
            *_comparison_cells(comparison, "{:,.0f}/s"),
            f">= {workload.bar:g}",
            verdict(comparison.ratio, at_least=workload.bar),
        ]


def _mixed_bar(results: Results) -> list[str]:
    comparison = compare(_medians(_carried(results.mixed), p99_ms), GENSETS, min)
    return [
        "p99 of GetItem, mixed load",
        *_comparison_cells(comparison, "{:.1f} ms"),
        "<= 1",
        verdict(comparison.ratio, at_most=1.0),
    ]


def _footprint_bars(results: Results) -> Iterable[list[str]]:
    footprint = results.footprints.get("genset-1", Footprint())
    start = footprint.start_median
    yield [
        "Start to first answer, 1 worker",
        "-" if start is None else f"{start:.2f} s",
        *("", "", f"<= {START_SECONDS_BAR} s"),
        verdict(start, at_most=START_SECONDS_BAR),
    ]
    rss = footprint.idle.rss if footprint.idle else None
    yield [
        "Idle memory (RSS), 1 worker",
        "-" if rss is None else _megabytes(rss),
        *("", "", f"< {IDLE_BYTES_BAR / 1e6:.0f} MB"),
        verdict(rss, at_most=IDLE_BYTES_BAR),
    ]


def _growth_bars(results: Results) -> Iterable[list[str]]:
    growth = next((results.growth[name] for name in GENSETS if name in results.growth), None)
    for workload in ("GetItem", "Query100"):
        slowdown = growth.slowdown(workload) if growth else None
        many = f"{growth.large_items:,}" if growth else "1,000,000"
        yield [
            f"{workload}: 10,000 to {many} items",
            "-" if slowdown is None else f"{slowdown:.2f}x slower",
            *("", "", f"<= {GROWTH_BAR}"),
            verdict(slowdown, at_most=GROWTH_BAR),
        ]


def _feature_bars(results: Results) -> Iterable[list[str]]:
    for title, form, figure, at_least, at_most in _FEATURE_ROWS:
        figures = {name: figure(each) for name, each in results.features.items()}
        known = {name: value for name, value in figures.items() if value is not None}
        comparison = compare(known, GENSETS, min if at_most else max)
        cells = _comparison_cells(comparison, form)
        if at_most:
            # A server's cost beside its own plain rows is no better or worse for a peer's.
            cells[2] = ""
        ours = comparison.genset[1] if comparison.genset else None
        bar = f">= {at_least:,}" if at_least else f"<= {at_most}" if at_most else "none"
        judged = verdict(ours, at_least=at_least, at_most=at_most)
        yield [title, *cells, bar, "" if bar == "none" and ours is not None else judged]


def _records_a_second(features: Features) -> float | None:
    answers = features.throughput(GET_RECORDS)
    return answers * features.records_a_page if answers and features.records_a_page else None


# Title, form of a figure, the figure, and its bar from below or above.
_FEATURE_ROWS: tuple[
    tuple[str, str, Callable[[Features], float | None], float | None, float | None], ...
] = (
    (
        "PutItem with a stream, to without",
        "{:.2f}x slower",
        lambda features: features.slowdown(PUT_PLAIN, PUT_STREAM),
        None,
        STREAM_WRITE_BAR,
    ),
    ("GetRecords", "{:,.0f} records/s", _records_a_second, RECORDS_BAR, None),
    (
        "PartiQL by key, to GetItem",
        "{:.2f}x slower",
        lambda features: features.slowdown(GET_ITEM, PARTIQL),
        None,
        PARTIQL_BAR,
    ),
    ("Index backfill", "{:,.0f} items/s", lambda features: features.rate(BACKFILL), None, None),
    (
        "Expired items deleted",
        "{:,.0f} items/s",
        lambda features: features.rate(EXPIRY),
        EXPIRY_BAR,
        None,
    ),
)


def _comparison_cells(comparison: Comparison, form: str) -> list[str]:
    def cell(best: tuple[str, float] | None) -> str:
        return "-" if best is None else f"{form.format(best[1])} ({server_named(best[0]).title})"

    ratio = "-" if comparison.ratio is None else f"{comparison.ratio:.2f}"
    return [cell(comparison.genset), cell(comparison.peer), ratio]


def _throughput(results: Results, settings: Settings) -> str:
    def cell(series: Series) -> str:
        rates = series.values(throughput)
        return f"{series.median(throughput):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"

    lead = f"Answers a second: the median of {settings.rounds} rounds (least-most)."
    return f"{lead}\n\n{_by_server(results.rows, settings.servers, cell)}"


def _latency(results: Results) -> str:
    def cell(series: Series) -> str:
        return f"{series.median(p50_ms):.2f} / {series.median(p99_ms):.2f}"

    lead = "Milliseconds, p50 / p99, medians over the rounds, at the throughput above."
    return f"{lead}\n\n{_by_server(results.rows, _servers_of(results.rows), cell)}"


def _processor_time(results: Results) -> str:
    def cell(series: Series) -> str:
        return f"{series.median(cpu_us_per_request):,.0f}"

    lead = (
        "Microseconds of processor time for one request, in all of a server's processes. "
        "This varies less than wall-clock throughput with whatever else the machine does."
    )
    return f"{lead}\n\n{_by_server(results.rows, _servers_of(results.rows), cell)}"


def _mixed(results: Results) -> str:
    offered = f"{OFFERED['puts']:.0f} PutItem and {OFFERED['scans']:.0f} Scan of 1 MB a second"
    lead = (
        f"GetItem at 16 connections beside {offered}, the same for every server. A server that "
        "does not answer nine tenths of these is not under the same load, and is not compared."
    )
    rows = []
    for name, series in results.mixed.items():
        if not series.is_valid:
            rows.append([server_named(name).title, *["-"] * 4, "not measured"])
            continue
        achieved = _achieved(series)
        rows.append(
            [
                server_named(name).title,
                f"{series.median(p99_ms):.1f} ms",
                f"{series.median(p50_ms):.1f} ms",
                f"{series.median(throughput):,.0f}/s",
                f"{achieved['puts']:.0f} puts/s, {achieved['scans']:.1f} scans/s",
                "yes" if is_carried(achieved) else "no",
            ]
        )
    header = ["", "p99", "p50", "GetItem", "background answered", "compared"]
    return f"{lead}\n\n{table(header, rows) if rows else 'Not measured in this run.'}"


def _footprints(results: Results, settings: Settings) -> str:
    lead = (
        f"From starting the process to the first answered request (ListTables), median of "
        f"{settings.starts}; memory of the whole process tree two seconds later, and after all "
        "rows. RSS counts shared pages once per process, PSS once."
    )
    rows = []
    for name, footprint in results.footprints.items():
        start, idle, loaded = (
            footprint.start_median,
            footprint.idle,
            results.loaded_memory.get(name),
        )
        rows.append(
            [
                server_named(name).title,
                "-" if start is None else f"{start:.3f} s",
                "-" if idle is None else f"{_megabytes(idle.rss)} / {_megabytes(idle.pss)}",
                "-" if loaded is None else f"{_megabytes(loaded.rss)} / {_megabytes(loaded.pss)}",
            ]
        )
    header = ["", "first answer", "idle RSS / PSS", "after the rows RSS / PSS"]
    return f"{lead}\n\n{table(header, rows)}\n\n{_commands(results)}"


def _commands(results: Results) -> str:
    if not results.commands:
        return "Commands were not measured in this run."
    runs = max(len(seconds) for seconds in results.commands.values())
    lead = (
        f"Commands, from starting the process to its end: the median of {runs} (least-most). Those "
        "that get an item ask genset on this machine."
    )
    rows = [
        [title, f"{statistics.median(seconds):.3f} s ({min(seconds):.3f}-{max(seconds):.3f})"]
        for title, seconds in results.commands.items()
    ]
    return f"{lead}\n\n{table(['', 'time'], rows)}"


def _growth(results: Results, settings: Settings) -> str:
    if not results.growth:
        return "Not measured in this run."
    rows = [
        [server_named(name).title, workload, *_growth_cells(growth, workload)]
        for name, growth in results.growth.items()
        for workload in growth.small
    ]
    left_out = [server_named(n).title for n in settings.servers if n not in results.growth]
    notes = [f"Not measured: {', '.join(left_out)} (seeding takes long)."] if left_out else []
    for name, growth in results.growth.items():
        if growth.seeding_seconds is not None:
            rate = growth.large_items / growth.seeding_seconds
            notes.append(
                f"{server_named(name).title} was seeded with {growth.large_items:,} items by "
                f"BatchWriteItem in {growth.seeding_seconds:.0f} s ({rate:,.0f} items/s)."
            )
    header = ["", "", "few items", "many items", "slower by"]
    return "\n\n".join([table(header, rows), *notes])


def _growth_cells(growth: Growth, workload: str) -> list[str]:
    slowdown = growth.slowdown(workload)
    if slowdown is None:
        return ["-", "-", "not measured"]
    few = growth.small[workload].median(throughput)
    many = growth.large[workload].median(throughput)
    return [f"{few:,.0f}/s", f"{many:,.0f}/s", f"{slowdown:.2f}x"]


def _features(results: Results, settings: Settings) -> str:
    if not results.features:
        return "Not measured in this run."
    lead = (
        "Streams have new and old images; GetRecords reads the same pages of a stream again and "
        "again, one record for each of the 10,000 items. The backfill is from UpdateTable to the "
        f"index's ACTIVE, over {settings.feature_items:,} items; as many items expire at one "
        "moment, and the rate is from then until all are gone. Medians over the rounds."
    )
    header = ["", *(server_named(name).title for name in results.features)]
    names = list(dict.fromkeys(row for each in results.features.values() for row in each.rows))
    body = [[name, *(_feature_row(each, name) for each in results.features.values())]
            for name in names]  # fmt: skip
    for title, form, figure, *_ in _FEATURE_ROWS:
        figures = [figure(each) for each in results.features.values()]
        body.append([title, *("-" if each is None else form.format(each) for each in figures)])
    return f"{lead}\n\n{table(header, body)}"


def _feature_row(features: Features, name: str) -> str:
    series = features.rows.get(name, Series())
    if not series.is_valid:
        return "-"
    rates = series.values(throughput)
    return f"{series.median(throughput):,.0f}/s ({min(rates):,.0f}-{max(rates):,.0f})"


def _failures(results: Results, settings: Settings) -> str:
    # By server and reason: a server that cannot start fails all its rows for one.
    rows: dict[tuple[str, str], list[str]] = {}
    for name, footprint in results.footprints.items():
        if footprint.failure:
            rows.setdefault((name, footprint.failure), []).append("start")
    for row, servers in {**results.rows, "mixed load": results.mixed}.items():
        for name, series in servers.items():
            if not series.is_valid:
                rows.setdefault((name, series.failure or "no rounds"), []).append(row)
    for name, growth in results.growth.items():
        measured = (*growth.small.values(), *growth.large.values())
        for reason in filter(None, (growth.failure, *(each.failure for each in measured))):
            rows.setdefault((name, reason), []).append("growth")
    for name, features in results.features.items():
        invalid = {row: each.failure for row, each in features.rows.items()}
        for row, failure in (*invalid.items(), *features.failures.items()):
            if failure:
                rows.setdefault((name, failure), []).append(row)
    lines = [
        f"- {server_named(name).title}: {', '.join(dict.fromkeys(failed))}: {one_line(reason)}"
        for (name, reason), failed in rows.items()
    ]
    lines += postgres_failures(results.postgres)
    lines += suites_failures(results.suites)
    if results.commands_failure is not None:
        lines.append(f"- Commands: {one_line(results.commands_failure)}")
    unasked = [server.title for server in SERVERS if server.name not in settings.servers]
    if settings.servers and unasked:
        lines.append(f"- Not in this run: {', '.join(unasked)}.")
    return "\n".join(lines) or "Everything was measured."


def _machine(results: Results, machine: Mapping[str, str], versions: Mapping[str, str]) -> str:
    facts = [f"- {name}: {value}" for name, value in machine.items()]
    shares = [others_share(measurement) for measurement in results.measurements()]
    if shares:
        facts.append(
            "- Processor taken by processes that have no part in this (and by the machine's host) "
            f"during the rounds: median {statistics.median(shares):.0%}, most {max(shares):.0%}"
        )
    facts += [f"- {server_named(name).title}: {version}" for name, version in versions.items()]
    return "\n".join(facts)


def _method(settings: Settings) -> str:
    return f"""\
- Each server holds the same 10,000 items of about 350 bytes (nine attributes beside the key's
  two, with a map, a list and a set) in 100 partitions, in one table without indexes.
- Every row sends every server the same requests, signed with SigV4 by botocore for that server's
  address right before the round, from `wrk` with one thread and {settings.connections} connections,
  closed loop: each connection sends its next request when the last is answered. Latencies are
  wrk's, which corrects them for the requests a slow answer held back.
- {settings.rounds} rounds of {settings.seconds} s, interleaved: in each round of a row the
  servers are driven in turn, one at a time, while the others are up and idle. Before a server's
  first round of a row it is driven for {settings.warmup_seconds} s unmeasured.
- Before every round one answer is checked in full, and written items are read back. Any answer
  that is not 2xx, and any broken connection, makes the server's row invalid.
- The generator shares the machine's cores with the server. Ratios are those of medians; genset's
  figure is the better of one and two workers, the peer's the fastest peer's of that row.
- Scan rows cycle through the ten pages of the table, 1,000 items each. Writes overwrite items with
  others of their size, so the table stays as it is; that it has is checked at the end.
- The features of a table are measured on each server alone, on a data folder of their own.
- On PostgreSQL the same connections are shared out evenly among the nodes, from one thread of `wrk`
  for each; pgbench has two threads. Of the numbers of its clients, and of the connections where
  there are several, the one with the best median counts. All of them, SQLite's too, are up at once
  and driven in turn.
- All servers listen at free ports of 127.0.0.1."""


def _medians(row: Mapping[str, Series], figure: Callable[[Measurement], float]) -> dict[str, float]:
    return {name: series.median(figure) for name, series in row.items() if series.is_valid}


def _carried(row: Mapping[str, Series]) -> dict[str, Series]:
    return {n: s for n, s in row.items() if s.is_valid and is_carried(_achieved(s))}


def _achieved(series: Series) -> dict[str, float]:
    def rate(kind: str) -> float:
        return series.median(lambda measurement: measurement.background.get(kind, 0.0))

    return {kind: rate(kind) for kind in OFFERED}


def _servers_of(rows: Mapping[str, Mapping[str, Series]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows.values() for name in row))


def _by_server(
    rows: Mapping[str, Mapping[str, Series]],
    servers: Sequence[str],
    cell: Callable[[Series], str],
) -> str:
    if not rows:
        return "Not measured in this run."
    body = []
    for workload, row in rows.items():
        cells = [row.get(name, Series()) for name in servers]
        body.append([workload, *(cell(s) if s.is_valid else "-" for s in cells)])
    return table(["", *(server_named(name).title for name in servers)], body)


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"
