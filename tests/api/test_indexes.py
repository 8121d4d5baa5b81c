"""Local and global secondary indexes: what is in them, how they are read, what keys they refuse."""

from __future__ import annotations

import pytest

from support import sizes, tables
from support.cases import INVALID, Cases, check_refused, ids
from support.values import BOOL, NS, NULL, SS, B, L, M, N, S

FULL = {
    "pk": S("p"), "sk": S("1"), "l": S("l1"), "g": S("g1"), "h": N(1), "kept": S("k"), "x": S("x"),
}  # fmt: skip


@pytest.fixture(scope="module")
def name(session_api):
    made = "index-reads"
    tables.create(session_api, made, tables.INDEXED)
    rows = [
        FULL,
        {**FULL, "sk": S("2"), "h": N(2), "l": S("l0")},
        {**FULL, "sk": S("3"), "g": S("g2"), "l": S("l1")},
        {"pk": S("p"), "sk": S("no-g"), "l": S("l9"), "h": N(7)},
        {"pk": S("p"), "sk": S("no-h"), "g": S("g1")},
        {"pk": S("p"), "sk": S("bare"), "x": S("x")},
        {**FULL, "pk": S("other"), "sk": S("1")},
    ]
    for row in rows:
        session_api("PutItem", TableName=made, Item=row)
    return made


def query(api, name, index, condition, values, **more):
    return api(
        "Query",
        TableName=name,
        IndexName=index,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        **more,
    )


def keys(page):
    return [(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]]


READS = [
    ("local in sort order", "local-all", "pk = :p", {":p": S("p")},
     [("p", "2"), ("p", "1"), ("p", "3"), ("p", "no-g")]),
    ("local, one sort value", "local-all", "pk = :p AND l = :l", {":p": S("p"), ":l": S("l1")},
     [("p", "1"), ("p", "3")]),
    ("local, begins", "local-keys", "pk = :p AND begins_with(l, :l)",
     {":p": S("p"), ":l": S("l")}, [("p", "2"), ("p", "1"), ("p", "3"), ("p", "no-g")]),
    ("local, range", "local-keys", "pk = :p AND l > :l", {":p": S("p"), ":l": S("l1")},
     [("p", "no-g")]),
    ("global with a range key", "global-all", "g = :g AND h >= :h", {":g": S("g1"), ":h": N(2)},
     [("p", "2")]),
    ("global include", "global-include", "h = :h", {":h": N(7)}, [("p", "no-g")]),
    ("nothing there", "global-keys", "g = :g", {":g": S("none")}, []),
]  # fmt: skip


@pytest.mark.parametrize(("index", "condition", "values", "expected"), ids(READS))
def test_an_index_is_read_in_its_own_order(api, name, index, condition, values, expected):
    assert keys(query(api, name, index, condition, values)) == expected
    backward = query(api, name, index, condition, values, ScanIndexForward=False)
    assert sorted(keys(backward)) == sorted(expected)


def test_several_items_share_one_index_key(api, name):
    page = query(api, name, "global-keys", "g = :g", {":g": S("g1")})
    assert sorted(keys(page)) == [("other", "1"), ("p", "1"), ("p", "2"), ("p", "no-h")]


def test_an_item_without_the_index_sort_key_is_not_in_the_index(api, name):
    page = query(api, name, "global-all", "g = :g", {":g": S("g1")})
    assert sorted(keys(page)) == [("other", "1"), ("p", "1"), ("p", "2")]


SPARSE = [
    ("local-all", 5), ("local-keys", 5), ("global-all", 4), ("global-include", 5),
    ("global-keys", 5),
]  # fmt: skip


@pytest.mark.parametrize(("index", "count"), SPARSE)
def test_a_scan_of_an_index_has_only_the_items_with_its_keys(api, name, index, count):
    page = api("Scan", TableName=name, IndexName=index)
    assert page["Count"] == page["ScannedCount"] == len(page["Items"]) == count


PROJECTIONS = [
    ("local-all", set(FULL)),
    ("local-keys", {"pk", "sk", "l"}),
    ("global-all", set(FULL)),
    ("global-include", {"pk", "sk", "h", "kept"}),
    ("global-keys", {"pk", "sk", "g"}),
]


