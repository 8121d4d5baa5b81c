"""Query on tables: key conditions, order, pages, what comes back."""

from __future__ import annotations

import base64

import pytest

from support.cases import INVALID, Cases, check_refused, ids
from support.values import B, N, S

SORTS = {
    "ranged": [" ", "A", "a", "a\x00", "ab", "abc", "b", "z", "\u00e9", "\uffff", "\U0001f600"],
    "ranged-numbers": ["-1E125", "-100", "-2.5", "-2", "-1E-130", "0", "1E-130", "0.5", "1",
                       "1.5", "2", "10", "100", "99999999999999999999999999999999999999", "1E125"],
    "ranged-binaries": [b"\x00", b"\x00\x00", b"\x00\x01", b"\x01", b"A", b"\x7f", b"\x80",
                        b"\xff", b"\xff\x00", b"\xff\xff"],
}  # fmt: skip


def sort_value(table, raw):
    return {"ranged": S, "ranged-numbers": N, "ranged-binaries": B}[table](raw)


def plain(table, raw):
    """The value as it reads back."""
    if table != "ranged-numbers":
        return sort_value(table, raw)
    from decimal import Decimal

    return N(format(Decimal(raw), "f"))


@pytest.fixture(scope="module", autouse=True)
def seeded(session_api):
    for table, raws in SORTS.items():
        for place, raw in enumerate(raws):
            item = {"pk": S("q"), "sk": sort_value(table, raw), "place": N(place)}
            session_api("PutItem", TableName=table, Item=item)
            session_api("PutItem", TableName=table, Item={**item, "pk": S("other")})


def query(api, table, condition="pk = :p", values=None, **more):
    return api(
        "Query",
        TableName=table,
        KeyConditionExpression=condition,
        ExpressionAttributeValues={":p": S("q"), **(values or {})},
        **more,
    )


def places(page):
    return [int(item["place"]["N"]) for item in page["Items"]]


@pytest.mark.parametrize("table", SORTS)
def test_items_come_in_the_order_of_their_sort_key(api, table):
    """docs: Query: strings by UTF-8 bytes, numbers by value, binaries as unsigned bytes."""
    everything = list(range(len(SORTS[table])))
    page = query(api, table)
    assert places(page) == everything
    assert (page["Count"], page["ScannedCount"]) == (len(everything), len(everything))
    assert "LastEvaluatedKey" not in page
    assert places(query(api, table, ScanIndexForward=False)) == everything[::-1]
    assert places(query(api, table, ScanIndexForward=True)) == everything
    assert [item["sk"] for item in page["Items"]] == [plain(table, raw) for raw in SORTS[table]]


CONDITIONS = [
    ("equal", "sk = :a", lambda place, a, b: place == a),
    ("less", "sk < :a", lambda place, a, b: place < a),
    ("less or equal", "sk <= :a", lambda place, a, b: place <= a),
    ("greater", "sk > :a", lambda place, a, b: place > a),
    ("greater or equal", "sk >= :a", lambda place, a, b: place >= a),
    ("between", "sk BETWEEN :a AND :b", lambda place, a, b: a <= place <= b),
    ("value first less", ":a < sk", lambda place, a, b: a < place),
    ("value first less or equal", ":a <= sk", lambda place, a, b: a <= place),
    ("value first greater", ":a > sk", lambda place, a, b: a > place),
    ("value first greater or equal", ":a >= sk", lambda place, a, b: a >= place),
    ("value first equal", ":a = sk", lambda place, a, b: a == place),
]


@pytest.mark.parametrize("table", SORTS)
@pytest.mark.parametrize(("condition", "holds"), ids(CONDITIONS))
def test_every_key_condition_at_every_place_in_both_directions(api, table, condition, holds):
    raws = SORTS[table]
    for a in range(0, len(raws), 3):
        b = min(a + 4, len(raws) - 1)
        values = {":a": sort_value(table, raws[a])}
        if ":b" in condition:
            values[":b"] = sort_value(table, raws[b])
        wanted = [place for place in range(len(raws)) if holds(place, a, b)]
        assert places(query(api, table, f"pk = :p AND {condition}", values)) == wanted
        backward = query(api, table, f"{condition} AND pk = :p", values, ScanIndexForward=False)
        assert places(backward) == wanted[::-1]


