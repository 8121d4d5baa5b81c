"""`genset load`: items from files to a table, and what is told of those that cannot be loaded."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import Create
from support.client import Api
from support.process import genset_command
from support.tables import index, table
from support.values import normal
from transfer.command import Genset
from transfer.tables import EVERY_TYPE, HASHED, items_of, numbered, put_all, write_lines

BIG = "x" * 410_000


def n_of(api: Api, name: str) -> list[int]:
    return sorted(int(item["n"]["N"]) for item in items_of(api, name).values())


def test_each_format_is_seen_and_loaded(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    one = tmp_path / "1.csv"
    one.write_text("pk,n:N\n1,1\n")
    two = write_lines(tmp_path / "2.jsonl", [{"pk": "2", "n": 2}])
    three = tmp_path / "3.json"
    three.write_text(json.dumps([{"pk": "3", "n": 3}]))
    four = write_lines(tmp_path / "4.json", [{"Item": {"pk": {"S": "4"}, "n": {"N": "4"}}}])
    five = tmp_path / "5.json.gz"
    five.write_bytes(gzip.compress(b'{"pk": {"S": "5"}, "n": {"N": "5"}}\n'))
    done = genset("load", name, one, two, three, four, five)
    assert (done.status, done.output) == (0, b"")
    assert n_of(api, name) == [1, 2, 3, 4, 5]
    assert done.errors.startswith(f"loaded 5 items into {name} in ")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "1.csv",
        "2.jsonl",
        "3.json",
        "4.json",
        "5.json.gz",
    ]


def test_keys_of_the_table_and_its_indexes_give_columns_their_types(
    genset: Genset, api: Api, create: Create, tmp_path: Path
) -> None:
    name = create(table("pk", types={"pk": "N", "g": "B"}, everywhere=[index("by-g", "g")]))
    path = tmp_path / "x.csv"
    path.write_text("pk;g;n\n1;AAE=;2\n")
    assert genset("load", name, path, "--delimiter", ";", "--types", "n:N").status == 0
    (item,) = api("Scan", TableName=name)["Items"]
    assert item == {"pk": {"N": "1"}, "g": {"B": "AAE="}, "n": {"N": "2"}}


def test_the_standard_input_is_loaded(genset: Genset, api: Api, name: str) -> None:
    assert genset("load", name, "-", given=b'{"pk": "a", "n": 1}\n').status == 0
    assert genset("load", name, "-", "--format", "csv", given=b"pk,n:N\nb,2\n").status == 0
    assert n_of(api, name) == [1, 2]


def test_lines_that_are_refused_are_told_with_the_servers_reason_and_kept(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    good: list[Any] = [{"pk": f"{number}", "n": number} for number in range(60)]
    good[10] = {"n": 10}
    good[20] = {"pk": 20}
    good[30] = {"pk": "30", "big": BIG}
    path = write_lines(tmp_path / "x.jsonl", good)
    path.write_text(path.read_text() + "{no\n")
    kept = tmp_path / "refused.jsonl"
    done = genset("load", name, path, "--errors", kept)
    assert done.status == 4
    *faults, last = done.told
    assert faults == [
        f"{path}:11: The provided key element does not match the schema",
        f"{path}:21: The provided key element does not match the schema",
        f"{path}:31: Item size has exceeded the maximum allowed size",
        f"{path}:61: it is not JSON: Expecting property name enclosed in double quotes "
        "at character 2",
    ]
    assert last.startswith(f"loaded 57 items into {name}, 4 lines refused in ")
    lines = path.read_text().splitlines()
    assert kept.read_text().splitlines() == [lines[each] for each in (10, 20, 30, 60)]
    assert n_of(api, name) == [each for each in range(60) if each not in (10, 20, 30)]


def test_what_is_kept_of_csv_can_be_put_right_and_loaded(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    path, kept = tmp_path / "x.csv", tmp_path / "refused.csv"
    path.write_text('pk,n:N\na,1\n"b\n",two\nc,3\n')
    assert genset("load", name, path, "--errors", kept).status == 4
    kept.write_text(kept.read_text().replace("two", "2"))
    assert genset("load", name, kept).status == 0
    assert n_of(api, name) == [1, 2, 3]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"pk": {"S": "a"}, "x": {"Q": "1"}}, 'Unknown parameter in .*"Q", must be one of'),
        ({"pk": {"S": "a"}, "x": {"N": 1}}, "Invalid type for parameter .* value: 1"),
        ({"pk": {"S": "a"}, "x": {"S": "1", "N": "1"}}, "an attribute value must be an object"),
        ({"pk": {"S": "a"}, "x": {"B": "*"}}, ""),
        ({"pk": {"S": "a"}, "x": {"NS": ["1", "1.0"]}}, "Input collection contains duplicates"),
        ({"pk": {"S": "a"}, "x": {"N": "1e999"}}, "Number overflow"),
        ({"pk": {"S": "a"}, "": {"S": "1"}}, "Empty attribute name"),
        ({"pk": {"SS": 5}}, ""),
        ({"pk": {"L": [{}]}}, "an attribute value must be an object"),
    ],
)
def test_an_item_that_is_wrong_does_not_take_its_batch_with_it(
    genset: Genset, api: Api, name: str, tmp_path: Path, item: Any, reason: str
) -> None:
    lines = [*numbered(3), item, *numbered(7)]
    path = write_lines(tmp_path / "x.jsonl", lines)
    done = genset("load", name, path, "--format", "dynamodb-json")
    assert done.status == 4
    fault, _ = done.told
    assert fault.startswith(f"{path}:4: ")
    assert re.search(reason, fault)
    assert n_of(api, name) == list(range(7))


def test_changes_of_an_incremental_export_are_applied(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    put_all(api, name, numbered(3))
    path = write_lines(
        tmp_path / "x.json",
        [
            {"Keys": {"pk": {"S": "1"}}, "OldImage": numbered(2)[1]},
            {"Keys": {"pk": {"S": "2"}}, "NewImage": {"pk": {"S": "2"}, "n": {"N": "20"}}},
            {"Keys": {"pk": {"S": "3"}}, "NewImage": {"pk": {"S": "3"}, "n": {"N": "30"}}},
        ],
    )
    assert genset("load", name, path).status == 0
    assert n_of(api, name) == [0, 20, 30]


def test_every_type_comes_back_from_a_dump_of_it(
    genset: Genset, api: Api, create: Create, name: str, tmp_path: Path
) -> None:
    put_all(api, name, [EVERY_TYPE, {"pk": {"S": "other"}, "m": {"S": "not a map"}}])
    for file in ("x.csv", "x.csv.gz", "x.ddb", "x.gz"):
        other = create(HASHED)
        dumped = genset("dump", name, "--output-file", tmp_path / file)
        assert (dumped.status, dumped.output) == (0, b"")
        assert genset("load", other, tmp_path / file).status == 0
        assert items_of(api, other) == items_of(api, name)
    assert normal(EVERY_TYPE) in items_of(api, name).values()


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["absent", "{path}"], 1, "ResourceNotFoundException: Requested resource not found"),
        (["{name}", "{path}.absent"], 2, "there is no file {path}.absent"),
        (["{name}", "{folder}"], 2, "{folder} is a folder without an export to S3"),
        (["{name}", "-", "--resume"], 2, "--resume of the standard input needs --state"),
        (["{name}", "{path}", "--rate", "fast"], 2, "a rate is a number of items"),
        (["{name}", "{path}", "--types", "n:X"], 2, "n:X is not COLUMN:TYPE"),
        (["{name}", "{path}", "--delimiter", "ab"], 2, "it must be one character"),
        (["{name}", "{path}", "--errors", "{folder}/no/x"], 1, "cannot write {folder}/no/x"),
        (["{name}", "{odd}"], 2, "cannot tell the format of {odd}; --format says it"),
        (["{name}", "{odd}.mac.csv"], 2, "{odd}.mac.csv: its lines must end with LF or CR LF"),
        (["{name}", "{odd}.csv"], 2, "{odd}.csv: a column of the header has no name"),
    ],
)
def test_what_cannot_be_begun_is_told_in_one_line(
    genset: Genset, name: str, tmp_path: Path, arguments: list[str], status: int, reason: str
) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"pk": "a"}])
    odd = tmp_path / "odd"
    odd.write_text("a,b\n")
    (tmp_path / "odd.csv").write_text("pk,,x\na,b,c\n")
    (tmp_path / "odd.mac.csv").write_bytes(b"pk,x\ra,b\r")
    known = {"name": name, "path": path, "folder": tmp_path, "odd": odd}
    done = genset("load", *(each.format(**known) for each in arguments))
    assert done.status == status
    (line,) = done.told
    assert line.startswith("genset: ")
    assert reason.format(**known) in line
    # Where nothing was done, there is nothing to go on with.
    assert "--resume goes on" not in line
    assert not [*tmp_path.glob("*load-state")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (rb'{"pk": "\ud800"}', "it has half of a surrogate pair, which is no character"),
        (rb'{"pk": "a", "x": ["\uDFFF"]}', "it has half of a surrogate pair"),
        (b'{"pk": "a\xed\xa0\x80"}', "it has half of a surrogate pair"),
        (b'{"pk": "a\xe9"}', "it is not UTF-8"),
    ],
)
def test_a_line_with_what_is_no_character_is_refused_by_itself(
    genset: Genset, api: Api, name: str, tmp_path: Path, line: bytes, reason: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(line + b'\n{"pk": "\\ud83d\\ude00"}\n')
    done = genset("load", name, path)
    assert done.status == 4
    assert done.told[0].startswith(f"{path}:1: {reason}")
    assert [item["pk"] for item in items_of(api, name).values()] == [{"S": "\U0001f600"}]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_refused_lines_that_cannot_be_kept_end_the_load(
    genset: Genset, name: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"pk": 1}])
    done = genset("load", name, path, "--errors", "/dev/full")
    assert done.status == 1
    assert done.told[-1].startswith("genset: cannot write /dev/full: No space left on device")


def test_lines_before_the_header_may_be_blank(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n\npk,n:N\na,1\n")
    assert genset("load", name, path).status == 0
    assert n_of(api, name) == [1]


def command(*arguments: object) -> list[str]:
    return [*genset_command(), *(str(each) for each in arguments)]


def test_a_load_that_is_killed_goes_on_and_loses_nothing(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    items: list[Any] = [{"pk": f"{number}", "n": number} for number in range(2500)]
    for number in range(0, 2500, 50):
        items[number] = {"no": number}
    path = write_lines(tmp_path / "x.jsonl", items)
    kept, state = tmp_path / "kept.jsonl", tmp_path / "x.state"
    arguments = ("load", name, path, "--errors", kept, "--state", state)
    for _ in range(2):
        process = subprocess.Popen(
            command(*arguments, "--resume", "--rate", "1500"),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_progress(state, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
    before = json.loads(state.read_text())["written"]
    done = genset(*arguments, "--resume")
    assert done.status == 4
    assert done.told[-1].startswith(f"loaded 2,450 items into {name}, 50 lines refused (")
    assert 0 < before < 2450
    # All refused lines are kept, each once, in order.
    assert [json.loads(line)["no"] for line in kept.read_text().splitlines()] == list(
        range(0, 2500, 50)
    )
    assert n_of(api, name) == [number for number in range(2500) if number % 50]
    assert not state.exists()


def wait_for_progress(state: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the state has moved on from where it is, or is there."""
    first = state.read_bytes() if state.exists() else b""
    deadline = time.monotonic() + 30
    while not state.exists() or state.read_bytes() == first:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_interrupted_load_says_how_to_go_on(genset: Genset, name: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"pk": f"{number}"} for number in range(2000)])
    state = tmp_path / f"x.jsonl.{name}.load-state"
    process = subprocess.Popen(
        command("load", name, path, "--rate", "20"),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_progress(state, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "genset: interrupted; the same command with --resume goes on\n"
    written = json.loads(state.read_text())["written"]
    assert 0 < written < 2000
    resumed = genset("load", name, path, "--resume")
    assert f"loaded 2,000 items into {name} ({written} lines of it earlier) in " in resumed.errors
    assert not state.exists()


def test_a_load_that_is_not_resumed_begins_anew_and_says_so(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"pk": "a", "n": 1}])
    state = tmp_path / "state"
    state.write_text("of an earlier load")
    done = genset("load", name, path, "--state", state)
    assert done.status == 0
    assert done.told[0] == (f"genset: beginning anew, not where {state} says; --resume does")
    assert n_of(api, name) == [1]