@pytest.mark.parametrize(("index", "attributes"), PROJECTIONS)
def test_an_index_gives_what_it_projects(api, name, index, attributes):
    for more in ({}, {"Select": "ALL_PROJECTED_ATTRIBUTES"}):
        page = api("Scan", TableName=name, IndexName=index, **more)
        whole = [item for item in page["Items"] if item["sk"] == S("1") and item["pk"] == S("p")]
        assert [set(item) for item in whole] == [attributes]


def test_a_local_index_fetches_from_the_table(api, name):
    """docs: Local secondary indexes: attributes that are not projected are fetched."""
    condition = ("pk = :p AND l = :l", {":p": S("p"), ":l": S("l0")})
    page = query(api, name, "local-keys", *condition, Select="ALL_ATTRIBUTES")
    assert page["Items"] == [{**FULL, "sk": S("2"), "h": N(2), "l": S("l0")}]
    page = query(api, name, "local-keys", *condition, ProjectionExpression="x, l")
    assert page["Items"] == [{"x": S("x"), "l": S("l0")}]


def test_a_global_index_gives_nothing_that_it_does_not_project(api, name):
    answer = api.refused(
        "Query",
        TableName=name,
        IndexName="global-keys",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": S("g1")},
        ProjectionExpression="x",
    )
    assert answer.type == "ValidationException"
    assert answer.message == (INVALID + "Global secondary index global-keys does not project [x]")


@pytest.mark.parametrize(
    ("index", "condition"), [("local-keys", "pk = :p"), ("global-keys", "g = :p")]
)
def test_a_query_cannot_filter_on_what_its_index_does_not_project(api, name, index, condition):
    """Reported from the service in dynamodb-toolbox issue 1195; both index kinds (observed 13)."""
    answer = api.refused(
        "Query",
        TableName=name,
        IndexName=index,
        KeyConditionExpression=condition,
        FilterExpression="x = :p OR attribute_exists(kept.a)",
        ExpressionAttributeValues={":p": S("p")},
    )
    assert answer.type == "ValidationException"
    assert answer.message in (
        INVALID + f"Secondary index {index} does not project one or more filter attributes: {names}"
        for names in ("[x, kept]", "[kept, x]")
    )


