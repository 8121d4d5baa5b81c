"""`genset import`: tables of other servers are here as they were there, and that is checked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from conftest import Create
from genset.transfer import copying
from support import dynalite, local, streams
from support.client import Api
from support.dynalite import Dynalite
from support.expected_output import fits
from support.local import DynamoDBLocal
from support.pages import DOCS, blocks_of
from support.process import ServerProcess, serve
from transfer import moving
from transfer.command import Done, Genset
from transfer.made_data import level_folder, level_table, local_file
from transfer.tables import HASHED, items_of, numbered, put_all

KEY = "AKIDEXAMPLE"


def client_of(url: str, region: str = "us-east-1") -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=KEY,
        aws_secret_access_key="secret",
    )


@pytest.fixture(scope="module")
def other() -> Iterator[ServerProcess]:
    """Another server, to copy from."""
    with serve("--memory") as server:
        yield server


@pytest.fixture
def elsewhere(other: ServerProcess) -> Iterator[Any]:
    """A client of it; its tables are gone afterwards."""
    client = client_of(other.url)
    yield client
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    client.close()


@pytest.fixture
def table_name(fresh: Callable[[], str], api: Api) -> Iterator[str]:
    """A name that no table has yet; what is imported under it goes."""
    name = f"moved.{fresh()}"
    yield name
    api.send("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
    api.send("DeleteTable", {"TableName": name})


def moved_in(api: Api, client: Any, done: Done, name: str) -> dict[str, Any]:
    """The description of the table here, which is as that of `client`, with its items."""
    assert done.status == 0, done.errors
    assert f"{name}: 3 items copied, compared, checksum " in done.errors
    here = api("DescribeTable", TableName=name)["Table"]
    there = client.describe_table(TableName=name)["Table"]
    there.setdefault("DeletionProtectionEnabled", False)
    assert moving.shape(here) == moving.shape(there)
    assert moving.read_all(api, name) == moving.expected()
    if "LatestStreamArn" in here:
        # It does not begin with the copies.
        assert streams.read_all(api, here["LatestStreamArn"]) == []
    return here


def time_to_live(api: Api, name: str) -> dict[str, Any]:
    found: dict[str, Any] = api("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
    return found


def tags(api: Api, table: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = api("ListTagsOfResource", ResourceArn=table["TableArn"])["Tags"]
    return found


def required(reason: str | None) -> None:
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.parametrize("shared", [True, False])
def test_a_database_of_dynamodb_local_is_moved_in(
    genset: Genset, api: Api, table_name: str, tmp_path: Path, shared: bool
) -> None:
    required(local.missing())
    data = tmp_path / "data"
    data.mkdir()
    server = DynamoDBLocal(data, shared=shared)
    try:
        client = client_of(server.url, "eu-west-1")
        moving.fill(client, table_name, streams=True)
        file = data / ("shared-local-instance.db" if shared else f"{KEY}_eu-west-1.db")
        # Once while it runs, and once more when it is gone.
        assert genset("import", file).status == 0
        here = moved_in(api, client, genset("import", data, "--existing", "replace"), table_name)
        client.close()
    finally:
        server.stop()
    assert time_to_live(api, table_name)["AttributeName"] == "expires"
    assert "LatestStreamArn" in here
    again = genset("import", file, "--existing", "merge")
    assert (again.status, again.told[0]) == (0, f"{table_name}: 3 items copied, compared")


def test_a_folder_of_dynalite_is_moved_in(
    genset: Genset, api: Api, table_name: str, tmp_path: Path
) -> None:
    required(dynalite.missing())
    pytest.importorskip("plyvel", reason="plyvel has no wheel for this Python")
    server = Dynalite(tmp_path / "data")
    try:
        client = client_of(server.url)
        moving.fill(client, table_name, streams=False)
        in_use = genset("import", tmp_path / "data")
        assert in_use.told == [f"genset: {tmp_path / 'data'} is in use; stop dynalite first"]
        there = client.describe_table(TableName=table_name)["Table"]
        client.close()
    finally:
        server.stop()
    before = {each.name: each.read_bytes() for each in (tmp_path / "data").iterdir()}
    done = genset("import", tmp_path / "data")
    here = moved_in(api, _Described(there), done, table_name)
    assert tags(api, here) == [{"Key": "team", "Value": "blue"}]
    assert {each.name: each.read_bytes() for each in (tmp_path / "data").iterdir()} == before


class _Described:
    """A client whose server has gone, and left one description."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._description = description

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": self._description}


