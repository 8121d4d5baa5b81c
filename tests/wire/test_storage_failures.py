"""What clients and the log are told when the store cannot do what it is asked."""

from __future__ import annotations

import asyncio
import random
import threading

import boto3
import pytest
from botocore.config import Config

from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.storage.engine import StorageBusyError, StorageError, StorageFullError
from genset.storage.sqlite import open_sqlite
from genset.wire.api import Api
from genset.wire.server import HttpServer
from genset.wire.sigv4 import OpenAuthenticator
from simulation.virtual_loop import VirtualLoop
from support import tables
from support.in_process import InProcess
from support.values import S

KEYED = tables.table("pk", types={"pk": "S"})
KEY = {"pk": S("a")}
GET = ("GetItem", {"TableName": "items", "Key": KEY})
REQUESTS = [
    GET,
    ("PutItem", {"TableName": "items", "Item": KEY}),
    ("DescribeTable", {"TableName": "items"}),
    ("ListStreams", {}),
]


class FailingStore:
    """A store that raises `error` so many times, or always."""

    lags = False

    def __init__(self, error, *, times=-1):
        self.engine = open_sqlite(None)
        self.error = error
        self.times = times

    def _fail(self):
        if self.times:
            self.times -= 1
            raise self.error

    async def read(self, body, *, consistent=True):
        self._fail()
        return await self.engine.read(body, consistent=consistent)

    async def write(self, body):
        self._fail()
        return await self.engine.write(body)


def answer_of(store, operation, request):
    return asyncio.run(InProcess(store).send(operation, request))


@pytest.mark.parametrize(("operation", "request_"), REQUESTS)
def test_a_store_with_too_much_to_do_throttles(operation, request_):
    store = FailingStore(StorageBusyError("no connection is free"))
    assert answer_of(store, operation, request_) == (
        400,
        {
            "__type": "com.amazon.coral.availability#ThrottlingException",
            "message": "Rate of requests exceeds the allowed throughput.",
        },
    )


@pytest.mark.parametrize("error", [StorageError("secret"), StorageFullError("secret")])
@pytest.mark.parametrize(("operation", "request_"), REQUESTS)
def test_any_other_failure_is_the_servers_own(operation, request_, error):
    assert answer_of(FailingStore(error), operation, request_) == (
        500,
        {
            "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
            "message": "Internal server error",
        },
    )


@pytest.fixture
def server():
    """Serves a store that is busy once after the table is made; gives its address and the store."""
    store = FailingStore(StorageBusyError("no connection is free"), times=0)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=20)

    services = Services(now=lambda: 0.0, new_uuid=lambda: "uuid", new_salt=lambda: bytes(16))
    server = HttpServer(Api(store, OPERATIONS, OpenAuthenticator(), services))
    run(server.start("127.0.0.1"))
    yield f"http://127.0.0.1:{server.addresses[0][1]}", store
    run(server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_an_sdk_tries_again_when_it_is_throttled(server, mode):
    url, store = server
    client = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"mode": mode, "max_attempts": 3}),
    )
    client.create_table(TableName="items", **KEYED)
    store.times = 1
    answer = client.put_item(TableName="items", Item=KEY)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert client.get_item(TableName="items", Key=KEY)["Item"] == KEY
    client.close()


@pytest.fixture
def run():
    """Runs a coroutine in time that takes no time."""
    loop = VirtualLoop(random.Random(1))

    def run(main):
        try:
            return loop.run(main)
        finally:
            loop.bury()

    return run


def test_a_dead_store_has_one_line_a_second_in_the_log(run, caplog):
    cause = OSError("connection refused\nby db.example")
    error = StorageError("the database is away")
    error.__cause__ = cause
    why = "the database is away: connection refused by db.example"

    async def scenario():
        server = InProcess(FailingStore(error))
        for _ in range(100):
            await server.send(*GET)
            await asyncio.sleep(0.02)
        await asyncio.sleep(60)
        await server.send(*GET)

    run(scenario())
    one = f"request id failed in the storage: {why}"
    many = "{} requests failed in the storage, the last of them request id: " + why
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == told[-1] == one
    counts = [int(line.split()[0]) for line in told[1:-1]]
    assert [many.format(count) for count in counts] == told[1:-1]
    assert sum(counts) == 99
    assert len(counts) == 2
    assert not any(record.exc_info for record in caplog.records)
