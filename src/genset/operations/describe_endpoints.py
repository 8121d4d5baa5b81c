"""DescribeEndpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from genset.model.errors import ValidationException
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Snapshot

_CACHE_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The address by which the client came."""

    address: str


def prepare(_request: Request, scope: Scope) -> Plan:
    """Take the address from the request's Host header; raises ValidationException without one.

    A client with endpoint discovery sends what follows to the address in the answer, so it has to
    be the one that leads the client here, which no setting of the server can know.
    """
    if not scope.host:
        raise ValidationException("The request has no Host header, and so no address to tell.")
    return Plan(address=scope.host)


async def execute(plan: Plan, _txn: Snapshot) -> Answer:
    """Answer the one endpoint, to be kept for a day as the service says."""
    endpoint = {"Address": plan.address, "CachePeriodInMinutes": _CACHE_MINUTES}
    return {"Endpoints": [endpoint]}


OPERATION = Operation(
    name="DescribeEndpoints", writes=False, asks_host=True, prepare=prepare, execute=execute
)
