"""ListContributorInsights.

Observed on the service in October 2026: each table comes before its indexes, and what is DISABLED
is left out. The service's pages of all tables may be empty and go on; these hold what they can.
The words for a wrong NextToken and for a MaxResults below 1 are inferred.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from genset.model.errors import ValidationException
from genset.model.tables import Index, Table, decode_table
from genset.operations import insights_parts
from genset.operations.catalog import existing_table, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage import keyspace
from genset.storage.engine import Snapshot

_LISTED_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A page of summaries: at most `limit`, of one table if named, after a table's index.

    `after` is a name of a table, and the number of an index or 0 for the table itself.
    """

    scope: Scope
    table: str | None
    limit: int
    after: tuple[str, int] | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the page's bounds; raises ValidationException."""
    name, limit = request.get("TableName"), request.get("MaxResults")
    if limit is not None and limit < 1:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'maxResults' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1"
        )
    return Plan(
        scope=scope,
        table=None if name is None else table_name(scope, name),
        limit=limit or _LISTED_MAX,
        after=_decode_token(request.get("NextToken")),
    )


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """List what is not DISABLED; raises ResourceNotFoundException for a table that is none."""
    if plan.table is not None:
        await existing_table(txn, plan.scope, plan.table)
    now = plan.scope.services.now()
    start, stop = _range(plan)
    summaries: list[dict[str, Any]] = []
    last = ("", 0)
    while True:
        records = await txn.scan(start, stop, limit=_LISTED_MAX)
        for table, index in _listed((decode_table(stored) for _, stored in records), now):
            position = table.name, index.number if index else 0
            if plan.after is not None and position <= plan.after:
                continue
            if len(summaries) == plan.limit:
                token = _encode_token(*last)
                return {"ContributorInsightsSummaries": summaries, "NextToken": token}
            summaries.append(insights_parts.summary(table, index, now))
            last = position
        if len(records) < _LISTED_MAX:
            return {"ContributorInsightsSummaries": summaries}
        start = records[-1][0] + b"\x00"


def _range(plan: Plan) -> tuple[bytes, bytes]:
    """The range of the catalog that the page may be of."""
    account, region = plan.scope.account, plan.scope.region
    if plan.table is not None:
        key = keyspace.catalog_key(account, region, plan.table)
        return key, key + b"\x00"
    prefix = keyspace.catalog_prefix(account, region)
    start = prefix
    if plan.after is not None:
        start = keyspace.catalog_key(account, region, plan.after[0])
    return start, keyspace.after_prefix(prefix)


def _listed(tables: Iterable[Table], now: float) -> Iterator[tuple[Table, Index | None]]:
    """What is not DISABLED of each table: the table itself (None), and its indexes by number."""
    for table in tables:
        if table.status == "DELETING" and now >= table.settled_at:
            continue
        indexes = sorted(insights_parts.global_indexes(table, now), key=lambda index: index.number)
        for index in (None, *indexes):
            insights = (index or table).insights
            if insights is not None and insights.status(now) != "DISABLED":
                yield table, index


def _encode_token(table: str, number: int) -> str:
    return base64.b64encode(orjson.dumps([table, number])).decode()


def _decode_token(token: str | None) -> tuple[str, int] | None:
    if token is None:
        return None
    try:
        match orjson.loads(base64.b64decode(token, validate=True)):
            case [str(table), int(number)]:
                return table, number
    except (ValueError, binascii.Error):
        pass
    raise ValidationException("Invalid NextToken")


OPERATION = Operation(
    name="ListContributorInsights", writes=False, prepare=prepare, execute=execute
)
