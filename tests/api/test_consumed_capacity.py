"""ConsumedCapacity: the arithmetic of section 14 of the notes, arm by arm."""

from __future__ import annotations

import pytest

from support import tables
from support.cases import ids
from support.lab import Lab
from support.sizes import item_of
from support.values import N, S

DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "S", "g": "S", "l": "S"},
    local=[tables.index("lsi", "pk", "l")],
    everywhere=[tables.index("gsi", "g", projection=["proj"])],
)


@pytest.fixture(scope="module")
def name(session_api):
    tables.create(session_api, "capacity", DEFINITION)
    return "capacity"


def units(table, *, gsi=None, lsi=None, total=None):
    """What INDEXES reports; an arm that costs nothing is absent (observed 14 [A])."""
    answer = {
        "TableName": "capacity",
        "CapacityUnits": float(total or table + (gsi or 0) + (lsi or 0)),
        "Table": {"CapacityUnits": float(table)},
    }
    if gsi is not None:
        answer["GlobalSecondaryIndexes"] = {"gsi": {"CapacityUnits": float(gsi)}}
    if lsi is not None:
        answer["LocalSecondaryIndexes"] = {"lsi": {"CapacityUnits": float(lsi)}}
    return answer


def write(api, operation, request, kind="INDEXES"):
    return api(operation, request, TableName="capacity", ReturnConsumedCapacity=kind)[
        "ConsumedCapacity"
    ]


INDEXED = {"g": S("g"), "l": S("l"), "proj": S("p"), "spare": S("o")}
SMALL_PUTS = [
    ("bare", {}, units(1)),
    ("global", {"g": S("g")}, units(1, gsi=1)),
    ("local", {"l": S("l")}, units(1, lsi=1)),
    ("both", INDEXED, units(1, gsi=1, lsi=1)),
]


@pytest.mark.parametrize(("attributes", "expected"), ids(SMALL_PUTS))
def test_a_new_item_costs_a_unit_on_the_table_and_on_each_index_it_enters(
    api, name, fresh, attributes, expected
):
    key = {"pk": S(fresh()), "sk": S("1")}
    assert write(api, "PutItem", {"Item": {**key, **attributes}}) == expected
    assert write(api, "DeleteItem", {"Key": key}) == expected


def test_total_has_the_sum_alone(api, name, fresh):
    item = {"pk": S(fresh()), "sk": S("1"), **INDEXED}
    got = write(api, "PutItem", {"Item": item}, kind="TOTAL")
    assert got == {"TableName": "capacity", "CapacityUnits": 3.0}


def test_none_and_absent_report_nothing(api, name, fresh):
    for more in ({"ReturnConsumedCapacity": "NONE"}, {}):
        answer = api("PutItem", TableName="capacity", Item={"pk": S(fresh()), "sk": S("1")}, **more)
        assert answer == {}


UPDATES = [
    ("unprojected", "SET spare = :v", units(1, lsi=1)),
    ("projected", "SET proj = :v", units(1, gsi=1, lsi=1)),
    ("moves in the global", "SET g = :v", units(1, gsi=2, lsi=1)),
    ("leaves the global", "REMOVE g", units(1, gsi=1, lsi=1)),
    ("moves in the local", "SET l = :v", units(1, lsi=2)),
    ("leaves the local", "REMOVE l", units(1, lsi=1)),
    ("same values", "SET g = g, proj = proj", units(1)),
]


@pytest.mark.parametrize(("expression", "expected"), ids(UPDATES))
def test_an_update_costs_what_it_changes_in_each_index(api, name, fresh, expression, expected):
    key = {"pk": S(fresh()), "sk": S("1")}
    write(api, "PutItem", {"Item": {**key, **INDEXED}})
    request = {"Key": key, "UpdateExpression": expression}
    if ":v" in expression:
        request["ExpressionAttributeValues"] = {":v": S("new")}
    assert write(api, "UpdateItem", request) == expected


