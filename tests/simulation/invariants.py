"""What must hold of every stored database, found by reading all of it.

Each index equals a rebuild from the items; counters of items, bytes and item collections are
exact; the records of each table's stream lead from an empty table to its items; no key belongs to
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from genset.model.items import decode_stored, stored_bytes
from genset.model.keys import index_entry_key, item_hash, item_key
from genset.model.streams import decode_stream
from genset.model.tables import Table, decode_table
from genset.operations.stream_records import record_jsons
from genset.storage import keyspace
from genset.storage._write_connection import decode_counters
from genset.storage.engine import Engine, Snapshot
from simulation.world import LOCAL_INDEXES, World, new_table
from support.sizes import item_bytes
from support.values import normal

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
        for _, value in under(pairs, table.items_prefix):
            naive.put(decode_stored(value))
    for key, value in under(pairs, keyspace.token_range()[0]):
        world.tokens[key.decode("latin-1").rpartition("/")[2]] = orjson.loads(value)["expires_at"]
    return Contents(pairs, tables, world)


def under(pairs: Pairs, prefix: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in pairs.items() if key.startswith(prefix)]


def broken(contents: Contents, *, swept: bool) -> Iterator[str]:
    """Everything that is wrong; nothing if all is well.

    Until a deleted table is `swept`, its data belongs to the mark that it is to be.
    """
    owned = set()
    _own_streams(contents, owned)
    for table in contents.tables:
        yield from _broken_table(contents, table, owned)
        yield from _broken_stream(contents, table)
    start, _ = keyspace.sweep_range()
    for mark, _ in under(contents.pairs, start):
        owned.add(mark)
        if swept:
            yield f"a deleted table was not swept: {mark!r}"
        for prefix in keyspace.table_prefixes(keyspace.swept_table(mark)):
            owned.update(key for key, _ in under(contents.pairs, prefix))
    owned.add(keyspace.table_numbers_key())
    owned.update(key for key, _ in under(contents.pairs, b"\x01"))
    owned.update(key for key, _ in under(contents.pairs, keyspace.token_range()[0]))
    orphans = contents.pairs.keys() - owned
    if orphans:
        yield f"{len(orphans)} keys belong to nothing, the first is {min(orphans)!r}"


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
    for index in table.indexes:
        rows = {row["pk"]["S"] + row["sk"]["N"]: row for row in naive.rows(index.name)}
        rebuilt = {}
        for item in naive.rows(None):
            key = index_entry_key(table, index, item, item_key(table, item))
            if key is not None:
                rebuilt[key] = normal(rows.pop(item["pk"]["S"] + item["sk"]["N"]))
        found = dict(under(pairs, keyspace.index_prefix(table.number, index.number)))
        owned.update(found)
        entries = {key: normal(decode_stored(value)) for key, value in found.items()}
        if entries != rebuilt or rows:
            wrong = {key for key in {*entries, *rebuilt} if entries.get(key) != rebuilt.get(key)}
            yield f"{table.name}'s index {index.name} is wrong at {len(wrong)} keys"
        yield from _broken_counts(pairs, table, index.number, naive.rows(index.name), owned)
        if index.name in LOCAL_INDEXES:
            for row in naive.rows(index.name):
                counter = keyspace.collection_key(table.number, item_hash(table, row))
                collections[counter] += item_bytes(row)
    prefix = keyspace.collection_key(table.number, b"")
    counted = {key: decode_counters(value)[0] for key, value in under(pairs, prefix)}
    owned.update(counted)
    if {key: size for key, size in counted.items() if size} != dict(collections):
        yield f"{table.name}'s item collections are {counted}, not {dict(collections)}"


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


def _broken_stream(contents: Contents, table: Table) -> Iterator[str]:
    """Follow the stream's records from an empty table, which works while none is trimmed."""
    assert table.stream is not None
    label = table.extras["LatestStreamLabel"]
    key = keyspace.stream_key(table.account, table.region, table.name, label)
    stream = decode_stream(contents.pairs[key])
    items: dict[bytes, object] = {}
    if stream.for_writers() != table.stream:
        yield f"{table.name}'s record and its stream's descriptor differ"
    for shard in stream.shards:
        records = _records(contents, stream.number, shard.number)
        sequences = [keyspace.record_sequence(key) for key, _ in records]
        counted = decode_counters(
            contents.pairs[keyspace.sequence_key(stream.number, shard.number)]
        )
        if sequences != list(range(shard.first + 1, counted[0])):
            yield f"{table.name}'s stream has gaps or a wrong counter"
        for text in record_jsons([value for _, value in records]):
            change = orjson.loads(text)["dynamodb"]
            place = orjson.dumps(change["Keys"], option=orjson.OPT_SORT_KEYS)
            old, new = (normal(change.get(image)) for image in ("OldImage", "NewImage"))
            if items.pop(place, None) != old or old == new:
                yield f"{table.name}'s stream has a record that does not follow: {change}"
            if new is not None:
                items[place] = new
    rows = [normal(row) for row in contents.world.tables[table.name].rows(None)]
    if len(items) != len(rows) or any(row not in items.values() for row in rows):
        yield f"{table.name}'s stream does not lead to its items"


def _broken_counts(
    pairs: Pairs, table: Table, index: int, rows: list[dict[str, dict[str, str]]], owned: set[bytes]
) -> Iterator[str]:
    key = keyspace.counts_key(table.number, index)
    owned.add(key)
    counted = decode_counters(pairs.get(key)) or (0, 0)
    actual = (len(rows), sum(map(item_bytes, rows)))
    if counted != actual:
        yield f"{table.name}'s counters of index {index} are {counted}, not {actual}"
