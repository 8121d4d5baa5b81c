"""`genset tail`: the changes of a table, as they happen and in order."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.console import Console
from genset.cli.statuses import CommandError
from genset.cli.streams.following import Following
from support.process import genset_command
from support.tables import table

PLAIN = table("Id", types={"Id": "S"})
KEYS = {"Artist": "Abba", "Song": "SOS"}


def put(console: Console, table: str, **attributes: Any) -> None:
    console.ok("put", table, json.dumps({**KEYS, **attributes}))


@pytest.fixture
def changed(console: Console, music: str) -> str:
    """The table after an item was put, changed and deleted."""
    put(console, music, Year=1975, Draft=True)
    put(console, music, Year=1976, Genre="Pop")
    console.ok("delete", music, "Abba", "SOS")
    return music


def test_all_that_the_stream_has(console: Console, changed: str):
    done = console.ok("tail", changed, "--from", "beginning", "--limit", "3")
    first, second, third = done.json
    assert [each["event"] for each in done.json] == ["INSERT", "MODIFY", "REMOVE"]
    assert all(each["keys"] == KEYS and each["expired"] is False for each in done.json)
    assert first["new"] == {**KEYS, "Year": 1975, "Draft": True}
    assert "old" not in first
    assert second["old"] == first["new"]
    assert second["new"] == third["old"] == {**KEYS, "Year": 1976, "Genre": "Pop"}
    assert "new" not in third
    assert done.complaint == f"following {changed}; Ctrl-C ends it"


def test_no_more_than_the_limit(console: Console, changed: str):
    assert len(console.ok("tail", changed, "--from", "beginning", "--limit", "2").json) == 2


def test_the_streams_own_records(console: Console, changed: str):
    words = ("--from", "beginning", "--limit", "1", "--output", "dynamodb-json")
    (record,) = console.ok("tail", changed, *words).json
    assert record["eventName"] == "INSERT"
    change = record["dynamodb"]
    assert change["Keys"] == {"Artist": {"S": "Abba"}, "Song": {"S": "SOS"}}
    assert change["NewImage"]["Year"] == {"N": "1975"}
    assert abs(change["ApproximateCreationDateTime"] - time.time()) < 60


def test_a_person_sees_what_is_different(console: Console, changed: str):
    console.terminal = True
    lines = console.ok("tail", changed, "--from", "1m", "--limit", "3").out.splitlines()
    assert [line[8:].strip() for line in lines] == [
        "INSERT  Artist=Abba Song=SOS  Year=1975 Draft=true",
        "MODIFY  Artist=Abba Song=SOS  Year: 1975 → 1976, +Genre=Pop, -Draft=true",
        "REMOVE  Artist=Abba Song=SOS  Year=1976 Genre=Pop",
    ]


def test_lines_are_cut_to_the_terminal_and_control_nothing(console: Console, music: str):
    put(console, music, Text="x" * 300 + "\x1b[2J", **{"\x1b[1m": 1})
    console.terminal, console.columns = True, 60
    out = console.ok("tail", music, "--from", "beginning", "--limit", "1").out
    assert len(out.rstrip("\n")) <= 60
    console.terminal = False
    out = console.ok("tail", music, "--from", "beginning", "--limit", "1", "-o", "table").out
    assert "x" * 300 + "\\x1b[2J \\x1b[1m=1" in out


def test_what_expired_is_told_from_what_was_deleted(
    console: Console, create: Callable[..., str], client: Any
):
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    name = create({**PLAIN, "StreamSpecification": view})
    expiry = {"Enabled": True, "AttributeName": "Gone"}
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    console.ok("put", name, '{"Id": "a", "Gone": 1700000000}')
    done = console.ok("tail", name, "--from", "beginning", "--limit", "2")
    assert [(each["event"], each["expired"]) for each in done.json] == [
        ("INSERT", False), ("REMOVE", True)
    ]  # fmt: skip
    assert "new" not in done.json[0]


@pytest.fixture
def following(console: Console, music: str, endpoint: str) -> Iterator[subprocess.Popen[str]]:
    """`genset tail` in a process of its own that follows the table from now on."""
    process = subprocess.Popen(
        [*genset_command(), "tail", music, "--endpoint-url", endpoint],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    with process:
        assert "following" in process.stderr.readline()
        yield process
        process.kill()


def test_a_pipe_gets_each_change_when_it_is_made(
    console: Console, music: str, following: subprocess.Popen[str]
):
    assert following.stdout is not None
    for year in (1975, 1976):
        put(console, music, Year=year)
        assert json.loads(following.stdout.readline())["new"]["Year"] == year
    following.send_signal(signal.SIGINT)
    assert following.wait(timeout=20) == 0
    assert following.stderr is not None
    assert following.stderr.read() == ""


def test_it_ends_when_nobody_reads_on(
    console: Console, music: str, following: subprocess.Popen[str]
):
    assert following.stdout is not None
    following.stdout.close()
    put(console, music, Year=1975)
    assert following.wait(timeout=20) == 0


@pytest.fixture
def streamless(create: Callable[..., str]) -> str:
    """A table without a stream."""
    return create(PLAIN)


def test_a_table_without_a_stream(console: Console, streamless: str):
    complaint = console.refused("tail", streamless, status=1)
    assert complaint == f"{streamless} has no stream; --enable gives it one"


def test_a_stream_is_made_and_followed_from_its_beginning(
    console: Console, streamless: str, endpoint: str
):
    process = subprocess.Popen(
        [*genset_command(), "tail", streamless, "--enable", "--endpoint-url", endpoint,
         "--limit", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stderr is not None
        assert "following" in process.stderr.readline()
        console.ok("put", streamless, '{"Id": "1"}')
        assert process.stdout is not None
        change = json.loads(process.stdout.readline())
        assert (change["event"], change["new"]) == ("INSERT", {"Id": "1"})
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("start", ["yesterday", "10", "5d", "-5m"])
def test_where_to_begin_must_be_known(console: Console, music: str, start: str):
    assert "--from is latest" in console.refused("tail", music, f"--from={start}", status=2)


def test_a_table_that_is_not_there(console: Console):
    assert "ResourceNotFoundException" in console.refused("tail", "Absent", status=1)


class Stream:
    """A stream of shards as the service has them, whose records are their numbers."""

    class exceptions:  # noqa: N801 - the name is botocore's
        ExpiredIteratorException = type("ExpiredIteratorException", (Exception,), {})
        TrimmedDataAccessException = type("TrimmedDataAccessException", (Exception,), {})

    def __init__(self, shards: dict[str, tuple[str | None, list[int], bool]]) -> None:
        self.shards = shards
        self.status = "ENABLED"
        self.failures: list[type[Exception] | Exception] = []

    def describe_stream(self, **asked: str) -> Any:
        """One shard a page."""
        start = asked.get("ExclusiveStartShardId", "")
        names = [name for name in self.shards if name > start]
        more = {"LastEvaluatedShardId": names[0]} if names[1:] else {}
        shards = [self._shard(name) for name in names[:1]]
        return {"StreamDescription": {"Shards": shards, "StreamStatus": self.status, **more}}

    def _shard(self, name: str) -> dict[str, Any]:
        parent, _, is_open = self.shards[name]
        numbers = {"StartingSequenceNumber": "0"}
        if not is_open:
            numbers["EndingSequenceNumber"] = "9"
        more = {"ParentShardId": parent} if parent else {}
        return {"ShardId": name, "SequenceNumberRange": numbers, **more}

    def get_shard_iterator(self, **asked: str) -> Any:
        numbers = self.shards[asked["ShardId"]][1]
        at = {"LATEST": len(numbers), "TRIM_HORIZON": 0}.get(asked["ShardIteratorType"])
        if at is None:
            at = numbers.index(int(asked["SequenceNumber"])) + 1
        return {"ShardIterator": f"{asked['ShardId']} {at}"}

    def get_records(self, **asked: str) -> Any:
        """One record a page."""
        if self.failures:
            raise self.failures.pop()
        name, at = asked["ShardIterator"].split()
        _, numbers, is_open = self.shards[name]
        found = numbers[int(at) : int(at) + 1]
        ended = not is_open and int(at) + len(found) >= len(numbers)
        records = [{"dynamodb": {"SequenceNumber": str(number)}} for number in found]
        more = {} if ended else {"NextShardIterator": f"{name} {int(at) + len(found)}"}
        return {"Records": records, **more}


def follow(stream: Stream, *, since: float | None, warn=lambda _: None) -> Iterator[int]:
    """The numbers that are read of a stream."""
    following = Following(stream, "arn", since=since, warn=warn)
    following.begin()
    return (
        int(record["dynamodb"]["SequenceNumber"])
        for records in following.records()
        for record in records
    )


def all_of(numbers: Iterator[int]) -> list[int]:
    """The numbers until the stream has ended."""
    found: list[int] = []

    def read() -> None:
        for number in numbers:
            found.append(number)  # noqa: PERF402 - the error must not lose them

    with pytest.raises(CommandError, match="switched off; all of it was shown"):
        read()
    return found


def test_a_shard_is_read_after_the_one_that_it_came_from():
    stream = Stream(
        {
            "a": (None, [1, 2], False),
            "b": ("a", [3], False),
            "c": ("b", [4, 5], False),
            "d": ("trimmed-long-ago", [], False),
        }
    )
    stream.status = "DISABLED"
    assert all_of(follow(stream, since=0)) == [1, 2, 3, 4, 5]


def test_shards_that_come_later_are_found_and_read_from_their_beginning():
    stream = Stream({"a": (None, [1], False), "b": ("a", [2], True)})
    numbers = follow(stream, since=None)
    stream.shards["b"] = ("a", [2, 3], False)
    stream.shards["c"] = ("b", [4], False)
    stream.status = "DISABLED"
    assert all_of(numbers) == [3, 4]


@pytest.mark.parametrize("failure", ["ExpiredIteratorException"])
def test_after_a_long_pause_it_goes_on_where_it_was(failure: str):
    stream = Stream({"a": (None, [1, 2, 3], False)})
    stream.status = "DISABLED"
    numbers = follow(stream, since=0)
    assert next(numbers) == 1
    stream.failures = [getattr(Stream.exceptions, failure)]
    assert all_of(numbers) == [2, 3]


def test_changes_that_are_gone_are_told():
    stream = Stream({"a": (None, [7, 8], False)})
    stream.status = "DISABLED"
    stream.failures = [Stream.exceptions.TrimmedDataAccessException]
    said: list[str] = []
    assert all_of(follow(stream, since=0, warn=said.append)) == [7, 8]
    assert said == ["some changes were older than a day and are gone"]


def test_it_waits_for_a_server_that_does_not_answer_and_misses_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("genset.cli.streams.following._PAUSE_S", 0)
    stream = Stream({"a": (None, [1, 2, 3], False)})
    stream.status = "DISABLED"
    said: list[str] = []
    numbers = follow(stream, since=0, warn=said.append)
    assert next(numbers) == 1
    stream.failures = [EndpointConnectionError(endpoint_url="http://gone")] * 3
    assert all_of(numbers) == [2, 3]
    assert said == ["the server does not answer; waiting for it, until Ctrl-C"]