def test_writing_the_same_item_again_costs_no_index(api, name, fresh):
    item = {"pk": S(fresh()), "sk": S("1"), **INDEXED, "set": {"SS": ["a", "b"]}}
    write(api, "PutItem", {"Item": item})
    again = {**item, "set": {"SS": ["b", "a"]}}
    assert write(api, "PutItem", {"Item": again}) == units(1)


SIZES = [
    ("new, exactly 1 KB", None, 1024, 1),
    ("new, a byte more", None, 1025, 2),
    ("new, 10 KB", None, 10_240, 10),
    ("smaller over larger costs the larger", 3000, 100, 3),
    ("larger over smaller", 100, 3000, 3),
    ("largest", None, 409_600, 400),
]


@pytest.mark.parametrize(("before", "after", "expected"), ids(SIZES))
def test_a_put_costs_the_larger_image_rounded_up(api, name, fresh, before, after, expected):
    key = {"pk": S(fresh()), "sk": S("1")}
    if before:
        write(api, "PutItem", {"Item": item_of(key, before)})
    got = write(api, "PutItem", {"Item": item_of(key, after)})
    assert got["CapacityUnits"] == expected
    got = write(api, "DeleteItem", {"Key": key})
    assert got["CapacityUnits"] == -(-after // 1024)


def test_a_write_that_finds_nothing_costs_one_unit(api, name, fresh):
    key = {"pk": S(fresh()), "sk": S("1")}
    assert write(api, "DeleteItem", {"Key": key}) == units(1)
    assert write(api, "UpdateItem", {"Key": key, "UpdateExpression": "REMOVE x"}) == units(1)


def test_an_index_entry_is_sized_on_what_it_projects(api, name, fresh):
    key = {"pk": S(fresh()), "sk": S("1")}
    fat = {**key, "g": S("g"), "spare": S("x" * 5000)}
    assert write(api, "PutItem", {"Item": fat}) == units(5, gsi=1)
    wide = {**key, "g": S("g"), "proj": S("x" * 5000)}
    assert write(api, "PutItem", {"Item": wide}) == units(5, gsi=5)


READS = [
    ("missing", None, 0.5, 1.0),
    ("small", 100, 0.5, 1.0),
    ("4 KB", 4096, 0.5, 1.0),
    ("a byte more", 4097, 1.0, 2.0),
    ("40 KB", 40_960, 5.0, 10.0),
]


@pytest.mark.parametrize(("size", "eventual", "consistent"), ids(READS))
def test_a_get_costs_its_item_by_4_kb(api, name, fresh, size, eventual, consistent):
    key = {"pk": S(fresh()), "sk": S("1")}
    if size:
        write(api, "PutItem", {"Item": item_of(key, size)})
    request = {"TableName": name, "Key": key, "ReturnConsumedCapacity": "TOTAL"}
    expected = {"TableName": name, "CapacityUnits": eventual}
    assert api("GetItem", request)["ConsumedCapacity"] == expected
    # Charged before the projection (observed 14 [A]).
    projected = api("GetItem", request, ProjectionExpression="sk")
    assert projected["ConsumedCapacity"] == expected
    strong = api("GetItem", request, ConsistentRead=True)["ConsumedCapacity"]
    assert strong == {"TableName": name, "CapacityUnits": consistent}
    both = api("GetItem", request, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert both == {**expected, "Table": {"CapacityUnits": eventual}}


def seed(api, fresh, sizes, **attributes):
    mark = fresh()
    for place, size in enumerate(sizes):
        key = {"pk": S(mark), "sk": S(f"{place}"), **attributes}
        api("PutItem", TableName="capacity", Item=item_of(key, size))
    return mark


def query(api, mark, **more):
    values = {":p": S(mark), **more.pop("values", {})}
    return api(
        "Query",
        TableName="capacity",
        KeyConditionExpression=more.pop("condition", "pk = :p"),
        ExpressionAttributeValues=values,
        ReturnConsumedCapacity="INDEXES",
        **more,
    )["ConsumedCapacity"]


def test_a_query_costs_the_sum_of_what_it_read_and_rounds_once(api, name, fresh):
    """docs: Read operations: the sizes of all items read, then rounded up to 4 KB."""
    mark = seed(api, fresh, [3000, 3000, 3000])
    assert query(api, mark) == units(1.5)
    assert query(api, mark, ConsistentRead=True) == units(3)
    assert query(api, mark, Limit=1) == units(0.5)


def test_a_filter_and_a_projection_save_nothing(api, name, fresh):
    mark = seed(api, fresh, [3000, 3000, 3000])
    nothing = query(api, mark, FilterExpression="attribute_exists(nope)", ProjectionExpression="sk")
    assert nothing == units(1.5)
    count = query(api, mark, Select="COUNT")
    assert count == units(1.5)


def test_an_empty_query_costs_the_minimum(api, name, fresh):
    """docs: Query: queries that return no results consume the minimum."""
    assert query(api, fresh()) == units(0.5)
    assert query(api, fresh(), ConsistentRead=True) == units(1)


def test_an_index_read_is_on_the_index_arm(api, name, fresh):
    """observed 14 [A]: 0 on the table arm."""
    mark = seed(api, fresh, [50, 50, 50], g=S("q"), l=S("x"))
    got = query(api, mark, IndexName="lsi")
    assert got == units(0, lsi=0.5)
    got = query(api, mark, IndexName="lsi", ConsistentRead=True)
    assert got == units(0, lsi=1)
    got = query(api, mark, IndexName="gsi", condition="g = :p", values={":p": S("q")})
    assert got == units(0, gsi=0.5)


def test_total_of_an_index_read(api, name, fresh):
    mark = seed(api, fresh, [50], l=S("x"))
    got = api(
        "Query",
        TableName=name,
        IndexName="lsi",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": S(mark)},
        ReturnConsumedCapacity="TOTAL",
    )["ConsumedCapacity"]
    assert got == {"TableName": name, "CapacityUnits": 0.5}


KEYS_ONLY = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "S", "l": "S"},
    local=[tables.index("lsi", "pk", "l", projection="KEYS_ONLY")],
)