def test_a_resumed_load_refuses_a_file_that_has_changed(
    genset: Genset, name: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "x.jsonl", numbered(1000))
    state = tmp_path / "state"
    broken = tmp_path / "y.jsonl.gz"
    broken.write_bytes(gzip.compress(os.urandom(100_000).hex().encode())[:-100_000])
    assert genset("load", name, path, broken, "--state", state).status == 1
    write_lines(path, [{"pk": "b"}])
    done = genset("load", name, path, broken, "--state", state, "--resume")
    assert done.status == 1
    assert "has changed since its load began" in done.errors


def test_a_rate_is_kept_and_the_one_reached_is_told(
    genset: Genset, name: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "x.jsonl", numbered(100))
    started = time.monotonic()
    done = genset("load", name, path, "--rate", "250wcu", "--threads", "1")
    assert time.monotonic() - started >= 0.3
    words = done.errors.split()
    assert 150 < float(words[words.index("WCU") - 1]) < 350


def test_a_bar_is_shown_on_a_terminal_only(genset: Genset, name: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", numbered(500))
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        command("load", name, path),
        stdin=subprocess.DEVNULL,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(terminal)
    shown = read_all(controller)
    assert process.wait(timeout=20) == 0
    assert f"loading {name}" in shown
    assert "items" in shown
    assert "loaded 500 items" in shown


def read_all(controller: int) -> str:
    """What was written to a terminal until it was closed."""
    found = b""
    try:
        while piece := os.read(controller, 65536):
            found += piece
    except OSError:
        # So Linux says that nobody has the other end.
        assert sys.platform == "linux"
    os.close(controller)
    return found.decode()
