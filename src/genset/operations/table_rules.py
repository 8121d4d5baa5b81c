"""The rules on tables that CreateTable and UpdateTable share. None needs data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from genset.model.errors import UnknownOperationException, ValidationException
from genset.model.tables import Table
from genset.operations.operation import Request

PROVISIONED: Final = "PROVISIONED"
ON_DEMAND: Final = "PAY_PER_REQUEST"
THROUGHPUT_MEMBERS: Final = ("ReadCapacityUnits", "WriteCapacityUnits")
ON_DEMAND_MEMBERS: Final = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
WARM_MEMBERS: Final = ("ReadUnitsPerSecond", "WriteUnitsPerSecond")
WARM_RAISE: Final = "WarmThroughputRaise"  # where `extras` keep what was before one on request
NO_CEILING: Final = -1
NO_CEILINGS: Final = "cannot be specified when the table BillingMode is PROVISIONED"
ON_DEMAND_WARM_UNITS: Final = (12_000, 4_000)  # what a new on-demand table can serve at once

# The kinds of changes that take time, as `Table.changes` names them.
THROUGHPUT: Final = "throughput"
STREAM: Final = "stream"
TABLE_CLASS: Final = "table class"
ENCRYPTION: Final = "encryption"
INDEXES: Final = "indexes"

_CAPACITY_UNITS_MAX: Final = 1_000_000_000_000
_TABLE_CLASSES: Final = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")


def is_under_way(table: Table, kind: str, now: float) -> bool:
    """Whether a change of that kind is being made."""
    return now < table.changes.get(kind, now)


def invalid(detail: str) -> ValidationException:
    """The exception with the opening that most rules on parameters share."""
    return ValidationException(f"One or more parameter values were invalid: {detail}")


def refuse_unsupported(request: Request, members: Iterable[str]) -> None:
    """Raise UnknownOperationException if the request uses one of `members`."""
    for member in members:
        if request.get(member):
            raise UnknownOperationException(f"genset does not support {member} yet")


def throughput_units(throughput: dict[str, Any] | None) -> tuple[int, int]:
    """The read and write units of a ProvisionedThroughput; zeros if there is none."""
    if not throughput:
        return 0, 0
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def check_throughput_bounds(throughput: dict[str, Any] | None, index: str = "") -> None:
    """Check the upper bound of provisioned throughput, of a table or of the index named."""
    for member in THROUGHPUT_MEMBERS:
        units = (throughput or {}).get(member)
        if units is not None and units > _CAPACITY_UNITS_MAX:
            whose = f" for index {index}" if index else ""
            raise ValidationException(f"Given value {units} for {member} is out of bounds{whose}")


def check_not_both(billing_mode: str | None, throughput: dict[str, Any] | None) -> None:
    """Check that an on-demand table is given no provisioned throughput."""
    if billing_mode == ON_DEMAND and throughput:
        raise invalid(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingMode is PAY_PER_REQUEST"
        )


def check_on_demand(
    ceilings: dict[str, Any] | None,
    *,
    refused: str | None,
    part: str = "table",
    lowest: tuple[int, ...] = (),
) -> None:
    """Check OnDemandThroughput.

    `refused` says that the table takes none, if it takes none; `part` is what the ceilings are
    of; `lowest` are values allowed below 1.
    """
    given = [
        (m, ceilings[m]) for m in ON_DEMAND_MEMBERS if ceilings and ceilings.get(m) is not None
    ]
    if given and refused is not None:
        raise invalid(f"{given[0][0]} for OnDemandThroughput {refused}")
    for member, units in given:
        if units < 1 and units not in lowest:
            raise invalid(
                f"Requested {member} for OnDemandThroughput for {part} is outside of valid range"
            )


def check_table_class(table_class: str | None) -> None:
    """Check a TableClass. Observed on the service, October 2026."""
    if table_class is not None and table_class not in _TABLE_CLASSES:
        raise ValidationException(
            "Invalid table-class parameter provided. Please try again with a valid table-class "
            f"value: [{', '.join(_TABLE_CLASSES)}]."
        )


def check_encryption(sse: dict[str, Any] | None) -> None:
    """Check an SSESpecification. Observed on the service, October 2026."""
    if not sse:
        return
    if sse.get("Enabled") is False:
        for member in ("SSEType", "KMSMasterKeyId"):
            if sse.get(member) is not None:
                raise invalid(f"{member} can not be specified if Enabled is false")
    if sse.get("SSEType") == "AES256":
        raise invalid("SSEType AES256 is not supported")
    if sse.get("KMSMasterKeyId") is not None and sse.get("SSEType") is None:
        raise invalid("SSEType KMS is required if KMSMasterKeyId is specified")


def is_encrypted(sse: dict[str, Any] | None) -> bool:
    """Whether an SSESpecification asks for a key of KMS: a type alone does."""
    return bool(sse and (sse.get("Enabled") or sse.get("SSEType")))


def check_stream_limit(limit: int | None, limit_max: int) -> int:
    """The Limit of an operation on streams, checked; the highest allowed if there is none."""
    if limit is not None and limit > limit_max:
        raise invalid(f"Limit should be less than or equal to {limit_max}")
    return limit or limit_max