@pytest.mark.parametrize(
    ("size", "consistent", "table"),
    [(50, False, 1.5), (9000, False, 4.5), (9000, True, 9.0)],
)
def test_reaching_back_from_a_local_index_costs_each_row(api, create, size, consistent, table):
    """observed 14 [A]: three 50-byte rows 1.5, three 9 KB rows 4.5, 9 if consistent."""
    name = create(KEYS_ONLY)
    for place in range(3):
        key = {"pk": S("p"), "sk": S(str(place)), "l": S("x")}
        api("PutItem", TableName=name, Item=item_of(key, size))
    got = api(
        "Query",
        TableName=name,
        IndexName="lsi",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": S("p")},
        Select="ALL_ATTRIBUTES",
        ConsistentRead=consistent,
        ReturnConsumedCapacity="INDEXES",
    )["ConsumedCapacity"]
    assert got["Table"] == {"CapacityUnits": table}
    index = 1.0 if consistent else 0.5
    assert got["LocalSecondaryIndexes"] == {"lsi": {"CapacityUnits": index}}
    assert got["CapacityUnits"] == table + index


def test_a_scan_costs_what_it_read(api, create):
    name = create(tables.table("pk", types={"pk": "S"}))
    empty = api("Scan", TableName=name, ReturnConsumedCapacity="TOTAL")
    # Only Query's minimum is documented.
    assert empty["ConsumedCapacity"]["CapacityUnits"] in (0.0, 0.5)
    for place in range(5):
        item = item_of({"pk": S(str(place))}, 3000)
        api("PutItem", TableName=name, Item=item)
    got = api("Scan", TableName=name, ReturnConsumedCapacity="TOTAL", ConsistentRead=True)
    assert got["ConsumedCapacity"]["CapacityUnits"] == 4.0
    got = api("Scan", TableName=name, ReturnConsumedCapacity="TOTAL", Select="COUNT")
    assert got["ConsumedCapacity"]["CapacityUnits"] == 2.0


