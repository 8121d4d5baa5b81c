"""`genset dump`: a table's items as files that other programs, and `genset load`, read."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from conftest import Create
from support.client import Api
from support.process import genset_command
from support.tables import index, table
from transfer.command import Genset
from transfer.tables import items_of, numbered, put_all, write_lines


def test_each_format_is_what_its_name_says(genset: Genset, api: Api, name: str) -> None:
    put_all(api, name, [{"pk": {"S": "a"}, "n": {"N": "1.5"}, "s": {"SS": ["x"]}}])
    assert genset("dump", name).lines == [
        '{"Item":{"pk":{"S":"a"},"n":{"N":"1.5"},"s":{"SS":["x"]}}}'
    ]
    assert genset("dump", name, "--format", "jsonl").lines == ['{"pk":"a","n":1.5,"s":["x"]}']
    whole = genset("dump", name, "--format", "json")
    assert json.loads(whole.output) == [{"pk": "a", "n": 1.5, "s": ["x"]}]
    rows = list(csv.reader(io.StringIO(genset("dump", name, "--format", "csv").output.decode())))
    assert rows == [["pk", "n:N", "s:SS"], ["a", "1.5", '["x"]']]


def test_an_empty_table_is_an_empty_file_of_its_format(genset: Genset, name: str) -> None:
    assert genset("dump", name).output == b""
    assert json.loads(genset("dump", name, "--format", "json").output) == []
    assert genset("dump", name, "--format", "csv").output == b""


def test_segments_give_all_items_once(genset: Genset, api: Api, name: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x", [{"Item": each} for each in numbered(700)])
    assert genset("load", name, path).status == 0
    lines = genset("dump", name, "--segments", "3").lines
    assert sorted(int(json.loads(line)["Item"]["n"]["N"]) for line in lines) == list(range(700))


def test_a_filter_and_an_index_choose_items(genset: Genset, api: Api, create: Create) -> None:
    name = create(
        table("pk", types={"pk": "S", "n": "N"}, everywhere=[index("by-n", "n", projection=["x"])])
    )
    put_all(api, name, [*numbered(5), {"pk": {"S": "without"}}])
    filtered = genset(
        *("dump", name, "--format", "jsonl", "--filter", "#n > :least"),
        *("--names", '{"#n": "n"}', "--values", '{":least": 2}'),
    )
    assert sorted(json.loads(line)["n"] for line in filtered.lines) == [3, 4]
    assert len(genset("dump", name, "--filter", "n >= 1 AND n < 3").lines) == 2
    assert len(genset("dump", name, "--consistent").lines) == 6
    assert len(genset("dump", name, "--index", "by-n").lines) == 5


def test_a_file_gets_its_name_when_it_is_whole(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    put_all(api, name, numbered(2))
    path = tmp_path / "x.jsonl.gz"
    done = genset("dump", name, "--output-file", path)
    assert (done.status, done.output) == (0, b"")
    assert done.told == [f"wrote 2 items to {path}"]
    before = path.read_bytes()
    # The index is not there, which the server says once it is asked for its items.
    failed = genset("dump", name, "--output-file", path, "--index", "absent")
    assert failed.status == 1
    assert failed.told[0].startswith("genset: ValidationException: ")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_a_pipe_or_a_device_is_written_to_and_not_replaced(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    put_all(api, name, numbered(1))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert genset("dump", name, "--output-file", pipe).status == 0
        assert b'"Item"' in os.read(reader, 10_000)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    put_all(api, name, numbered(1))
    link = tmp_path / "link"
    link.symlink_to("far")
    assert genset("dump", name, "--output-file", link).status == 0
    assert link.is_symlink()
    assert b'"Item"' in (tmp_path / "far").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["dynamodb-json", "csv"])
def test_a_full_disk_is_told_in_one_line(genset: Genset, api: Api, name: str, form: str) -> None:
    put_all(api, name, numbered(1))
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*genset_command(), "dump", name, "--format", form],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=20,
            check=False,
        )
    assert done.stderr == b"genset: cannot write the output: No space left on device\n"
    assert done.returncode == 1


def test_a_reader_that_leaves_early_is_no_error(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "x", [{**each, "x": {"S": "x" * 500}} for each in numbered(900)])
    assert genset("load", name, path).status == 0
    command = [*genset_command(), "dump", name, "--segments", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["absent"], 1, "genset: ResourceNotFoundException: "),
        (["{name}", "--values", "{{"], 2, "genset: --values"),
        (["{name}", "--delimiter", "ab"], 2, "genset: Invalid value for '--delimiter'"),
        (["{name}", "--filter", "=="], 1, "genset: ValidationException: "),
        (["{name}", "--output-file", "{folder}/no/x"], 1, "genset: cannot write {folder}/no/x: "),
    ],
)
def test_what_cannot_be_dumped_is_told_in_one_line(
    genset: Genset, name: str, tmp_path: Path, arguments: list[str], status: int, reason: str
) -> None:
    done = genset("dump", *(each.format(name=name, folder=tmp_path) for each in arguments))
    (line,) = done.told
    assert (done.status, done.output) == (status, b"")
    assert line.startswith(reason.format(folder=tmp_path))


def test_what_is_dumped_is_loaded_through_a_pipe(
    genset: Genset, api: Api, create: Create, name: str
) -> None:
    put_all(api, name, numbered(30))
    other = create(table("pk", types={"pk": "S"}))
    assert genset("load", other, "-", given=genset("dump", name).output).status == 0
    assert items_of(api, other) == items_of(api, name)
