"""What must hold of every stored database, found by reading all of it.

It is sound, as `genset.integrity` says; the background has left nothing undone; and the streams
hold what the tables' logs say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from genset.integrity.check import check_view
from genset.model.items import decode_stored
from genset.model.limits import STREAM_KEEP_SECONDS
from genset.model.streams import Shard, decode_stream
from genset.model.tables import Index, Table, decode_table
from genset.operations import expiry_queue
from genset.operations.stream_records import record_jsons, recorded_at
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot
from genset.testing.stepping import run_whole
from model_based import naive_table
from simulation.world import LATE, World, has_expired, new_table
from support.stored_pairs import StoredPairs
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


def broken(contents: Contents) -> list[str]:
    """Everything that is wrong; nothing if all is well."""
    report = run_whole(check_view(StoredPairs(contents.pairs)))
    return [str(problem) for problem in report.problems]


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
