"""A fleet of vans kept by a script of AWS CLI commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from clients.aws_cli import COMMAND, AwsCli, Failed

pytestmark = pytest.mark.skipif(not COMMAND.exists(), reason="the AWS CLI is not installed")


@pytest.fixture(scope="module")
def aws(endpoint: str, aws_environment: dict[str, str]) -> AwsCli:
    return AwsCli(endpoint, aws_environment)


@pytest.fixture(scope="module")
def vans(aws: AwsCli, fresh: Callable[[], str]) -> Iterator[str]:
    """A table made with the CLI's short forms of structures."""
    name = f"vans-{fresh()}"
    made = aws(
        *("dynamodb", "create-table", "--table-name", name),
        *("--attribute-definitions", "AttributeName=depot,AttributeType=S"),
        *("AttributeName=van,AttributeType=N", "AttributeName=state,AttributeType=S"),
        *("--key-schema", "AttributeName=depot,KeyType=HASH", "AttributeName=van,KeyType=RANGE"),
        "--global-secondary-indexes",
        "IndexName=by-state,KeySchema=[{AttributeName=state,KeyType=HASH}],"
        "Projection={ProjectionType=KEYS_ONLY}",
        *("--billing-mode", "PAY_PER_REQUEST"),
    )
    assert made["TableDescription"]["TableName"] == name
    aws("dynamodb", "wait", "table-exists", "--table-name", name)
    yield name
    aws("dynamodb", "delete-table", "--table-name", name)
    aws("dynamodb", "wait", "table-not-exists", "--table-name", name)


def put(aws: AwsCli, name: str, item: dict[str, object], *words: str) -> None:
    aws("dynamodb", "put-item", "--table-name", name, "--item", json.dumps(item), *words)


def test_an_item_and_a_condition(aws: AwsCli, vans: str) -> None:
    key = {"depot": {"S": "north"}, "van": {"N": "7"}}
    free = ("--condition-expression", "attribute_not_exists(depot)")
    put(aws, vans, {**key, "state": {"S": "new"}, "photo": {"B": "light"}}, *free)
    with pytest.raises(Failed) as refused:
        put(aws, vans, key, *free)
    assert refused.value.status in (254, 255)
    assert refused.value.text.endswith(
        "An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
        "The conditional request failed"
    )
    updated = aws(
        *("dynamodb", "update-item", "--table-name", vans, "--key", json.dumps(key)),
        *("--update-expression", "SET #state = :state ADD trips :one"),
        *("--expression-attribute-names", "#state=state"),
        *("--expression-attribute-values", '{":state": {"S": "out"}, ":one": {"N": "1"}}'),
        *("--return-values", "ALL_NEW"),
    )
    # The CLI of version 1 encodes a binary value that it is given as text.
    expected = {**key, "state": {"S": "out"}, "trips": {"N": "1"}, "photo": {"B": "bGlnaHQ="}}
    assert updated["Attributes"] == expected
    got = aws("dynamodb", "get-item", "--table-name", vans, "--key", json.dumps(key),
              "--query", "Item.state.S", output="text")  # fmt: skip
    assert got == "out"


def test_requests_from_files(aws: AwsCli, vans: str, files: Callable[[str, str], str]) -> None:
    puts = [
        {"PutRequest": {"Item": {"depot": {"S": "south"}, "van": {"N": str(n)},
                                 "state": {"S": "idle" if n % 2 else "out"}}}}
        for n in range(25)
    ]  # fmt: skip
    items = files("items.json", json.dumps({vans: puts}))
    written = aws("dynamodb", "batch-write-item", "--request-items", f"file://{items}")
    assert written["UnprocessedItems"] == {}
    query = {
        "TableName": vans,
        "IndexName": "by-state",
        "KeyConditionExpression": "#state = :state",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":state": {"S": "idle"}},
    }
    asked = files("query.json", json.dumps(query))
    # The CLI reads all pages by itself.
    answer = aws("dynamodb", "query", "--cli-input-json", f"file://{asked}", "--page-size", "5")
    assert sorted(int(item["van"]["N"]) for item in answer["Items"]) == list(range(1, 25, 2))
    assert answer["Count"] == 12
    some = aws("dynamodb", "query", "--cli-input-json", f"file://{asked}", "--max-items", "8")
    rest = aws("dynamodb", "query", "--cli-input-json", f"file://{asked}",
               "--starting-token", some["NextToken"])  # fmt: skip
    assert [len(some["Items"]), len(rest["Items"])] == [8, 4]
    moves = [
        {"Delete": {"TableName": vans, "Key": {"depot": {"S": "south"}, "van": {"N": "1"}}}},
        {"Put": {"TableName": vans, "Item": {"depot": {"S": "west"}, "van": {"N": "1"}}}},
    ]
    transaction = files("transaction.json", json.dumps(moves))
    aws("dynamodb", "transact-write-items", "--transact-items", f"file://{transaction}")
    counted = aws("dynamodb", "scan", "--table-name", vans, "--select", "COUNT",
                  "--filter-expression", "depot IN (:south, :west)",
                  "--expression-attribute-values",
                  '{":south": {"S": "south"}, ":west": {"S": "west"}}')  # fmt: skip
    assert counted["Count"] == 25


def test_a_table_that_is_not_there(aws: AwsCli) -> None:
    with pytest.raises(Failed, match="ResourceNotFoundException"):
        aws("dynamodb", "describe-table", "--table-name", "nobody-made-this")
