"""A real server beside the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from textwrap import dedent

import pytest
from botocore.exceptions import EndpointConnectionError

from genset.testing import TestServer
from testing.music import MUSIC, NINA, count, put

# Starts a server, says its process's id, and ends as a test process may: by SIGKILL.
KILLED = """
    import os, signal
    from genset.testing import TestServer

    print(TestServer().pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Nobody waits for a process whose parent has gone but the system's first one.
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def test_it_serves_and_stops():
    with TestServer(region="eu-west-1", account="123456789012") as server:
        client = server.client()
        client.create_table(**MUSIC)
        arn = client.describe_table(TableName="Music")["Table"]["TableArn"]
        assert arn == "arn:aws:dynamodb:eu-west-1:123456789012:table/Music"
        assert server.client("dynamodbstreams").list_streams()["Streams"] == []
    with pytest.raises(EndpointConnectionError):
        client.list_tables()
    server.stop()


def test_it_ends_when_its_test_process_is_killed():
    done = subprocess.run(
        [sys.executable, "-c", dedent(KILLED)], capture_output=True, text=True, timeout=60
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 20
    while not has_ended(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_it_takes_settings_and_no_others(monkeypatch):
    monkeypatch.setenv("GENSET_FAULTS", "InternalServerError=1")
    with TestServer(transition_seconds="30") as server:
        client = server.client()
        client.create_table(**MUSIC)
        assert client.describe_table(TableName="Music")["Table"]["TableStatus"] == "CREATING"


def test_a_wrong_setting_is_told():
    with pytest.raises(RuntimeError, match="latency must be a time"):
        TestServer(latency="soon")


def test_clear_leaves_nothing():
    with TestServer() as server:
        client = server.client()
        client.create_table(**MUSIC)
        put(client, NINA)
        assert count(client) == 1
        server.switch(faults={"InternalServerError": 0.5})
        server.clear()
        assert client.list_tables()["TableNames"] == []
