"""Tables as another server may have them, and what of them must be here once they are moved in."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from support.client import Api
from support.tables import index, table
from support.values import normal
from transfer.tables import EVERY_TYPE

ITEMS = [
    {**EVERY_TYPE, "pk": {"S": "a"}, "sk": {"N": "1.5"}, "g": {"B": "AAE="}, "l": {"S": "x"}},
    {"pk": {"S": "a"}, "sk": {"N": "-2"}, "expires": {"N": "1000000000"}},
    {"pk": {"S": "é"}, "sk": {"N": "0"}, "expires": {"N": "99999999999"}},
]


def fully(name: str) -> dict[str, Any]:
    """A CreateTable request with indexes of both kinds, and throughput."""
    local = index("local", "pk", "l", projection="KEYS_ONLY")
    everywhere = index("global", "g", projection=["x", "n"])
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    request = table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "N", "g": "B", "l": "S"},
        local=[local],
        everywhere=[{**everywhere, "ProvisionedThroughput": {**units, "ReadCapacityUnits": 3}}],
    )
    billing = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    return {**request, **billing, "TableName": name}


def shape(description: dict[str, Any]) -> dict[str, Any]:
    """What of a table's description a move keeps."""
    kept = ("KeySchema", "StreamSpecification", "DeletionProtectionEnabled")
    found = {member: description.get(member) for member in kept}
    billing = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    found["BillingMode"] = billing
    found["units"] = _units(description)
    found["definitions"] = sorted(map(str, description["AttributeDefinitions"]))
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        found[kind] = [
            {
                "name": each["IndexName"],
                "keys": each["KeySchema"],
                "projection": normal(_sorted(each["Projection"])),
                "units": _units(each),
            }
            for each in description.get(kind, ())
        ]
    return found


def _sorted(projection: dict[str, Any]) -> dict[str, Any]:
    return {
        key: sorted(value) if isinstance(value, list) else value
        for key, value in projection.items()
    }


def _units(part: dict[str, Any]) -> tuple[int, int]:
    found = part.get("ProvisionedThroughput", {})
    return found.get("ReadCapacityUnits", 0), found.get("WriteCapacityUnits", 0)


def fill(client: Any, name: str, *, streams: bool) -> None:
    """Make and fill the table, with a stream, a time to live and tags as far as they go there."""
    request = fully(name)
    if streams:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    arn = client.create_table(**request)["TableDescription"]["TableArn"]
    while client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        pass
    for item in ITEMS:
        client.put_item(TableName=name, Item=as_client_has(item))
    for attempt in (
        lambda: client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
        ),
        lambda: client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}]),
    ):
        try:
            attempt()
        except ClientError as error:
            # DynamoDB Local has no tags, and dynalite no time to live.
            assert error.response["Error"]["Code"] == "UnknownOperationException"  # noqa: PT017


def as_client_has(item: dict[str, Any]) -> dict[str, Any]:
    """The item with bytes for base64."""
    from genset.transfer.plain import from_dynamodb_json

    return from_dynamodb_json(item)


def read_all(api: Api, name: str) -> list[Any]:
    """All items in an order and a form that do not depend on the server."""
    items = api("Scan", TableName=name, ConsistentRead=True)["Items"]
    return sorted(map(normal, items), key=lambda item: (item["pk"]["S"], item["sk"]["N"]))


def expected() -> list[Any]:
    """What `read_all` finds once `ITEMS` are moved in."""
    return sorted(map(normal, ITEMS), key=lambda item: (item["pk"]["S"], item["sk"]["N"]))
