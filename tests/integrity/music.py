"""A store with some of everything, and what of it the API shows."""

from __future__ import annotations

from typing import Any

from genset.model.tables import Table, decode_table
from genset.storage import keyspace
from genset.storage.engine import Transaction
from support import streams, tables
from support.still_server import START, StillServer
from support.values import N, S

TABLE = {
    **tables.table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "N", "l": "S", "g": "S"},
        local=[tables.index("lsi", "pk", "l", projection="KEYS_ONLY")],
        everywhere=[
            tables.index("all", "g"),
            tables.index("some", "g", "sk", projection=["v"]),
        ],
    ),
    **streams.enabled(),
}
INDEXES = ("lsi", "all", "some")
PLACE = "table music (000000000000, us-east-1)"
OTHER = "table other (000000000000, us-east-1)"


def fill(server: StillServer) -> None:
    """Make two tables, the second with many items, and settle all that follows."""
    server("CreateTable", TableName="other", **tables.table("id", types={"id": "N"}))
    server("CreateTable", TableName="music", **TABLE)
    ttl = {"Enabled": True, "AttributeName": "ends"}
    server("UpdateTimeToLive", TableName="music", TimeToLiveSpecification=ttl)
    items = []
    for n in range(24):
        item: dict[str, Any] = {"pk": S(f"p{n % 5}"), "sk": N(n), "v": S("v" * n), "w": N(n)}
        if n % 3:
            item["l"] = S(f"l{n % 4}")
        if n % 4:
            item["g"] = S(f"g{n % 3}")
        if n % 2:
            item["ends"] = N(int(START) + 10_000 + n)
        items.append({"PutRequest": {"Item": item}})
    server("BatchWriteItem", RequestItems={"music": items})
    server("DeleteItem", TableName="music", Key={"pk": S("p3"), "sk": N(3)})
    put = {"TableName": "other", "Item": {"id": N(1), "text": S("hello")}}
    server("TransactWriteItems", TransactItems=[{"Put": put}], ClientRequestToken="token")
    server.run_jobs()


def seen(server: StillServer) -> dict[str, Any]:
    """What can be read of the tables, and what they say of themselves."""
    shown: dict[str, Any] = {"other": server("Scan", TableName="other")}
    for index in INDEXES:
        rows = server("Scan", TableName="music", IndexName=index)["Items"]
        shown[index] = sorted(map(repr, rows))
    shown["music"] = server("Scan", TableName="music")
    described = server("DescribeTable", TableName="music")["Table"]
    shown["counts"] = described["ItemCount"], described["TableSizeBytes"]
    for each in (*described["GlobalSecondaryIndexes"], *described["LocalSecondaryIndexes"]):
        shown[f"counts of {each['IndexName']}"] = each["ItemCount"], each["IndexSizeBytes"]
    request = {"TableName": "music", "ReturnItemCollectionMetrics": "SIZE"}
    touched = server("UpdateItem", request, Key={"pk": S("p1"), "sk": N(1)})
    shown["collection"] = touched["ItemCollectionMetrics"]
    return shown


async def record(txn: Transaction, name: str = "music") -> Table:
    """A table's record."""
    stored = await txn.get(catalog_key(name))
    assert stored is not None
    return decode_table(stored)


def catalog_key(name: str) -> bytes:
    return keyspace.catalog_key("000000000000", "us-east-1", name)


async def pairs(txn: Transaction, prefix: bytes) -> list[tuple[bytes, bytes]]:
    """What is stored under a prefix."""
    return await txn.scan(prefix, keyspace.after_prefix(prefix), limit=1000)
