"""`genset query` and `genset scan`: which items, how many, and what is read for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from cli.console import Console, songs
from support.process import genset_command

ABBA = songs("Abba", "Dancing Queen", "Fernando", "Knowing Me", "SOS", "Waterloo")
NINA = songs("Nina Simone", "Feeling Good")


@pytest.fixture
def table(console: Console, music: str) -> str:
    """The table with songs of two artists."""
    console.ok("put", music, "-", stdin="".join(f"{json.dumps(each)}\n" for each in ABBA + NINA))
    return music


@pytest.fixture
def many(music: str, client) -> str:
    """The table with 60 items, of two megabytes together."""
    for at in range(0, 60, 20):
        puts = [
            {"PutRequest": {"Item": {"Artist": {"S": f"A{n % 3}"}, "Song": {"S": f"{n:03}"},
                                     "Text": {"S": "x" * 35_000}}}}
            for n in range(at, at + 20)
        ]  # fmt: skip
        client.batch_write_item(RequestItems={music: puts})
    return music


def titles(done) -> list[str]:
    return [item["Song"] for item in done.json]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["Artist=Abba"], ABBA),
        (["Artist==Abba"], ABBA),
        (["Artist=Abba", "Song=SOS"], ABBA[3:4]),
        (["Artist=Abba", "Song==SOS"], ABBA[3:4]),
        (["Artist=Abba", "Song^=Dancing"], ABBA[:1]),
        (["Artist=Abba", "Song>=SOS"], ABBA[3:]),
        (["Artist=Abba", "Song>SOS"], ABBA[4:]),
        (["Artist=Abba", "Song<=Fernando"], ABBA[:2]),
        (["Artist=Abba", "Song<Fernando"], ABBA[:1]),
        (["Artist=Abba", "Song=E..L"], ABBA[1:3]),
        (["Artist=Abba", "Song=L.."], ABBA[3:]),
        (["Artist=Abba", "Song=..E"], ABBA[:1]),
        (["Song=E..L", "Artist=Abba"], ABBA[1:3]),
        (["Artist=Abba", "Song==E..L"], []),
        (["Artist=A..C"], []),
        (["Artist=Nobody"], []),
        (["--index", "ByYear", "Year=1970"], [ABBA[0], NINA[0]]),
        (["--index", "ByYear", "Year=1970.0", "Song^=F"], NINA),
        (["--key-condition", "Artist = 'Abba' AND begins_with(Song, 'F')"], ABBA[1:2]),
        (["--key-condition", "Artist = :a", "--values", '{":a": "Nina Simone"}'], NINA),
        (["--key-condition", "Artist = 'Abba'", "Song=SOS", "Artist=Abba"], None),
    ],
)
def test_conditions_on_the_key(console: Console, table: str, words: list[str], expected):
    done = console("query", table, *words)
    if expected is None:
        assert done.status == 1
        assert "KeyConditionExpression" in done.complaint
    else:
        assert (done.status, done.json) == (0, expected)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "a query needs a CONDITION"),
        (["Song=SOS"], 2, "a query needs Artist=..."),
        (["Artist"], 2, "Artist is no condition on it"),
        (["Artist=Abba", "Label=1970"], 2, "Label=1970 is no condition on it"),
        (["Year=1970"], 2, "Year=1970 is no condition on it, but on that of --index ByYear"),
        (["--index", "ByYear", "Year=x"], 2, "Year is a number, which x is not"),
        (["--index", "ByYear", "Artist=Abba"], 2, "the key of index ByYear of "),
        (["--index", "ByNothing", "Year=1"], 2, "has no index ByNothing; its indexes: ByYear"),
        (["Artist<Abba"], 1, "ValidationException"),
        (["Artist=Abba", "--limit", "0"], 2, "'--limit'"),
        (["Artist=Abba", "--output", "xml"], 2, "'--output'"),
        (["Artist=Abba", "--filter", "Year >"], 1, "FilterExpression"),
    ],
)
def test_a_wrong_query_is_told_what_would_be_right(
    console: Console, table: str, words: list[str], status: int, message: str
):
    assert message in console.refused("query", table, *words, status=status)


def test_in_reverse_filtered_projected_and_limited(console: Console, table: str):
    query = ("query", table, "Artist=Abba")
    assert console.ok(*query, "--reverse").json == ABBA[::-1]
    assert console.ok(*query, "--filter", "Year >= 1973").json == ABBA[3:]
    assert console.ok(*query, "--filter", "Year IN (1970, 1974)", "--limit", "1").json == ABBA[:1]
    assert console.ok(*query, "--project", "Year", "--limit", "2").json == [
        {"Year": 1970}, {"Year": 1971}
    ]  # fmt: skip
    assert console.ok(*query, "--consistent").json == ABBA


@pytest.mark.parametrize("limit", [1, 3, 5, 6, 100])
@pytest.mark.parametrize("options", [[], ["--page-size", "2"], ["--filter", "Year > 0"]])
def test_the_limit_is_exact(console: Console, table: str, limit: int, options: list[str]):
    words = ("Artist=Abba", "--limit", str(limit), *options)
    assert console.ok("query", table, *words).json == ABBA[:limit]
    assert len(console.ok("scan", table, *words[1:]).json) == min(limit, 6)
    counted = console.ok("scan", table, *words[1:], "--count")
    assert counted.json == [min(limit, 6)]


def test_no_more_is_read_than_the_limit_needs(console: Console, table: str):
    done = console.ok("query", table, "Artist=Abba", "--limit", "2", "--stats")
    assert "2 items of 2 read, 1 request, " in done.err
    done = console.ok("query", table, "Artist=Abba", "--limit", "4", "--page-size", "2", "--stats")
    assert "4 items of 4 read, 2 requests, " in done.err
    filtered = ("--filter", "Year = 1973", "--limit", "1", "--page-size", "1")
    done = console.ok("query", table, "Artist=Abba", *filtered, "--stats")
    assert "1 item of 4 read, 4 requests, " in done.err


def test_all_pages_are_read(console: Console, many: str):
    done = console.ok("scan", many, "--stats", "--project", "Song")
    assert sorted(titles(done)) == [f"{n:03}" for n in range(60)]
    assert "60 items of 60 read, 3 requests, " in done.err
    assert console.ok("query", many, "Artist=A1", "--count").out == "20\n"


@pytest.mark.parametrize("segments", [1, 3, 16])
def test_segments_have_each_item_once(console: Console, many: str, segments: int):
    done = console.ok("scan", many, "--segments", str(segments), "--project", "Song")
    assert sorted(titles(done)) == [f"{n:03}" for n in range(60)]
    limited = console.ok("scan", many, "--segments", str(segments), "--limit", "7")
    assert len(limited.json) == 7
    assert console.ok("scan", many, "--segments", str(segments), "--count").json == [60]


def test_an_error_in_a_segment_ends_the_scan(console: Console, many: str):
    words = ("scan", many, "--segments", "4", "--filter", "begins_with(Song, 5)")
    assert "ValidationException" in console.refused(*words, status=1)


def test_an_index_is_scanned(console: Console, table: str, many: str):
    assert console.ok("scan", table, "--index", "ByYear", "--count").json == [6]


@pytest.fixture(params=["json", "table"])
def piped(
    many: str, endpoint: str, request: pytest.FixtureRequest
) -> Iterator[subprocess.Popen[str]]:
    """A scan of two megabytes in a process of its own, whose output is a pipe."""
    process = subprocess.Popen(
        [*genset_command(), "scan", many, "--endpoint-url", endpoint, "-o", request.param],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    with process:
        yield process
        process.kill()


def test_it_ends_when_nobody_reads_on(piped: subprocess.Popen[str]):
    assert piped.stdout is not None
    assert piped.stderr is not None
    assert "Song" in piped.stdout.readline()
    piped.stdout.close()
    assert piped.stderr.read() == ""
    assert piped.wait(timeout=20) == 0


def test_ctrl_c_ends_it_with_a_status_of_its_own(many: str, endpoint: str):
    words = ["scan", many, "--segments", "2", "--page-size", "1", "--endpoint-url", endpoint]
    process = subprocess.Popen(
        [*genset_command(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert process.stderr is not None
        assert process.stderr.read().strip() == "genset: interrupted"


@pytest.mark.parametrize("command", [["query", "Absent", "A=1"], ["scan", "Absent"]])
def test_a_table_that_is_not_there(console: Console, command: list[str]):
    complaint = console.refused(*command, status=1)
    assert complaint.startswith("ResourceNotFoundException: ")
    assert complaint.endswith("; `genset tables list` shows what there is")
