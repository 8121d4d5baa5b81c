"""`genset get`, `put`, `update` and `delete`: one item, by its key."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from cli.console import Console, songs
from support.process import genset_command

SOS = {"Artist": "Abba", "Song": "SOS", "Year": 1975}
TYPED = {"Artist": {"S": "Abba"}, "Song": {"S": "SOS"}, "Year": {"N": "1975"}}


@pytest.fixture
def sos(console: Console, music: str) -> str:
    """The table with one item."""
    console.ok("put", music, json.dumps(SOS))
    return music


@pytest.mark.parametrize("given", [SOS, TYPED])
def test_an_item_is_put_as_plain_json_or_with_its_types(console: Console, music: str, given):
    done = console.ok("put", music, json.dumps(given))
    assert (done.out, done.err) == ("", "")
    assert console.ok("get", music, "Abba", "SOS").json == [SOS]
    assert console.ok("get", music, "Abba", "SOS", "--output", "dynamodb-json").json == [TYPED]


def test_an_item_is_put_as_words(console: Console, music: str):
    words = ("Artist=1975", "Song=a=b", "Year=1975", "Live=true", 'Tags={"SS": ["x"]}', "Z=007")
    console.ok("put", music, *words)
    assert console.ok("get", music, "Artist=1975", "Song=a=b", "-o", "dynamodb-json").json == [
        {"Artist": {"S": "1975"}, "Song": {"S": "a=b"}, "Year": {"N": "1975"},
         "Live": {"BOOL": True}, "Tags": {"SS": ["x"]}, "Z": {"S": "007"}}
    ]  # fmt: skip
    assert "NAME=VALUE, and not Song" in console.refused("put", music, "Artist=A", "Song", status=2)


def test_numbers_and_binary_values_come_back_as_they_were_put(console: Console, music: str):
    long = "12345678901234567890123456789012345678"
    console.ok("put", music, f'{{"Artist": "A", "Song": "n", "Long": {long}, "Small": 1E-7}}')
    out = console.ok("get", music, "A", "n").out
    assert f'"Long":{long}' in out
    assert '"Small":0.0000001' in out or '"Small":1E-7' in out
    console.ok("put", music, '{"Artist": {"S": "A"}, "Song": {"S": "b"}, "Data": {"B": "aGk="}}')
    done = console.ok("get", music, "A", "b", "-o", "dynamodb-json")
    assert done.json[0]["Data"] == {"B": "aGk="}


def test_items_are_put_from_lines_and_from_texts_of_several_lines(console: Console, music: str):
    items = songs("Lines", "a", "b", "c")
    console.ok("put", music, "-", stdin="".join(json.dumps(item) + "\n\n" for item in items))
    more = songs("Texts", "a", "b")
    console.ok("put", music, "-", stdin="\n".join(json.dumps(item, indent=2) for item in more))
    assert console.ok("query", music, "Artist=Lines").json == items
    assert console.ok("query", music, "Artist=Texts").json == more


def test_what_one_command_prints_another_puts(console: Console, music: str):
    console.ok("put", music, '{"Artist": {"S": "A"}, "Song": {"S": "b"}, "Tags": {"SS": ["x"]}}')
    printed = console.ok("scan", music, "-o", "dynamodb-json").out
    console.ok("delete", music, "A", "b")
    console.ok("put", music, "-", stdin=printed)
    assert console.ok("scan", music, "-o", "dynamodb-json").out == printed


def test_putting_stops_at_the_first_item_that_is_none(console: Console, music: str):
    lines = '{"Artist": "A", "Song": "1"}\nnonsense\n{"Artist": "A", "Song": "2"}\n'
    assert "line 2 is no JSON" in console.refused("put", music, "-", stdin=lines, status=2)
    assert [each["Song"] for each in console.ok("query", music, "Artist=A").json] == ["1"]
    assert "line 1 must be a JSON object" in console.refused(
        "put", music, "-", stdin="[1]\n", status=2
    )


@pytest.mark.parametrize(
    "key",
    [
        ["Artist=Abba", "Song=SOS"],
        ["Song=SOS", "Artist=Abba"],
        ["Abba", "SOS"],
        ['{"Artist": "Abba", "Song": "SOS"}'],
        ['{"Artist": {"S": "Abba"}, "Song": {"S": "SOS"}}'],
    ],
)
def test_a_key_is_words_or_json(console: Console, sos: str, key: list[str]):
    assert console.ok("get", sos, *key).json == [SOS]


@pytest.mark.parametrize(
    "key",
    [
        ["Abba"],
        ["Artist=Abba"],
        ["Artist=Abba", "Sonq=SOS"],
        ["Abba", "SOS", "1975"],
        ["Artist=Abba", "SOS"],
        ['{"Artist": "Abba"}'],
        ['{"Artist": "Abba", "Song": 1}'],
        ['{"Artist": "Abba", "Song": {"N": "1"}}'],
        ['{"Artist": "Abba", "Song": "SOS", "Year": 1975}'],
    ],
)
def test_what_is_no_key_is_told_with_the_key_that_there_is(console: Console, sos: str, key):
    complaint = console.refused("get", sos, *key, status=2)
    assert f"the key of {sos} is Artist (S) and Song (S), given as Artist=... Song=..." in complaint


def test_keys_are_read_as_the_table_has_them(console: Console, fresh):
    name = f"Typed-{fresh()}"
    console.ok("tables", "create", name, "--key", "Id:N", "--sort", "Raw:B", "--wait")
    console.ok("put", name, '{"Id": {"N": "7"}, "Raw": {"B": "aGk="}}')
    assert console.ok("get", name, "Id=7.0", "Raw=aGk=").json == [{"Id": 7, "Raw": "aGk="}]
    assert console.ok("get", name, '{"Id": 7, "Raw": "aGk="}').json
    assert "Id is a number, which seven is not" in console.refused(
        "get", name, "Id=seven", "Raw=aGk=", status=2
    )
    assert "Id is a number, which NaN is not" in console.refused(
        "get", name, "Id=NaN", "Raw=aGk=", status=2
    )
    assert "Raw is binary, as base64, which # is not" in console.refused(
        "get", name, "Id=7", "Raw=#", status=2
    )


def test_an_item_that_is_not_there_has_a_status_of_its_own(console: Console, music: str):
    assert console.refused("get", music, "A", "B", status=3) == f"{music} has no item A B"


def test_who_may_not_describe_the_table_gives_the_key_as_json(
    console: Console, sos: str, monkeypatch: pytest.MonkeyPatch
):
    send = BaseClient._make_api_call

    def refuse(client, operation, request):
        if operation == "DescribeTable":
            error = {"Code": "AccessDeniedException", "Message": "you may not"}
            raise ClientError({"Error": error}, operation)
        return send(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    assert "AccessDenied" in console.refused("get", sos, "Abba", "SOS", status=1)
    for key in ({"Artist": "Abba", "Song": "SOS"}, {k: TYPED[k] for k in ("Artist", "Song")}):
        assert console.ok("get", sos, json.dumps(key)).json == [SOS]
    condition = "Artist = 'Abba' AND Song = 'SOS'"
    for form in ("json", "table"):
        words = ("--key-condition", condition, "--output", form)
        assert "SOS" in console.ok("query", sos, *words).out
        assert "SOS" in console.ok("scan", sos, "--output", form).out


def test_what_is_read_must_be_utf_8(music: str, endpoint: str):
    command = [*genset_command(), "put", music, "-", "--endpoint-url", endpoint]
    done = subprocess.run(command, input=b'{"Artist": "\xff"}', capture_output=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr.startswith(b"genset: what is read must be UTF-8: ")


def test_json_is_utf_8_whatever_the_locale(console: Console, music: str, endpoint: str):
    item = '{"Artist":"Bj\u00f6rk","Song":"J\u00f3ga"}\n'.encode()
    variables = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for command, given, expected in (
        (["put", music, "-"], item, b""),
        (["scan", music], b"", item),
    ):
        done = subprocess.run(
            [*genset_command(), *command, "--endpoint-url", endpoint],
            input=given, capture_output=True, timeout=20, env=variables,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, expected, b"")


def test_a_part_of_an_item(console: Console, music: str):
    console.ok("put", music, '{"Artist":"A","Song":"s","Size":{"w":[1,2]},"Year":1,"my-x":5}')
    done = console.ok("get", music, "A", "s", "--project", 'Size.w[1], Year, "my-x"')
    assert done.json == [{"Size": {"w": [2]}, "Year": 1, "my-x": 5}]
    done = console.ok("get", music, "A", "s", "--project", "#y", "--names", '{"#y": "Year"}')
    assert done.json == [{"Year": 1}]


def test_conditions_have_their_values_in_place(console: Console, sos: str):
    again = json.dumps({**SOS, "Year": 2000})
    complaint = console.refused("put", sos, again, "--if", "Year > 1980", status=1)
    assert complaint == "ConditionalCheckFailedException: The conditional request failed"
    assert console.refused("delete", sos, "Abba", "SOS", "--if", "Artist = 'x'", status=1)
    values = ("--values", '{":y": 1975}')
    done = console.ok("put", sos, again, "--if", "Year = :y", *values, "--return")
    assert done.json == [SOS]
    console.ok("delete", sos, "Abba", "SOS", "--if", "Year BETWEEN 1999 AND 2000")
    assert console("get", sos, "Abba", "SOS").status == 3


def test_deleting_what_is_not_there_is_no_failure_unless_it_was_to_be_shown(
    console: Console, sos: str
):
    assert console.ok("delete", sos, "Abba", "SOS", "--return").json == [SOS]
    assert console.ok("delete", sos, "Abba", "SOS").out == ""
    complaint = console.refused("delete", sos, "Abba", "SOS", "--return", status=3)
    assert complaint == f"{sos} had no item Abba SOS"


def test_attributes_are_set_added_to_and_removed(console: Console, sos: str):
    changes = ["--set", "Genre=Pop", "--set", "Live=true", "--set", 'Code="007"', "--set", "Z=007"]
    changes += ["--add", "Plays=2", "--add", 'Tags={"SS": ["a"]}', "--remove", "Year"]
    done = console.ok("update", sos, "Abba", "SOS", *changes, "--return", "new")
    assert done.json == [
        {"Artist": "Abba", "Song": "SOS", "Genre": "Pop", "Live": True, "Code": "007", "Z": "007",
         "Plays": 2, "Tags": ["a"]}
    ]  # fmt: skip
    done = console.ok("update", sos, "Abba", "SOS", "--add", "Plays=1", "--return", "updated-new")
    assert done.json == [{"Plays": 3}]


def test_an_update_expression_has_its_values_in_place(console: Console, sos: str):
    change = "SET Year = Year + 1, Tags = ['a', 'b'], Old = Year REMOVE Genre ADD S <<1, 2>>"
    key = ("Abba", "SOS")
    done = console.ok("update", sos, *key, "--expression", change, "--return", "updated-new")
    assert done.json == [{"Year": 1976, "Tags": ["a", "b"], "Old": 1975, "S": [1, 2]}]
    guarded = ("--set", "Year=1", "--if", "Year < 1976")
    assert "ConditionalCheckFailed" in console.refused("update", sos, *key, *guarded, status=1)


@pytest.mark.parametrize(
    "options", [[], ["--set", "Year"], ["--set", "a=1", "--expression", "SET b = 1"]]
)
def test_an_update_says_what_to_change(console: Console, sos: str, options: list[str]):
    assert "--set" in console.refused("update", sos, "Abba", "SOS", *options, status=2)


def test_an_item_that_is_updated_is_made_if_need_be(console: Console, music: str):
    console.ok("update", music, "New", "One", "--set", "Year=1")
    assert console.ok("get", music, "New", "One").json[0]["Year"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["get", "{}", "Abba", "SOS"],
        ["put", "{}", '{"Artist": "A", "Song": "s"}'],
        ["update", "{}", "Abba", "SOS", "--set", "a=1"],
        ["delete", "{}", "Abba", "SOS"],
    ],
)
def test_what_it_took_is_told_on_stderr(console: Console, sos: str, arguments: list[str]):
    done = console.ok(*(each if each != "{}" else sos for each in arguments), "--stats")
    assert "1 request, " in done.err
    assert " capacity units, " in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["get", "Absent", "A=1"], 1, "ResourceNotFoundException: "),
        (["put", "Absent", "{}"], 1, "ResourceNotFoundException: "),
        (["put", "{}", '{"Artist": "A"}'], 1, "Missing the key Song in the item"),
        (["put", "{}", '{"Artist": "A", "Song": 5}'], 1, "Type mismatch for key Song"),
        (["put", "{}", "[]"], 2, "the item must be a JSON object"),
        (["put", "{}", "{"], 2, "the item is no JSON: "),
        (["put", "{}", '{"Artist": {"S": "A"}, "Song": {"B": "#"}}'], 2, "no DynamoDB JSON"),
        (["put", "{}", "{}", "--if", "Year > 'open"], 2, "what is 'open?"),
        (["put", "{}", "{}", "--if", "Year = :y"], 1, "attribute value: :y"),
        (["put", "{}", "{}", "--names", "[]"], 2, "--names must be a JSON object of texts"),
        (["put", "{}"], 2, "Missing argument 'ITEM...'; see genset put --help"),
        (["get", "{}"], 2, "Missing argument 'KEY...'; see genset get --help"),
    ],
)
def test_what_is_wrong_is_one_line(
    console: Console, music: str, arguments: list[str], status: int, message: str
):
    given = [music if each == "{}" and at == 1 else each for at, each in enumerate(arguments)]
    assert message in console.refused(*given, status=status)
