"""What a deleted table leaves behind is removed, and nothing else."""

from __future__ import annotations

import asyncio
import json

from genset.background.sweep import sweep_deleted_tables, sweep_tokens
from genset.storage import keyspace
from genset.storage.engine import Snapshot
from support import tables
from support.in_process import InProcess
from support.stores import Store
from support.values import S

KEYED = tables.table("pk", types={"pk": "S"})


def test_a_deleted_table_is_swept_in_portions_and_its_neighbour_stays(store: Store) -> None:
    async def scenario() -> None:
        engine = await store.open_empty()

        async def fill(txn):
            for table in (1, 2):
                for n in range(25):
                    txn.put(keyspace.items_prefix(table) + bytes([n]), b"item")
                    txn.put(keyspace.index_prefix(table, 1) + bytes([n]), b"entry")
                    txn.put(keyspace.expiry_prefix(table) + bytes([n]), b"")
                txn.put(keyspace.expiry_queue_key(table), b"{}")
                txn.add(keyspace.counts_key(table), 25, 100)
            txn.put(keyspace.sweep_key(1), b"")

        await engine.write(fill)
        assert await sweep_deleted_tables(engine, 10) == 1

        async def left(snapshot):
            rows = await snapshot.scan(b"", b"\xff", limit=1000)
            return rows, await snapshot.get_counters(keyspace.counts_key(1))

        rows, counts = await engine.read(left)
        of_tables = [key for key, _ in rows if key[:1] in b"\x02\x03\x0c\x0d"]
        assert len(of_tables) == 76
        assert all(key[1:5] == (2).to_bytes(4) for key in of_tables)
        assert counts == ()
        await engine.close()

    asyncio.run(scenario())


def test_a_deleted_table_leaves_nothing_in_the_store_once_it_is_gone(store: Store) -> None:
    async def left(snapshot: Snapshot) -> set[bytes]:
        keys = {key for key, _ in await snapshot.scan(b"", b"\xff", limit=1000)}
        for counter in map(keyspace.counts_key, (1, 2, 3)):
            if await snapshot.get_counters(counter):
                keys.add(counter)
        return keys

    async def scenario() -> None:
        engine = await store.open_empty()
        server = InProcess(engine, now=1000.25, transition_s=5.0)
        for name in ("gone", "leaving", "again"):
            await server.send("CreateTable", {"TableName": name, **KEYED})
        server.now += 5
        await server.send("PutItem", {"TableName": "gone", "Item": {"pk": S("a")}})
        for name in ("gone", "again"):
            status, _ = await server.send("DeleteTable", {"TableName": name})
            assert status == 200
        server.now += 4
        await server.send("DeleteTable", {"TableName": "leaving"})
        await server.run_jobs()
        server.now += 1
        await server.send("CreateTable", {"TableName": "again", **KEYED})
        await server.run_jobs()
        _, listed = await server.send("ListTables", {})
        assert listed["TableNames"] == ["again", "leaving"]
        server.now += 4
        await server.run_jobs()
        # Whether a scan shows counters too is not said.
        assert await engine.read(left) - {keyspace.table_numbers_key()} == {
            keyspace.catalog_key("000000000000", "us-east-1", "again")
        }
        await engine.close()

    asyncio.run(scenario())


def test_only_expired_tokens_are_swept(store: Store) -> None:
    async def scenario() -> None:
        engine = await store.open_empty()

        async def fill(txn):
            for n in range(9):
                record = json.dumps({"expires_at": n}).encode()
                txn.put(keyspace.token_key("0", "r", str(n)), record)

        await engine.write(fill)
        assert await sweep_tokens(engine, 4, limit=2) == 5
        assert await sweep_tokens(engine, 4, limit=2) == 0
        await engine.close()

    asyncio.run(scenario())
