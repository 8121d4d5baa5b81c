"""Scan: the whole table once, pages, segments, what comes back."""

from __future__ import annotations

import itertools

import pytest

from support.cases import Cases, check_refused
from support.tables import INDEXED, table
from support.values import N, S

COUNT = 60


@pytest.fixture(scope="module")
def name(session_api):
    from support import tables

    made = "scanned"
    tables.create(session_api, made, table("pk", "sk", types={"pk": "S", "sk": "N"}))
    requests = [
        {"PutRequest": {"Item": {"pk": S(f"p{n % 20}"), "sk": N(n), "half": N(n % 2)}}}
        for n in range(COUNT)
    ]
    for start in range(0, COUNT, 25):
        session_api("BatchWriteItem", RequestItems={made: requests[start : start + 25]})
    return made


def everything(api, name, **request):
    """Items in scan order, and the number of pages they took."""
    items, key, pages = [], None, 0
    while True:
        more = {"ExclusiveStartKey": key} if key else {}
        page = api("Scan", request, TableName=name, **more)
        items += page.get("Items", [])
        pages += 1
        key = page.get("LastEvaluatedKey")
        if key is None:
            return items, pages


def numbers(items):
    return [int(item["sk"]["N"]) for item in items]


def test_a_scan_gives_every_item_once(api, name):
    page = api("Scan", TableName=name)
    assert sorted(numbers(page["Items"])) == list(range(COUNT))
    assert (page["Count"], page["ScannedCount"]) == (COUNT, COUNT)
    assert "LastEvaluatedKey" not in page


def test_partitions_stay_together_and_in_order(api, name):
    items = api("Scan", TableName=name)["Items"]
    order = [item["pk"]["S"] for item in items]
    assert len([1 for a, b in itertools.pairwise(order) if a != b]) == 19
    for partition in set(order):
        own = [int(item["sk"]["N"]) for item in items if item["pk"]["S"] == partition]
        assert own == sorted(own)


@pytest.mark.parametrize("limit", [1, 7, 20, 60, 1000])
def test_pages_join_to_the_same_scan(api, name, limit):
    items, pages = everything(api, name, Limit=limit)
    assert items == api("Scan", TableName=name)["Items"]
    assert pages == COUNT // limit + 1


@pytest.mark.parametrize("total", [1, 2, 3, 4, 7, 100])
@pytest.mark.parametrize("limit", [None, 3])
def test_segments_share_the_table_out(api, name, total, limit):
    found = []
    for segment in range(total):
        request = {"Segment": segment, "TotalSegments": total}
        if limit:
            request["Limit"] = limit
        found += everything(api, name, **request)[0]
    assert sorted(numbers(found)) == list(range(COUNT))


def test_many_segments_are_mostly_empty(api, name):
    page = api("Scan", TableName=name, Segment=999_999, TotalSegments=1_000_000)
    assert page["Count"] <= COUNT


def test_a_start_key_of_another_segment_is_refused(api, name):
    """observed 8 [A]."""
    first = api("Scan", TableName=name, Segment=0, TotalSegments=2, Limit=1)
    answer = api.refused(
        "Scan",
        TableName=name,
        Segment=1,
        TotalSegments=2,
        ExclusiveStartKey=first["LastEvaluatedKey"],
    )
    assert answer.message == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
        "ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 1"
    )


def test_a_filter_is_applied_after_the_limit(api, name):
    page = api(
        "Scan",
        TableName=name,
        FilterExpression="half = :h",
        ExpressionAttributeValues={":h": N(0)},
        Limit=10,
    )
    assert page["ScannedCount"] == 10
    # All ten may pass the filter, by chance: the order of a Scan is a new table's own.
    assert page["Count"] == len(page["Items"]) <= 10
    items, pages = everything(
        api,
        name,
        FilterExpression="half = :h",
        ExpressionAttributeValues={":h": N(0)},
        Limit=10,
    )
    assert sorted(numbers(items)) == list(range(0, COUNT, 2))
    assert pages == 7


def test_a_filter_may_name_keys(api, name):
    """Only Query refuses keys in its filter (observed 8 [S])."""
    page = api(
        "Scan",
        TableName=name,
        FilterExpression="pk = :p AND sk > :s",
        ExpressionAttributeValues={":p": S("p3"), ":s": N(3)},
    )
    assert sorted(numbers(page["Items"])) == [23, 43]


def test_count_has_no_items(api, name):
    page = api("Scan", TableName=name, Select="COUNT")
    assert page == {"Count": COUNT, "ScannedCount": COUNT}


def test_a_projection_and_specific_attributes(api, name):
    page = api(
        "Scan", TableName=name, Select="SPECIFIC_ATTRIBUTES", ProjectionExpression="half", Limit=1
    )
    assert set(page["Items"][0]) == {"half"}


def test_consistent_scans(api, name):
    assert api("Scan", TableName=name, ConsistentRead=True)["Count"] == COUNT


