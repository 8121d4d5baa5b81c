"""What was asked of a table and what it came to: nothing acknowledged is missing, nothing twice.

Every write carries a mark of its own, which it leaves in each item that it changes, so that the
table's stream tells which writes happened, how often and in which order.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from support.values import Item, normal


class Outcome(enum.Enum):
    """What a client knows of its write."""

    ACKNOWLEDGED = "it has happened"
    REFUSED = "it has not happened"
    UNKNOWN = "it has happened once, or not at all"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One request. `told` is what its answer said of the counter `n` of an item."""

    mark: str
    keys: tuple[str, ...]
    outcome: Outcome
    answered: float
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One record of the stream."""

    event: str
    key: str
    sequence: int
    old: Item | None
    new: Item | None

    @property
    def mark(self) -> str:
        """Of the write that it records. An item is removed once at most, by its own removal."""
        return removal_of(self.key) if self.new is None else self.new["by"]["S"]


def removal_of(key: str) -> str:
    """The mark of the only removal of `key`."""
    return f"removal of {key}"


def check(
    writes: Sequence[Write],
    shards: Sequence[Sequence[Change]],
    table: Sequence[Item],
    index: Sequence[Item],
) -> None:
    """Raise AssertionError unless stream, table and index agree with each other and the writes."""
    check_sequence_numbers(shards)
    by_key: dict[str, list[Change]] = defaultdict(list)
    for shard in shards:
        for change in shard:
            by_key[change.key].append(change)
    items = {item["pk"]["S"]: item for item in table}
    assert len(items) == len(table), "an item is in the table twice"
    for key in {*by_key, *items}:
        check_chain(key, by_key[key], items.get(key))
    check_index(table, index)
    check_marks(writes, by_key)


def check_sequence_numbers(shards: Iterable[Sequence[Change]]) -> None:
    """They ascend within a shard, and none is used twice."""
    used: set[int] = set()
    for shard in shards:
        numbers = [change.sequence for change in shard]
        assert numbers == sorted(set(numbers)), "sequence numbers do not ascend"
        assert used.isdisjoint(numbers), "two shards share a sequence number"
        used.update(numbers)


def check_chain(key: str, changes: Sequence[Change], item: Item | None) -> None:
    """Each change begins where the one before it ended, and the last one is the table's item.

    A record too many, one too few, or two in the wrong order break the chain.
    """
    image: Item | None = None
    for number, change in enumerate(changes):
        told = f"record {number} of {key}, by {change.mark},"
        assert _same(change.old, image), f"{told} begins at {change.old}, not at {image}"
        assert change.event == _event(change), f"{told} is called {change.event}"
        _check_counter(told, change)
        image = change.new
    assert _same(item, image), f"the stream makes {key} {image}, the table {item}"


def _event(change: Change) -> str:
    if change.new is None:
        return "REMOVE"
    return "MODIFY" if change.old else "INSERT"


def _check_counter(told: str, change: Change) -> None:
    if change.new is None or "n" not in change.new:
        return
    before = int(change.old["n"]["N"]) if change.old else 0
    assert int(change.new["n"]["N"]) == before + 1, f"{told} counts {before} up by more than 1"


def check_index(table: Iterable[Item], index: Iterable[Item]) -> None:
    """The index, whose key is `g` and which projects all, equals its rebuild."""
    rebuilt = sorted(_text(item) for item in table if "g" in item)
    assert sorted(map(_text, index)) == rebuilt, "the index differs from its rebuild"


def check_marks(writes: Iterable[Write], changes: Mapping[str, Sequence[Change]]) -> None:
    """Each write is in the streams of its keys as often as its outcome allows."""
    found: dict[str, list[Change]] = defaultdict(list)
    for key in changes:
        for change in changes[key]:
            found[change.mark].append(change)
    for write in writes:
        done = found.pop(write.mark, [])
        keys = sorted(change.key for change in done)
        whole = keys == sorted(write.keys)
        told = f"{write.mark} ({write.outcome.value}) changed {keys} of {sorted(write.keys)}"
        match write.outcome:
            case Outcome.ACKNOWLEDGED:
                assert whole, told
            case Outcome.REFUSED:
                assert not done, told
            case Outcome.UNKNOWN:
                assert whole or not done, told
        for change in done:
            if change.key in write.told and change.new is not None:
                count = int(change.new["n"]["N"])
                assert count == write.told[change.key], f"{write.mark} made {change.key} {count}"
    assert not found, f"nobody asked for {sorted(found)[:10]}"


def _same(one: Item | None, other: Item | None) -> bool:
    return bool(normal(one) == normal(other))


def _text(item: Item) -> str:
    return repr(sorted(normal(item).items()))
