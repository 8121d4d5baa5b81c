"""`genset sql` without its prompt: statements, scripts, parameters and transactions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.console import Console, songs
from genset.cli.sql.statements import Statement, is_complete, split, statements

ABBA = songs("Abba", "Fernando", "SOS", "Waterloo")


@pytest.fixture
def table(console: Console, music: str) -> str:
    """The table with three songs."""
    console.ok("put", music, "-", stdin="".join(f"{json.dumps(each)}\n" for each in ABBA))
    return music


@pytest.fixture
def script(tmp_path: Path):
    """Writes a file of statements; `T` in them is the table."""

    def write(table: str, *lines: str) -> str:
        path = tmp_path / "script.sql"
        path.write_text("\n".join(lines).replace(" T ", f' "{table}" '))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ;; ; ", []),
        ("-- only this", []),
        ("SELECT 1", [("SELECT 1", 1)]),
        ("a; b\n;\n\nc", [("a", 1), ("b", 1), ("c", 4)]),
        ('a \';\' "x;"";" `;`; b', [('a \';\' "x;"";" `;`', 1), ("b", 1)]),
        ("a 'it''s;' ; b", [("a 'it''s;'", 1), ("b", 1)]),
        ("a -- ; not '\n b; c", [("a  \n b", 1), ("c", 2)]),
        ("/* ; \n ' */ a\n; b", [("a", 2), ("b", 3)]),
        ("a '\n;\n'; b", [("a '\n;\n'", 1), ("b", 3)]),
        ("a 'never closed; b", [("a 'never closed; b", 1)]),
        ("x\n-- about y\n;\n-- z\ny;", [("x", 1), ("y", 5)]),
    ],
)
def test_statements_end_at_semicolons_that_are_in_nothing(text: str, expected):
    found = [(each.text, each.line) for each in statements(text.splitlines(keepends=True))]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "complete"),
    [("a", False), ("a;", True), ("a; -- x", True), ("a; b", False), ("a ';", False),
     ("a /* ;", False), ("a ';';", True), (";", True)],
)  # fmt: skip
def test_a_text_is_complete_when_nothing_goes_on(text: str, complete: bool):
    assert is_complete(text) is complete


def test_what_goes_on_after_the_last_semicolon_is_left():
    assert split("a;\nb 'x;", 7) == ([Statement("a", 7)], "\nb 'x;")


def test_a_statement_finds_items(console: Console, table: str):
    done = console.ok("sql", f"SELECT * FROM \"{table}\" WHERE Artist = 'Abba'")
    assert done.json == ABBA
    done = console.ok("sql", f"SELECT Song FROM \"{table}\" WHERE Artist = 'Abba'", "--limit", "2")
    assert done.json == [{"Song": "Fernando"}, {"Song": "SOS"}]
    done = console.ok("sql", f'SELECT * FROM "{table}"', "-o", "dynamodb-json", "--limit", "1")
    assert done.json[0]["Year"] == {"N": "1970"}


def test_a_statement_changes_items(console: Console, table: str):
    key = "WHERE Artist = 'Abba' AND Song = 'SOS'"
    assert console.ok("sql", f"UPDATE \"{table}\" SET Genre = 'Pop' {key}").out == ""
    done = console.ok("sql", f'UPDATE "{table}" SET Plays = 1 {key} RETURNING ALL NEW *')
    assert done.json == [{**ABBA[1], "Genre": "Pop", "Plays": 1}]
    console.ok("sql", f'DELETE FROM "{table}" {key}')
    assert console.refused("get", table, "Abba", "SOS", status=3)


def test_parameters_are_json_or_texts(console: Console, table: str):
    insert = f"INSERT INTO \"{table}\" VALUE {{'Artist': ?, 'Song': ?, 'Year': ?, 'Tags': ?}}"
    words = [each for value in ("Nina", '"007"', "1965", '{"SS": ["a"]}') for each in ("-p", value)]
    console.ok("sql", insert, *words)
    assert console.ok("get", table, "Nina", "007", "-o", "dynamodb-json").json[0] == {
        "Artist": {"S": "Nina"}, "Song": {"S": "007"}, "Year": {"N": "1965"}, "Tags": {"SS": ["a"]}
    }  # fmt: skip
    two = f'SELECT * FROM "{table}" WHERE Artist = ?; SELECT * FROM "{table}"'
    assert "one statement alone" in console.refused("sql", two, "-p", "x", status=2)


def test_all_pages_are_read(console: Console, table: str, client):
    for n in range(0, 60, 20):
        puts = [
            {"PutRequest": {"Item": {"Artist": {"S": "Big"}, "Song": {"S": f"{n + i:03}"},
                                     "Text": {"S": "x" * 35_000}}}}
            for i in range(20)
        ]  # fmt: skip
        client.batch_write_item(RequestItems={table: puts})
    done = console.ok("sql", f"SELECT Song FROM \"{table}\" WHERE Artist = 'Big'", "--stats")
    assert len(done.json) == 60
    assert "60 items, 3 requests, " in done.err


def test_a_table_for_a_person_has_the_keys_first(console: Console, table: str):
    console.terminal = True
    by_year = f'"{table}"."ByYear"'
    out = console.ok("sql", f'SELECT * FROM {by_year} WHERE "Year" = 1971').out
    assert out.startswith("Year N  Song S  Artist S")
    assert console.ok("sql", f"SELECT * FROM \"{table}\" WHERE Artist = 'x'").out == "(0 items)\n"


def test_a_file_is_run_in_order(console: Console, table: str, script):
    path = script(
        table,
        "-- a comment; with a semicolon",
        "INSERT INTO T VALUE {'Artist': 'New', 'Song': 'a;b'};",
        "SELECT Song FROM T WHERE Artist = 'New'; DELETE FROM T WHERE Artist = 'New' AND",
        "  Song = 'a;b' ;",
        "SELECT Song FROM T WHERE Artist = 'New'",
    )
    assert console.ok("sql", "--file", path).json == [{"Song": "a;b"}]


def test_the_first_statement_that_fails_ends_it(console: Console, table: str, script):
    path = script(
        table,
        "SELECT Song FROM T WHERE Song = 'SOS' AND Artist = 'Abba';",
        "",
        "SELECT nonsense;",
        "DELETE FROM T WHERE Artist = 'Abba' AND Song = 'SOS';",
    )
    done = console("sql", "--file", path)
    assert (done.status, done.json) == (1, [{"Song": "SOS"}])
    assert done.complaint.startswith(f"{path}, line 3: ValidationException: ")
    assert console.ok("get", table, "Abba", "SOS").json


def test_told_to_it_goes_on_and_says_that_something_failed(console: Console, table: str, script):
    path = script(table, "nonsense;", "SELECT Song FROM T WHERE Artist = 'Abba';", "more;")
    done = console("sql", "--file", path, "--keep-going")
    assert (done.status, len(done.json)) == (4, 3)
    first, second = done.err.splitlines()
    assert f"{path}, line 1: " in first
    assert f"{path}, line 3: " in second


@pytest.mark.parametrize("words", [[], ["--file", "-"]])
def test_statements_come_from_stdin(console: Console, table: str, words: list[str]):
    text = f"SELECT Song FROM \"{table}\"\nWHERE Artist = 'Abba' AND Song = 'SOS'\n"
    assert console.ok("sql", *words, stdin=text).json == [{"Song": "SOS"}]
    assert console.ok("sql", *words, stdin="\n").out == ""


def test_a_transaction_is_all_or_nothing(console: Console, table: str, script):
    change = "UPDATE T SET Genre = 'Pop' WHERE Artist = 'Abba' AND Song = '{}';"
    path = script(table, change.format("SOS"), "", change.format("Absent"))
    complaint = console.refused("sql", "--file", path, "--transaction", status=1)
    assert complaint == (
        "the transaction was cancelled, and nothing was changed; "
        "line 3: ConditionalCheckFailed: The conditional request failed"
    )
    assert console.ok("get", table, "Abba", "SOS").json == [ABBA[1]]
    path = script(table, change.format("SOS"), change.format("Waterloo"))
    console.ok("sql", "--file", path, "--transaction")
    assert [each.get("Genre") for each in console.ok("query", table, "Artist=Abba").json] == [
        None, "Pop", "Pop"
    ]  # fmt: skip
    read = "SELECT Year FROM T WHERE Artist = 'Abba' AND Song = '{}';"
    reads = script(table, read.format("SOS"), read.format("Absent"), read.format("Waterloo"))
    assert console.ok("sql", "--file", reads, "--transaction").json == [
        {"Year": 1971}, {"Year": 1972}
    ]  # fmt: skip
    many = script(table, *[change.format("SOS")] * 101)
    assert "at most 100" in console.refused("sql", "-f", many, "--transaction", status=2)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["SELECT * FROM Absent"], 1, "line 1: ResourceNotFoundException: "),
        (["a", "--file", __file__], 2, "not both"),
        (["--file", "/no/such/file"], 2, "'/no/such/file' does not exist"),
        (["a; b", "--transaction", "-p", "1"], 2, "one statement alone"),
    ],
)
def test_what_is_wrong_is_one_line(console: Console, words: list[str], status: int, message: str):
    assert message in console.refused("sql", *words, status=status)