def test_an_empty_table(api, create):
    name = create(INDEXED)
    for more in ({}, {"IndexName": "global-all"}, {"IndexName": "local-keys"}):
        page = api("Scan", TableName=name, **more)
        assert page == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_a_scan_page_ends_at_one_megabyte(api, create):
    name = create(table("pk", types={"pk": "S"}))
    for n in range(12):
        api("PutItem", TableName=name, Item={"pk": S(str(n)), "fat": S("x" * 200_000)})
    seen, key, pages = 0, None, 0
    while True:
        more = {"ExclusiveStartKey": key} if key else {}
        page = api("Scan", TableName=name, Select="COUNT", **more)
        assert page["Count"] <= 6
        seen += page["Count"]
        pages += 1
        key = page.get("LastEvaluatedKey")
        if key is None:
            break
    assert (seen, pages) == (12, 3) or (seen, pages) == (12, 2)


refused = Cases("Scan", {"TableName": "ranged"})
V1 = "1 validation error detected: "
refused("segment alone", {"Segment": 0},
        "The TotalSegments parameter is required but was not present in the request when Segment "
        "parameter is present", "observed 8 [S]")  # fmt: skip
refused("total alone", {"TotalSegments": 4},
        "The Segment parameter is required but was not present in the request when parameter "
        "TotalSegments is present", "observed 8 [S]")  # fmt: skip
refused("segment too large", {"Segment": 5, "TotalSegments": 5},
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
        "Segment: 5 is not less than TotalSegments: 5", "observed 8 [S]")  # fmt: skip
refused("negative segment", {"Segment": -1, "TotalSegments": 5},
        V1 + "Value '-1' at 'segment' failed to satisfy constraint: "
        "Member must have value greater than or equal to 0", "model")  # fmt: skip
refused("no segments", {"Segment": 0, "TotalSegments": 0},
        V1 + "Value '0' at 'totalSegments' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1", "model")  # fmt: skip
refused("too many segments", {"Segment": 0, "TotalSegments": 1_000_001},
        V1 + "Value '1000001' at 'totalSegments' failed to satisfy constraint: "
        "Member must have value less than or equal to 1000000", "model")  # fmt: skip
refused("limit 0", {"Limit": 0},
        V1 + "Value '0' at 'limit' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1", "observed 8 [A]")  # fmt: skip
refused("specific of nothing", {"Select": "SPECIFIC_ATTRIBUTES"},
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES", "observed 8 [A]")  # fmt: skip
refused("all and a projection", {"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "a"},
        "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        "observed 8 [A]")  # fmt: skip
refused("count and a projection", {"Select": "COUNT", "ProjectionExpression": "a"},
        "Cannot specify the ProjectionExpression when choosing to get only the Count",
        "observed 8 [A]")  # fmt: skip
refused("all and attributes", {"Select": "ALL_ATTRIBUTES", "AttributesToGet": ["a"]},
        "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES",
        "observed 8 [A]")  # fmt: skip
refused("projected of a table", {"Select": "ALL_PROJECTED_ATTRIBUTES"},
        "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        "observed 8 [A]")  # fmt: skip
refused("unknown index", {"IndexName": "nope"},
        "The table does not have the specified index: nope", "observed 8 [A]")  # fmt: skip
refused("unknown table", {"TableName": "nope"}, "Requested resource not found", "observed 4 [S]",
        type="ResourceNotFoundException")  # fmt: skip
refused("consistent read of a global index", {
        "TableName": "indexed", "IndexName": "global-all", "ConsistentRead": True},
        "Consistent reads are not supported on global secondary indexes",
        "observed 8 [A]")  # fmt: skip
refused("all of a global index that has not all",
        {"TableName": "indexed", "IndexName": "global-keys", "Select": "ALL_ATTRIBUTES"},
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported "
        "for global secondary index global-keys because its projection type is not ALL",
        "observed 8 [S]")  # fmt: skip
refused("start key of the wrong names", {"ExclusiveStartKey": {"pk": S("a")}},
        "The provided starting key is invalid: The provided key element does not match the schema",
        "observed 8 [S]")  # fmt: skip
refused("start key of a wrong type", {"ExclusiveStartKey": {"pk": S("a"), "sk": N(1)}},
        "The provided starting key is invalid: The provided key element does not match the schema",
        "observed 8 [S]")  # fmt: skip
refused("filter path into a key",
        {"FilterExpression": "pk.a = :v", "ExpressionAttributeValues": {":v": N(1)}},
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        "allowed: Key: pk", "observed 6 [S]")  # fmt: skip
refused("filter path into an index key",
        {"TableName": "indexed", "IndexName": "global-all", "FilterExpression": "g[0] = :v",
         "ExpressionAttributeValues": {":v": N(1)}},
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        "allowed: IndexKey: g", "observed 6 [S]")  # fmt: skip
refused("filter and legacy filter",
        {"FilterExpression": "attribute_exists(a)",
         "ScanFilter": {"a": {"ComparisonOperator": "NULL"}}},
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}",
        "observed 1 [A]")  # fmt: skip
refused("unused value",
        {"FilterExpression": "a = :a", "ExpressionAttributeValues": {":a": N(1), ":b": N(1)}},
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}",
        "observed 2 [A]")  # fmt: skip


@pytest.mark.parametrize("case", refused.items)
def test_a_scan_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)