def test_live_tables_are_moved_in(
    genset: Genset, api: Api, table_name: str, elsewhere: Any, other: ServerProcess
) -> None:
    moving.fill(elsewhere, table_name, streams=True)
    elsewhere.update_table(TableName=table_name, DeletionProtectionEnabled=True)
    done = genset("import", "--from-endpoint-url", other.url)
    here = moved_in(api, elsewhere, done, table_name)
    elsewhere.update_table(TableName=table_name, DeletionProtectionEnabled=False)
    assert here["DeletionProtectionEnabled"]
    assert time_to_live(api, table_name)["AttributeName"] == "expires"
    assert tags(api, here) == [{"Key": "team", "Value": "blue"}]
    assert done.told[-1] == f"copied 1 table with 3 items from {other.url}"


def test_only_the_tables_that_are_named_are_copied(
    genset: Genset, api: Api, table_name: str, elsewhere: Any, other: ServerProcess
) -> None:
    for name in (table_name, "left"):
        elsewhere.create_table(**HASHED, TableName=name)
    done = genset("import", "--from-endpoint-url", other.url, "--table", table_name)
    assert (done.status, done.told[-1]) == (0, f"copied 1 table with 0 items from {other.url}")
    assert api.refused("DescribeTable", TableName="left").type == "ResourceNotFoundException"


def test_what_a_move_leaves_out_is_named(
    genset: Genset, table_name: str, elsewhere: Any, other: ServerProcess
) -> None:
    made = elsewhere.create_table(
        **HASHED, TableName=table_name, SSESpecification={"Enabled": True, "SSEType": "KMS"}
    )
    elsewhere.put_resource_policy(
        ResourceArn=made["TableDescription"]["TableArn"], Policy=_policy(made)
    )
    done = genset("import", "--from-endpoint-url", other.url)
    assert done.told[1:3] == [
        f"{table_name}: not copied: its resource policy",
        f"{table_name}: not copied: its encryption with a key of KMS",
    ]


def _policy(made: dict[str, Any]) -> str:
    arn = made["TableDescription"]["TableArn"]
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Principal": {"AWS": "000000000000"}, "Action": "dynamodb:GetItem", '
        f'"Resource": "{arn}"}}]}}'
    )


@pytest.fixture
def both(api: Api, create: Create, elsewhere: Any) -> str:
    """A table that is here, with other items than the one of its name elsewhere."""
    name = create(HASHED)
    put_all(api, name, [*numbered(2), {"pk": {"S": "own"}}])
    elsewhere.create_table(**HASHED, TableName=name)
    for item in numbered(4)[1:]:
        elsewhere.put_item(TableName=name, Item={**item, "from": {"S": "there"}})
    return name


KEYS_AFTER = {
    "skip": ["0", "1", "own"],
    "merge": ["0", "1", "2", "3", "own"],
    "replace": ["1", "2", "3"],
}


@pytest.mark.parametrize("existing", KEYS_AFTER)
def test_a_table_that_is_there_stays_unless_it_is_asked_for(
    genset: Genset, api: Api, both: str, other: ServerProcess, existing: str
) -> None:
    before = items_of(api, both)
    refused = genset("import", "--from-endpoint-url", other.url)
    assert refused.told == [f"genset: there is a table {both} already; --existing says what to do"]
    assert (refused.status, items_of(api, both)) == (1, before)
    done = genset("import", "--from-endpoint-url", other.url, "--existing", existing)
    assert done.status == 0, done.errors
    found = items_of(api, both)
    assert sorted(item["pk"]["S"] for item in found.values()) == KEYS_AFTER[existing]
    copied = [item for item in found.values() if "from" in item]
    assert len(copied) == (0 if existing == "skip" else 3)