@pytest.mark.parametrize("prefix", ["a", "ab", "abc", "A", "\u00e9", "z", "x", "\U0001f600"])
def test_begins_with_on_a_string_key(api, prefix):
    wanted = [n for n, raw in enumerate(SORTS["ranged"]) if raw.startswith(prefix)]
    page = query(api, "ranged", "pk = :p AND begins_with(sk, :a)", {":a": S(prefix)})
    assert places(page) == wanted


@pytest.mark.parametrize("prefix", [b"\x00", b"\x00\x00", b"\xff", b"\xff\xff", b"A", b"B"])
def test_begins_with_on_a_binary_key(api, prefix):
    wanted = [n for n, raw in enumerate(SORTS["ranged-binaries"]) if raw.startswith(prefix)]
    page = query(api, "ranged-binaries", "pk = :p AND begins_with(sk, :a)", {":a": B(prefix)})
    assert places(page) == wanted
    backward = query(
        api,
        "ranged-binaries",
        "pk = :p AND begins_with(sk, :a)",
        {":a": B(prefix)},
        ScanIndexForward=False,
    )
    assert places(backward) == wanted[::-1]


PARENTHESES = [
    "(pk = :p)",
    "(pk = :p) AND (sk > :a)",
    "(pk = :p AND sk > :a)",
    "((pk = :p) AND (sk > :a))",
    "(sk > :a) AND pk = :p",
    "pk = :p AND (sk BETWEEN :a AND :a)",
    "pk=:p and sk>:a",
    ":p = pk",
]


@pytest.mark.parametrize("condition", PARENTHESES)
def test_parentheses_are_allowed_round_parts_and_the_whole(api, condition):
    """observed 7 [A]."""
    values = {":a": S("a")} if ":a" in condition else {}
    assert query(api, "ranged", condition, values)["Count"] > 0


def test_names_stand_for_keys(api):
    page = query(
        api,
        "ranged",
        "#p = :p AND #s = :a",
        {":a": S("ab")},
        ExpressionAttributeNames={"#p": "pk", "#s": "sk"},
    )
    assert page["Count"] == 1


@pytest.mark.parametrize("table", SORTS)
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_join_to_the_whole(api, table, forward, limit):
    seen, key, pages = [], None, 0
    while True:
        more = {"ExclusiveStartKey": key} if key else {}
        page = query(api, table, Limit=limit, ScanIndexForward=forward, **more)
        assert page["Count"] == page["ScannedCount"] == len(page["Items"]) <= limit
        seen += places(page)
        pages += 1
        key = page.get("LastEvaluatedKey")
        if key is None:
            break
        assert set(key) == {"pk", "sk"}
        assert key["sk"] == page["Items"][-1]["sk"]
    everything = list(range(len(SORTS[table])))
    assert seen == (everything if forward else everything[::-1])
    # A page that stops at Limit carries a key even if nothing is left (observed 8 [D]).
    assert pages == len(everything) // limit + 1


def test_pages_join_under_a_sort_condition(api):
    condition = "pk = :p AND sk BETWEEN :a AND :b"
    values = {":a": N("-2.5"), ":b": N("10")}
    whole = places(query(api, "ranged-numbers", condition, values))
    for forward in (True, False):
        seen, key = [], None
        while True:
            more = {"ExclusiveStartKey": key} if key else {}
            page = query(
                api, "ranged-numbers", condition, values, Limit=2, ScanIndexForward=forward, **more
            )
            seen += places(page)
            key = page.get("LastEvaluatedKey")
            if key is None:
                break
        assert seen == (whole if forward else whole[::-1])


def test_a_start_key_need_not_exist(api):
    start = {"pk": S("q"), "sk": N("1.7")}
    assert places(query(api, "ranged-numbers", ExclusiveStartKey=start)) == list(range(10, 15))
    backward = query(api, "ranged-numbers", ExclusiveStartKey=start, ScanIndexForward=False)
    assert places(backward) == list(range(9, -1, -1))


def test_limit_counts_items_read_and_not_items_kept(api):
    """observed 8 [D]."""
    page = query(
        api,
        "ranged-numbers",
        values={":x": N(3)},
        FilterExpression="place > :x",
        Limit=5,
    )
    assert (page["Count"], page["ScannedCount"]) == (1, 5)
    assert page["LastEvaluatedKey"]["sk"] == page["Items"][-1]["sk"]
    empty = query(
        api, "ranged-numbers", values={":x": N(99)}, FilterExpression="place > :x", Limit=2
    )
    assert (empty["Items"], empty["Count"], empty["ScannedCount"]) == ([], 0, 2)
    assert "LastEvaluatedKey" in empty


