"""DescribeLimits."""

from __future__ import annotations

from typing import Any, Final

from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Snapshot

_LIMITS: Final[dict[str, Any]] = {
    "AccountMaxReadCapacityUnits": 80_000,
    "AccountMaxWriteCapacityUnits": 80_000,
    "TableMaxReadCapacityUnits": 40_000,
    "TableMaxWriteCapacityUnits": 40_000,
}


def prepare(_request: Request, _scope: Scope) -> None:
    """Take the request, which has no members."""


async def execute(_plan: None, _txn: Snapshot) -> Answer:
    """Answer an account's default quotas, as observed on the service, October 2026."""
    return dict(_LIMITS)


OPERATION = Operation(name="DescribeLimits", writes=False, prepare=prepare, execute=execute)
