"""What is printed: for a person at a terminal, for a program in a pipe, and nothing that harms."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.console import Console
from genset.cli.printing.widths import fit

ITEMS = [
    {"Artist": {"S": "Abba"}, "Song": {"S": "SOS"}, "Year": {"N": "1975"}, "Live": {"BOOL": True},
     "Tags": {"SS": ["a", "b"]}, "Data": {"B": "aGk="}, "Empty": {"S": ""}, "Mixed": {"N": "5"}},
    {"Artist": {"S": "Abba"}, "Song": {"S": "Waterloo"}, "Year": {"N": "74"},
     "Meta": {"M": {"x": {"L": [{"N": "1"}, {"NULL": True}]}}}, "Mixed": {"S": "5"}},
]  # fmt: skip


@pytest.fixture
def table(console: Console, music: str) -> str:
    """A table with items of all types."""
    console.ok("put", music, "-", stdin="".join(f"{json.dumps(item)}\n" for item in ITEMS))
    return music


@pytest.fixture
def terminal(console: Console) -> Console:
    """The same at a terminal that is 160 columns wide."""
    console.terminal, console.columns = True, 160
    return console


def test_a_pipe_gets_a_json_text_a_line(console: Console, table: str):
    done = console.ok("query", table, "Artist=Abba")
    assert done.json == [
        {"Artist": "Abba", "Song": "SOS", "Year": 1975, "Live": True, "Tags": ["a", "b"],
         "Data": "aGk=", "Empty": "", "Mixed": 5},
        {"Artist": "Abba", "Song": "Waterloo", "Year": 74, "Meta": {"x": [1, None]}, "Mixed": "5"},
    ]  # fmt: skip
    assert console.ok("query", table, "Artist=Abba", "-o", "dynamodb-json").json == ITEMS


def test_a_terminal_gets_a_table_with_the_keys_first(terminal: Console, table: str):
    heading, _, first, second, count = terminal.ok("query", table, "Artist=Abba").out.splitlines()
    assert heading.startswith("Artist S  Song S")
    for name in ("Year N", "Live BOOL", "Tags SS", "Data B", "Mixed N|S", "Meta M"):
        assert name in heading
    # Numbers are to the right, and a text that could be taken for one is in quotes.
    at = heading.index("Year N") + len("Year N")
    assert (first[at - 4 : at], second[at - 4 : at]) == ("1975", "  74")
    assert {'"5"', '{"x":[1,null]}'} <= set(second.split())
    assert {"true", "{a,", "b}", "b'aGk='", '""'} <= set(first.split())
    assert count == "(2 items)"


def test_an_index_has_its_own_keys_first(terminal: Console, table: str):
    out = terminal.ok("query", table, "--index", "ByYear", "Year=1975").out
    assert out.startswith("Year N  Song S  Artist S")
    assert out.endswith("(1 item)\n")


def test_one_item_has_a_row_for_each_attribute(terminal: Console, table: str):
    lines = terminal.ok("get", table, "Abba", "SOS").out.splitlines()
    assert lines[0].split() == ["Attribute", "Type", "Value"]
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["Artist", "S", "Abba"], ["Song", "S", "SOS"], ["Year", "N", "1975"]
    ]  # fmt: skip


def test_a_terminal_can_have_json_and_a_pipe_a_table(terminal: Console, table: str):
    words = ("query", table, "Artist=Abba", "--output")
    assert len(terminal.ok(*words, "json").json) == 2
    terminal.terminal = False
    assert terminal.ok(*words, "table").out.startswith("Artist S")


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(terminal: Console, table: str, columns: int):
    wide = {f"Attribute{n}": "x" * n * 10 for n in range(12)}
    terminal.ok("put", table, json.dumps({"Artist": "Abba", "Song": "A", **wide}))
    terminal.columns = columns
    out = terminal.ok("query", table, "Artist=Abba").out.splitlines()
    shown = [line for line in out if not line.startswith("not shown for want of width: ")]
    assert max(map(len, shown)) <= columns
    assert any("…" in line for line in shown)


def test_columns_without_room_are_named(terminal: Console, table: str):
    terminal.columns = 30
    *_, rest, _ = terminal.ok("query", table, "Artist=Abba").out.splitlines()
    assert rest.startswith("not shown for want of width: ")
    assert "Meta" in rest


def test_a_pipe_is_never_too_narrow(console: Console, table: str):
    console.ok("put", table, json.dumps({"Artist": "W", "Song": "w", "Text": "x" * 400}))
    assert "x" * 400 in console.ok("query", table, "Artist=W", "-o", "table").out


def test_nothing_in_an_item_controls_the_terminal(terminal: Console, table: str):
    evil = "\x1b[2J\x07\r\n\x9b31m\u202e[red]"
    item = {"Artist": "Evil", "Song": evil, evil: evil, "Nested": [evil], "Empty": {}}
    terminal.ok("put", table, json.dumps(item))
    for words in (["query", table, "Artist=Evil"], ["get", table, "Artist=Evil", f"Song={evil}"]):
        out = terminal.ok(*words).out
        assert all(each.isprintable() or each == "\n" for each in out), ascii(out)
        assert "[red]" in out


def test_a_table_without_items(terminal: Console, music: str):
    assert terminal.ok("scan", music).out == "(0 items)\n"


def test_long_results_are_tables_of_some_rows_each(terminal: Console, music: str, client):
    for start in range(0, 525, 25):
        puts = [
            {"PutRequest": {"Item": {"Artist": {"S": "Many"}, "Song": {"S": f"{n:04}"}}}}
            for n in range(start, start + 25)
        ]
        client.batch_write_item(RequestItems={music: puts})
    out = terminal.ok("query", music, "Artist=Many").out
    assert out.count("Artist S") == 2
    assert out.count("Many") == 525
    assert out.endswith("(525 items)\n")


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30), st.integers(12, 250))
def test_columns_fit_and_the_widest_give_way_first(naturals: list[int], available: int):
    widths = fit(naturals, available, 2)
    assert 1 <= len(widths) <= len(naturals)
    assert sum(widths) + 2 * len(widths) <= available
    assert all(0 < width <= natural for width, natural in zip(widths, naturals, strict=False))
    cut = [width for width, natural in zip(widths, naturals, strict=False) if width < natural]
    if cut:
        # Whoever lost something has as much as anybody.
        assert min(cut) == max(widths)
        assert len(widths) == 1 or min(cut) >= 8
