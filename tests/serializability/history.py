"""Is a history of concurrent transactions on append-only lists strictly serializable?

Every write appends its own unique mark to the lists of some keys, so the final list of a key is the
order of all its writes, and what a read saw says exactly which writes it followed. From that come
the dependencies (write-write, write-read, read-write); real time adds that what had answered before
another was sent comes first. The history is strictly serializable if and only if this graph has no
cycle (Adya's dependency graphs; the append trick is Elle's).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Node = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One answered transaction: `mark` was appended to `appended`; `reads` is what it saw."""

    mark: int
    sent: float
    answered: float
    appended: frozenset[str] = frozenset()
    reads: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


class NotSerializable(AssertionError):
    """No order of the operations explains what they saw."""


def check(operations: Sequence[Operation], final: Mapping[str, tuple[int, ...]]) -> None:
    """Raise NotSerializable unless the history is strictly serializable.

    `final` holds the lists as they stand when everything is over. A mark in it that belongs to no
    operation is a write whose answer was lost; it may have happened at any time.
    """
    _check_lists(operations, final)
    edges: dict[Node, set[Node]] = defaultdict(set)
    for key, order in final.items():
        _add_dependencies(edges, key, order, operations)
    _add_real_time(edges, operations)
    nodes = {("op", operation.mark) for operation in operations}
    left = _not_sortable(edges, nodes)
    if left:
        marks = sorted(mark for kind, mark in left if kind == "op")
        raise NotSerializable(f"a cycle among the operations {marks[:20]}")


def _check_lists(operations: Iterable[Operation], final: Mapping[str, tuple[int, ...]]) -> None:
    for key, order in final.items():
        if len(set(order)) != len(order):
            raise NotSerializable(f"{key} holds a mark twice: {order}")
    for operation in operations:
        for key in operation.appended:
            if operation.mark not in final[key]:
                raise NotSerializable(f"the acknowledged write {operation.mark} of {key} is lost")
        for key, seen in operation.reads.items():
            if final[key][: len(seen)] != seen:
                raise NotSerializable(
                    f"operation {operation.mark} saw {seen} of {key}, which became {final[key]}"
                )


def _add_dependencies(
    edges: dict[Node, set[Node]],
    key: str,
    order: tuple[int, ...],
    operations: Iterable[Operation],
) -> None:
    for before, after in itertools.pairwise(order):
        edges["op", before].add(("op", after))
    for operation in operations:
        seen = operation.reads.get(key)
        if seen is None:
            continue
        if seen:
            edges["op", seen[-1]].add(("op", operation.mark))
        if len(seen) < len(order) and order[len(seen)] != operation.mark:
            edges["op", operation.mark].add(("op", order[len(seen)]))


def _add_real_time(edges: dict[Node, set[Node]], operations: Sequence[Operation]) -> None:
    """Through a chain of moments, so that the edges stay as many as the operations."""
    moments = sorted({operation.answered for operation in operations})
    place = {moment: number for number, moment in enumerate(moments)}
    for number in range(len(moments) - 1):
        edges["time", number].add(("time", number + 1))
    by_sending = sorted(operations, key=lambda operation: operation.sent)
    last = -1
    for operation in by_sending:
        while last + 1 < len(moments) and moments[last + 1] < operation.sent:
            last += 1
        if last >= 0:
            edges["time", last].add(("op", operation.mark))
        edges["op", operation.mark].add(("time", place[operation.answered]))


def _not_sortable(edges: Mapping[Node, set[Node]], nodes: set[Node]) -> set[Node]:
    """What topological sorting leaves over: the cycles and what only follows from them."""
    known = set(nodes)
    incoming: dict[Node, int] = defaultdict(int)
    for node, targets in edges.items():
        known.add(node)
        for target in targets:
            known.add(target)
            if target != node:
                incoming[target] += 1
    ready = [node for node in known if incoming[node] == 0]
    done = set()
    while ready:
        node = ready.pop()
        done.add(node)
        for target in edges.get(node, ()):
            if target != node:
                incoming[target] -= 1
                if incoming[target] == 0:
                    ready.append(target)
    return known - done
