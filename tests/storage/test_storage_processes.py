"""Several processes on one file, and processes that are killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from genset.storage.sqlite import open_sqlite

from .bodies import counters, get, scan
from .conftest import Run

HERE = Path(__file__).parent


def test_processes_that_share_a_file_lose_no_update(tmp_path: Path, run: Run[Any]) -> None:
    database = tmp_path / "genset.db"
    command = [sys.executable, str(HERE / "increment_process.py"), str(database), "200", "4"]
    # One engine is open all the while: it must see what the others commit.
    engine = open_sqlite(database)
    processes = [subprocess.Popen(command) for _ in range(3)]
    for process in processes:
        assert process.wait(60) == 0
    assert run(get(engine, b"number")) == b"600"
    assert run(counters(engine, b"counter")) == (600,)
    run(engine.close())


@pytest.mark.crash
def test_a_killed_process_loses_nothing_acknowledged(tmp_path: Path, run: Run[Any]) -> None:
    database = tmp_path / "genset.db"
    acknowledged: set[tuple[int, int]] = set()
    for round_ in range(4):
        database.unlink(missing_ok=True)
        for leftover in tmp_path.glob("genset.db-*"):
            leftover.unlink()
        acknowledged = write_and_kill(database, random.Random(round_).uniform(0.05, 0.4))
        engine = open_sqlite(database)
        pairs = run(scan(engine, b"c", b"d", limit=10**6))
        found = Counter((key.split()[0], key.split()[1]) for key, _ in pairs)
        # Both halves of each transaction, or none.
        assert set(found.values()) <= {2}
        present = {(int(client[1:]), int(number)) for client, number in found}
        assert acknowledged <= present
        for client in {client for client, _ in present}:
            mine = sum(1 for name, _ in present if name == client)
            assert run(counters(engine, b"n%d" % client)) == (mine,)
        run(engine.close())
    assert acknowledged


def write_and_kill(database: Path, seconds: float) -> set[tuple[int, int]]:
    """Let a process write for a while after its first answer; what it acknowledged."""
    command = [sys.executable, str(HERE / "crash_process.py"), str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.readlines()
    # The kill may cut the last line in two.
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return {(int(client), int(number)) for client, number in whole}
