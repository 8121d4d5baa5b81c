"""Reads that lag see the store as it was: neither older nor newer.

Each way of reading is compared with a naive model, which keeps a whole copy for every moment.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genset.background.history import trim_history_round
from genset.operations.operation import Services
from genset.realism.lag import KEPT_S, PastSnapshot, RecordingEngine, micros
from genset.storage import keyspace
from genset.storage.sqlite import open_sqlite
from support import tables
from support.lab import Lab
from support.values import S

# Keys that are prefixes of each other, with the bytes that mean something in a record's key.
NAMES = st.sampled_from(
    [b"", b"\x00", b"\x00\x01", b"\x01", b"a", b"a\x00", b"a\x00\xff", b"a\xff"]
)
WRITE = st.dictionaries(NAMES, st.none() | st.binary(max_size=3), min_size=1, max_size=4)
# The clock stands still between some writes.
STEPS = st.lists(st.tuples(st.sampled_from([0, 1, 5]), WRITE), max_size=12)
PREFIX = keyspace.items_prefix(1)


async def replay(engine, clock, steps):
    """Do the writes; the moment and the whole contents after each."""
    recording = RecordingEngine(engine, lambda: clock[0])
    moments, copies, contents = [-1.0], [{}], {}
    for pause, write in steps:
        clock[0] += pause

        async def body(txn, write=write):
            for name, value in write.items():
                if value is None:
                    txn.delete(PREFIX + name)
                else:
                    txn.put(PREFIX + name, value)
                assert await txn.get(PREFIX + name) == value

        await recording.write(body)
        contents = {**contents, **write}
        contents = {name: value for name, value in contents.items() if value is not None}
        moments.append(clock[0])
        copies.append(contents)
    return moments, copies


@settings(max_examples=200)
@given(
    steps=STEPS,
    at=st.sampled_from([0, 3, 8, 20, 50]),
    low=NAMES,
    high=NAMES,
    limit=st.integers(1, 5),
    reverse=st.booleans(),
)
def test_the_past_is_what_was_there_then(steps, at, low, high, limit, reverse):
    async def scenario() -> None:
        engine = open_sqlite(None)
        clock = [10.0]
        moments, copies = await replay(engine, clock, steps)
        # Half a second off, so that it is clear which writes came before.
        then = at + 0.5
        was = copies[bisect_right(moments, then) - 1]
        expected = sorted(
            (PREFIX + name, value) for name, value in was.items() if low <= name < high
        )
        if reverse:
            expected.reverse()

        async def look(snapshot):
            past = PastSnapshot(snapshot, micros(then))
            names = [b"", b"a", b"a\x00", b"\x00"]
            many = await past.get_many([PREFIX + name for name in names])
            assert many == [was.get(name) for name in names]
            assert await past.get(PREFIX + b"\x00\x01") == was.get(b"\x00\x01")
            found = await past.scan(PREFIX + low, PREFIX + high, limit=limit, reverse=reverse)
            assert found == expected[:limit]

        await engine.read(look)
        await engine.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("pause", [0, -0.5])
def test_changes_keep_their_order_whatever_the_clock_says(pause):
    """What was before the first of them is what a reader before that moment sees."""

    async def scenario() -> None:
        engine = open_sqlite(None)
        values = [b"1", b"2", None, b"3"]
        await replay(engine, [10.0 - pause], [(pause, {b"a": value}) for value in values])

        async def look(snapshot):
            assert await PastSnapshot(snapshot, micros(9.5)).get(PREFIX + b"a") is None
            assert await PastSnapshot(snapshot, micros(11.0)).get(PREFIX + b"a") == b"3"

        await engine.read(look)
        await engine.close()

    asyncio.run(scenario())


class _Counting:
    """A snapshot that counts the records it gives."""

    def __init__(self, snapshot):
        self._snapshot = snapshot
        self.records = 0

    async def scan(self, start, stop, **bounds):
        found = await self._snapshot.scan(start, stop, **bounds)
        self.records += len(found)
        return found


@pytest.mark.parametrize("after", [0, 1990])
def test_a_key_that_changed_often_is_not_read_through(after):
    """Whether most of its changes came before the time looked at, or after it."""
    keys = [keyspace.items_prefix(1) + name for name in (b"a", b"b")]

    async def scenario():
        engine = open_sqlite(None)

        async def fill(txn):
            for number in range(2000):
                txn.put(keyspace.history_key(keys[0], number), b"\x01%d" % number)
            txn.put(keyspace.history_key(keys[1], 1995), b"\x01then")
            txn.put(keys[0], b"present")

        await engine.write(fill)

        async def look(snapshot):
            counting = _Counting(snapshot)
            past = PastSnapshot(counting, after - 1)
            found = await past.scan(keys[0], keys[1] + b"\xff", limit=10)
            assert found == [(keys[0], b"%d" % after), (keys[1], b"then")]
            return counting.records

        assert await engine.read(look) < 600
        await engine.close()

    asyncio.run(scenario())


def test_what_is_too_old_for_any_lag_is_removed():
    async def scenario() -> None:
        engine = open_sqlite(None)
        clock = [1000.0]
        steps = [(0, {b"%d" % number: b"old"}) for number in range(250)]
        await replay(engine, clock, [*steps, (KEPT_S + 1, {b"0": b"new"})])
        services = Services(now=lambda: clock[0], new_uuid=str, new_salt=bytes)
        await trim_history_round(engine, services)

        async def left(snapshot):
            return await snapshot.scan(*keyspace.all_history(), limit=1000)

        records = await engine.read(left)
        assert [keyspace.history_parts(key)[0] for key, _ in records] == [PREFIX + b"0"]
        clock[0] += KEPT_S + 1
        await trim_history_round(engine, services)
        assert await engine.read(left) == []
        await engine.close()

    asyncio.run(scenario())


TABLE = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "S", "l": "S", "g": "S"},
    local=[tables.index("local", "pk", "l", projection="KEYS_ONLY")],
    everywhere=[tables.index("global", "g")],
)


def create(lab):
    lab("CreateTable", TABLE, TableName="table-1")


def put(lab, sort, value):
    item = {"pk": S("p"), "sk": S(sort), "l": S(value), "g": S("g"), "v": S(value)}
    lab("PutItem", TableName="table-1", Item=item)


def get(lab, *, consistent):
    key = {"pk": S("p"), "sk": S("1")}
    return lab("GetItem", TableName="table-1", Key=key, ConsistentRead=consistent)


def seen(lab, operation, index=None, *, consistent=False):
    """The values that a way of reading gives, by sort key."""
    request = {"TableName": "table-1"}
    if consistent:
        request["ConsistentRead"] = True
    if index:
        request["IndexName"] = index
    if index == "local":
        request["Select"] = "ALL_ATTRIBUTES"
    if operation == "Query":
        name = "g" if index == "global" else "pk"
        request["KeyConditionExpression"] = f"{name} = :v"
        request["ExpressionAttributeValues"] = {":v": S("g" if index == "global" else "p")}
    if operation == "ExecuteStatement":
        source = f'"table-1"."{index}"' if index else '"table-1"'
        key = "g = 'g'" if index == "global" else "pk = 'p'"
        request["Statement"] = f"SELECT sk, v FROM {source} WHERE {key}"
        del request["TableName"]
    if operation == "BatchExecuteStatement":
        statement = "SELECT * FROM \"table-1\" WHERE pk = 'p' AND sk = '{}'"
        members = [
            {"Statement": statement.format(sort), "ConsistentRead": consistent} for sort in "123"
        ]
        answers = lab(operation, Statements=members)["Responses"]
        items = [answer["Item"] for answer in answers if "Item" in answer]
    elif operation == "BatchGetItem":
        keys = [{"pk": S("p"), "sk": S(sort)} for sort in "123"]
        asked = {"Keys": keys, "ConsistentRead": consistent}
        items = lab(operation, RequestItems={"table-1": asked})["Responses"]["table-1"]
    else:
        items = lab(operation, request)["Items"]
    return {item["sk"]["S"]: item["v"]["S"] for item in items}


OF_TABLE = [
    ("Query", None),
    ("Scan", None),
    ("BatchGetItem", None),
    ("ExecuteStatement", None),
    ("BatchExecuteStatement", None),
    ("Query", "local"),
    ("Scan", "local"),
    ("ExecuteStatement", "local"),
]
OF_GLOBAL = [("Query", "global"), ("Scan", "global"), ("ExecuteStatement", "global")]


@pytest.fixture
def lagging():
    """Both lags are on, of different lengths; a change, an insertion and a deletion are new."""
    with Lab(read_lag="2s", gsi_lag="10s") as lab:
        create(lab)
        put(lab, "1", "old")
        put(lab, "2", "gone")
        lab.now += 100
        put(lab, "1", "new")
        lab("DeleteItem", TableName="table-1", Key={"pk": S("p"), "sk": S("2")})
        put(lab, "3", "fresh")
        yield lab


BEFORE = {"1": "old", "2": "gone"}
AFTER = {"1": "new", "3": "fresh"}


@pytest.mark.parametrize(("operation", "index"), OF_TABLE)
def test_a_read_of_a_table_sees_a_write_after_the_lag(lagging, operation, index):
    assert seen(lagging, operation, index) == BEFORE
    lagging.now += 1.9
    assert seen(lagging, operation, index) == BEFORE
    lagging.now += 0.2
    assert seen(lagging, operation, index) == AFTER


@pytest.mark.parametrize(("operation", "index"), OF_GLOBAL)
def test_a_global_index_has_a_lag_of_its_own(lagging, operation, index):
    lagging.now += 9.9
    assert seen(lagging, operation, index) == BEFORE
    lagging.now += 0.2
    assert seen(lagging, operation, index) == AFTER


@pytest.mark.parametrize(("operation", "index"), OF_TABLE)
def test_a_consistent_read_sees_a_write_at_once(lagging, operation, index):
    assert seen(lagging, operation, index, consistent=True) == AFTER


def test_get_item_lags_unless_it_is_consistent(lagging):
    assert get(lagging, consistent=False)["Item"]["v"] == S("old")
    assert get(lagging, consistent=True)["Item"]["v"] == S("new")
    lagging.now += 2.1
    assert get(lagging, consistent=False)["Item"]["v"] == S("new")


def test_a_select_of_one_key_lags_unless_it_is_consistent(lagging):
    statement = "SELECT v FROM \"table-1\" WHERE pk = 'p' AND sk = '1'"
    request = {"Statement": statement}
    assert lagging("ExecuteStatement", request)["Items"] == [{"v": S("old")}]
    consistent = lagging("ExecuteStatement", request, ConsistentRead=True)
    assert consistent["Items"] == [{"v": S("new")}]
    transaction = lagging("ExecuteTransaction", TransactStatements=[request])
    assert transaction["Responses"] == [{"Item": {"v": S("new")}}]


def test_a_transaction_sees_the_present(lagging):
    get = {"Get": {"TableName": "table-1", "Key": {"pk": S("p"), "sk": S("1")}}}
    answer = lagging("TransactGetItems", TransactItems=[get])
    assert answer["Responses"][0]["Item"]["v"] == S("new")


def test_conditions_and_updates_act_on_the_present(lagging):
    answer = lagging(
        "UpdateItem",
        TableName="table-1",
        Key={"pk": S("p"), "sk": S("1")},
        UpdateExpression="SET v = :v",
        ConditionExpression="v = :old",
        ExpressionAttributeValues={":v": S("newer"), ":old": S("new")},
        ReturnValues="ALL_OLD",
    )
    assert answer["Attributes"]["v"] == S("new")


def test_a_page_of_the_past_is_limited_and_goes_on(lagging):
    request = {"TableName": "table-1", "Limit": 1}
    first = lagging("Scan", request)
    assert [item["v"]["S"] for item in first["Items"]] == ["old"]
    second = lagging("Scan", request, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [item["v"]["S"] for item in second["Items"]] == ["gone"]


def test_a_lag_may_be_switched_on_and_off(lagging):
    lagging.change()
    assert seen(lagging, "Scan") == AFTER
    put(lagging, "4", "unseen")
    lagging.change(read_lag="2s")
    # Nothing was kept of what was written meanwhile.
    assert "4" in seen(lagging, "Scan")
    put(lagging, "5", "late")
    assert "5" not in seen(lagging, "Scan")
    lagging.now += 2.1
    assert "5" in seen(lagging, "Scan")


def test_nothing_is_kept_while_the_lags_are_off():
    with Lab() as lab:
        create(lab)
        put(lab, "1", "old")
        put(lab, "1", "new")

        async def kept():
            return await lab.engine.read(
                lambda snapshot: snapshot.scan(*keyspace.all_history(), limit=1)
            )

        assert lab.run(kept()) == []
        assert seen(lab, "Scan") == {"1": "new"}
