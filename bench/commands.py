"""How long commands take from their start to their end, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.client import Client
from bench.dataset import TABLE, Dataset, create_table
from bench.servers import MEMORY_SERVER, start
from bench.signing import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

RUN_SECONDS_MAX = 60


class CommandFailed(Exception):
    """A command ended with an error."""


def measure_commands(runs: int, folder: Path, peers: Path) -> dict[str, tuple[float, ...]]:
    """The seconds of each run, by command. They take turns, and are run once before.

    The commands that get an item get it from a server in memory. Raises CommandFailed.
    """
    dataset = Dataset(1)
    seconds: dict[str, list[float]] = {}
    with start(MEMORY_SERVER, folder / "commands", peers) as server:
        server.wait_for_first_answer()
        with Client(server.port) as client:
            create_table(client)
            client.call("PutItem", {"TableName": TABLE, "Item": dataset.item(0)})
        commands = _commands(f"http://127.0.0.1:{server.port}", dataset.key(0))
        for number in range(runs + 1):
            for title, command in commands.items():
                taken = _run(command, folder)
                if number > 0:
                    seconds.setdefault(title, []).append(taken)
    return {title: tuple(each) for title, each in seconds.items()}


def _commands(url: str, key: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    genset, aws = (str(Path(sys.executable).with_name(name)) for name in ("genset", "aws"))
    values = [f"{name}={value}" for name, typed in key.items() for value in typed.values()]
    asked = ["--table-name", TABLE, "--key", json.dumps(key)]
    return {
        "`genset version`": [genset, "version"],
        "`genset --help`": [genset, "--help"],
        "`genset get`": [genset, "get", TABLE, *values, "--endpoint-url", url],
        "`aws dynamodb get-item`": [aws, "dynamodb", "get-item", *asked, "--endpoint-url", url],
    }


def _run(command: list[str], folder: Path) -> float:
    nothing = str(folder / "none")
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
    }
    started = time.perf_counter()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(command[:3])} failed: {done.stderr[-300:]}")
    return seconds
