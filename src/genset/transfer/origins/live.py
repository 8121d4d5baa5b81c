"""Live tables of any server that speaks DynamoDB's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from genset.transfer.origins.origin import OriginTable
from genset.transfer.plain import Item, to_dynamodb_json
from genset.transfer.records import Place, Readings, Record, TransferError
from genset.transfer.scanning import scan_items
from genset.transfer.tables import maybe_described

_PITR: Final = "PointInTimeRecoveryDescription"


class LiveTables:
    """An origin: the tables that a client sees."""

    def __init__(self, client: Any, place: str) -> None:
        self._client = client
        self.place = place

    def names(self) -> list[str]:
        """See `Origin`."""
        pages = self._client.get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"]]

    def table(self, name: str) -> OriginTable:
        """See `Origin`; what a server does not have as an operation, its tables do not have."""
        description = maybe_described(self._client, name)
        if description is None:
            raise TransferError(f"there is no table {name} at {self.place}")
        return OriginTable(
            description=description,
            time_to_live=self._time_to_live(name),
            tags=self._tags(description["TableArn"]),
            notes=self._notes(name, description["TableArn"]),
        )

    def _time_to_live(self, name: str) -> str | None:
        answer = _maybe(lambda: self._client.describe_time_to_live(TableName=name))
        found = answer.get("TimeToLiveDescription", {})
        enabled = found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return found["AttributeName"] if enabled else None

    def _tags(self, arn: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        asked = {"ResourceArn": arn}
        while True:
            answer = _maybe(lambda: self._client.list_tags_of_resource(**asked))
            found += answer.get("Tags", [])
            if "NextToken" not in answer:
                return found
            asked["NextToken"] = answer["NextToken"]

    def _notes(self, name: str, arn: str) -> list[str]:
        notes = []
        backups = _maybe(lambda: self._client.describe_continuous_backups(TableName=name))
        recovery = backups.get("ContinuousBackupsDescription", {}).get(_PITR, {})
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
            notes.append("point-in-time recovery")
        if _maybe(lambda: self._client.get_resource_policy(ResourceArn=arn)).get("Policy"):
            notes.append("its resource policy")
        kinesis = _maybe(
            lambda: self._client.describe_kinesis_streaming_destination(TableName=name)
        )
        if kinesis.get("KinesisDataStreamDestinations"):
            notes.append("its Kinesis destinations")
        return notes

    def read(self, name: str, segments: int) -> Readings:
        """See `Origin`; a place's line is the number of the item in the order of reading."""
        request = {"TableName": name, "ConsistentRead": True}
        source = f"{self.place}[{name}]"
        for number, item in enumerate(scan_items(self._client, request, segments), start=1):
            yield _record(item, Place(source, number))

    def close(self) -> None:
        """See `Origin`."""


def _record(item: Item, place: Place) -> Record:
    text = orjson.dumps({"Item": to_dynamodb_json(item)}).decode()
    return Record(place=place, item=item, text=text)


def _maybe(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer, or none of a server that does not have the operation or such a thing."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _ABSENT:
            return {}
        raise


# AccessDenied: who may read a table may not always ask for all about it.
_ABSENT: Final = frozenset(
    (
        "AccessDeniedException",
        "PolicyNotFoundException",
        "TableNotFoundException",
        "UnknownOperationException",
        "ValidationException",
    )
)
