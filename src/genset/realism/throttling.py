"""Throttling as DynamoDB does it: token buckets for tables, global indexes and partitions.

A request is admitted while its buckets hold something, and is charged what it consumed, which may
leave a bucket in debt until time has filled it. Sources: developer guide, "Burst and adaptive
capacity", "Diagnosing throttling", "DynamoDB maximum throughput for on-demand tables", "Service
quotas", and the API reference's CancellationReason and ThrottlingReason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from genset.model.errors import (
    DynamoDBError,
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
)
from genset.operations.metering import Use
from genset.operations.table_rules import NO_CEILING, ON_DEMAND, ON_DEMAND_MEMBERS
from genset.realism import sentences
from genset.realism.memory import SharedMemory

_BURST_S: Final = 300
# Indexed by whether it is a write, as are all pairs here.
_PARTITION_UNITS: Final = (3000, 1000)
_ACCOUNT_UNITS: Final = 40_000

_PROVISIONED: Final = "ProvisionedThroughputExceeded"
_KEY_RANGE: Final = "KeyRangeThroughputExceeded"
_MAX_ON_DEMAND: Final = "MaxOnDemandThroughputExceeded"
_ACCOUNT: Final = "AccountLimitExceeded"


@dataclass(frozen=True, slots=True)
class _Limit:
    """One bucket that a use draws on: how fast it fills, how much it holds, and its reason."""

    bucket: int
    rate: float
    capacity: float
    kind: str


class Throttle:
    """The meter of one process; all of a server's draw on the same memory."""

    def __init__(self, memory: SharedMemory, now: Callable[[], float]) -> None:
        self._memory = memory
        self._now = now

    def admit(self, *uses: Use) -> None:
        """Raise, with every reason, if a bucket of any of `uses` is empty."""
        now = self._now()
        exceeded = [
            (use, limit)
            for use in uses
            for limit in _limits(use)
            if self._memory.level(limit.bucket, limit.rate, limit.capacity, now) <= 0
        ]
        if exceeded:
            raise _refusal(exceeded)

    def charge(self, use: Use, units: float, read: Sequence[bytes] = ()) -> None:
        """Take `units` from every bucket of `use`; `read` matters to none."""
        if units:
            now = self._now()
            for limit in _limits(use):
                self._memory.take(limit.bucket, units, limit.rate, limit.capacity, now)


def _limits(use: Use) -> Iterator[_Limit]:
    table, part = use.table, use.index or use.table
    if table.billing_mode == ON_DEMAND:
        ceilings = part.extras.get("OnDemandThroughput") or {}
        ceiling = ceilings.get(ON_DEMAND_MEMBERS[use.writes])
        if ceiling is not None and ceiling != NO_CEILING:
            yield _Limit(_bucket(use, b"max"), ceiling, ceiling, _MAX_ON_DEMAND)
        yield _Limit(_bucket(use, b"account"), _ACCOUNT_UNITS, _ACCOUNT_UNITS, _ACCOUNT)
    else:
        rate = part.write_units if use.writes else part.read_units
        yield _Limit(_bucket(use, b"provisioned"), rate, rate * _BURST_S, _PROVISIONED)
    if use.partition is not None:
        rate = _PARTITION_UNITS[use.writes]
        yield _Limit(_bucket(use, use.partition), rate, rate, _KEY_RANGE)


def _bucket(use: Use, what: bytes) -> int:
    """The bucket's identity; never 0, which marks an empty place."""
    number = use.index.number if use.index else 0
    name = b"%s/%d/%d/%s" % (use.table.table_id.encode(), number, use.writes, what)
    return int.from_bytes(blake2b(name, digest_size=8).digest()) or 1


def _refusal(exceeded: list[tuple[Use, _Limit]]) -> DynamoDBError:
    reasons = [
        {"reason": _reason(use, limit), "resource": _resource(use)} for use, limit in exceeded
    ]
    use, limit = exceeded[0]
    if limit.kind == _ACCOUNT:
        return RequestLimitExceeded(sentences.ACCOUNT_EXCEEDED, ThrottlingReasons=reasons)
    if use.table.billing_mode == ON_DEMAND:
        # The one of the three whose member's name begins small in the service model.
        return ThrottlingException(_on_demand_message(use, limit), throttlingReasons=reasons)
    message = sentences.INDEX_EXCEEDED if use.index else sentences.TABLE_EXCEEDED
    return ProvisionedThroughputExceededException(message, ThrottlingReasons=reasons)


def _on_demand_message(use: Use, limit: _Limit) -> str:
    if limit.kind == _MAX_ON_DEMAND:
        return sentences.CEILING_EXCEEDED
    return sentences.INDEX_SCALING if use.index and use.writes else sentences.TABLE_SCALING


def _reason(use: Use, limit: _Limit) -> str:
    part = "Index" if use.index else "Table"
    return f"{part}{'Write' if use.writes else 'Read'}{limit.kind}"


def _resource(use: Use) -> str:
    return f"{use.table.arn}/index/{use.index.name}" if use.index else use.table.arn
