"""Several processes throttle as one, and boto3 makes its way through it."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections import Counter

import boto3
import pytest
from botocore.config import Config

from genset.realism.memory import SharedMemory
from support import tables
from support.client import Api
from support.values import S

RATE = 40
BURST_S = 300
TABLE = {
    **tables.table("pk", types={"pk": "S"}),
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": RATE, "WriteCapacityUnits": 1},
}


def hammer(url, until, counts):
    """Read over connections of its own, so that the kernel spreads them over the workers."""
    request = {
        "RequestItems": {"throttled": {"Keys": [{"pk": S("large")}], "ConsistentRead": True}}
    }
    while time.monotonic() < until:
        with Api(url) as api:
            for _ in range(5):
                answer = api.send("BatchGetItem", request)
                counts["answered"] += answer.status == 200
                counts["throttled"] += answer.status == 400
                counts["other"] += answer.status not in (200, 400)


@pytest.fixture
def url(durable_server):
    server = durable_server("--workers", "2", "--throttling", "on", "--durability", "relaxed")
    with Api(server.url) as api:
        tables.create(api, "throttled", TABLE)
        # 400 KB: 98 units a read.
        api("PutItem", TableName="throttled", Item={"pk": S("large"), "x": S("x" * 400_000)})
    return server.url


def test_two_workers_together_hold_a_limit_within_ten_percent(url):
    """The burst of five minutes, and then the rate, whoever of them is asked."""
    counts: Counter[str] = Counter()
    started = time.monotonic()
    until = started + 3
    threads = [threading.Thread(target=hammer, args=(url, until, counts)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - started
    expected = RATE * (BURST_S + seconds) / 98
    assert counts["other"] == 0
    assert counts["throttled"] > 0
    assert counts["answered"] == pytest.approx(expected, rel=0.1)


def test_boto3_repeats_what_is_throttled_until_it_is_answered(durable_server):
    server = durable_server("--throttling", "on", "--durability", "relaxed")
    client = boto3.client(
        "dynamodb",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 10}),
    )
    client.create_table(
        TableName="table-1",
        **{
            **tables.table("pk", types={"pk": "S"}),
            "OnDemandThroughput": {"MaxWriteRequestUnits": 10},
        },
    )
    retried = 0
    for number in range(14):
        answer = client.put_item(TableName="table-1", Item={"pk": S(str(number))})
        retried += answer["ResponseMetadata"]["RetryAttempts"]
    client.close()
    assert retried > 0


def test_a_killed_process_holds_no_lock():
    """The kernel gives a lock back, so what a worker held when it was killed can be used."""
    memory = SharedMemory(processes=True)
    ready_read, ready_write = os.pipe()
    with warnings.catch_warnings():
        # The child only locks and sleeps, whatever threads there are here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        with memory._locked(7):
            os.write(ready_write, b".")
            time.sleep(60)
        os._exit(0)
    os.read(ready_read, 1)
    os.close(ready_read)
    os.close(ready_write)
    taken = threading.Event()

    def take() -> None:
        memory.take(7, 1.0, 1.0, 10.0, 0.0)
        taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert not taken.wait(0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert taken.wait(5)
    thread.join()
    assert memory.level(7, 1.0, 10.0, 0.0) == 9.0
    memory.close()
