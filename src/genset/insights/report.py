"""What a process has counted, as JSON: the rules of the catalog, and the keys that lead each.

The words are those of CloudWatch's GetInsightRuleReport where it has them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from genset.insights.contributors import MINUTES_KEPT, Contributor, Contributors
from genset.model import insights
from genset.model.tables import Index, Table, decode_table
from genset.operations import insights_parts
from genset.storage import keyspace
from genset.storage.engine import Snapshot

_METRICS: Final = {
    insights.ACCESSED_PARTITIONS: "ConsumedThroughputUnits",
    insights.ACCESSED_ITEMS: "ConsumedThroughputUnits",
    insights.THROTTLED_PARTITIONS: "ThrottleCount",
    insights.THROTTLED_ITEMS: "ThrottleCount",
}
_PAGE: Final = 256


async def report(
    snapshot: Snapshot,
    contributors: Contributors,
    *,
    table: str | None,
    index: str | None,
    wanted: int,
    now: float,
) -> bytes:
    """The rules of all watched tables, or of one, or of one index, with `wanted` keys each."""
    rules: list[dict[str, Any]] = []
    start, stop = keyspace.catalog_range()
    while True:
        records = await snapshot.scan(start, stop, limit=_PAGE)
        for _, stored in records:
            found = decode_table(stored)
            gone = found.status == "DELETING" and now >= found.settled_at
            if found.is_watched and not gone and table in (None, found.name):
                for part in _parts(found, index):
                    rules += _rules(contributors, found, part, wanted)
        if len(records) < _PAGE:
            break
        start = records[-1][0] + b"\x00"
    return orjson.dumps({"process": os.getpid(), "minutes": MINUTES_KEPT, "rules": rules})


def _parts(table: Table, index: str | None) -> Iterator[Index | None]:
    if index is None:
        yield None
    for each in table.indexes:
        if index in (None, each.name):
            yield each


def _rules(
    contributors: Contributors, table: Table, index: Index | None, wanted: int
) -> Iterator[dict[str, Any]]:
    for name, rule in insights_parts.rules_by_name(table, index).items():
        yield {
            "rule": name,
            "table": table.arn,
            **({"index": index.name} if index else {}),
            "metric": _METRICS[rule],
            "contributors": [_shown(each) for each in contributors.top(table, index, rule, wanted)],
        }


def _shown(contributor: Contributor) -> dict[str, Any]:
    return {
        "key": orjson.Fragment(contributor.key),
        "value": contributor.value,
        "error": contributor.error,
        "datapoints": [
            {"timestamp": datetime.fromtimestamp(60 * minute, UTC), "value": value}
            for minute, value in contributor.minutes
        ],
    }
