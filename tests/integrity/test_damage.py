"""Whatever is damaged is found, where it is; and what follows from the items is made anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from genset.integrity import tables as integrity_tables
from genset.integrity.check import check
from genset.integrity.findings import Report
from genset.integrity.repair import repair
from genset.integrity.sorting import SortedRuns
from genset.model.items import decode_stored, encode_stored
from genset.model.streams import Shard, decode_stream, encode_stream
from genset.model.tables import encode_table
from genset.operations.expiry_queue import decode_queue, encode_queue
from genset.storage import keyspace
from genset.storage.engine import Transaction
from integrity import music
from integrity.music import OTHER, PLACE, catalog_key, pairs, record
from support import tables
from support.still_server import StillServer
from support.values import N

Damage = Callable[[Transaction], Awaitable[None]]
QUEUE = f"queue of expiring items of {PLACE}"


# What can be mended.


async def lose_an_entry(txn: Transaction) -> None:
    table = await record(txn)
    found = await pairs(txn, keyspace.index_prefix(table.number, index_number(table, "all")))
    txn.delete(found[2][0])


async def lose_entries_of_a_local_index(txn: Transaction) -> None:
    table = await record(txn)
    found = await pairs(txn, keyspace.index_prefix(table.number, index_number(table, "lsi")))
    for key, _ in found[:4]:
        txn.delete(key)


async def keep_an_entry(txn: Transaction) -> None:
    table = await record(txn)
    found = await pairs(txn, keyspace.index_prefix(table.number, index_number(table, "some")))
    txn.put(found[2][0] + b"\x01", found[2][1])


async def change_an_entry(txn: Transaction) -> None:
    table = await record(txn)
    found = await pairs(txn, keyspace.index_prefix(table.number, index_number(table, "some")))
    entry = decode_stored(found[0][1])
    entry["v"] = {"S": "x" * len(entry["v"]["S"])}
    txn.put(found[0][0], found[0][1][:4] + orjson.dumps(entry))


async def garble_an_entry(txn: Transaction) -> None:
    table = await record(txn)
    found = await pairs(txn, keyspace.index_prefix(table.number, index_number(table, "all")))
    txn.put(found[0][0], found[0][1][:9])


def index_number(table: Any, name: str) -> int:
    return int(table.index(name).number)


async def give_an_index_the_number_of_another(txn: Transaction) -> None:
    table = await record(txn)
    await change_index(txn, number=index_number(table, "some"))


async def forget_a_filling(txn: Transaction) -> None:
    """As if the mark of an index that is being filled had been lost."""
    await change_index(txn, partial=True)


async def fill_again(txn: Transaction) -> None:
    table = await record(txn)
    txn.put(keyspace.backfill_key(table.number, index_number(table, "all")), FILLING)


FILLING = orjson.dumps(
    {"account": "000000000000", "region": "us-east-1", "name": "music", "start": ""}
)


async def fill_for_another_table(txn: Transaction) -> None:
    await change_index(txn, partial=True)
    table = await record(txn)
    key = keyspace.backfill_key(table.number, index_number(table, "all"))
    txn.put(key, FILLING.replace(b"music", b"other"))


async def garble_a_filling(txn: Transaction) -> None:
    await change_index(txn, partial=True)
    table = await record(txn)
    txn.put(keyspace.backfill_key(table.number, index_number(table, "all")), b"{")


async def change_index(txn: Transaction, **changes: Any) -> None:
    table = await record(txn)
    changed = [
        dataclasses.replace(index, **changes) if index.name == "all" else index
        for index in table.indexes
    ]
    txn.put(catalog_key("music"), encode_table(dataclasses.replace(table, indexes=tuple(changed))))


async def fill_no_index(txn: Transaction) -> None:
    txn.put(keyspace.backfill_key((await record(txn)).number, 99), FILLING)


async def sweep_a_live_index(txn: Transaction) -> None:
    table = await record(txn)
    txn.put(keyspace.index_sweep_key(table.number, index_number(table, "all")), b"")


async def miscount_items(txn: Transaction) -> None:
    txn.add(keyspace.counts_key((await record(txn)).number), 3, -40)


async def miscount_an_index(txn: Transaction) -> None:
    table = await record(txn)
    txn.add(keyspace.counts_key(table.number, index_number(table, "some")), 0, 9)


async def forget_counts(txn: Transaction) -> None:
    txn.delete(keyspace.counts_key((await record(txn, "other")).number))


async def miscount_a_collection(txn: Transaction) -> None:
    table = await record(txn)
    item = (await pairs(txn, table.items_prefix))[0][0]
    txn.add(keyspace.collection_key(table.number, keyspace.item_partition(item)), 1)


async def count_no_collection(txn: Transaction) -> None:
    table = await record(txn)
    txn.add(keyspace.collection_key(table.number, b"\x01" * 16), 100)


async def forget_a_collection(txn: Transaction) -> None:
    table = await record(txn)
    item = (await pairs(txn, table.items_prefix))[0][0]
    txn.delete(keyspace.collection_key(table.number, keyspace.item_partition(item)))


async def lose_a_place(txn: Transaction) -> None:
    places = await pairs(txn, keyspace.expiry_prefix((await record(txn)).number))
    txn.delete(places[1][0])


async def keep_a_place(txn: Transaction) -> None:
    table = await record(txn)
    item = (await pairs(txn, table.items_prefix))[0][0]
    txn.put(keyspace.expiry_key(item, 5), b"")


async def lose_a_queue(txn: Transaction) -> None:
    txn.delete(keyspace.expiry_queue_key((await record(txn)).number))


async def queue_what_does_not_expire(txn: Transaction) -> None:
    table = await record(txn, "other")
    item = (await pairs(txn, table.items_prefix))[0][0]
    txn.put(keyspace.expiry_key(item, 5), b"")


async def change_a_queue(txn: Transaction, **changes: Any) -> None:
    key = keyspace.expiry_queue_key((await record(txn)).number)
    stored = await txn.get(key)
    assert stored is not None
    txn.put(key, encode_queue(dataclasses.replace(decode_queue(stored), **changes)))


async def empty_a_queue(txn: Transaction) -> None:
    await change_a_queue(txn, state="EMPTYING")


async def queue_for_another_table(txn: Transaction) -> None:
    await change_a_queue(txn, name="other")


async def garble_a_queue(txn: Transaction) -> None:
    txn.put(keyspace.expiry_queue_key((await record(txn)).number), b"[]")


async def leave_what_a_table_had(txn: Transaction) -> None:
    """All but items."""
    txn.put(keyspace.index_prefix(7, 1) + b"x" * 20, encode_stored({}, 0))
    txn.put(keyspace.index_prefix(7, 2) + b"x" * 20, encode_stored({}, 0))
    txn.put(keyspace.expiry_prefix(7) + b"y" * 30, b"")
    txn.put(keyspace.expiry_queue_key(7), b"{}")
    txn.add(keyspace.counts_key(7, 1), 1, 0)
    txn.add(keyspace.collection_key(7, b"z" * 16), 4)


async def leave_what_an_index_had(txn: Transaction) -> None:
    table = await record(txn)
    txn.put(keyspace.index_prefix(table.number, 42) + b"x" * 20, encode_stored({}, 0))
    txn.add(keyspace.counts_key(table.number, 42), 1, 0)


async def leave_what_a_stream_had(txn: Transaction) -> None:
    txn.put(keyspace.record_key(9, 0, 5), b"record")
    txn.add(keyspace.sequence_key(9, 3), 6)


async def miscount_a_shard(txn: Transaction) -> None:
    txn.add(keyspace.sequence_key(1, 0), -3)


async def forget_a_shards_counter(txn: Transaction) -> None:
    txn.delete(keyspace.sequence_key(1, 0))


async def garble_a_token(txn: Transaction) -> None:
    ((key, _),) = await pairs(txn, keyspace.token_range()[0])
    txn.put(key, b'{"fingerprint": 5}')


async def garble_the_past(txn: Transaction) -> None:
    item = (await pairs(txn, (await record(txn)).items_prefix))[0][0]
    txn.put(keyspace.history_key(item, 17), b"\x07what")


async def give_numbers_again(txn: Transaction) -> None:
    txn.add(keyspace.table_numbers_key(), -1)
    txn.delete(keyspace.stream_numbers_key())


INDEX = f"index all of {PLACE}"
SOME = f"index some of {PLACE}"
LOCAL = f"index lsi of {PLACE}"
STREAM = "stream * of table music (000000000000, us-east-1)"
MENDED: dict[Damage, set[tuple[str, str, int]]] = {
    lose_an_entry: {(INDEX, "missing entries", 1), (INDEX, "wrong count and size", 1)},
    lose_entries_of_a_local_index: {
        (LOCAL, "missing entries", 4),
        (LOCAL, "wrong count and size", 1),
        (PLACE, "wrong sizes of item collections", 2),
    },
    keep_an_entry: {(SOME, "entries that no item has", 1), (SOME, "wrong count and size", 1)},
    change_an_entry: {(SOME, "entries that differ from their items", 1)},
    garble_an_entry: {(INDEX, "entries that cannot be read", 1)},
    forget_a_filling: {(INDEX, "never to be filled", 1)},
    fill_again: {(INDEX, "to be filled once more", 1)},
    fill_for_another_table: {(INDEX, "never to be filled", 1)},
    garble_a_filling: {
        (INDEX, "never to be filled", 1),
        ("indexes being filled", "records that cannot be read", 1),
    },
    fill_no_index: {("number 99, which no index has, of the table of number 2", "to be filled", 1)},
    sweep_a_live_index: {(INDEX, "marked as deleted", 1)},
    miscount_items: {(PLACE, "wrong count and size", 1)},
    miscount_an_index: {(SOME, "wrong count and size", 1)},
    forget_counts: {(OTHER, "wrong count and size", 1)},
    miscount_a_collection: {(PLACE, "wrong sizes of item collections", 1)},
    count_no_collection: {(PLACE, "wrong sizes of item collections", 1)},
    forget_a_collection: {(PLACE, "wrong sizes of item collections", 1)},
    lose_a_place: {(QUEUE, "missing places", 1)},
    keep_a_place: {(QUEUE, "places that no item has", 1)},
    lose_a_queue: {(QUEUE, "no queue", 1)},
    queue_what_does_not_expire: {
        (f"queue of expiring items of {OTHER}", "places that no item has", 1)
    },
    empty_a_queue: {(QUEUE, "a state that is not its table's", 1)},
    queue_for_another_table: {(QUEUE, "a state that is not its table's", 1)},
    garble_a_queue: {
        (QUEUE, "no queue", 1),
        ("queues of expiring items", "records that cannot be read", 1),
    },
    leave_what_a_table_had: {
        ("number 7, which no table has", "keys that belong to nothing", 6),
        ("queues of expiring items", "records that cannot be read", 1),
        ("numbers of tables", "some would be given out twice", 1),
    },
    leave_what_an_index_had: {
        (f"number 42, which no index has, of {PLACE}", "keys that belong to nothing", 2)
    },
    leave_what_a_stream_had: {
        ("number 9, shard 0, which no stream has", "keys that belong to nothing", 1),
        ("number 9, shard 3, which no stream has", "keys that belong to nothing", 1),
        ("numbers of streams", "some would be given out twice", 1),
    },
    miscount_a_shard: {(STREAM, "wrong counters of shards", 1)},
    forget_a_shards_counter: {(STREAM, "wrong counters of shards", 1)},
    garble_a_token: {("client tokens", "records that cannot be read", 1)},
    garble_the_past: {("the past", "records that cannot be read", 1)},
    give_numbers_again: {
        ("numbers of tables", "some would be given out twice", 1),
        ("numbers of streams", "some would be given out twice", 1),
    },
}


@pytest.fixture
def server(still: Callable[..., StillServer]) -> StillServer:
    made = still()
    music.fill(made)
    return made


def told(report: Report) -> set[tuple[str, str, int]]:
    """What was found, whatever the label of the stream is."""
    found = set()
    for each in report.problems:
        place = each.place
        if place.startswith("stream "):
            place = " ".join(["stream", "*", *place.split()[2:]])
        found.add((place, each.what, each.count))
    return found


def mend(server: StillServer, report: Report) -> Report:
    rounds: list[Report] = []
    left = server.run(repair(server.engine, server.server.services, report, rounds.append))
    assert rounds[0] == report
    return left


def test_all_is_well_at_first(server: StillServer) -> None:
    report = server.run(check(server.engine))
    assert report.problems == ()
    assert report.mends == ()
    totals = report.totals
    assert (totals.tables, totals.items, totals.streams) == (2, 24, 1)
    assert totals.index_entries == sum(len(music.seen(server)[name]) for name in music.INDEXES)
    assert totals.stream_records == 25


@pytest.mark.parametrize("damage", MENDED, ids=lambda damage: damage.__name__)
def test_what_follows_from_the_items_is_made_anew(server: StillServer, damage: Damage) -> None:
    before = music.seen(server)
    server.run(server.engine.write(damage))
    report = server.run(check(server.engine))
    assert told(report) == MENDED[damage]
    assert all(problem.repair for problem in report.problems)
    assert mend(server, report).problems == ()
    assert music.seen(server) == before
    server.run_jobs()


# What cannot.


async def garble_an_item(txn: Transaction) -> None:
    key, stored = (await pairs(txn, (await record(txn)).items_prefix))[4]
    txn.put(key, stored[:-3])


async def lose_a_key_attribute(txn: Transaction) -> None:
    key, stored = (await pairs(txn, (await record(txn)).items_prefix))[4]
    item = decode_stored(stored)
    del item["sk"]
    txn.put(key, stored[:4] + orjson.dumps(item))


async def spoil_a_value(txn: Transaction) -> None:
    table = await record(txn, "other")
    ((key, stored),) = await pairs(txn, table.items_prefix)
    txn.put(key, stored[:4] + b'{"id":{"N":"1"},"text":{"Q":"hello"}}')


async def mismeasure_an_item(txn: Transaction) -> None:
    table = await record(txn, "other")
    ((key, stored),) = await pairs(txn, table.items_prefix)
    txn.put(key, (77).to_bytes(4) + stored[4:])
    txn.add(keyspace.counts_key(table.number), 0, 77 - int.from_bytes(stored[:4]))


async def misplace_an_item(txn: Transaction) -> None:
    table = await record(txn, "other")
    ((key, stored),) = await pairs(txn, table.items_prefix)
    txn.delete(key)
    txn.put(key + b"\x01", stored)


async def lose_a_table(txn: Transaction) -> None:
    txn.delete(catalog_key("other"))


async def lose_a_stream_record(txn: Transaction) -> None:
    txn.delete(keyspace.record_key(1, 0, 7))


async def lose_the_last_records(txn: Transaction) -> None:
    ending = (await txn.get_counters(SEQUENCES))[0]
    await change_a_stream(txn, shards=(dataclasses.replace(await only_shard(txn), ending=ending),))
    txn.delete(keyspace.record_key(1, 0, ending - 1))


SEQUENCES = keyspace.sequence_key(1, 0)


async def garble_a_stream_record(txn: Transaction) -> None:
    txn.put(keyspace.record_key(1, 0, 7), b"\x00" * 14)


async def number_a_record_wrongly(txn: Transaction) -> None:
    stored = await txn.get(keyspace.record_key(1, 0, 6))
    assert stored is not None
    txn.put(keyspace.record_key(1, 0, 7), stored)


async def change_a_stream(txn: Transaction, **changes: Any) -> None:
    ((key, stored),) = await pairs(txn, keyspace.streams_range()[0])
    txn.put(key, encode_stream(dataclasses.replace(decode_stream(stored), **changes)))


async def only_shard(txn: Transaction) -> Shard:
    ((_, stored),) = await pairs(txn, keyspace.streams_range()[0])
    (shard,) = decode_stream(stored).shards
    return shard


async def leave_keys_without_a_shard(txn: Transaction) -> None:
    shard = dataclasses.replace(await only_shard(txn), last="7" * 32)
    await change_a_stream(txn, shards=(shard,))


async def open_shards_twice(txn: Transaction) -> None:
    shard = await only_shard(txn)
    again = dataclasses.replace(shard, number=1, id=f"{shard.id[:-1]}x")
    txn.add(keyspace.sequence_key(1, 1), 2)
    await change_a_stream(txn, shards=(shard, again))


async def open_a_child_too_early(txn: Transaction) -> None:
    shard = await only_shard(txn)
    ending = (await txn.get_counters(SEQUENCES))[0]
    closed = dataclasses.replace(shard, ending=ending)
    child = dataclasses.replace(
        shard, number=1, id=f"{shard.id[:-1]}x", parent=shard.id, first=ending
    )
    txn.add(keyspace.sequence_key(1, 1), ending + 1)
    await change_a_stream(txn, shards=(closed, child))


async def disable_a_stream_alone(txn: Transaction) -> None:
    await change_a_stream(txn, enabled=False)


async def copy_a_table(txn: Transaction) -> None:
    table = await record(txn, "other")
    txn.put(catalog_key("twin"), encode_table(dataclasses.replace(table, name="twin")))


async def copy_a_record(txn: Transaction) -> None:
    txn.put(catalog_key("twin"), encode_table(await record(txn, "other")))


async def copy_a_stream(txn: Transaction) -> None:
    ((_, stored),) = await pairs(txn, keyspace.streams_range()[0])
    copied = dataclasses.replace(decode_stream(stored), label="2026")
    key = keyspace.stream_key(copied.account, copied.region, copied.table, copied.label)
    txn.put(key, encode_stream(copied))


async def lose_a_stream(txn: Transaction) -> None:
    ((key, _),) = await pairs(txn, keyspace.streams_range()[0])
    txn.delete(key)


async def use_unknown_keys(txn: Transaction) -> None:
    txn.put(b"\xe0what", b"is this")


LEFT: dict[Damage, set[tuple[str, str]]] = {
    garble_an_item: {(PLACE, "items that cannot be read")},
    lose_a_key_attribute: {(PLACE, "items that cannot be read")},
    spoil_a_value: {(OTHER, "items that cannot be read")},
    mismeasure_an_item: {(OTHER, "items with a wrong size")},
    misplace_an_item: {(OTHER, "items at the key of another")},
    lose_a_table: {
        ("number 1, which no table has", "items that belong to nothing"),
        ("number 1, which no table has", "keys that belong to nothing"),
    },
    lose_a_stream_record: {(STREAM, "gaps in the records")},
    lose_the_last_records: {
        (STREAM, "gaps in the records"),
        (STREAM, "open shards that do not take all keys"),
        (STREAM, "not what its table writes to"),
    },
    garble_a_stream_record: {(STREAM, "records that cannot be read")},
    number_a_record_wrongly: {(STREAM, "records that cannot be read")},
    leave_keys_without_a_shard: {(STREAM, "open shards that do not take all keys")},
    open_shards_twice: {(STREAM, "open shards with a gap or twice")},
    open_a_child_too_early: {(STREAM, "shards before their parents' end")},
    disable_a_stream_alone: {(STREAM, "disabled, and its table writes to it")},
    copy_a_table: {("catalog of tables", "tables with the number of another")},
    copy_a_record: {("catalog of tables", "records at wrong keys")},
    copy_a_stream: {("catalog of streams", "streams with the number of another")},
    lose_a_stream: {(PLACE, "no record of its stream")},
    use_unknown_keys: {("keys of no kind that is known", "keys")},
}


@pytest.mark.parametrize("damage", LEFT, ids=lambda damage: damage.__name__)
def test_what_only_the_items_knew_is_told_and_left(server: StillServer, damage: Damage) -> None:
    server.spoil(damage)
    everything = stored(server)
    report = server.run(check(server.engine))
    found = {(place, what) for place, what, _ in told(report)}
    assert found >= LEFT[damage]
    if report.mends:
        mend(server, report)
    left = server.run(check(server.engine))
    assert {(place, what) for place, what, _ in told(left)} >= LEFT[damage]
    assert stored(server) == everything


def stored(server: StillServer) -> dict[bytes, bytes]:
    """All items and stream records."""

    async def body(view: Any) -> dict[bytes, bytes]:
        items, records = keyspace.table_spans()[0], keyspace.streams_data_spans()[0]
        spans = [await view.scan(span.start, span.stop, limit=1000) for span in (items, records)]
        return dict(pair for pairs in spans for pair in pairs)

    return server.run(server.engine.inspect(body))  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("name", ["music", "other"])
def test_nothing_is_removed_while_a_record_of_the_catalog_cannot_be_read(
    server: StillServer, name: str
) -> None:
    """It might be what everything else belongs to."""

    async def garble(txn: Transaction) -> None:
        txn.put(catalog_key(name), b"{")

    server.spoil(garble)
    before = stored(server)
    report = server.run(check(server.engine))
    assert ("catalog of tables", "records that cannot be read", 1) in told(report)
    assert not any(problem.repair for problem in report.problems)
    assert report.mends == ()
    assert stored(server) == before


def test_no_index_is_made_anew_from_items_that_cannot_be_read(server: StillServer) -> None:
    server.spoil(garble_an_item)
    server.spoil(lose_an_entry)
    report = server.run(check(server.engine))
    missing = next(each for each in report.problems if each.what == "missing entries")
    assert missing.place == INDEX
    assert missing.repair is None
    mend(server, report)
    entries = server("Scan", TableName="music", IndexName="all")
    assert entries["Count"] == entries["ScannedCount"] > 0


def test_a_problem_says_which_items_it_is_about(server: StillServer) -> None:
    """Up to three of them, by their keys."""
    server.run(server.engine.write(lose_entries_of_a_local_index))
    report = server.run(check(server.engine))
    missing = next(each for each in report.problems if each.what == "missing entries")
    assert missing.count == 4
    assert len(missing.examples) == 3
    keys = {
        f"pk={item['pk']['S']} sk={item['sk']['N']}"
        for item in server("Scan", TableName="music")["Items"]
        if "l" in item
    }
    assert set(missing.examples) < keys
    mend(server, report)


def test_indexes_that_share_a_number_are_parted(server: StillServer) -> None:
    """Nobody knows whose the entries are, so both are made anew; the others' number is nobody's."""
    before = music.seen(server)
    server.run(server.engine.write(give_an_index_the_number_of_another))
    report = server.run(check(server.engine))
    found = {(place, what) for place, what, _ in told(report)}
    assert found >= {(INDEX, "the number of another"), (SOME, "the number of another")}
    assert mend(server, report).problems == ()
    assert music.seen(server) == before


@pytest.mark.sqlite_only("PostgreSQL keeps counters as numbers")
def test_counters_that_cannot_be_read_are_set(server: StillServer) -> None:
    before = music.seen(server)

    async def garble(txn: Transaction) -> None:
        txn.put(keyspace.counts_key((await record(txn)).number), b"1234567")

    server.run(server.engine.write(garble))
    report = server.run(check(server.engine))
    assert told(report) == {(PLACE, "wrong count and size", 1)}
    assert "what cannot be read instead of 23/" in report.problems[0].examples[0]
    assert mend(server, report).problems == ()
    assert music.seen(server) == before


def test_a_deleted_table_whose_record_would_stay_goes(still: Callable[..., StillServer]) -> None:
    server = still(transition_s=5.0)
    server("CreateTable", TableName="other", **tables.table("id", types={"id": "N"}))
    server.wait(20)
    server("PutItem", TableName="other", Item={"id": N(1)})
    server("DeleteTable", TableName="other")

    async def forget(txn: Transaction) -> None:
        ((key, _),) = await txn.scan(*keyspace.all_leaving(), limit=5)
        txn.delete(key)

    server.run(server.engine.write(forget))
    report = server.run(check(server.engine))
    assert told(report) == {(OTHER, "deleted, and never to go", 1)}
    assert mend(server, report).problems == ()
    server.wait(20)
    server.run_jobs()
    assert server.run(check(server.engine)).totals.tables == 0


@pytest.mark.parametrize("damage", [lose_an_entry, lose_a_place, miscount_a_collection])
def test_more_than_memory_holds_is_checked_in_portions(
    server: StillServer, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity_tables, "SortedRuns", lambda: SortedRuns(memory_bytes=1000))
    monkeypatch.setattr("genset.integrity.reading.PAIRS_MAX", 3)
    assert server.run(check(server.engine)).problems == ()
    server.run(server.engine.write(damage))
    report = server.run(check(server.engine))
    assert told(report) == MENDED[damage]
    assert mend(server, report).problems == ()