def test_a_batch_of_gets_reports_each_table_once(api, name, fresh):
    one = {"pk": S(fresh()), "sk": S("1")}
    fat = {"pk": S(fresh()), "sk": S("1")}
    missing = {"pk": S(fresh()), "sk": S("1")}
    write(api, "PutItem", {"Item": one})
    write(api, "PutItem", {"Item": item_of(fat, 5000)})
    request = {
        "RequestItems": {
            name: {"Keys": [one, fat, missing]},
            "strings": {"Keys": [{"pk": S(fresh())}], "ConsistentRead": True},
        },
        "ReturnConsumedCapacity": "TOTAL",
    }
    got = {each["TableName"]: each for each in api("BatchGetItem", request)["ConsumedCapacity"]}
    assert got == {
        # Each item is rounded by itself: 0.5 + 1 + 0.5 for the missing one.
        name: {"TableName": name, "CapacityUnits": 2.0},
        "strings": {"TableName": "strings", "CapacityUnits": 1.0},
    }


def test_a_batch_of_writes_reports_its_arms(api, name, fresh):
    item = {"pk": S(fresh()), "sk": S("1"), "g": S("b"), "proj": S("p")}
    bare = {"pk": S(fresh()), "sk": S("1"), "spare": S("o")}
    got = api(
        "BatchWriteItem",
        RequestItems={name: [{"PutRequest": {"Item": each}} for each in (item, bare)]},
        ReturnConsumedCapacity="INDEXES",
    )
    assert got["UnprocessedItems"] == {}
    assert got["ConsumedCapacity"] == [units(2, gsi=1)]


def transact(api, *actions, kind="TOTAL", **more):
    return api(
        "TransactWriteItems",
        TransactItems=list(actions),
        ReturnConsumedCapacity=kind,
        **more,
    )["ConsumedCapacity"]


def test_a_transaction_doubles_the_table_arm_alone(api, name, fresh):
    """observed 10, 14 [A]: index arms cost what they cost outside."""
    item = {"pk": S(fresh()), "sk": S("1"), **INDEXED}
    put = {"Put": {"TableName": name, "Item": item}}
    got = transact(api, put, kind="INDEXES")
    assert len(got) == 1
    assert got[0]["CapacityUnits"] == 4.0
    assert got[0]["WriteCapacityUnits"] == 4.0
    assert got[0]["Table"] == {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}
    one = {"CapacityUnits": 1.0, "WriteCapacityUnits": 1.0}
    assert got[0]["GlobalSecondaryIndexes"] == {"gsi": one}
    assert got[0]["LocalSecondaryIndexes"] == {"lsi": one}


