"""A reader in the manner of the Kinesis Client Library: workers share shards by leases in a table.

A worker takes leases that nobody renews, reads a shard only when its parents are read to their
end, and notes in the lease how far it came. What one worker read and did not note is read again
by the next, so a record may be delivered twice, and never not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support import tables
from support.client import Refused
from support.streams import call, iterator_of, shards_of
from support.values import N, S

LEASES = tables.table("leaseKey", types={"leaseKey": "S"})
LEASE_SECONDS = 30.0
_NAMES = {"#o": "owner", "#r": "renewals", "#p": "position"}


class Worker:
    """One worker; `step` is one turn of its loop. `deliver` gets each record it reads."""

    def __init__(
        self,
        api: Any,
        name: str,
        arn: str,
        leases: str,
        clock: Callable[[], float],
        deliver: Callable[[dict[str, Any]], None],
        *,
        records_per_step: int = 20,
    ) -> None:
        self._api = api
        self.name = name
        self._arn = arn
        self._leases = leases
        self._clock = clock
        self._deliver = deliver
        self._limit = records_per_step
        self._renewals_seen: dict[str, tuple[str, float]] = {}

    def step(self) -> None:
        """Learn of shards, take or renew leases, and read one page of each shard held."""
        shards = {shard["ShardId"]: shard for shard in shards_of(self._api, self._arn)}
        leases = self._known_leases()
        for shard in shards.values():
            if shard["ShardId"] not in leases:
                self._add_lease(shard["ShardId"])
        leases = self._known_leases()
        self._take_one(leases)
        for shard_id, lease in leases.items():
            if lease["owner"] != S(self.name) or lease["position"] == S("END"):
                continue
            parent = shards.get(shard_id, {}).get("ParentShardId")
            if parent in leases and leases[parent]["position"] != S("END"):
                self._note(lease, lease["position"]["S"])
                continue
            self._read(lease)

    def _known_leases(self) -> dict[str, dict[str, Any]]:
        rows = self._api("Scan", TableName=self._leases, ConsistentRead=True)["Items"]
        return {row["leaseKey"]["S"]: row for row in rows}

    def _add_lease(self, shard_id: str) -> None:
        lease = {
            "leaseKey": S(shard_id), "owner": S("nobody"), "renewals": N(0), "position": S("BEGIN"),
        }  # fmt: skip
        try:
            self._api("PutItem", TableName=self._leases, Item=lease,
                      ConditionExpression="attribute_not_exists(leaseKey)")  # fmt: skip
        except Refused as refused:
            refused.must_be("ConditionalCheckFailedException")

    def _take_one(self, leases: dict[str, dict[str, Any]]) -> None:
        """Take the first lease that nobody has, or that its owner has not renewed for a while."""
        for shard_id, lease in leases.items():
            if lease["owner"] == S(self.name) or lease["position"] == S("END"):
                continue
            renewals, since = self._renewals_seen.get(shard_id, ("", 0.0))
            if renewals != lease["renewals"]["N"]:
                self._renewals_seen[shard_id] = (lease["renewals"]["N"], self._clock())
                since = self._clock()
            if lease["owner"] == S("nobody") or self._clock() - since > LEASE_SECONDS:
                if self._change(lease, lease["position"]["S"]):
                    lease["owner"] = S(self.name)
                return

    def _read(self, lease: dict[str, Any]) -> None:
        shard_id, position = lease["leaseKey"]["S"], lease["position"]["S"]
        if position == "BEGIN":
            iterator = iterator_of(self._api, self._arn, shard_id)
        else:
            iterator = iterator_of(
                self._api, self._arn, shard_id, "AFTER_SEQUENCE_NUMBER", SequenceNumber=position
            )
        page = call(self._api, "GetRecords", ShardIterator=iterator, Limit=self._limit)
        for record in page["Records"]:
            self._deliver(record)
            position = record["dynamodb"]["SequenceNumber"]
        self._note(lease, position if "NextShardIterator" in page else "END")

    def _note(self, lease: dict[str, Any], position: str) -> None:
        """Renew a lease and note the position in it; a lease lost to another stays as it is."""
        self._change(lease, position)

    def _change(self, lease: dict[str, Any], position: str) -> bool:
        try:
            self._api(
                "UpdateItem",
                TableName=self._leases,
                Key={"leaseKey": lease["leaseKey"]},
                UpdateExpression="SET #o = :me, #p = :p ADD #r :one",
                ConditionExpression="#o = :owner AND #r = :renewals",
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues={
                    ":me": S(self.name), ":p": S(position), ":one": N(1),
                    ":owner": lease["owner"], ":renewals": lease["renewals"],
                },
            )  # fmt: skip
        except Refused as refused:
            refused.must_be("ConditionalCheckFailedException")
            return False
        lease["renewals"] = N(int(lease["renewals"]["N"]) + 1)
        return True


def is_all_read(api: Any, arn: str, leases: str) -> bool:
    """Whether every shard is closed and read to its end."""
    rows = api("Scan", TableName=leases, ConsistentRead=True)["Items"]
    done = {row["leaseKey"]["S"] for row in rows if row["position"] == S("END")}
    return done == {shard["ShardId"] for shard in shards_of(api, arn)}
