"""`genset doctor`, as who runs it sees it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from genset.cli.main import main
from genset.cli.stores import leading
from genset.storage import keyspace
from genset.storage.engine import Transaction
from integrity import music
from support.databases import Databases
from support.process import genset_command
from support.still_server import StillServer
from support.stores import FileStore, PostgresStore, Store

Change = Callable[[Transaction], Awaitable[None]]


class FileServer(StillServer):
    needs_loop = True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory with some of everything."""
    with FileServer(FileStore(tmp_path / "data")) as server:
        music.fill(server)
    return tmp_path / "data"


def change(store: Store, body: Change) -> None:
    async def write() -> None:
        engine = await store.open()
        try:
            await engine.write(body)
        finally:
            await engine.close()

    asyncio.run(write())


async def lose_entries(txn: Transaction) -> None:
    table = await music.record(txn)
    for key, _ in (await music.pairs(txn, keyspace.index_prefix(table.number, 2)))[:5]:
        txn.delete(key)


async def garble_an_item(txn: Transaction) -> None:
    ((key, stored),) = await music.pairs(txn, (await music.record(txn, "other")).items_prefix)
    txn.put(key, stored[:-1])


def doctor(*options: object) -> int:
    return main(["doctor", *map(str, options)])


def test_sound_data_is_said_to_be_so(folder, capsys):
    assert doctor("--data-dir", folder) == 0
    said = capsys.readouterr()
    first, *_, last = said.out.splitlines()
    assert first == str(folder)
    assert "2 tables, 24 items of " in said.out
    assert "storage format 1" in said.out
    assert last == "no problems"
    assert said.err == ""


def test_it_runs_as_a_process(folder):
    command = [*genset_command(), "doctor", "--data-dir", folder, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["healthy"] is True


def test_problems_are_named_and_left(folder, capsys):
    change(FileStore(folder), lose_entries)
    before = (folder / "genset.db").read_bytes()
    assert doctor("--data-dir", folder) == 4
    said = capsys.readouterr().out
    problem = next(line for line in said.splitlines() if "missing entries: 5" in line)
    assert "of table music (000000000000, us-east-1)" in problem
    assert "pk=p" in problem
    assert "repair: make the index anew from the items" in problem
    assert said.splitlines()[-1].startswith("genset doctor --repair mends")
    assert (folder / "genset.db").read_bytes() == before


def test_a_repair_says_what_it_will_do_and_does_it(folder, capsys):
    change(FileStore(folder), lose_entries)
    assert doctor("--data-dir", folder, "--repair") == 0
    said = capsys.readouterr()
    assert said.err.splitlines()[0].startswith("will make the index anew from the items: index ")
    assert "mended:" in said.out
    assert said.out.splitlines()[-1] == "no problems"
    assert doctor("--data-dir", folder) == 0


def test_what_cannot_be_mended_is_left_with_status_4(folder, capsys):
    change(FileStore(folder), garble_an_item)
    change(FileStore(folder), lose_entries)
    assert doctor("--data-dir", folder, "--repair", "--output", "json") == 4
    found = json.loads(capsys.readouterr().out)
    assert found["healthy"] is False
    (problem,) = found["problems"]
    assert problem["place"] == "table other (000000000000, us-east-1)"
    assert (problem["what"], problem["count"], problem["repair"]) == (
        "items that cannot be read", 1, None,
    )  # fmt: skip
    assert any("missing entries" in each for each in found["mended"])
    assert found["totals"]["items"] == 24
    assert found["file"]["pages"] * found["file"]["page_bytes"] == found["file"]["file_bytes"]


def test_a_directory_that_a_server_uses_is_not_touched(durable_server, durable_store, capsys):
    server = durable_server()
    assert doctor("--data-dir", durable_store.folder) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert f"in use by another genset server (process {server.pid}); stop it first" in said.err


def test_where_nothing_is_there_is_nothing_to_check(tmp_path, capsys):
    assert doctor("--data-dir", tmp_path / "none") == 1
    assert "there is no data of genset in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_data_on_its_way_is_not_checked(folder, capsys):
    async def mark(txn: Transaction) -> None:
        txn.put(keyspace.migration_key(), b"{}")

    change(FileStore(folder), mark)
    assert doctor("--data-dir", folder) == 1
    assert "the data here is not complete" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--repair"]])
def test_a_damaged_file_is_named_with_what_to_do(folder, capsys, options):
    """One page inside is overwritten: SQLite finds it, and nothing is changed."""
    file = folder / "genset.db"
    content = bytearray(file.read_bytes())
    content[2 * 8192 + 8 : 3 * 8192] = b"\xa5" * (8192 - 8)
    file.write_bytes(content)
    assert doctor("--data-dir", folder, *options) == 4
    said = capsys.readouterr().out
    assert "the file is damaged" in said
    assert "genset dump" in said
    assert file.read_bytes() == content


def test_a_file_of_another_kind_is_not_checked(tmp_path, capsys):
    (tmp_path / "genset.db").write_text("my diary\n" * 1000)
    assert doctor("--data-dir", tmp_path) == 4
    assert "the file is damaged" in capsys.readouterr().out


@pytest.fixture
def database(databases: Databases) -> Any:
    with databases.one() as url:
        store = PostgresStore(url)
        with FileServer(store) as server:
            music.fill(server)
        yield store


def test_a_database_is_checked_beside_its_servers_and_mended_without(database, capsys, monkeypatch):
    monkeypatch.setattr(leading, "_LEAD_WAIT_S", 0.1)
    change(database, lose_entries)

    with asyncio.Runner() as runner:
        server = runner.run(database.open())
        assert runner.run(server.lead())
        assert doctor("--storage", database.url) == 4
        assert "missing entries: 5" in capsys.readouterr().out
        assert doctor("--storage", database.url, "--repair") == 1
        assert "a genset server runs on" in capsys.readouterr().err
        runner.run(server.close())
    assert doctor("--storage", database.url, "--repair") == 0
    assert "no problems" in capsys.readouterr().out


def test_a_database_without_data_is_left_as_it_is(databases, capsys):
    with databases.one("never used") as url:
        for _ in range(2):
            assert doctor("--storage", url) == 1
            assert "there is no data of genset" in capsys.readouterr().err


def test_a_server_in_memory_has_nothing_to_check(monkeypatch, capsys):
    monkeypatch.setenv("GENSET_MEMORY", "true")
    assert doctor() == 1
    assert "keeps nothing that could be checked" in capsys.readouterr().err


def test_how_a_server_would_be_reached_does_not_matter(folder, monkeypatch):
    """As in a container, whose address is that of all, and whose server is told whom to believe."""
    monkeypatch.setenv("GENSET_HOST", "0.0.0.0")
    monkeypatch.setenv("GENSET_DATA_DIR", str(folder))
    assert doctor() == 0
