"""What must hold of every stored database, found by reading all of it.

Each index equals a rebuild from the items, or, while it is being filled, what the filling has come
to; counters of items, bytes and item collections are exact; the shards of each table's stream
follow each other without gaps, and hold what the table's log says; every item that expires has its
place in its table's queue; no key belongs to nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from genset.model.items import decode_stored, stored_bytes
from genset.model.keys import index_entry_key, item_hash, item_key
from genset.model.limits import STREAM_KEEP_SECONDS
from genset.model.streams import Shard, decode_stream
from genset.model.tables import Index, Table, decode_table
from genset.operations import expiry_queue
from genset.operations.index_backfill import decode_progress
from genset.operations.stream_records import record_jsons, recorded_at
from genset.storage import keyspace
from genset.storage._write_connection import decode_counters
from genset.storage.engine import Engine, Snapshot
from model_based import naive_table
from simulation.world import LATE, LOCAL_INDEXES, World, has_expired, new_table
from support.sizes import item_bytes
from support.values import Item, normal

Pairs = dict[bytes, bytes]


@dataclass
class Contents:
    """All that is stored, and the world that it is."""

    pairs: Pairs
    tables: list[Table]
    world: World


async def read_everything(engine: Engine, at_view: Callable[[], None] = lambda: None) -> Contents:
    """All that is stored, in one view, at whose beginning `at_view` is called."""

    async def body(snapshot: Snapshot) -> Pairs:
        at_view()
        return dict(await snapshot.scan(b"\x00", b"\xff", limit=10**6))

    pairs = await engine.read(body)
    tables = [decode_table(value) for _, value in under(pairs, b"\x01")]
    world = World()
    for table in tables:
        naive = world.tables[table.name] = new_table()
        naive.ttl = table.ttl
        late = table.index(LATE)
        if late is not None:
            naive.indexes[LATE] = _naive(late)
            naive.filling = late.partial
        for _, value in under(pairs, table.items_prefix):
            naive.put(decode_stored(value))
    for key, value in under(pairs, keyspace.token_range()[0]):
        world.tokens[key.decode("latin-1").rpartition("/")[2]] = orjson.loads(value)["expires_at"]
    return Contents(pairs, tables, world)


def _naive(index: Index) -> naive_table.Index:
    partition, sort = (
        [key.name for key in keys] for keys in (index.keys.partition, index.keys.sort)
    )
    return naive_table.Index(tuple(partition), tuple(sort), index.projected)


def under(pairs: Pairs, prefix: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in pairs.items() if key.startswith(prefix)]


def broken(contents: Contents) -> Iterator[str]:
    """Everything that is wrong; nothing if all is well.

    The data of a deleted table or index belongs to the mark that it is to be swept.
    """
    pairs = contents.pairs
    owned: set[bytes] = set()
    _own_streams(contents, owned)
    for table in contents.tables:
        yield from _broken_table(contents, table, owned)
        yield from _broken_queue(contents, table, owned)
        yield from _broken_stream(contents, table)
    for mark, _ in under(pairs, keyspace.sweep_range()[0]):
        owned.add(mark)
        for prefix in keyspace.table_prefixes(keyspace.swept_table(mark)):
            owned.update(key for key, _ in under(pairs, prefix))
    for mark, _ in under(pairs, keyspace.index_sweep_range()[0]):
        numbers = keyspace.marked_index(mark)
        owned.update((mark, keyspace.counts_key(*numbers)))
        owned.update(key for key, _ in under(pairs, keyspace.index_prefix(*numbers)))
    owned.add(keyspace.table_numbers_key())
    owned.update(key for key, _ in under(pairs, b"\x01"))
    owned.update(key for key, _ in under(pairs, keyspace.token_range()[0]))
    orphans = pairs.keys() - owned
    if orphans:
        yield f"{len(orphans)} keys belong to nothing, the first is {min(orphans)!r}"


def unsettled(contents: Contents, now: float) -> Iterator[str]:
    """What the background should have done, each of its jobs having had its rounds since `now`."""
    pairs = contents.pairs
    for what, (start, _) in {
        "a deleted table was not swept": keyspace.sweep_range(),
        "a deleted index was not swept": keyspace.index_sweep_range(),
        "an index was not filled": keyspace.backfill_range(),
    }.items():
        for mark, _ in under(pairs, start):
            yield f"{what}: {mark!r}"
    for _, stored in under(pairs, keyspace.expiry_queues_range()[0]):
        queue = expiry_queue.decode_queue(stored)
        if queue.state != expiry_queue.READY:
            yield f"the queue of expiring items of {queue.name} is {queue.state}"
    for name, table in contents.world.tables.items():
        for item in table.rows(None):
            if table.ttl is not None and has_expired(item, table.ttl, now):
                yield f"{name} still has what has expired: {item}"
    for key, record in under(pairs, b"\x0a"):
        if recorded_at(record) + STREAM_KEEP_SECONDS + 1 <= now:
            yield f"a stream record was not trimmed: {key!r}"


def _broken_table(contents: Contents, table: Table, owned: set[bytes]) -> Iterator[str]:
    pairs, naive = contents.pairs, contents.world.tables[table.name]
    collections: Counter[bytes] = Counter()
    for key, value in under(pairs, table.items_prefix):
        item = decode_stored(value)
        owned.add(key)
        collections[keyspace.collection_key(table.number, item_hash(table, item))] += item_bytes(
            item
        )
        if key != item_key(table, item) or stored_bytes(value) != item_bytes(item):
            yield f"{table.name} has an item at a wrong key or of a wrong size: {item}"
    yield from _broken_counts(pairs, table, 0, naive.rows(None), owned)
    numbers = [index.number for index in table.indexes]
    if len(set(numbers)) < len(numbers):
        yield f"{table.name}'s indexes share numbers: {numbers}"
    for index in table.indexes:
        yield from _broken_index(contents, table, index, owned)
        if index.name in LOCAL_INDEXES:
            for row in naive.rows(index.name):
                counter = keyspace.collection_key(table.number, item_hash(table, row))
                collections[counter] += item_bytes(row)
    prefix = keyspace.collection_key(table.number, b"")
    counted = {key: decode_counters(value)[0] for key, value in under(pairs, prefix)}
    owned.update(counted)
    if {key: size for key, size in counted.items() if size} != dict(collections):
        yield f"{table.name}'s item collections are {counted}, not {dict(collections)}"


def _broken_index(
    contents: Contents, table: Table, index: Index, owned: set[bytes]
) -> Iterator[str]:
    """An index equals its rebuild; while it is filled, of the items that were looked at."""
    pairs, naive = contents.pairs, contents.world.tables[table.name]
    name = f"{table.name}'s index {index.name}"
    looked_at = b"\xff"
    mark = keyspace.backfill_key(table.number, index.number)
    if keyspace.index_sweep_key(table.number, index.number) in pairs:
        yield f"{name} has the number of one that is to be swept"
    if index.partial != (mark in pairs):
        yield f"{name} is {'' if index.partial else 'not '}partial, and its mark says otherwise"
    elif index.partial:
        owned.add(mark)
        progress = decode_progress(pairs[mark])
        if not progress.is_complete:
            looked_at = progress.start
    rows = {row["pk"]["S"] + row["sk"]["N"]: row for row in naive.rows(index.name)}
    rebuilt: dict[bytes, Item] = {}
    needed = set()
    for item in naive.rows(None):
        place = item_key(table, item)
        key = index_entry_key(table, index, item, place)
        if key is not None:
            rebuilt[key] = normal(rows.pop(item["pk"]["S"] + item["sk"]["N"]))
            if place < looked_at:
                needed.add(key)
    found = dict(under(pairs, keyspace.index_prefix(table.number, index.number)))
    owned.update(found)
    entries = {key: normal(decode_stored(value)) for key, value in found.items()}
    wrong = {key for key, entry in entries.items() if rebuilt.get(key) != entry}
    wrong |= needed - entries.keys()
    if wrong or rows:
        yield f"{name} is wrong at {len(wrong)} keys"
    yield from _broken_counts(pairs, table, index.number, list(entries.values()), owned)


def _broken_queue(contents: Contents, table: Table, owned: set[bytes]) -> Iterator[str]:
    """A queue that is READY has the places of all items that expire, and no others."""
    key = keyspace.expiry_queue_key(table.number)
    places = {place for place, _ in under(contents.pairs, keyspace.expiry_prefix(table.number))}
    stored = contents.pairs.get(key)
    if stored is None:
        # Then places that are there are orphans.
        if table.ttl is not None:
            yield f"{table.name} has time to live and no queue"
        return
    owned.add(key)
    owned.update(places)
    queue = expiry_queue.decode_queue(stored)
    if (table.ttl is None) != (queue.state == expiry_queue.EMPTYING):
        yield f"{table.name}'s queue of expiring items is {queue.state}"
    expected = set()
    for item in contents.world.tables[table.name].rows(None):
        value = item.get(table.ttl or "", {}).get("N", "-1")
        # Times before the epoch are too long past.
        if int(value) >= 0:
            expected.add(keyspace.expiry_key(item_key(table, item), int(value) + 1))
    if queue.state == expiry_queue.READY and places != expected:
        yield f"{table.name}'s queue of expiring items is wrong at {places ^ expected}"


def _own_streams(contents: Contents, owned: set[bytes]) -> None:
    """The keys of all streams, of deleted tables too."""
    owned.add(keyspace.stream_numbers_key())
    for key, value in under(contents.pairs, keyspace.streams_range()[0]):
        stream = decode_stream(value)
        owned.add(key)
        for shard in stream.shards:
            owned.add(keyspace.sequence_key(stream.number, shard.number))
            owned.update(key for key, _ in _records(contents, stream.number, shard.number))


def _records(contents: Contents, stream: int, shard: int) -> list[tuple[bytes, bytes]]:
    start, stop = keyspace.records_range(stream, shard)
    return sorted(pair for pair in contents.pairs.items() if start <= pair[0] < stop)


def _shards(contents: Contents, table: Table) -> tuple[int, tuple[Shard, ...]]:
    label = table.extras["LatestStreamLabel"]
    key = keyspace.stream_key(table.account, table.region, table.name, label)
    stream = decode_stream(contents.pairs[key])
    # The number orders parents before their children, as the id does.
    return stream.number, tuple(sorted(stream.shards, key=lambda shard: shard.number))


def events(contents: Contents) -> Iterator[str]:
    """What is there to be found of all that takes the background a while."""
    for table in contents.tables:
        number, shards = _shards(contents, table)
        if any(index.partial for index in table.indexes):
            yield "index being filled"
        if len(shards) > 1:
            yield "divided shard"
        if sum(shard.is_open for shard in shards) > 1:
            yield "split shard"
        oldest = _records(contents, number, shards[0].number)
        if shards[0].number or (
            oldest and keyspace.record_sequence(oldest[0][0]) > shards[0].first + 1
        ):
            yield "trimmed stream"
    for event, (start, _) in {
        "index being removed": keyspace.index_sweep_range(),
        "table being removed": keyspace.sweep_range(),
    }.items():
        if under(contents.pairs, start):
            yield event
    for _, stored in under(contents.pairs, keyspace.expiry_queues_range()[0]):
        yield f"queue {expiry_queue.decode_queue(stored).state}"


def _broken_stream(contents: Contents, table: Table) -> Iterator[str]:
    """The shards, and the numbers of their records, of which the oldest may be trimmed."""
    assert table.stream is not None
    number, shards = _shards(contents, table)
    by_id = {shard.id: shard for shard in shards}
    covered = 0
    opened = sorted((s for s in shards if s.is_open), key=lambda shard: shard.start)
    for shard in opened:
        if int(shard.start, 16) != covered:
            yield f"{table.name}'s open shards do not follow each other"
        covered = int(shard.last, 16) + 1
    if covered != 2**128:
        yield f"{table.name}'s open shards do not take all keys"
    if table.stream.shards != tuple((bytes.fromhex(s.start), s.number) for s in opened):
        yield f"{table.name}'s record and its stream's descriptor differ"
    for shard in shards:
        parent = by_id.get(shard.parent or "")
        if parent is not None and (parent.ending is None or parent.ending >= shard.first):
            yield f"{table.name}'s shard {shard} does not follow its parent {parent}"
        records = _records(contents, number, shard.number)
        sequences = [keyspace.record_sequence(key) for key, _ in records]
        following = decode_counters(contents.pairs[keyspace.sequence_key(number, shard.number)])[0]
        if sequences != list(range(following - len(sequences), following)) or (
            following - len(sequences) <= shard.first or shard.ending not in (None, following)
        ):
            yield f"{table.name}'s stream has gaps or a wrong counter"


def wrong_records(contents: Contents, world: World, now: float) -> Iterator[str]:
    """Where streams differ from the logs of a world, whose oldest changes may be trimmed."""
    for table in contents.tables:
        told: dict[str, list[tuple[Item | None, Item | None, bool]]] = {}
        number, shards = _shards(contents, table)
        for shard in shards:
            records = _records(contents, number, shard.number)
            for text in record_jsons([value for _, value in records]):
                record = orjson.loads(text)
                change, by = record["dynamodb"], record.get("userIdentity")
                old, new = (normal(change.get(image)) for image in ("OldImage", "NewImage"))
                item = new or old
                if record["eventName"] != _event(old, new) or change["Keys"] != {
                    name: item[name] for name in ("pk", "sk")
                }:
                    yield f"{table.name}'s stream has a wrong record {record}"
                if by not in (None, BY_TTL):
                    yield f"{table.name}'s stream has a record by {by}"
                told.setdefault(change["Keys"]["pk"]["S"], []).append((old, new, by is not None))
        changes = world.tables[table.name].log
        for partition in {*told, *(change.partition for change in changes)}:
            log = [change for change in changes if change.partition == partition]
            found = told.get(partition, [])
            trimmed = len(log) - len(found)
            if any(change.second + 1 + STREAM_KEEP_SECONDS > now for change in log[:trimmed]):
                yield f"{table.name}'s stream has lost a record under {partition}"
            expected = [
                (normal(change.before), normal(change.after), change.by_ttl)
                for change in log[max(trimmed, 0) :]
            ]
            if found != expected:
                yield (
                    f"{table.name}'s stream is {str(found)[:800]} under {partition}, not "
                    f"{str(expected)[:800]}"
                )


# Developer guide, "DynamoDB Streams and Time to Live".
BY_TTL = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


def _event(old: Item | None, new: Item | None) -> str:
    if new is None:
        return "REMOVE"
    return "INSERT" if old is None else "MODIFY"


def _broken_counts(
    pairs: Pairs, table: Table, index: int, rows: list[dict[str, dict[str, str]]], owned: set[bytes]
) -> Iterator[str]:
    key = keyspace.counts_key(table.number, index)
    owned.add(key)
    counted = decode_counters(pairs.get(key)) or (0, 0)
    actual = (len(rows), sum(map(item_bytes, rows)))
    if counted != actual:
        yield f"{table.name}'s counters of index {index} are {counted}, not {actual}"