@pytest.mark.parametrize(
    ("index", "condition", "values", "names"),
    [
        ("local-all", "pk = :p", {":p": S("p")}, {"pk", "sk", "l"}),
        ("global-all", "g = :g", {":g": S("g1")}, {"pk", "sk", "g", "h"}),
        ("global-keys", "g = :g", {":g": S("g1")}, {"pk", "sk", "g"}),
        ("global-include", "h = :h", {":h": N(1)}, {"pk", "sk", "h"}),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_an_index_join(api, name, index, condition, values, names, forward, limit):
    """The last key holds the index keys and the table keys (observed 8 [D])."""
    whole = keys(query(api, name, index, condition, values, ScanIndexForward=forward))
    seen, key = [], None
    while True:
        more = {"ExclusiveStartKey": key} if key else {}
        page = query(
            api, name, index, condition, values, ScanIndexForward=forward, Limit=limit, **more
        )
        seen += keys(page)
        key = page.get("LastEvaluatedKey")
        if key is None:
            break
        assert set(key) == names
    assert seen == whole


@pytest.mark.parametrize("index", [row[0] for row in PROJECTIONS])
def test_pages_of_an_index_scan_join(api, name, index):
    whole = sorted(keys(api("Scan", TableName=name, IndexName=index)))
    for segments in (1, 3):
        seen = []
        for segment in range(segments):
            key = None
            while True:
                more = {"ExclusiveStartKey": key} if key else {}
                page = api(
                    "Scan",
                    TableName=name,
                    IndexName=index,
                    Limit=2,
                    Segment=segment,
                    TotalSegments=segments,
                    **more,
                )
                seen += keys(page)
                key = page.get("LastEvaluatedKey")
                if key is None:
                    break
        assert sorted(seen) == whole


def test_an_index_follows_its_item(api, fresh):
    """Enter, change, move, leave; through every kind of write."""
    pk, group = fresh(), fresh()
    key = {"pk": S(pk), "sk": S("1")}

    def found(index="global-all", condition="g = :g", value=None):
        return query(api, "indexed", index, condition, {":g": value or S(group)})["Items"]

    api("PutItem", TableName="indexed", Item={**key, "g": S(group), "h": N(1), "x": S("a")})
    assert [item["x"] for item in found()] == [S("a")]
    update = {"TableName": "indexed", "Key": key}
    api("UpdateItem", update, UpdateExpression="SET x = :x",
        ExpressionAttributeValues={":x": S("b")})  # fmt: skip
    assert [item["x"] for item in found()] == [S("b")]
    moved = fresh()
    api("UpdateItem", update, UpdateExpression="SET g = :g",
        ExpressionAttributeValues={":g": S(moved)})  # fmt: skip
    assert found() == []
    assert len(found(value=S(moved))) == 1
    api("UpdateItem", update, UpdateExpression="REMOVE h")
    assert found(value=S(moved)) == []
    assert len(found("global-keys", value=S(moved))) == 1
    api("TransactWriteItems", TransactItems=[
        {"Update": {**update, "UpdateExpression": "SET h = :h",
                    "ExpressionAttributeValues": {":h": N("1.50")}}}])  # fmt: skip
    assert [item["h"] for item in found(value=S(moved))] == [N("1.5")]
    api("PutItem", TableName="indexed", Item=key)
    assert found("global-keys", value=S(moved)) == []
    api("BatchWriteItem", RequestItems={"indexed": [
        {"PutRequest": {"Item": {**key, "g": S(group), "h": N(3)}}}]})  # fmt: skip
    assert len(found()) == 1
    api("BatchWriteItem", RequestItems={"indexed": [{"DeleteRequest": {"Key": key}}]})
    assert found() == []


def test_a_failed_condition_leaves_the_index_as_it_was(api, fresh):
    group = fresh()
    item = {"pk": S(fresh()), "sk": S("1"), "g": S(group), "h": N(1)}
    api("PutItem", TableName="indexed", Item=item)
    answer = api.refused(
        "PutItem",
        TableName="indexed",
        Item={**item, "g": S("elsewhere")},
        ConditionExpression="attribute_not_exists(pk)",
    )
    assert answer.type == "ConditionalCheckFailedException"
    page = query(api, "indexed", "global-keys", "g = :g", {":g": S(group)})
    assert page["Count"] == 1


# observed 4 [A]: capital Expected and Actual; the alphabetically first offending index.
WRONG = [
    ("N for S", {"g": N(5)}, "g", "S", "N", "global-all"),
    ("list", {"g": L(S("x"))}, "g", "S", "L", "global-all"),
    ("map", {"g": M()}, "g", "S", "M", "global-all"),
    ("null", {"g": NULL}, "g", "S", "NULL", "global-all"),
    ("boolean", {"g": BOOL(True)}, "g", "S", "BOOL", "global-all"),
    ("binary", {"g": B(b"x")}, "g", "S", "B", "global-all"),
    ("string set", {"g": SS("x")}, "g", "S", "SS", "global-all"),
    ("number set", {"h": NS(1)}, "h", "N", "NS", "global-all"),
    ("S for N", {"h": S("1")}, "h", "N", "S", "global-all"),
    ("local", {"l": N(1)}, "l", "S", "N", "local-all"),
]


@pytest.mark.parametrize(("attributes", "attribute", "expected", "actual", "index"), ids(WRONG))
def test_an_index_key_of_the_wrong_type_is_refused(
    api, fresh, attributes, attribute, expected, actual, index
):
    message = (
        f"{INVALID}Type mismatch for Index Key {attribute} Expected: {expected} "
        f"Actual: {actual} IndexName: {index}"
    )
    key = {"pk": S(fresh()), "sk": S("1")}
    item = {**key, **attributes}
    answer = api.refused("PutItem", TableName="indexed", Item=item)
    assert (answer.type, answer.message) == ("ValidationException", message)
    ((name, value),) = attributes.items()
    update = {
        "TableName": "indexed",
        "Key": key,
        "UpdateExpression": f"SET {name} = :v",
        "ExpressionAttributeValues": {":v": value},
    }
    answer = api.refused("UpdateItem", update)
    assert (answer.type, answer.message) == ("ValidationException", message)
    answer = api.refused(
        "BatchWriteItem", RequestItems={"indexed": [{"PutRequest": {"Item": item}}]}
    )
    assert (answer.type, answer.message) == ("ValidationException", message)
    for action in ({"Put": {"TableName": "indexed", "Item": item}}, {"Update": update}):
        answer = api.refused("TransactWriteItems", TransactItems=[action])
        assert answer.type == "TransactionCanceledException"
        assert answer.body["CancellationReasons"] == [
            {"Code": "ValidationError", "Message": message}
        ]
    assert "Item" not in api("GetItem", TableName="indexed", Key=key)


@pytest.mark.parametrize(
    "expression", ["SET g.a = :v", "SET g[0] = :v", "ADD g.a :v", "SET l.x = :v"]
)
def test_an_update_may_not_look_into_an_index_key(api, fresh, expression):
    """Observed on the service for an item with a string there; the rule is one of the schema."""
    for attributes in ({}, {"g": S("x"), "l": S("y")}):
        key = {"pk": S(fresh()), "sk": S("1")}
        api("PutItem", TableName="indexed", Item={**key, **attributes})
        answer = api.refused("UpdateItem", TableName="indexed", Key=key,
                             UpdateExpression=expression,
                             ExpressionAttributeValues={":v": N(1)})  # fmt: skip
        assert answer.message == (
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
            f"allowed: IndexKey: {expression.split()[1][0]}"
        )


NOT_VALID = "One or more parameter values are not valid. "
CANNOT = "The AttributeValue for a key attribute cannot contain an empty string value."


def test_an_empty_index_key_is_refused(api, fresh):
    """observed 4 [A]: a put names the index, an update does not."""
    key = {"pk": S(fresh()), "sk": S("1")}
    put = (
        f"{NOT_VALID}A value specified for a secondary index key is not supported. {CANNOT} "
        "IndexName: global-all, IndexKey: g"
    )
    update = (
        f"{NOT_VALID}The update expression attempted to update a secondary index key to a value "
        f"that is not supported. {CANNOT}"
    )
    item = {**key, "g": S("")}
    assert api.refused("PutItem", TableName="indexed", Item=item).message == put
    batch = {"indexed": [{"PutRequest": {"Item": item}}]}
    assert api.refused("BatchWriteItem", RequestItems=batch).message == put
    transaction = [{"Put": {"TableName": "indexed", "Item": item}}]
    answer = api.refused("TransactWriteItems", TransactItems=transaction)
    assert (answer.type, answer.message) == ("ValidationException", put)
    change = {
        "TableName": "indexed",
        "Key": key,
        "UpdateExpression": "SET g = :v",
        "ExpressionAttributeValues": {":v": S("")},
    }
    assert api.refused("UpdateItem", change).message == update
    answer = api.refused("TransactWriteItems", TransactItems=[{"Update": change}])
    assert (answer.type, answer.message) == ("ValidationException", update)


def test_an_update_judges_only_the_index_keys_it_changes(api, fresh):
    """observed 4 [A]: an item without index keys may be updated otherwise."""
    key = {"pk": S(fresh()), "sk": S("1")}
    api("PutItem", TableName="indexed", Item=key)
    api("UpdateItem", TableName="indexed", Key=key, UpdateExpression="SET x = :v",
        ExpressionAttributeValues={":v": N(1)})  # fmt: skip
    assert api("GetItem", TableName="indexed", Key=key)["Item"] == {**key, "x": N(1)}


refused = Cases(
    "Query",
    {
        "TableName": "indexed",
        "IndexName": "global-all",
        "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": S("g")},
    },
)
refused("consistent read of a global index", {"ConsistentRead": True},
        "Consistent reads are not supported on global secondary indexes",
        "observed 8 [A]")  # fmt: skip
refused("all of a global index that has not all",
        {"IndexName": "global-keys", "Select": "ALL_ATTRIBUTES"},
        INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index "
        "global-keys because its projection type is not ALL", "observed 8 [S]")  # fmt: skip
refused("the table's key on a global index", {"KeyConditionExpression": "pk = :g"},
        "Query condition missed key schema element: g", "observed 7 [A]")  # fmt: skip
refused("a filter on the index key", {"FilterExpression": "h = :g"},
        "Filter Expression can only contain non-primary key attributes: "
        "Primary key attribute: h", "observed 8 [S]")  # fmt: skip
refused("start key without the table's", {"ExclusiveStartKey": {"g": S("g"), "h": N(1)}},
        "The provided starting key is invalid", "observed 8 [S]")  # fmt: skip
refused("start key without the index's",
        {"ExclusiveStartKey": {"pk": S("p"), "sk": S("1")}},
        "The provided starting key is invalid", "observed 8 [S]")  # fmt: skip
refused("local index and the wrong sort key",
        {"IndexName": "local-all", "KeyConditionExpression": "pk = :g AND sk = :g"},
        "Query condition missed key schema element: l", "observed 7 [A]")  # fmt: skip


@pytest.mark.parametrize("case", refused.items)
def test_a_query_of_an_index_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


def test_a_filter_on_an_index_may_name_the_tables_keys(api, name):
    """Judged by the keys of the queried index (observed 8 [S])."""
    page = query(
        api,
        name,
        "global-all",
        "g = :g",
        {":g": S("g1"), ":s": S("1")},
        FilterExpression="sk = :s",
    )
    assert sorted(keys(page)) == [("other", "1"), ("p", "1")]


def test_a_consistent_read_of_a_local_index(api, name):
    page = query(api, name, "local-keys", "pk = :p", {":p": S("other")}, ConsistentRead=True)
    assert page["Count"] == 1


# Reported from the service in 2015 and 2018.
TOO_LONG = INVALID + "Size limit exceeded for Index Key {} Actual Size: {} bytes Max Size: {} bytes"


@pytest.mark.parametrize(
    ("attribute", "size_max", "index"),
    [("g", 2048, "global-all"), ("l", 1024, "local-all")],
)
def test_an_index_key_is_as_long_as_a_table_key_may_be(api, fresh, attribute, size_max, index):
    key = {"pk": S(fresh()), "sk": S("1")}
    api("PutItem", TableName="indexed", Item={**key, attribute: S("é" * (size_max // 2))})
    value = S("é" * (size_max // 2) + "x")
    message = f"{TOO_LONG.format(attribute, size_max + 1, size_max)} IndexName: {index}"
    answer = api.refused("PutItem", TableName="indexed", Item={**key, attribute: value})
    assert (answer.type, answer.message) == ("ValidationException", message)
    answer = api.refused(
        "UpdateItem",
        TableName="indexed",
        Key=key,
        UpdateExpression=f"SET {attribute} = :v",
        ExpressionAttributeValues={":v": value},
    )
    assert (answer.type, answer.message) == ("ValidationException", message)


def test_entries_in_local_indexes_count_towards_the_largest_item(api, fresh):
    """docs: Constraints. An item, and what local indexes hold of it, are at most 400 KB."""
    key = {"pk": S(fresh()), "sk": S("1"), "l": S("l")}
    # The item once in the table and once in local-all, its keys in local-keys.
    room = (409_600 - sizes.item_bytes(key)) // 2
    largest = sizes.item_of(key, room)
    one_more = sizes.item_of(key, room + 1)
    api("PutItem", TableName="indexed", Item=largest)
    answer = api.refused("PutItem", TableName="indexed", Item=one_more)
    assert answer.message == "Item size has exceeded the maximum allowed size"
    answer = api.refused(
        "UpdateItem",
        TableName="indexed",
        Key={"pk": key["pk"], "sk": key["sk"]},
        UpdateExpression="SET filler = :v",
        ExpressionAttributeValues={":v": one_more["filler"]},
    )
    assert answer.message == "Item size to update has exceeded the maximum allowed size"
    # Entries in global indexes do not count, nor does what is in no local index.
    del key["l"]
    whole = sizes.item_of({**key, "g": S("g"), "h": N(1)}, 409_600)
    api("PutItem", TableName="indexed", Item=whole)
    api("DeleteItem", TableName="indexed", Key={"pk": key["pk"], "sk": key["sk"]})
