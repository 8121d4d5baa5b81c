"""Fetches what bodies ask for over one connection."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from genset.storage._changes import Pair
from genset.storage.engine import is_whole
from genset.storage.postgres import statements as sql
from genset.storage.postgres.asks import Ask, Found, Range
from genset.storage.postgres.connections import Connection
from genset.storage.postgres.statements import RowGuess


async def fetch_keys(connection: Connection, keys: Collection[bytes], found: Found) -> None:
    """Add the values of `keys`, and their versions."""
    values, versions = found.values, found.versions
    for key in keys:
        values[key] = None
        versions[key] = 0
    for key, value, version in await connection.fetch(sql.GET, keys):
        values[key] = value
        versions[key] = version


async def fetch_counters(connection: Connection, keys: Collection[bytes], found: Found) -> None:
    """Add the counters at `keys`."""
    found.counters.update(dict.fromkeys(keys, ()))
    found.counters.update(sql.counters_of(await connection.fetch(sql.COUNTERS, keys)))


async def fetch_range(connection: Connection, asked: Range, found: Found, guess: RowGuess) -> None:
    """Add the pairs of a range, in as many statements as it takes, and each pair's key."""
    rows: list[Any] = []
    rest = asked
    while rest.start < rest.stop:
        wanted, is_counting = guess.plan(rest)
        chunk = await _fetch_rows(connection, rest, wanted, is_counting)
        rows += chunk
        pairs = pairs_of(chunk)
        guess.learn(rest, pairs)
        if wanted == rest.limit or not _is_cut_by_guess(rest, pairs, wanted):
            break
        rest = _after(rest, pairs)
    pairs = pairs_of(rows)
    found.ranges[asked] = pairs
    found.digests[asked] = (_read_part(asked, pairs), sum([row[2] for row in rows]) + len(rows))
    for key, value, version in rows:
        # What a body has seen of a key stays what is checked.
        if key not in found.versions:
            found.values[key] = value
            found.versions[key] = version


async def fetch_range_with_keys(
    connection: Connection, asked: Range, keys: Collection[bytes], guess: RowGuess
) -> Found | None:
    """The pairs of a range and the values of `keys` in one statement; None if it did not do."""
    wanted, is_counting = guess.plan(asked)
    found = Found(values=dict.fromkeys(keys))
    if not keys:
        rows = await _fetch_rows(connection, asked, wanted, is_counting)
    else:
        arguments: list[Any] = [asked.start, asked.stop, wanted]
        if is_counting:
            arguments.append(asked.bytes_max)
        scans = sql.SCANS_OF_BYTES_WITH_KEYS if is_counting else sql.SCANS_WITH_KEYS
        rows = await connection.fetch(scans[asked.reverse], *arguments, keys)
        found.values.update([(row[0], row[1]) for row in rows if row[2] == sql.KEY_VERSION])
        rows = [row for row in rows if row[2] != sql.KEY_VERSION]
    # Nothing in SQL promises the order of a union, though all keep it.
    pairs = sorted(pairs_of(rows), reverse=asked.reverse)
    guess.learn(asked, pairs)
    if wanted != asked.limit and _is_cut_by_guess(asked, pairs, wanted):
        return None
    found.ranges[asked] = pairs
    return found


async def fetch(connection: Connection, ask: Ask, found: Found, guess: RowGuess) -> None:
    """Add all that is asked for."""
    if ask.keys:
        await fetch_keys(connection, ask.keys, found)
    if ask.counters:
        await fetch_counters(connection, ask.counters, found)
    if ask.range is not None:
        await fetch_range(connection, ask.range, found, guess)


def pairs_of(rows: Collection[Any]) -> list[Pair]:
    """The keys and values of rows."""
    return [(row[0], row[1]) for row in rows]


async def _fetch_rows(
    connection: Connection, asked: Range, wanted: int, is_counting: bool
) -> list[Any]:
    if is_counting:
        rows: list[Any] = await connection.fetch(
            sql.SCANS_OF_BYTES[asked.reverse], asked.start, asked.stop, wanted, asked.bytes_max
        )
    else:
        rows = await connection.fetch(sql.SCANS[asked.reverse], asked.start, asked.stop, wanted)
    return rows


def _is_cut_by_guess(asked: Range, pairs: list[Pair], wanted: int) -> bool:
    """Whether the range may hold more that belongs to the answer."""
    return len(pairs) >= wanted and is_whole(pairs, asked.limit, asked.bytes_max)


def _read_part(asked: Range, pairs: list[Pair]) -> Range:
    """What was read of a range: it ends with the last pair if there may be more.

    All that one commit has put has one version, so what comes behind could stand in for a pair
    that is there no more.
    """
    if is_whole(pairs, asked.limit, asked.bytes_max):
        return asked
    if not pairs:
        return asked._replace(stop=asked.start)
    last = pairs[-1][0]
    if asked.reverse:
        return asked._replace(start=last, limit=len(pairs) + 1)
    return asked._replace(stop=last + b"\x00", limit=len(pairs) + 1)


def _after(asked: Range, pairs: list[Pair]) -> Range:
    """What is left to be read of a range."""
    read_bytes = sum([len(value) for _, value in pairs])
    start, stop = asked.start, asked.stop
    if asked.reverse:
        stop = pairs[-1][0]
    else:
        start = pairs[-1][0] + b"\x00"
    bytes_max = None if asked.bytes_max is None else asked.bytes_max - read_bytes
    return Range(start, stop, asked.limit - len(pairs), bytes_max, asked.reverse)
