"""A ticket office on boto3: the resource for its items, the client for what may fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from clients.conftest import ACCESS_KEY_ID, REGION

SEATS = [f"{row}{seat:02}" for row in "ABCD" for seat in range(1, 16)]


class TicketOffice:
    """Seats of an event are items with its id; a sold one has a holder and a price."""

    def __init__(self, resource: Any, name: str) -> None:
        self.client = resource.meta.client
        self.table = resource.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": "event", "KeyType": "HASH"},
                {"AttributeName": "seat", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "event", "AttributeType": "S"},
                {"AttributeName": "seat", "AttributeType": "S"},
                {"AttributeName": "holder", "AttributeType": "S"},
                {"AttributeName": "price", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-holder",
                    "KeySchema": [
                        {"AttributeName": "holder", "KeyType": "HASH"},
                        {"AttributeName": "price", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.table.wait_until_exists()

    def offer(self, event: str) -> None:
        with self.table.batch_writer() as batch:
            for seat in SEATS:
                batch.put_item(Item={"event": event, "seat": seat, "sales": 0})

    def sell(self, event: str, seat: str, holder: str, price: Decimal) -> bool:
        """Whether the seat was free; two buyers never get the same one."""
        try:
            self.table.update_item(
                Key={"event": event, "seat": seat},
                UpdateExpression="SET holder = :holder, price = :price ADD sales :one",
                ConditionExpression=Attr("seat").exists() & Attr("holder").not_exists(),
                ExpressionAttributeValues={":holder": holder, ":price": price, ":one": 1},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def swap(self, event: str, first: str, second: str, holders: tuple[str, str]) -> None:
        """Two holders change seats, both or neither."""
        self.client.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": self.table.name,
                        "Key": {"event": event, "seat": seat},
                        "UpdateExpression": "SET holder = :new",
                        "ConditionExpression": "holder = :old",
                        "ExpressionAttributeValues": {":new": new, ":old": old},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                }
                for seat, old, new in ((first, *holders), (second, *reversed(holders)))
            ]
        )

    def free(self, event: str, row: str) -> list[str]:
        """The free seats of a row, read page by page."""
        arguments: dict[str, Any] = {
            "KeyConditionExpression": Key("event").eq(event) & Key("seat").begins_with(row),
            "FilterExpression": Attr("holder").not_exists(),
            "ProjectionExpression": "seat",
            "Limit": 4,
        }
        found: list[str] = []
        while True:
            page = self.table.query(**arguments)
            found += [item["seat"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@pytest.fixture(scope="module")
def resource(endpoint: str) -> Iterator[Any]:
    made = boto3.resource(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key="secret",
        config=Config(max_pool_connections=8),
    )
    yield made
    made.meta.client.close()


@pytest.fixture
def office(resource: Any, fresh: Any) -> Iterator[TicketOffice]:
    made = TicketOffice(resource, f"tickets-{fresh()}")
    yield made
    made.table.delete()
    made.table.wait_until_not_exists()


def test_a_seat_is_sold_once(office: TicketOffice) -> None:
    office.offer("opera")
    start = threading.Barrier(8)

    def buy(buyer: int) -> list[str]:
        start.wait()
        wanted = SEATS[:12]
        return [s for s in wanted if office.sell("opera", s, f"buyer-{buyer}", Decimal("9.50"))]

    with ThreadPoolExecutor(8) as pool:
        bought = [seat for seats in pool.map(buy, range(8)) for seat in seats]
    assert sorted(bought) == SEATS[:12]
    sold = office.table.scan(FilterExpression=Attr("sales").gt(0))["Items"]
    assert sorted(item["seat"] for item in sold) == SEATS[:12]
    assert {item["sales"] for item in sold} == {1}
    assert not office.sell("opera", "Z99", "anyone", Decimal(1))


def test_what_is_free_and_who_holds_what(office: TicketOffice) -> None:
    office.offer("ballet")
    for number, seat in enumerate(SEATS[:20]):
        assert office.sell("ballet", seat, "ann", Decimal(number) / 4)
    assert office.free("ballet", "A") == []
    assert office.free("ballet", "B") == SEATS[20:30]
    dear = office.table.query(
        IndexName="by-holder",
        KeyConditionExpression=Key("holder").eq("ann") & Key("price").gte(Decimal("4.25")),
        ScanIndexForward=False,
    )
    assert [item["price"] for item in dear["Items"]] == [
        Decimal("4.75"),
        Decimal("4.5"),
        Decimal("4.25"),
    ]


def test_a_page_iterator_stops_and_goes_on_where_it_was(office: TicketOffice, connect: Any) -> None:
    for number, seat in enumerate(SEATS[:20]):
        office.table.put_item(
            Item={"event": "film", "seat": seat, "holder": "ann", "price": Decimal(number) / 4}
        )
    query = {
        "TableName": office.table.name,
        "IndexName": "by-holder",
        "KeyConditionExpression": "holder = :holder",
        "ExpressionAttributeValues": {":holder": {"S": "ann"}},
    }
    paginator = connect("dynamodb").get_paginator("query")
    limits = {"PageSize": 6, "MaxItems": 15}
    first = paginator.paginate(**query, PaginationConfig=limits)
    seats = [[item["seat"]["S"] for item in page["Items"]] for page in first]
    assert seats == [SEATS[:6], SEATS[6:12], SEATS[12:15]]
    rest = paginator.paginate(
        **query, PaginationConfig={**limits, "StartingToken": first.resume_token}
    )
    assert [item["seat"]["S"] for page in rest for item in page["Items"]] == SEATS[15:20]


def test_a_swap_is_made_by_both_or_by_neither(office: TicketOffice) -> None:
    office.offer("play")
    office.sell("play", "A01", "ann", Decimal(5))
    office.sell("play", "A02", "bob", Decimal(7))
    office.swap("play", "A01", "A02", ("ann", "bob"))
    with pytest.raises(office.client.exceptions.TransactionCanceledException) as raised:
        office.swap("play", "A01", "A02", ("bob", "ann-was-never-there"))
    reasons = raised.value.response["CancellationReasons"]
    assert [each["Code"] for each in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["holder"] in ("ann", {"S": "ann"})
    got = office.client.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": office.table.name, "Key": {"event": "play", "seat": seat}}}
            for seat in ("A01", "A02")
        ]
    )
    assert [each["Item"]["holder"] for each in got["Responses"]] == ["bob", "ann"]


def test_every_type_of_value_comes_back_as_it_was_sent(office: TicketOffice) -> None:
    item = {
        "event": "values",
        "seat": "x",
        "text": "",
        "number": Decimal("-1234567890123456789012345678901234567.8"),
        "tiny": Decimal("1E-130"),
        "great": Decimal("99999999999999999999999999999999999999"),
        "binary": Binary(bytes(range(256))),
        "nothing": None,
        "yes": True,
        "strings": {"a", "ü", "漢字"},
        "numbers": {Decimal("0.1"), Decimal(-3)},
        "binaries": {Binary(b""), Binary(b"\xff\x00")},
        "list": [[], {}, [None, {"deep": [False]}]],
    }
    office.table.put_item(Item=item)
    key = {"event": "values", "seat": "x"}
    assert office.table.get_item(Key=key, ConsistentRead=True)["Item"] == item
    assert office.table.delete_item(Key=key, ReturnValues="ALL_OLD")["Attributes"] == item


def test_batches_name_what_is_there(office: TicketOffice, resource: Any) -> None:
    office.offer("batch")
    keys = [{"event": "batch", "seat": seat} for seat in (*SEATS, "none")]
    answer = resource.batch_get_item(
        RequestItems={
            office.table.name: {
                "Keys": keys,
                "ProjectionExpression": "#seat",
                "ExpressionAttributeNames": {"#seat": "seat"},
            }
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["UnprocessedKeys"] == {}
    assert sorted(item["seat"] for item in answer["Responses"][office.table.name]) == SEATS
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == len(keys) / 2
    with office.table.batch_writer(overwrite_by_pkeys=["event", "seat"]) as batch:
        for key in keys:
            batch.put_item(Item={**key, "sales": 5})
            batch.delete_item(Key=key)
    assert office.table.scan(Select="COUNT")["Count"] == 0


def test_mistakes_come_as_the_sdks_own_errors(office: TicketOffice, connect: Any) -> None:
    exceptions = office.client.exceptions
    with pytest.raises(exceptions.ResourceInUseException):
        office.client.create_table(
            TableName=office.table.name,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    with pytest.raises(exceptions.ResourceNotFoundException):
        office.client.get_item(TableName="nobody-made-this", Key={"event": "x", "seat": "y"})
    with pytest.raises(ClientError) as raised:
        office.table.query(KeyConditionExpression=Key("seat").eq("A01"))
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert "Query condition missed key schema element" in str(raised.value)
    # A mistake of the caller's is not sent again.
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    client = connect("dynamodb")
    with pytest.raises(ParamValidationError):
        client.get_item(TableName=office.table.name, Key="A01")
    with pytest.raises(WaiterError):
        client.get_waiter("table_exists").wait(
            TableName="nobody-made-this", WaiterConfig={"Delay": 1, "MaxAttempts": 1}
        )


def test_the_checksum_of_an_answer_is_right(connect: Any, office: TicketOffice) -> None:
    """botocore compares x-amz-crc32 and sends the request again where it is wrong."""
    office.offer("crc")
    answer = connect("dynamodb").scan(TableName=office.table.name)
    assert answer["Count"] == len(SEATS)
    metadata = answer["ResponseMetadata"]
    assert "x-amz-crc32" in metadata["HTTPHeaders"]
    assert (metadata["RetryAttempts"], metadata["HTTPStatusCode"]) == (0, 200)
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