def test_what_each_action_of_a_transaction_costs(api, name, fresh):
    key = {"pk": S(fresh()), "sk": S("1")}
    small = {"TableName": name, "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}
    check = {"TableName": name, "Key": key, "ConditionExpression": "attribute_not_exists(pk)"}
    assert transact(api, {"ConditionCheck": check}) == [small]
    fat = {**small, "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}
    assert transact(api, {"Put": {"TableName": name, "Item": item_of(key, 3000)}}) == [fat]
    check["ConditionExpression"] = "attribute_exists(pk)"
    assert transact(api, {"ConditionCheck": check}) == [fat]
    assert transact(api, {"Delete": {"TableName": name, "Key": key}}) == [fat]
    assert transact(api, {"Delete": {"TableName": name, "Key": key}}) == [small]


def test_a_replay_of_a_token_costs_reads(api, name, fresh):
    """observed 10 [A]: a 1.5 KB item: 4 write units, then 2 read units."""
    item = item_of({"pk": S(fresh()), "sk": S("1")}, 1536)
    put = {"Put": {"TableName": name, "Item": item}}
    token = fresh()
    first = transact(api, put, ClientRequestToken=token)
    assert first == [{"TableName": name, "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]
    again = transact(api, put, ClientRequestToken=token)
    assert again == [{"TableName": name, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_a_transactional_get_costs_two_per_4_kb(api, name, fresh):
    small = {"pk": S(fresh()), "sk": S("1")}
    fat = {"pk": S(fresh()), "sk": S("1")}
    write(api, "PutItem", {"Item": small})
    write(api, "PutItem", {"Item": item_of(fat, 5000)})
    missing = {"pk": S(fresh()), "sk": S("1")}
    got = api(
        "TransactGetItems",
        TransactItems=[{"Get": {"TableName": name, "Key": key}} for key in (small, fat, missing)],
        ReturnConsumedCapacity="TOTAL",
    )["ConsumedCapacity"]
    assert got == [{"TableName": name, "CapacityUnits": 8.0, "ReadCapacityUnits": 8.0}]


def test_a_failed_condition_still_costs(api, name, fresh):
    """The answer is an error and reports nothing; the next write is charged as ever."""
    key = {"pk": S(fresh()), "sk": S("1")}
    answer = api.refused(
        "PutItem",
        TableName=name,
        Item=key,
        ConditionExpression="attribute_exists(pk)",
        ReturnConsumedCapacity="TOTAL",
    )
    assert "ConsumedCapacity" not in answer.body
    assert write(api, "UpdateItem", {"Key": key, "UpdateExpression": "SET n = :n",
                                     "ExpressionAttributeValues": {":n": N(1)}}) == units(1
)  # fmt: skip


def test_every_row_that_reaches_back_costs_whether_or_not_the_filter_lets_it_pass(api, create):
    """observed 14 [A]: for every row walked. A Scan of a local index does as a Query."""
    name = create(KEYS_ONLY)
    for place in range(3):
        key = {"pk": S("p"), "sk": S(str(place)), "l": S("x")}
        api("PutItem", TableName=name, Item=item_of(key, 5000))
    expected = {
        "TableName": name,
        "CapacityUnits": 3.5,
        "Table": {"CapacityUnits": 3.0},
        "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 0.5}},
    }
    shared = {"TableName": name, "IndexName": "lsi", "ReturnConsumedCapacity": "INDEXES"}
    got = api("Scan", shared, ProjectionExpression="sk, spare", FilterExpression="sk = :s",
              ExpressionAttributeValues={":s": S("1")})  # fmt: skip
    assert (got["Count"], got["ConsumedCapacity"]) == (1, expected)
    # Nothing is fetched to be counted, nor beyond the limit.
    counted = api("Scan", shared, Select="COUNT")["ConsumedCapacity"]
    assert (counted["CapacityUnits"], counted["Table"]) == (0.5, {"CapacityUnits": 0.0})
    limited = api("Scan", shared, Select="ALL_ATTRIBUTES", Limit=1)["ConsumedCapacity"]
    assert limited["Table"] == {"CapacityUnits": 1.0}


def test_a_batch_of_writes_costs_the_larger_of_before_and_after(api, name, fresh):
    over, gone = ({"pk": S(fresh()), "sk": S("1")} for _ in range(2))
    write(api, "PutItem", {"Item": item_of(over, 3000)})
    write(api, "PutItem", {"Item": item_of(gone, 2000)})
    wishes = [{"PutRequest": {"Item": over}}, {"DeleteRequest": {"Key": gone}}]
    got = api("BatchWriteItem", RequestItems={name: wishes}, ReturnConsumedCapacity="TOTAL")
    assert got["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": 5.0}]


def test_keys_that_a_batch_leaves_over_cost_nothing(api, create):
    """docs: BatchGetItem: 16 MB an answer, and the rest in UnprocessedKeys."""
    name = create(tables.table("pk", types={"pk": "S"}))
    keys = [{"pk": S(f"{place:02}")} for place in range(42)]
    for key in keys:
        api("PutItem", TableName=name, Item=item_of(key, 400 * 1024))
    got = api("BatchGetItem", RequestItems={name: {"Keys": keys}}, ReturnConsumedCapacity="TOTAL")
    read = len(got["Responses"][name])
    assert read + len(got["UnprocessedKeys"][name]["Keys"]) == 42
    assert read < 42
    assert got["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": 50.0 * read}]


def both(name, units, **indexes):
    """What a transaction reports of a table under INDEXES, of which the indexes cost so much."""

    def arm(figure):
        return {"CapacityUnits": float(figure), "WriteCapacityUnits": float(figure)}

    member = {"TableName": name, **arm(units + sum(indexes.values())), "Table": arm(units)}
    kinds = {"gsi": "GlobalSecondaryIndexes", "lsi": "LocalSecondaryIndexes"}
    return {**member, **{kinds[index]: {index: arm(cost)} for index, cost in indexes.items()}}


def test_the_actions_of_a_transaction_on_one_table_are_added_up(api, name, fresh):
    """observed 10, 14 [A]: the table's arm twice over, those of the indexes once."""
    old, new, moved = ({"pk": S(fresh()), "sk": S("1")} for _ in range(3))
    write(api, "PutItem", {"Item": {**old, **INDEXED}})
    write(api, "PutItem", {"Item": {**moved, "g": S("g")}})
    update = {"UpdateExpression": "SET g = :g", "ExpressionAttributeValues": {":g": S("h")}}
    got = transact(
        api,
        {"Delete": {"TableName": name, "Key": old}},
        {"Put": {"TableName": name, "Item": {**new, "l": S("l")}}},
        {"Update": {"TableName": name, "Key": moved, **update}},
        {"Put": {"TableName": "strings", "Item": {"pk": S(fresh())}}},
        kind="INDEXES",
    )
    assert got == [both(name, 6, gsi=3, lsi=2), both("strings", 2)]


def test_what_a_transaction_reads_is_on_the_tables_arm(api, name, fresh):
    """A replayed token, too, whose indexes cost nothing again (observed 10 [A])."""
    item = {"pk": S(fresh()), "sk": S("1"), **INDEXED}
    put, token = {"Put": {"TableName": name, "Item": item}}, fresh()
    transact(api, put, ClientRequestToken=token)
    arm = {"CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}
    expected = [{"TableName": name, **arm, "Table": arm}]
    assert transact(api, put, kind="INDEXES", ClientRequestToken=token) == expected
    got = api(
        "TransactGetItems",
        TransactItems=[{"Get": {"TableName": name, "Key": {"pk": item["pk"], "sk": S("1")}}}],
        ReturnConsumedCapacity="INDEXES",
    )
    assert got["ConsumedCapacity"] == expected


def test_a_failed_condition_costs_what_is_there(store):
    """docs: Working with items: the size of the existing item, or a minimum of 1.

    An error reports no capacity, so it is seen in what is left of a table's.
    """
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    definition = {
        **tables.table("pk", types={"pk": "S"}),
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": throughput,
    }
    with Lab(store, throttling=True) as lab:
        lab("CreateTable", definition, TableName="table-1")
        # 300 units are at hand.
        lab("PutItem", TableName="table-1", Item=item_of({"pk": S("a")}, 90 * 1024))
        wish = {"TableName": "table-1", "ConditionExpression": "attribute_not_exists(pk)"}
        for _ in range(2):
            small = {**wish, "Item": {"pk": S("a")}}
            lab.refused("PutItem", small).must_be("ConditionalCheckFailedException")
        large = {
            "TableName": "table-1",
            "Item": item_of({"pk": S("b")}, 90 * 1024),
            "ConditionExpression": "attribute_exists(pk)",
        }
        # 30 are left, and nothing there costs 1.
        for _ in range(30):
            lab.refused("PutItem", large).must_be("ConditionalCheckFailedException")
        lab.refused("PutItem", large).must_be("ProvisionedThroughputExceededException")
