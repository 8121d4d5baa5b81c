"""The table that these tests use, as an application declares it."""

from __future__ import annotations

from typing import Any, Final

MUSIC: Final[dict[str, Any]] = {
    "TableName": "Music",
    "KeySchema": [
        {"AttributeName": "Artist", "KeyType": "HASH"},
        {"AttributeName": "Song", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "Artist", "AttributeType": "S"},
        {"AttributeName": "Song", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
NINA: Final = {"Artist": {"S": "Nina Simone"}, "Song": {"S": "Feeling Good"}}
BILLIE: Final = {"Artist": {"S": "Billie Holiday"}, "Song": {"S": "Solitude"}}


def put(client: Any, item: dict[str, Any] = NINA) -> None:
    client.put_item(TableName="Music", Item=item)


def count(client: Any) -> int:
    found: int = client.scan(TableName="Music", Select="COUNT")["Count"]
    return found


def is_there(client: Any, item: dict[str, Any] = NINA, **options: Any) -> bool:
    key = {name: item[name] for name in ("Artist", "Song")}
    return "Item" in client.get_item(TableName="Music", Key=key, **options)
