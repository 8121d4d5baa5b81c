"""What docs/replacing-dynamodb-local.md says that both answer is what they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from differential.test_against_dynamodb_local import peer
from support import tables
from support.client import Api, Refused
from support.pages import DOCS
from support.values import N, S

__all__ = ["peer"]

pytestmark = [pytest.mark.differential, pytest.mark.timeout(180)]
NAME = "replacing"
KEY = {"pk": S("a")}
ITEM = {**KEY, "n": N(1)}
SIMPLE = tables.table("pk", types={"pk": "S"})
# The row of the page that no answer shows, since throttling is off where it is not asked for.
NOT_SHOWN = {"Throughput"}


def outcome(call: Callable[[], Any]) -> str:
    """The error's name, or that there is none."""
    try:
        call()
    except Refused as refused:
        return refused.type
    return "accepted"


def reserved_word(api: Api) -> object:
    values = {":n": N(1)}
    return outcome(
        lambda: api(
            "UpdateItem",
            TableName=NAME,
            Key=KEY,
            UpdateExpression="SET size = :n",
            ExpressionAttributeValues=values,
        )
    )


def words(api: Api) -> object:
    item = {**KEY, "n": N("1" * 39)}
    message = api.refused("PutItem", TableName=NAME, Item=item).message
    return "DynamoDB only supports" in message


def change_of_a_table(api: Api) -> object:
    made = api("CreateTable", TableName=f"{NAME}-new", **SIMPLE)["TableDescription"]
    return made["TableStatus"]


def arn(api: Api) -> object:
    return str(api("DescribeTable", TableName=NAME)["Table"]["TableArn"]).split(":table")[0]


def other_operations(api: Api) -> object:
    resource = api("DescribeTable", TableName=NAME)["Table"]["TableArn"]
    return [
        outcome(lambda: api("ListTagsOfResource", ResourceArn=resource)),
        outcome(lambda: api("GetResourcePolicy", ResourceArn=resource)),
        outcome(lambda: api("DescribeContributorInsights", TableName=NAME)),
        outcome(lambda: api("DescribeEndpoints")),
    ]


def collection_metrics(api: Api) -> object:
    name = f"{NAME}-collection"
    definition = tables.table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "S", "n": "N"},
        local=[tables.index("by-n", "pk", "n")],
    )
    tables.create(api, name, definition)
    item = {**ITEM, "sk": S("b")}
    answer = api("PutItem", TableName=name, Item=item, ReturnItemCollectionMetrics="SIZE")
    return "ItemCollectionMetrics" in answer


def several_attributes(api: Api) -> object:
    definition = tables.table(
        "pk",
        types={"pk": "S", "a": "S", "b": "S"},
        everywhere=[tables.index("by-both", ["a", "b"])],
    )
    return outcome(lambda: api("CreateTable", TableName=f"{NAME}-several", **definition))


UNKNOWN = "UnknownOperationException"
# The beginning of a row: what shows it, what DynamoDB Local answers, what genset answers.
ROWS: dict[str, tuple[Callable[[Api], object], object, object]] = {
    "A word that is reserved": (reserved_word, "accepted", "ValidationException"),
    "The words of validation": (words, True, False),
    "Changes of a table": (change_of_a_table, "ACTIVE", "CREATING"),
    "ARNs": (
        arn,
        "arn:aws:dynamodb:ddblocal:000000000000",
        "arn:aws:dynamodb:us-east-1:000000000000",
    ),
    "Tags, resource": (
        other_operations,
        [UNKNOWN] * 4,
        ["accepted", "PolicyNotFoundException", "accepted", "accepted"],
    ),
    "ItemCollectionMetrics": (collection_metrics, False, True),
    "Global indexes of several": (several_attributes, "ValidationException", "accepted"),
}


def stated_rows() -> list[str]:
    page = (DOCS / "replacing-dynamodb-local.md").read_text(encoding="utf-8")
    table = page[page.index("## What behaves differently") :]
    return [line[2:] for line in table.splitlines() if line.startswith("| ")][2:]


def test_every_row_is_shown() -> None:
    rows = stated_rows()
    assert len(rows) == len(ROWS) + len(NOT_SHOWN)
    for row in rows:
        assert [name for name in (*ROWS, *NOT_SHOWN) if row.startswith(name)], row


def test_both_answer_what_the_page_says(peer: Api, endpoint: str) -> None:
    with Api(endpoint) as ours:
        made = []
        for api in (peer, ours):
            tables.create(api, NAME, SIMPLE)
            made.append({name: show(api) for name, (show, *_) in ROWS.items()})
        for name in ours("ListTables")["TableNames"]:
            if name.startswith(NAME):
                ours("DeleteTable", TableName=name)
    assert made[0] == {name: theirs for name, (_, theirs, _) in ROWS.items()}
    assert made[1] == {name: ours for name, (_, _, ours) in ROWS.items()}