def test_select_count_has_no_items(api):
    page = query(
        api, "ranged-numbers", values={":x": N(3)}, FilterExpression="place > :x", Select="COUNT"
    )
    assert "Items" not in page
    assert (page["Count"], page["ScannedCount"]) == (11, 15)


def test_selecting(api):
    everything = query(api, "ranged", Select="ALL_ATTRIBUTES")
    assert set(everything["Items"][0]) == {"pk", "sk", "place"}
    some = query(api, "ranged", Select="SPECIFIC_ATTRIBUTES", ProjectionExpression="place")
    assert set(some["Items"][0]) == {"place"}


def test_an_empty_partition(api, fresh):
    page = query(api, "ranged", values={":p": S(fresh())})
    assert page == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_a_query_of_a_table_without_a_sort_key(api, fresh):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item=key)
    page = query(api, "strings", values={":p": key["pk"]}, Limit=1)
    assert page["Items"] == [key]
    # Whether a page that cannot have a successor names a key here is not documented.
    assert page.get("LastEvaluatedKey", key) == key
    rest = query(api, "strings", values={":p": key["pk"]}, ExclusiveStartKey=key)
    assert rest["Items"] == []


def test_a_page_ends_at_one_megabyte(api, fresh):
    """docs: Query: 1 MB before filter and projection."""
    mark = fresh()
    for n in range(14):
        item = {"pk": S(mark), "sk": N(n), "fat": S("x" * 100_000), "place": N(n)}
        api("PutItem", TableName="ranged-numbers", Item=item)
    seen, key, sizes = [], None, []
    while True:
        more = {"ExclusiveStartKey": key} if key else {}
        page = query(
            api, "ranged-numbers", values={":p": S(mark)}, ProjectionExpression="place", **more
        )
        sizes.append(page["ScannedCount"])
        seen += places(page)
        key = page.get("LastEvaluatedKey")
        if key is None:
            break
    assert seen == list(range(14))
    # The item that crosses the line still belongs to the page: 1 MB is reached, not undercut.
    assert sizes == [11, 3] or sizes == [10, 4]
    for n in range(14):
        api("DeleteItem", TableName="ranged-numbers", Key={"pk": S(mark), "sk": N(n)})


refused = Cases(
    "Query",
    {
        "TableName": "ranged",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": S("q")},
    },
)
V1 = "1 validation error detected: "
MISSED = "Query condition missed key schema element: "
refused("only the sort key", {"KeyConditionExpression": "sk = :p"}, MISSED + "pk", "observed 7 [A]")
refused("no key at all", {"KeyConditionExpression": "a = :p"}, MISSED + "pk", "observed 7 [A]")
refused("a third attribute", {"KeyConditionExpression": "pk = :p AND a = :p"}, MISSED + "sk",
        "observed 7 [A]")  # fmt: skip
refused("a range on the partition key", {"KeyConditionExpression": "pk > :p"},
        "Query key condition not supported", "docs: Query")  # fmt: skip
refused("begins_with on the partition key", {"KeyConditionExpression": "begins_with(pk, :p)"},
        "Query key condition not supported", "docs: Query")  # fmt: skip
TYPE = INVALID + "Condition parameter type does not match schema type"
refused("wrong type of the partition key", {"ExpressionAttributeValues": {":p": N(1)}}, TYPE,
        "docs: Query; the service's old and steady wording")  # fmt: skip
refused("wrong type of the sort key",
        {"KeyConditionExpression": "pk = :p AND sk = :s",
         "ExpressionAttributeValues": {":s": N(1)}},
        TYPE, "as above")  # fmt: skip
refused("no condition at all", {"KeyConditionExpression": ..., "ExpressionAttributeValues": ...},
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
        "request.", "observed 8 [S]")  # fmt: skip
refused("limit 0", {"Limit": 0},
        V1 + "Value at 'Limit' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1", "observed 8 [A]")  # fmt: skip
refused("unknown select", {"Select": "SOME"},
        V1 + "Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum "
        "value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
        "observed 1 [A]")  # fmt: skip
refused("unknown capacity", {"ReturnConsumedCapacity": "SOME"},
        V1 + "Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]", "observed 1 [S]")  # fmt: skip
