"""What clients of aioboto3 and aiobotocore do, as a program: those need a botocore of their own.

It runs all of `CHECKS` and prints the traceback of each, or None, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from genset.testing import LocalSession, local, mock_dynamodb
from testing.music import BILLIE, MUSIC, NINA

Check = Callable[[LocalSession], Coroutine[Any, Any, None]]


async def a_client(session: LocalSession) -> None:
    async with session.aioboto3_session().client("dynamodb") as client:
        await client.put_item(TableName="Music", Item=NINA)
        assert (await client.get_item(TableName="Music", Key=NINA))["Item"] == NINA
    # Those of boto3 have the same tables.
    assert session.client("dynamodb").scan(TableName="Music")["Count"] == 1


async def a_resource(session: LocalSession) -> None:
    async with session.aioboto3_session().resource("dynamodb") as resource:
        table = await resource.Table("Music")
        await table.put_item(Item={"Artist": "Nina Simone", "Song": "Sinnerman"})
        assert (await table.scan())["Count"] == 1


async def streams(session: LocalSession) -> None:
    async with session.aioboto3_session().client("dynamodbstreams") as client:
        assert (await client.list_streams())["Streams"] == []


async def a_client_of_aiobotocore(session: LocalSession) -> None:
    async with session.aiobotocore_session().create_client("dynamodb") as client:
        assert client.meta.region_name == "us-east-1"
        pages = client.get_paginator("list_tables").paginate()
        assert [page["TableNames"] async for page in pages] == [["Music"]]


async def errors(session: LocalSession) -> None:
    async with session.aioboto3_session().client("dynamodb") as client:
        with pytest.raises(client.exceptions.ConditionalCheckFailedException, match="conditional"):
            await client.put_item(
                TableName="Music", Item=NINA, ConditionExpression="attribute_exists(Song)"
            )


async def another_try(session: LocalSession) -> None:
    session.switches.fail_next("ListTables", "DroppedConnection")
    async with session.aioboto3_session().client("dynamodb") as client:
        answer = await client.list_tables()
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1


async def waiting_lets_others_go_on(session: LocalSession) -> None:
    session.switches.set(latency="200ms", wait=True)
    async with session.aioboto3_session().client("dynamodb") as client:
        started = time.monotonic()
        calls = [client.get_item(TableName="Music", Key=key) for key in (NINA, BILLIE) * 10]
        await asyncio.gather(*calls)
        assert 0.2 <= time.monotonic() - started < 3


async def a_timeout(session: LocalSession) -> None:
    from aiobotocore.config import AioConfig
    from botocore.exceptions import ReadTimeoutError

    session.switches.set(latency="20s")
    config = AioConfig(read_timeout=2, retries={"max_attempts": 0})
    async with session.aioboto3_session().client("dynamodb", config=config) as client:
        with pytest.raises(ReadTimeoutError):
            await client.list_tables()


async def a_request_that_is_too_large(session: LocalSession) -> None:
    from botocore.exceptions import ClientError

    async with session.aioboto3_session().client("dynamodb") as client:
        item = {**NINA, "Text": {"S": "x" * 17_000_000}}
        with pytest.raises(ClientError, match="413"):
            await client.put_item(TableName="Music", Item=item)


async def clients_of_anyone(_: LocalSession) -> None:
    import aioboto3

    before = aioboto3.Session("id", "secret", region_name="us-east-1")
    async with before.client("dynamodb") as made_before:
        with mock_dynamodb():
            async with aioboto3.Session().client("dynamodb") as client:
                await client.create_table(**MUSIC)
            assert (await made_before.list_tables())["TableNames"] == ["Music"]


async def timeouts_of_anyone(_: LocalSession) -> None:
    import aioboto3
    from aiobotocore.config import AioConfig
    from botocore.exceptions import ReadTimeoutError

    config = AioConfig(read_timeout=2, retries={"max_attempts": 0})
    with mock_dynamodb() as mocked:
        mocked.switches.set(latency="20s")
        async with aioboto3.Session().client("dynamodb", config=config) as client:
            with pytest.raises(ReadTimeoutError):
                await client.list_tables()


CHECKS: tuple[Check, ...] = (
    a_client,
    a_resource,
    streams,
    a_client_of_aiobotocore,
    errors,
    another_try,
    waiting_lets_others_go_on,
    a_timeout,
    a_request_that_is_too_large,
    clients_of_anyone,
    timeouts_of_anyone,
)


def outcome(session: LocalSession, check: Check) -> str | None:
    """The traceback, if the check fails."""
    session.rollback()
    session.client("dynamodb").create_table(**MUSIC)
    try:
        asyncio.run(check(session))
    except Exception:
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    with local() as session:
        print(json.dumps({check.__name__: outcome(session, check) for check in CHECKS}))
