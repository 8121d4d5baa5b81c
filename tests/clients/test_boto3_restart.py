"""boto3's own retries carry an application over a server that is killed and started again."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from clients.conftest import ACCESS_KEY_ID, REGION
from support.process import ServerProcess
from support.tables import table

pytestmark = pytest.mark.crash

# So long that the first attempts find nobody.
RESTART_AFTER_SECONDS = 0.2

Restart = Callable[[ServerProcess], None]


@pytest.fixture
def restart(durable_server: Callable[..., ServerProcess]) -> Iterator[Restart]:
    """Kills a server and starts it again at the same port a moment later."""
    started: list[threading.Timer] = []

    def kill_and_start(server: ServerProcess) -> None:
        port = str(urlsplit(server.url).port)
        server.kill()
        timer = threading.Timer(RESTART_AFTER_SECONDS, durable_server, ("--port", port))
        timer.start()
        started.append(timer)

    yield kill_and_start
    for timer in started:
        timer.join()


@pytest.fixture
def server(durable_server: Callable[..., ServerProcess]) -> ServerProcess:
    return durable_server()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Any]:
    made = boto3.client(
        "dynamodb",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key="secret",
        config=Config(retries={"mode": "standard", "total_max_attempts": 12}),
    )
    made.create_table(TableName="kept", **table("pk", types={"pk": "S"}))
    yield made
    made.close()


def test_a_write_is_sent_again_until_the_server_is_back(
    server: ServerProcess, client: Any, restart: Restart
) -> None:
    client.put_item(TableName="kept", Item={"pk": {"S": "before"}})
    restart(server)
    answer = client.put_item(TableName="kept", Item={"pk": {"S": "after"}})
    assert answer["ResponseMetadata"]["RetryAttempts"] > 0
    assert client.scan(TableName="kept")["Count"] == 2


def test_a_transaction_sent_again_after_a_restart_is_made_once(
    server: ServerProcess, client: Any, restart: Restart
) -> None:
    count_up = {
        "Update": {
            "TableName": "kept",
            "Key": {"pk": {"S": "counter"}},
            "UpdateExpression": "ADD hits :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    request = {"TransactItems": [count_up], "ClientRequestToken": str(uuid.uuid4())}
    client.transact_write_items(**request)
    restart(server)
    client.transact_write_items(**request)
    item = client.get_item(TableName="kept", Key={"pk": {"S": "counter"}})["Item"]
    assert item["hits"] == {"N": "1"}