SPECIFIC = (
    "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
    "SPECIFIC_ATTRIBUTES"
)
refused("specific of nothing", {"Select": "SPECIFIC_ATTRIBUTES"}, V1 + SPECIFIC, "observed 8 [A]")
for select, shown in [
    ("ALL_ATTRIBUTES", "ALL_ATTRIBUTES"),
    ("COUNT", "only the Count"),
    ("ALL_PROJECTED_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
]:
    cannot = f"Cannot specify the ProjectionExpression when choosing to get {shown}"
    messages = (cannot, V1 + cannot)
    if select == "ALL_PROJECTED_ATTRIBUTES":
        only = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        messages = (*messages, only, V1 + only)
    refused(f"{select} and a projection", {"Select": select, "ProjectionExpression": "a"},
            messages, "observed 8, prefix in dispute")  # fmt: skip
ONLY = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
refused("projected of a table", {"Select": "ALL_PROJECTED_ATTRIBUTES"}, (ONLY, V1 + ONLY),
        "observed 8, prefix in dispute")  # fmt: skip
refused("filter on the partition key", {"FilterExpression": "pk = :p"},
        "Filter Expression can only contain non-primary key attributes: "
        "Primary key attribute: pk", "observed 8 [S]")  # fmt: skip
refused("filter on the sort key", {"FilterExpression": "a = :p OR sk = :p"},
        "Filter Expression can only contain non-primary key attributes: "
        "Primary key attribute: sk", "observed 8 [S]")  # fmt: skip
refused("filter inside a key", {"FilterExpression": "sk.a = :p"},
        ("Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
         "allowed: Key: sk", "Filter Expression can only contain non-primary key attributes: "
         "Primary key attribute: sk"), "observed 6 [S], 8 [S]")  # fmt: skip
refused("unknown index", {"IndexName": "nope"},
        "The table does not have the specified index: nope", "observed 8 [A]")  # fmt: skip
refused("short index name", {"IndexName": "no"},
        V1 + "Value 'no' at 'indexName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 3", "model")  # fmt: skip
refused("unknown table", {"TableName": "nope"}, "Requested resource not found", "observed 4 [S]",
        type="ResourceNotFoundException")  # fmt: skip
refused("start key without the sort key", {"ExclusiveStartKey": {"pk": S("q")}},
        "The provided starting key is invalid", "observed 8 [S]")  # fmt: skip
refused("start key with one too many",
        {"ExclusiveStartKey": {"pk": S("q"), "sk": S("a"), "x": S("a")}},
        "The provided starting key is invalid", "observed 8 [S]")  # fmt: skip
refused("start key of another type", {"ExclusiveStartKey": {"pk": S("q"), "sk": N(1)}},
        ("The provided starting key is invalid",
         "The provided starting key is invalid: The provided key element does not match the "
         "schema"), "observed 8 [S]")  # fmt: skip
refused("start key of another partition", {"ExclusiveStartKey": {"pk": S("z"), "sk": S("a")}},
        "The provided starting key is outside query boundaries based on provided conditions"[:-1],
        "observed 8 [S]")  # fmt: skip
refused("start key outside the range",
        {"KeyConditionExpression": "pk = :p AND sk > :p",
         "ExclusiveStartKey": {"pk": S("q"), "sk": S("a")}},
        "The provided starting key does not match the range key predicate",
        "observed 8 [S]")  # fmt: skip
refused("both ways to condition",
        {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [S("q")]}}},
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {KeyConditions} Expression parameters: "
        "{KeyConditionExpression}", "observed 1 [A]")  # fmt: skip
refused("empty partition key", {"ExpressionAttributeValues": {":p": S("")}},
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
        "contain an empty string value. Key: pk", "observed 4 [A]")  # fmt: skip
refused("unused name", {"ExpressionAttributeNames": {"#x": "x"}},
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
        "observed 2 [A]")  # fmt: skip
refused("undefined name in the filter", {"FilterExpression": "#missing = :p"},
        "Invalid FilterExpression: An expression attribute name used in the document path is not "
        "defined; attribute name: #missing", "observed 5 [A]")  # fmt: skip


@pytest.mark.parametrize("case", refused.items)
def test_a_query_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


def test_binaries_compare_by_bytes_and_not_by_base64(api, fresh):
    mark = fresh()
    raws = sorted([b"\xfb", b"\xff\xff", b">", b"?", b"~", b"\x00" * 5])
    for raw in raws:
        api("PutItem", TableName="ranged-binaries", Item={"pk": S(mark), "sk": B(raw)})
    page = query(api, "ranged-binaries", values={":p": S(mark)})
    assert [base64.b64decode(item["sk"]["B"]) for item in page["Items"]] == raws
