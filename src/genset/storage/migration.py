"""Moving all data from one store to another, through the waist alone.

The data goes in portions, in the order of keys. Each is written in one transaction with the mark of
how far it reaches, so that a migration that was killed anywhere goes on where it was. The mark
also says that the data is not complete, and is removed when both stores have been read again and
are the same. Nobody else may write to either store meanwhile; see to that first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Final, Literal

from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction, is_whole
from genset.storage.postgres.long_keys import KEY_BYTES_MAX
from genset.storage.unfinished_migration import MigrationError, refuse_unfinished, stored_mark

PAIRS_MAX: Final = 1000
"""A portion has at most so many keys ..."""
BYTES_MAX: Final = 1024 * 1024
"""... and is full with so many bytes of values."""
_CHECKSUM_BYTES: Final = 16
_LENGTH_BYTES: Final = 8
_COUNTER_BYTES: Final = 8

_OTHER_DATA: Final = "the target has other data, or the source has changed since it was moved"

_Values = Sequence[tuple[bytes, bytes]]
_Counters = Sequence[tuple[bytes, tuple[int, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much data: keys of either kind, and the bytes of the values and of their keys."""

    values: int = 0
    counters: int = 0
    value_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All data of a store, in numbers. Two stores with the same contents hold the same data."""

    amount: Amount
    values_checksum: str
    counters_checksum: str


Report = Callable[[Literal["copied", "compared"], Amount], None]
"""Told after each portion what has been done and how much, of both stores together if compared."""


async def migrate(
    source: Engine, target: Engine, report: Report, *, pairs_max: int = PAIRS_MAX
) -> Contents:
    """Move all data of `source` into `target`, or go on with that, and return what both hold.

    If that had been done before, it is only compared again. Raises MigrationError if the source
    is empty, incomplete or has changed since the migration began, if the target has other data,
    and if the two differ in the end; StorageError if either store fails.
    """
    await refuse_unfinished(source)
    origin = await _origin(source)
    mark = await _begin(source, target, origin)
    if mark is not None:
        mark = await _copy(source, target, mark, report, pairs_max)
    elif await _origin(target) != origin:
        raise MigrationError(_OTHER_DATA)
    ours, theirs = await _read_both(source, target, report)
    if ours != theirs:
        raise MigrationError(_OTHER_DATA if mark is None else _difference(ours, theirs))
    if mark is not None:
        await target.write(partial(_replace_mark, before=mark, after=None))
    return ours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """How far a migration has come: all before `next` is there. `origin` tells the source."""

    origin: str
    next: str = ""
    amount: Amount = Amount()

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, stored: bytes) -> _Mark:
        members = json.loads(stored)
        return cls(**{**members, "amount": Amount(**members["amount"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Portion:
    """Some data in the order of keys, of one kind. The next portion begins at `next`."""

    values: _Values = ()
    counters: _Counters = ()
    next: bytes

    def added_to(self, amount: Amount) -> Amount:
        return Amount(
            values=amount.values + len(self.values),
            counters=amount.counters + len(self.counters),
            value_bytes=amount.value_bytes + sum(len(k) + len(v) for k, v in self.values),
        )


async def _begin(source: Engine, target: Engine, origin: str) -> _Mark | None:
    """The mark to go on from; None if the target has data and no mark."""
    stored = await target.read(stored_mark)
    if stored is not None:
        mark = _Mark.decode(stored)
        if mark.origin != origin:
            raise MigrationError(
                "the target has a part of other data: either it came from another place, or the "
                "source has changed since; empty the target and begin again"
            )
        return mark
    if await _is_empty(source):
        raise MigrationError("there is no data to move")
    if not await _is_empty(target):
        return None
    mark = _Mark(origin=origin)
    await target.write(partial(_replace_mark, before=None, after=mark))
    return mark


async def _copy(
    source: Engine, target: Engine, mark: _Mark, report: Report, pairs_max: int
) -> _Mark:
    """Copy what comes after the mark; the mark at the end."""
    spans = keyspace.data_spans()
    start = bytes.fromhex(mark.next)
    async with aclosing(_portions(source, spans, start, pairs_max)) as portions:
        async for portion in portions:
            _refuse_long_keys(portion)
            after = replace(mark, next=portion.next.hex(), amount=portion.added_to(mark.amount))
            await target.write(partial(_store, portion=portion, before=mark, after=after))
            mark = after
            report("copied", mark.amount)
    return mark


def _refuse_long_keys(portion: _Portion) -> None:
    """Raise MigrationError for keys that one of the stores keeps in another form than the other."""
    for key, _ in portion.values:
        if len(key) >= KEY_BYTES_MAX:
            raise MigrationError(
                "an index has entries whose sort attributes have more than 2,500 bytes together, "
                "which are not kept alike everywhere: delete that index, move the data, and "
                "create it again"
            )


async def _store(txn: Transaction, portion: _Portion, before: _Mark, after: _Mark) -> None:
    await _replace_mark(txn, before, after)
    for key, value in portion.values:
        txn.put(key, value)
    for key, counters in portion.counters:
        txn.add(key, *counters)


async def _replace_mark(txn: Transaction, before: _Mark | None, after: _Mark | None) -> None:
    """Set or remove the mark, which must be the one that this process has left."""
    if await stored_mark(txn) != (None if before is None else before.encode()):
        raise MigrationError("another process moves data into the target")
    if after is None:
        txn.delete(keyspace.migration_key())
    else:
        txn.put(keyspace.migration_key(), after.encode())


async def _is_empty(engine: Engine) -> bool:
    for span in keyspace.data_spans():
        portion = await _portion(engine, span, span.start, pairs_max=1)
        if portion.values or portion.counters:
            return False
    return True


async def _origin(engine: Engine) -> str:
    """What tells one source from another, and from itself after most changes, in little time.

    It is made of the catalog, with its random parts, and of how much each table holds.
    """
    spans = (
        keyspace.Span(*keyspace.catalog_range(), has_counters=False),
        keyspace.Span(*keyspace.counts_range(), has_counters=True),
    )
    contents = await _contents(engine, spans, lambda _: None)
    return f"{contents.values_checksum}{contents.counters_checksum}"


async def _read_both(source: Engine, target: Engine, report: Report) -> tuple[Contents, Contents]:
    read = [Amount(), Amount()]

    def report_side(side: int, amount: Amount) -> None:
        read[side] = amount
        report("compared", _sum(*read))

    spans = keyspace.data_spans()
    return await asyncio.gather(
        _contents(source, spans, partial(report_side, 0)),
        _contents(target, spans, partial(report_side, 1)),
    )


def _difference(ours: Contents, theirs: Contents) -> str:
    return (
        f"the target is not the same as the source: {theirs.amount.values} values and "
        f"{theirs.amount.counters} counters instead of {ours.amount.values} and "
        f"{ours.amount.counters}, or others of that number; if the source has changed since the "
        "migration began, empty the target and begin again"
    )


def _sum(left: Amount, right: Amount) -> Amount:
    return Amount(
        values=left.values + right.values,
        counters=left.counters + right.counters,
        value_bytes=left.value_bytes + right.value_bytes,
    )


async def _contents(
    engine: Engine, spans: Sequence[keyspace.Span], report: Callable[[Amount], None]
) -> Contents:
    amount = Amount()
    values, counters = (blake2b(digest_size=_CHECKSUM_BYTES) for _ in range(2))
    async for portion in _portions(engine, spans):
        values.update(b"".join([_framed(key) + _framed(value) for key, value in portion.values]))
        counters.update(
            b"".join([_framed(key) + _framed(_packed(each)) for key, each in portion.counters])
        )
        amount = portion.added_to(amount)
        report(amount)
    return Contents(
        amount=amount, values_checksum=values.hexdigest(), counters_checksum=counters.hexdigest()
    )


def _framed(part: bytes) -> bytes:
    """With its length before it, so that no two lists of parts look the same in a row."""
    return len(part).to_bytes(_LENGTH_BYTES) + part


def _packed(counters: tuple[int, ...]) -> bytes:
    return b"".join([counter.to_bytes(_COUNTER_BYTES, signed=True) for counter in counters])


async def _portions(
    engine: Engine,
    spans: Sequence[keyspace.Span],
    start: bytes = b"",
    pairs_max: int = PAIRS_MAX,
) -> AsyncGenerator[_Portion, None]:
    """The data of the spans from `start` on. Each portion is of one span, and may be empty."""
    for span in spans:
        place = max(start, span.start)
        while place < span.stop:
            portion = await _portion(engine, span, place, pairs_max)
            yield portion
            place = portion.next


async def _portion(engine: Engine, span: keyspace.Span, start: bytes, pairs_max: int) -> _Portion:
    if span.has_counters:
        counters = await engine.scan_counters(start, span.stop, limit=pairs_max)
        full = len(counters) == pairs_max
        return _Portion(counters=counters, next=_after(counters[-1][0]) if full else span.stop)
    values = await engine.read(partial(_scan, start=start, stop=span.stop, limit=pairs_max))
    full = not is_whole(values, pairs_max, BYTES_MAX)
    return _Portion(values=values, next=_after(values[-1][0]) if full else span.stop)


async def _scan(
    snapshot: Snapshot, start: bytes, stop: bytes, limit: int
) -> list[tuple[bytes, bytes]]:
    return await snapshot.scan(start, stop, limit=limit, bytes_max=BYTES_MAX)


def _after(key: bytes) -> bytes:
    return key + b"\x00"
