"""`genset tables`: what is made of the words, what is shown of it, and how it goes away."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.console import Console
from support.process import genset_command


@pytest.fixture
def name(console: Console, fresh: Callable[[], str]) -> Iterator[str]:
    """The name of a table that is not there yet, and will not be there after the test."""
    made = f"Made-{fresh()}"
    yield made
    console("tables", "delete", made, "--yes", "--wait")


@pytest.fixture
def describe(client: Any, name: str) -> Callable[[], dict[str, Any]]:
    """Describes the table, without any command."""
    return lambda: client.describe_table(TableName=name)["Table"]


def index_of(table: dict[str, Any], kind: str, name: str) -> tuple[Any, ...]:
    (index,) = [each for each in table[f"{kind}SecondaryIndexes"] if each["IndexName"] == name]
    keys = [(each["AttributeName"], each["KeyType"]) for each in index["KeySchema"]]
    return keys, index["Projection"]


def test_a_table_of_words(console: Console, name: str, describe):
    done = console.ok(
        "tables", "create", name, "--key", "Artist:S", "--sort", "Song:S", "--wait",
        "--index", "ByYear=Year:N,Song", "--index", "ByGenre=Genre:S:KEYS_ONLY",
        "--index", "ByRaw=Raw:B:Year,Label", "--local-index", "ByLabel=Label:S:Year,Genre",
        "--stream", "old", "--ttl", "Expires", "--tag", "team=a=b", "--tag", "env=", "--protect",
    )  # fmt: skip
    assert (done.out, done.complaint) == ("", f"created {name}; it is ACTIVE")
    table = describe()
    assert [(each["AttributeName"], each["KeyType"]) for each in table["KeySchema"]] == [
        ("Artist", "HASH"), ("Song", "RANGE")
    ]  # fmt: skip
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert types == {
        "Artist": "S", "Song": "S", "Year": "N", "Genre": "S", "Raw": "B", "Label": "S"
    }  # fmt: skip
    everything = {"ProjectionType": "ALL"}
    assert index_of(table, "Global", "ByYear") == (
        [("Year", "HASH"), ("Song", "RANGE")], everything
    )  # fmt: skip
    assert index_of(table, "Global", "ByGenre")[1] == {"ProjectionType": "KEYS_ONLY"}
    assert sorted(index_of(table, "Global", "ByRaw")[1]["NonKeyAttributes"]) == ["Label", "Year"]
    keys, projection = index_of(table, "Local", "ByLabel")
    assert keys == [("Artist", "HASH"), ("Label", "RANGE")]
    assert projection["ProjectionType"] == "INCLUDE"
    assert table["StreamSpecification"]["StreamViewType"] == "OLD_IMAGE"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("view", ["new-and-old", "NEW_AND_OLD_IMAGES", "new_and_old_images"])
def test_the_view_of_a_stream_may_be_the_apis_word(console: Console, name: str, describe, view):
    console.ok("tables", "create", name, "--key", "Id:S", "--stream", view)
    assert describe()["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_its_tags_and_its_time_to_live(console: Console, name: str, client: Any, describe):
    words = ("--key", "Id:S", "--ttl", "Expires", "--tag", "team=a=b", "--tag", "env=")
    console.ok("tables", "create", name, *words)
    tags = client.list_tags_of_resource(ResourceArn=describe()["TableArn"])["Tags"]
    assert {each["Key"]: each["Value"] for each in tags} == {"team": "a=b", "env": ""}
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "Expires"}


def test_provisioned_capacity_is_the_tables_and_each_indexs(console: Console, name: str, describe):
    words = ("--key", "Id:S", "--capacity", "5,3", "--index", "ByN=N:N")
    console.ok("tables", "create", name, *words, "--wait")
    table = describe()
    for each in (table, *table["GlobalSecondaryIndexes"]):
        units = each["ProvisionedThroughput"]
        assert (units["ReadCapacityUnits"], units["WriteCapacityUnits"]) == (5, 3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "a table needs a partition key, like --key Id:S"),
        (["--key", "Id"], "what type has Id? Say Id:S, Id:N or Id:B"),
        (["--key", "Id:X"], "a key is NAME:TYPE"),
        (["--key", "Id:S", "--sort", "Id:N"], "Id is S in one key and N in another"),
        (["--key", "Id:S", "--index", "Year:N"], "an index is NAME=KEY:TYPE"),
        (["--key", "Id:S", "--index", "ByYear=Year"], "what type has Year?"),
        (["--key", "Id:S", "--local-index", "L=A:S,B:S"], "a local index has the table's"),
        (["--key", "Id:S", "--capacity", "5"], "--capacity is READ,WRITE"),
        (["--key", "Id:S", "--tag", "a"], "a tag is NAME=VALUE"),
        (["--key", "Id:S", "--stream", "all"], "'--stream'"),
    ],
)
def test_wrong_words_are_told_what_would_be_right(console: Console, words: list[str], message: str):
    assert message in console.refused("tables", "create", "Never", *words, status=2)


def test_what_the_server_refuses_is_told(console: Console, music: str):
    complaint = console.refused("tables", "create", music, "--key", "Id:S", status=1)
    assert complaint.startswith("ResourceInUseException: ")


def test_names_are_listed_one_a_line(console: Console, create):
    made = sorted([create({**_TABLE}), create({**_TABLE})])
    names = console.ok("tables", "list").out.splitlines()
    assert names == sorted(names)
    assert set(made) <= set(names)
    assert console.ok("tables", "list", made[0]).out == f"{made[0]}\n"
    assert console.ok("tables", "list", "no-table-begins-so").out == ""


_TABLE = {
    "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_a_list_in_a_form_has_more_than_names(console: Console, music: str):
    (row,) = console.ok("tables", "list", music, "--output", "json").json
    assert (row["table"], row["status"]) == (music, "ACTIVE")


def test_a_long_list_has_a_line_about_each(console: Console, music: str):
    console.ok("put", music, '{"Artist": "A", "Song": "s", "Year": 1}')
    (row,) = console.ok("tables", "list", music, "--long").json
    assert row == {
        "table": music, "status": "ACTIVE", "key": "Artist:S, Song:S", "items": 1, "bytes": 18,
        "indexes": "ByYear", "billing": "on demand", "stream": "NEW_AND_OLD_IMAGES",
    }  # fmt: skip
    console.terminal, console.columns = True, 200
    heading, _, line = console.ok("tables", "list", music, "-l").out.splitlines()
    assert heading.split() == [
        "Table", "Status", "Key", "Items", "Bytes", "Indexes", "Billing", "Stream"
    ]  # fmt: skip
    assert line.split()[:2] == [music, "ACTIVE"]


def test_a_description_is_json_for_programs_and_tables_for_people(
    console: Console, music: str, client: Any
):
    (described,) = console.ok("tables", "describe", music).json
    answer = client.describe_table(TableName=music)["Table"]
    assert described == json.loads(json.dumps(answer, default=lambda time: time.isoformat()))
    console.terminal = True
    out = console.ok("tables", "describe", music).out
    for line in ("Partition key", "Artist (S)", "Song (S)", "on demand", "disabled", "ByYear"):
        assert line in out
    assert "Year:N, Song:S" in out


def test_a_table_goes_away_with_yes(console: Console, music: str):
    done = console.ok("tables", "delete", music, "--yes", "--wait")
    assert done.complaint == f"deleted {music}"
    assert "ResourceNotFoundException" in console.refused("tables", "describe", music, status=1)


def test_nothing_is_deleted_if_one_of_the_tables_is_not_there(console: Console, music: str):
    console.refused("tables", "delete", music, "Absent", "--yes", status=1)
    assert console.ok("tables", "list", music).out == f"{music}\n"


def test_without_a_terminal_it_must_be_told_to_delete(console: Console, music: str):
    complaint = console.refused("tables", "delete", music, status=2)
    assert f"Delete {music} (0 items) at {console.endpoint}?" in complaint
    assert complaint.endswith("give --yes")
    assert console.ok("tables", "list", music).out == f"{music}\n"


@pytest.mark.parametrize(("answer", "status", "left"), [("n", 1, True), ("y", 0, False)])
def test_at_a_terminal_it_asks(
    console: Console, music: str, endpoint: str, answer: str, status: int, left: bool
):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*genset_command(), "tables", "delete", music, "--wait", "--endpoint-url", endpoint],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    with process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        assert process.wait(timeout=20) == status
    os.close(ours)
    assert bool(console.ok("tables", "list", music).out) is left
