"""Which keys use the capacity of tables and global indexes, and which are throttled, by the minute.

Source: developer guide, "CloudWatch contributor insights for DynamoDB: How it works": usage is
counted in ConsumedThroughputUnits, three for a unit of writing and one for a unit of reading;
throttling in refused requests, but not what a global index refuses a write of its table; and a
report has at most 25 contributors. How a page's units fall on its items is not said there: here
each item has its share by its size, and a Query without items counts for its partition key.
"""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import orjson

from genset.insights.top_keys import Count, TopKeys
from genset.model import insights
from genset.model.attribute_values import Item
from genset.model.items import decode_stored, stored_sizes
from genset.model.tables import Index, KeyAttribute, Table
from genset.operations.metering import Use

CONTRIBUTORS_MAX: Final = 25
MINUTES_KEPT: Final = 60
KEYS_COUNTED: Final = 256
_RULES_COUNTED: Final = 512
_WRITE_WEIGHT: Final = 3


@dataclass(slots=True)
class Contributor:
    """What a key used or was refused in the minutes kept, and in each; see `Count`."""

    key: bytes
    value: float = 0.0
    error: float = 0.0
    minutes: list[tuple[int, float]] = field(default_factory=list)


class Contributors:
    """The counts of one process, for `_RULES_COUNTED` rules: those counted last.

    Long reads run in threads of their own, so several may count at once.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._rules: ContributorCounts = OrderedDict()

    def accessed(self, use: Use, units: float, read: Sequence[bytes]) -> None:
        """Count `units` for the key that `use` is of, or for those of the items it has `read`."""
        part = use.index or use.table
        found, partition = part.insights, part.keys.partition
        if found is None or found.mode == insights.THROTTLED or not found.enabled or not units:
            return
        weight = units * (_WRITE_WEIGHT if use.writes else 1)
        if use.item is not None:
            self._count(use, insights.ACCESSED_PARTITIONS, partition, use.item, weight)
            if not read:
                self._count_item(use, insights.ACCESSED_ITEMS, use.item, weight)
        sizes = stored_sizes(read)
        total = sum(sizes)
        for value, size in zip(read, sizes, strict=True):
            item, share = decode_stored(value), weight * size / total
            if use.item is None:
                self._count(use, insights.ACCESSED_PARTITIONS, partition, item, share)
            self._count_item(use, insights.ACCESSED_ITEMS, item, share)

    def throttled(self, use: Use) -> None:
        """Count a refusal for the key that `use` is of."""
        part = use.index or use.table
        if part.insights is None or not part.insights.enabled or use.item is None:
            return
        if use.index is not None and use.writes:
            return
        self._count(use, insights.THROTTLED_PARTITIONS, part.keys.partition, use.item, 1)
        self._count_item(use, insights.THROTTLED_ITEMS, use.item, 1)

    def copy(self) -> ContributorCounts:
        """All counts, for `restore`."""
        with self._lock:
            return copy.deepcopy(self._rules)

    def restore(self, copied: ContributorCounts) -> None:
        """Be as when `copied` was made."""
        with self._lock:
            self._rules = copy.deepcopy(copied)

    def _count_item(self, use: Use, rule: str, item: Item, weight: float) -> None:
        keys = (use.index or use.table).keys
        if keys.sort and all(attribute.name in item for attribute in keys.sort):
            self._count(use, rule, keys.partition + keys.sort, item, weight)

    def _count(
        self, use: Use, rule: str, attributes: Sequence[KeyAttribute], item: Item, weight: float
    ) -> None:
        key = orjson.dumps({attribute.name: item[attribute.name] for attribute in attributes})
        name = _counted(use.table, use.index, rule)
        with self._lock:
            minutes = self._rules.get(name)
            if minutes is None:
                minutes = self._rules[name] = _Minutes()
                if len(self._rules) > _RULES_COUNTED:
                    self._rules.popitem(last=False)
            else:
                self._rules.move_to_end(name)
            minutes.add(int(self._now() // 60), key, weight)

    def top(self, table: Table, index: Index | None, rule: str, wanted: int) -> list[Contributor]:
        """The keys that count most for a rule in the last MINUTES_KEPT, the first one most."""
        with self._lock:
            minutes = self._rules.get(_counted(table, index, rule))
            return minutes.top(int(self._now() // 60), wanted) if minutes else []


def _counted(table: Table, index: Index | None, rule: str) -> tuple[str, int, str, float]:
    """What the counts of a rule are kept by: a rule made anew begins anew."""
    part = index or table
    assert part.insights is not None
    number = index.number if index else 0
    return table.table_id, number, rule, part.insights.rule_since(rule)


class _Minutes:
    """The counts of one rule: of this minute all, of the earlier ones the greatest."""

    def __init__(self) -> None:
        self._minute = 0
        self._keys = TopKeys(KEYS_COUNTED)
        self._past: deque[tuple[int, list[Count]]] = deque()

    def add(self, minute: int, key: bytes, weight: float) -> None:
        # A clock that was set back goes on with the minute that it has begun.
        if minute > self._minute:
            self._past.append((self._minute, self._keys.top(CONTRIBUTORS_MAX)))
            self._minute, self._keys = minute, TopKeys(KEYS_COUNTED)
            while self._past and self._past[0][0] <= minute - MINUTES_KEPT:
                self._past.popleft()
        self._keys.add(key, weight)

    def top(self, minute: int, wanted: int) -> list[Contributor]:
        found: dict[bytes, Contributor] = {}
        present = (self._minute, self._keys.top(CONTRIBUTORS_MAX))
        for counted, counts in (*self._past, present):
            if counted <= minute - MINUTES_KEPT:
                continue
            for count in counts:
                each = found.setdefault(count.key, Contributor(count.key))
                each.value += count.value
                each.error += count.error
                each.minutes.append((counted, count.value))
        return sorted(found.values(), key=lambda each: -each.value)[:wanted]


ContributorCounts: TypeAlias = OrderedDict[tuple[str, int, str, float], _Minutes]
"""The counts of each rule, by what `_counted` says."""
