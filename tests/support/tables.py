"""The tables that tests share, and how a test makes one of its own.

A shared table has a fixed name, so that messages can be written out. Tests on it use keys of
their own and must not count its items.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from support.client import Api, Refused

Keys = Sequence[tuple[str, str]]


def key_schema(hash_keys: str | Sequence[str], range_keys: str | Sequence[str] = ()) -> list[Any]:
    hashes = [hash_keys] if isinstance(hash_keys, str) else hash_keys
    ranges = [range_keys] if isinstance(range_keys, str) else range_keys
    return [
        *({"AttributeName": name, "KeyType": "HASH"} for name in hashes),
        *({"AttributeName": name, "KeyType": "RANGE"} for name in ranges),
    ]


def definitions(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def index(
    name: str,
    hash_keys: str | Sequence[str],
    range_keys: str | Sequence[str] = (),
    *,
    projection: str | Sequence[str] = "ALL",
) -> dict[str, Any]:
    """An index definition; a list as `projection` is INCLUDE of those names."""
    shape: dict[str, Any]
    if isinstance(projection, str):
        shape = {"ProjectionType": projection}
    else:
        shape = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(projection)}
    return {
        "IndexName": name,
        "KeySchema": key_schema(hash_keys, range_keys),
        "Projection": shape,
    }


def table(
    hash_key: str,
    range_key: str | None = None,
    *,
    types: Mapping[str, str],
    local: Sequence[Any] = (),
    everywhere: Sequence[Any] = (),
) -> dict[str, Any]:
    """A CreateTable request without its name: `local` are LSIs, `everywhere` GSIs."""
    request: dict[str, Any] = {
        "AttributeDefinitions": definitions(**types),
        "KeySchema": key_schema(hash_key, range_key if range_key else ()),
        "BillingMode": "PAY_PER_REQUEST",
    }
    if local:
        request["LocalSecondaryIndexes"] = list(local)
    if everywhere:
        request["GlobalSecondaryIndexes"] = list(everywhere)
    return request


INDEXED = table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "S", "l": "S", "g": "S", "h": "N"},
    local=[
        index("local-all", "pk", "l"),
        index("local-keys", "pk", "l", projection="KEYS_ONLY"),
    ],
    everywhere=[
        index("global-all", "g", "h"),
        index("global-include", "h", projection=["kept"]),
        index("global-keys", "g", projection="KEYS_ONLY"),
    ],
)

SHARED: dict[str, dict[str, Any]] = {
    "strings": table("pk", types={"pk": "S"}),
    "numbers": table("pk", types={"pk": "N"}),
    "binaries": table("pk", types={"pk": "B"}),
    "ranged": table("pk", "sk", types={"pk": "S", "sk": "S"}),
    "ranged-numbers": table("pk", "sk", types={"pk": "S", "sk": "N"}),
    "ranged-binaries": table("pk", "sk", types={"pk": "S", "sk": "B"}),
    "indexed": INDEXED,
}

MULTI = table(
    "pk",
    types={"pk": "S", "a": "S", "b": "N", "c": "S", "d": "N", "e": "B"},
    everywhere=[
        index("two-two", ["a", "b"], ["c", "d"]),
        index("one-three", "a", ["b", "c", "e"], projection="KEYS_ONLY"),
    ],
)
"""Multi-attribute index keys; apart, because only newer servers have them."""


def wait_active(api: Api, name: str, *, seconds: float = 10) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        described: dict[str, Any] = api("DescribeTable", TableName=name)["Table"]
        indexes = described.get("GlobalSecondaryIndexes", [])
        states = [described["TableStatus"], *(each["IndexStatus"] for each in indexes)]
        if set(states) == {"ACTIVE"}:
            return described
        assert time.monotonic() < deadline, f"{name} is still {states}"
        time.sleep(0.005)


def wait_gone(api: Api, name: str, *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            api("DescribeTable", TableName=name)
        except Refused as refused:
            refused.must_be("ResourceNotFoundException")
            return
        assert time.monotonic() < deadline, f"{name} is still there"
        time.sleep(0.005)


def create(api: Api, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Create the table and wait until it is ACTIVE; an old one of that name goes first."""
    try:
        api("CreateTable", {**definition, "TableName": name})
    except Refused as refused:
        if refused.type != "ResourceInUseException":
            raise
        api("DeleteTable", TableName=name)
        wait_gone(api, name)
        api("CreateTable", {**definition, "TableName": name})
    return wait_active(api, name)