def test_a_copy_that_is_interrupted_says_what_completes_it(
    genset: Genset,
    elsewhere: Any,
    other: ServerProcess,
    table_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere.create_table(**HASHED, TableName=table_name)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(copying, "load", interrupted)
        done = genset("import", "--from-endpoint-url", other.url, "--table", table_name)
    assert done.status == 130
    (line,) = done.told
    assert line == (
        f"genset: interrupted; {table_name} is not whole, "
        "and --existing merge or replace copies it again"
    )


def test_items_are_not_copied_into_a_table_with_other_keys(
    genset: Genset, api: Api, create: Create, elsewhere: Any, other: ServerProcess
) -> None:
    name = create(HASHED)
    elsewhere.create_table(**moving.fully(name))
    done = genset("import", "--from-endpoint-url", other.url, "--existing", "merge")
    assert done.told == [
        f"genset: cannot copy into the table {name}: its keys are pk (S), "
        "and those to be copied have pk (S), sk (N)"
    ]


def test_a_protected_table_is_not_replaced(
    genset: Genset, api: Api, both: str, other: ServerProcess
) -> None:
    api("UpdateTable", TableName=both, DeletionProtectionEnabled=True)
    done = genset("import", "--from-endpoint-url", other.url, "--existing", "replace")
    api("UpdateTable", TableName=both, DeletionProtectionEnabled=False)
    assert done.told == [f"genset: the table {both} is protected from deletion"]


def test_what_is_not_here_as_it_was_is_named_by_its_key(
    genset: Genset,
    api: Api,
    table_name: str,
    elsewhere: Any,
    other: ServerProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere.create_table(**HASHED, TableName=table_name)
    for item in numbered(5):
        elsewhere.put_item(TableName=table_name, Item=item)
    load = copying.load

    def load_and_spoil(*arguments: Any, **options: Any) -> None:
        load(*arguments, **options)
        api("DeleteItem", TableName=table_name, Key={"pk": {"S": "1"}})
        put_all(api, table_name, [{"pk": {"S": "2"}, "n": {"N": "7"}}, {"pk": {"S": "more"}}])

    monkeypatch.setattr(copying, "load", load_and_spoil)
    done = genset("import", "--from-endpoint-url", other.url)
    assert done.status == 4
    first, *named, _ = done.told
    assert first == (f"{table_name}: 5 items copied, 1 missing, 1 changed, 1 unexpected")
    assert sorted(named) == [
        f'{table_name}: changed: {{"pk":"2"}}',
        f'{table_name}: missing: {{"pk":"1"}}',
        f'{table_name}: unexpected: {{"pk":"more"}}',
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        ([], 2, "give a SOURCE, or --from-endpoint-url or --from-profile"),
        (["{odd}", "--from-profile", "x"], 2, "give a SOURCE, or --from-endpoint-url"),
        (["--from-endpoint-url", "{here}"], 2, "the tables of {here} cannot be copied to itself"),
        (["{odd}"], 1, "{odd} is neither DynamoDB Local's database nor dynalite's folder"),
        (["{empty}"], 1, "{empty} has neither DynamoDB Local's database nor dynalite's data"),
        (["{absent}"], 2, "does not exist"),
        (
            ["--from-endpoint-url", "{other}", "--table", "none"],
            1,
            "there is no table none at {other}",
        ),
        (["--from-profile", "no"], 2, "The config profile (no) could not be found"),
    ],
)
def test_what_cannot_be_moved_in_is_told_in_one_line(
    genset: Genset,
    endpoint: str,
    other: ServerProcess,
    tmp_path: Path,
    arguments: list[str],
    status: int,
    reason: str,
) -> None:
    (tmp_path / "odd").write_text("odd")
    (tmp_path / "empty").mkdir()
    known = {each: tmp_path / each for each in ("odd", "empty", "absent")}
    places = {"here": endpoint, "other": other.url}
    done = genset("import", *(each.format(**known, **places) for each in arguments))
    (line,) = done.told
    assert done.status == status
    assert reason.format(**known, **places) in line


def test_the_commands_of_moving_in_md_do_what_it_shows(
    genset: Genset,
    api: Api,
    elsewhere: Any,
    other: ServerProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = [json.dumps(each).encode() for each in numbered(3)]
    tables = {"Music": items, "Notes": items[:2]}
    monkeypatch.chdir(tmp_path)
    Path("dynamodb-local-data").mkdir()
    for file in ("shared-local-instance.db", "dynamodb-local-data/shared-local-instance.db"):
        local_file(Path(file), tables)
    level_folder(Path("dynalite-data"), {"table~Music": level_table("Music")})
    elsewhere.create_table(**HASHED, TableName="Music")
    with closing(client_of(other.url, "eu-west-1")) as client:
        client.create_table(**HASHED, TableName="Music")
    profile = f"[profile staging]\nendpoint_url = {other.url}\naws_access_key_id = a\n"
    Path("aws").write_text(profile + "aws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", "aws")
    page = [each for each in blocks_of(DOCS / "moving-in.md") if each.run_by is not None]
    for block in page:
        for line in block.code.splitlines():
            if "genset import" in line:
                command = line.removeprefix("$ ").replace("http://127.0.0.1:4566", other.url)
                done = genset(*shlex.split(command)[1:])
                assert done.status == 0, (command, done.errors)
                for name in tables:
                    api.send("DeleteTable", {"TableName": name})
        if block.language == "console":
            assert fits(block.code.partition("\n")[2], done.errors)
    assert len(page) == 4
