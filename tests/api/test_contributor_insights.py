"""Contributor insights: their states over the API, and the counts over the admin call.

[O] observed on the service, October 2026; [G] developer guide, "CloudWatch contributor insights for
DynamoDB: How it works"; [I] inferred.
"""

from __future__ import annotations

import re

import pytest

from support import tables
from support.cases import ids
from support.client import Api
from support.lab import Lab
from support.sizes import item_of
from support.values import N, S

BOTH, THROTTLED = "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"
RANGED = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "g": "S", "l": "S"},
    local=[tables.index("lsi", "pk", "l")],
    everywhere=[tables.index("gsi", "g"), tables.index("gsi-2", "g", "l")],
)
PLAIN = tables.table("pk", types={"pk": "S"})
RULES = {
    ("ranged", BOTH): ["PKC", "SKC", "PKT", "SKT"],
    ("ranged", THROTTLED): ["PKT", "SKT"],
    ("plain", BOTH): ["PKC", "PKT"],
    ("plain", THROTTLED): ["PKT"],
}
UPDATE, DESCRIBE, LIST = (f"{verb}ContributorInsights" for verb in ("Update", "Describe", "List"))
NOT_ACTIVE = (
    "Table or Index is not in a valid state to update Key Access Insights: {} must be ACTIVE to "
    "enable ContributorInsights."
)


def says(refused, kind, message):
    assert (refused.type, refused.message) == (kind, message)


def enable(api, name, index=None, mode=None):
    more = {"IndexName": index} if index else {}
    if mode:
        more["ContributorInsightsMode"] = mode
    return api(UPDATE, TableName=name, ContributorInsightsAction="ENABLE", **more)


def disable(api, name, index=None, **more):
    more |= {"IndexName": index} if index else {}
    return api(UPDATE, TableName=name, ContributorInsightsAction="DISABLE", **more)


def status_of(api, name, **more):
    return api(DESCRIBE, TableName=name, **more)["ContributorInsightsStatus"]


# States, as the API shows them.


def test_a_table_never_configured_is_disabled(api, create):
    """[O]"""
    name = create(PLAIN)
    disabled = {"TableName": name, "ContributorInsightsStatus": "DISABLED"}
    assert api(DESCRIBE, TableName=name) == disabled
    assert disable(api, name) == disabled
    assert api(LIST, TableName=name) == {"ContributorInsightsSummaries": []}


@pytest.mark.parametrize(("kind", "mode"), RULES)
def test_an_enabled_table_names_its_rules(api, create, kind, mode):
    """[G] for the names, [O] for the answers."""
    name = create(RANGED if kind == "ranged" else PLAIN)
    assert enable(api, name, mode=mode) == {
        "TableName": name,
        "ContributorInsightsStatus": "ENABLING",
        "ContributorInsightsMode": mode,
    }
    described = api(DESCRIBE, TableName=name)
    rules = described.pop("ContributorInsightsRuleList")
    stamp = rules[0].rsplit("-", 1)[1]
    assert rules == [
        f"DynamoDBContributorInsights-{rule}-{name}-{stamp}" for rule in RULES[kind, mode]
    ]
    updated = described.pop("LastUpdateDateTime")
    assert abs(updated - int(stamp) / 1000) < 0.01
    summary = {
        "TableName": name,
        "ContributorInsightsStatus": "ENABLED",
        "ContributorInsightsMode": mode,
    }
    assert described == summary
    assert api(LIST, TableName=name) == {"ContributorInsightsSummaries": [summary]}


def test_a_disabled_table_keeps_its_mode_and_time_and_is_not_listed(api, create):
    """[O]"""
    name = create(PLAIN)
    enable(api, name, mode=THROTTLED)
    # The mode that is sent is ignored.
    assert disable(api, name, ContributorInsightsMode=BOTH) == {
        "TableName": name,
        "ContributorInsightsStatus": "DISABLING",
        "ContributorInsightsMode": THROTTLED,
    }
    described = api(DESCRIBE, TableName=name)
    assert isinstance(described.pop("LastUpdateDateTime"), float)
    disabled = {
        "TableName": name,
        "ContributorInsightsStatus": "DISABLED",
        "ContributorInsightsMode": THROTTLED,
    }
    assert described == disabled
    assert disable(api, name) == disabled
    assert api(LIST, TableName=name) == {"ContributorInsightsSummaries": []}


def test_a_table_and_each_global_index_are_switched_apart(api, create):
    """[O]"""
    name = create(RANGED)
    assert enable(api, name, "gsi") == {
        "TableName": name,
        "IndexName": "gsi",
        "ContributorInsightsStatus": "ENABLING",
        "ContributorInsightsMode": BOTH,
    }
    assert status_of(api, name) == "DISABLED"
    described = api(DESCRIBE, TableName=name, IndexName="gsi")
    assert described["IndexName"] == "gsi"
    rules = [re.sub(r"-\d{13}$", "", rule) for rule in described["ContributorInsightsRuleList"]]
    assert rules == [
        f"DynamoDBContributorInsights-{rule}-{name}-gsi" for rule in RULES["plain", BOTH]
    ]
    enable(api, name)
    disable(api, name, "gsi")
    assert status_of(api, name) == "ENABLED"
    assert status_of(api, name, IndexName="gsi") == "DISABLED"


def test_a_list_has_a_table_before_its_indexes_in_pages(api, create):
    """[O]"""
    name = create(RANGED)
    for index in ("gsi-2", None, "gsi"):
        enable(api, name, index)
    found, token = [], None
    while True:
        more = {"NextToken": token} if token else {}
        page = api(LIST, TableName=name, MaxResults=1, **more)
        found += page["ContributorInsightsSummaries"]
        assert len(page["ContributorInsightsSummaries"]) == 1
        token = page.get("NextToken")
        if token is None:
            break
    assert [summary.get("IndexName") for summary in found] == [None, "gsi", "gsi-2"]
    assert {summary["TableName"] for summary in found} == {name}


def test_a_list_of_all_tables_goes_by_their_names(api, create, client):
    names = [create(PLAIN) for _ in range(3)]
    enable(api, names[0])
    enable(api, names[2])
    described = client.describe_contributor_insights(TableName=names[0])
    assert described["LastUpdateDateTime"].tzinfo is not None
    found, token = [], None
    while True:
        more = {"NextToken": token} if token else {}
        page = client.list_contributor_insights(MaxResults=2, **more)
        found += [each["TableName"] for each in page["ContributorInsightsSummaries"]]
        token = page.get("NextToken")
        if token is None:
            break
    assert [name for name in found if name in names] == sorted([names[0], names[2]])
    assert len(set(found)) == len(found)


MISSING = [
    ("table", {"TableName": "nowhere"}, "Table: nowhere not found"),
    ("index", {"IndexName": "ghost"}, "Index: ghost not found for table: {}"),
    ("local index", {"IndexName": "lsi"}, "Index: lsi not found for table: {}"),
]


@pytest.mark.parametrize(("more", "words"), ids(MISSING))
@pytest.mark.parametrize("operation", [DESCRIBE, UPDATE])
def test_what_is_not_there_is_not_found(api, create, operation, more, words):
    """[O]"""
    name = create(RANGED)
    request = {"TableName": name, **more}
    if operation == UPDATE:
        request["ContributorInsightsAction"] = "ENABLE"
    message = f"Requested resource not found: {words.format(name)}"
    says(api.refused(operation, request), "ResourceNotFoundException", message)


def test_a_list_of_a_table_that_is_none_is_not_found(api):
    """[O]"""
    says(
        api.refused(LIST, TableName="nowhere"),
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )


WRONG = [
    (
        "action",
        UPDATE,
        {"ContributorInsightsAction": "START"},
        "Value 'START' at 'contributorInsightsAction' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ENABLE, DISABLE]",
    ),
    (
        "mode",
        UPDATE,
        {"ContributorInsightsAction": "ENABLE", "ContributorInsightsMode": "ALL"},
        "Value 'ALL' at 'contributorInsightsMode' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ACCESSED_AND_THROTTLED_KEYS, THROTTLED_KEYS]",
    ),
    (
        "too many",
        LIST,
        {"MaxResults": 101},
        "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less "
        "than or equal to 100",
    ),
    # [I]
    (
        "none",
        LIST,
        {"MaxResults": 0},
        "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater "
        "than or equal to 1",
    ),
]


@pytest.mark.parametrize(("operation", "members", "words"), ids(WRONG))
def test_a_wrong_request_is_told_so(api, operation, members, words):
    refused = api.refused(operation, {"TableName": "strings", **members})
    says(refused, "ValidationException", f"1 validation error detected: {words}")


@pytest.mark.parametrize("token", ["!", "e30=", "W10="])
def test_a_token_of_no_list_is_refused(api, token):
    """[I]"""
    says(api.refused(LIST, NextToken=token), "ValidationException", "Invalid NextToken")


# States that take time.


@pytest.fixture
def slow(store):
    with Lab(store, transition_s=10.0) as lab:
        yield lab


def make(lab, definition, **members):
    lab("CreateTable", definition, TableName="table-1", **members)
    lab.now += 10


def test_a_change_is_under_way_for_a_while(slow):
    """[O]: it is listed meanwhile, and leaves the list as it becomes DISABLED."""
    make(slow, PLAIN)
    enable(slow, "table-1")
    assert status_of(slow, "table-1") == "ENABLING"
    # To enable again is to change nothing.
    assert enable(slow, "table-1")["ContributorInsightsStatus"] == "ENABLING"
    began = slow(DESCRIBE, TableName="table-1")["LastUpdateDateTime"]
    assert began == slow.now
    slow.now += 10
    assert status_of(slow, "table-1") == "ENABLED"
    assert enable(slow, "table-1")["ContributorInsightsStatus"] == "ENABLED"
    assert slow(DESCRIBE, TableName="table-1")["LastUpdateDateTime"] == began + 10
    disable(slow, "table-1")
    (listed,) = slow(LIST)["ContributorInsightsSummaries"]
    assert listed["ContributorInsightsStatus"] == "DISABLING"
    slow.now += 10
    assert status_of(slow, "table-1") == "DISABLED"
    assert slow(LIST)["ContributorInsightsSummaries"] == []


def rules_of(lab, name="table-1"):
    return lab(DESCRIBE, TableName=name)["ContributorInsightsRuleList"]


def test_a_change_of_mode_keeps_the_rules_of_both(slow):
    """[O]; without a mode it goes back to that of both kinds of keys."""
    make(slow, PLAIN)
    enable(slow, "table-1")
    slow.now += 10
    both = rules_of(slow)
    assert enable(slow, "table-1", mode=THROTTLED)["ContributorInsightsStatus"] == "ENABLING"
    slow.now += 10
    assert rules_of(slow) == both[1:]
    assert enable(slow, "table-1")["ContributorInsightsMode"] == BOTH
    slow.now += 10
    assert rules_of(slow) == both
    # Disabled and enabled again, they are others.
    disable(slow, "table-1")
    enable(slow, "table-1")
    slow.now += 10
    assert not set(rules_of(slow)) & set(both)


def test_a_table_being_created_cannot_have_them_yet(slow):
    """[O]"""
    slow("CreateTable", RANGED, TableName="table-1")
    wish = {"TableName": "table-1", "ContributorInsightsAction": "ENABLE"}
    message = NOT_ACTIVE.format("TableStatus")
    says(slow.refused(UPDATE, wish), "ValidationException", message)
    says(slow.refused(UPDATE, wish, IndexName="gsi"), "ValidationException", message)
    assert status_of(slow, "table-1") == "DISABLED"
    slow.now += 10
    enable(slow, "table-1", "gsi")


def test_a_table_being_deleted_shows_them_until_it_is_gone(slow):
    """[O]"""
    make(slow, PLAIN)
    enable(slow, "table-1")
    slow.now += 10
    slow("DeleteTable", TableName="table-1")
    assert status_of(slow, "table-1") == "ENABLED"
    assert len(slow(LIST)["ContributorInsightsSummaries"]) == 1
    wish = {"TableName": "table-1", "ContributorInsightsAction": "ENABLE"}
    says(slow.refused(UPDATE, wish), "ValidationException", NOT_ACTIVE.format("TableStatus"))
    assert disable(slow, "table-1")["ContributorInsightsStatus"] == "DISABLING"
    slow.now += 10
    slow.refused(DESCRIBE, TableName="table-1").must_be("ResourceNotFoundException")
    assert slow(LIST)["ContributorInsightsSummaries"] == []


def test_an_index_being_created_comes_to_have_them(slow):
    """[O]: at first there is no such index, then it is not ACTIVE."""
    make(slow, PLAIN)
    create = {**tables.index("later", "g")}
    slow(
        "UpdateTable",
        TableName="table-1",
        AttributeDefinitions=tables.definitions(g="S"),
        GlobalSecondaryIndexUpdates=[{"Create": create}],
    )
    wish = {"TableName": "table-1", "IndexName": "later", "ContributorInsightsAction": "ENABLE"}
    message = "Requested resource not found: Index: later not found for table: table-1"
    says(slow.refused(UPDATE, wish), "ResourceNotFoundException", message)
    says(
        slow.refused(DESCRIBE, TableName="table-1", IndexName="later"),
        "ResourceNotFoundException",
        message,
    )
    slow.now += 10
    says(slow.refused(UPDATE, wish), "ValidationException", NOT_ACTIVE.format("IndexStatus"))
    assert status_of(slow, "table-1", IndexName="later") == "DISABLED"


def test_an_index_being_deleted_shows_them_until_it_is_gone(slow):
    """[O]"""
    make(slow, RANGED)
    enable(slow, "table-1", "gsi")
    slow.now += 10
    slow(
        "UpdateTable",
        TableName="table-1",
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}],
    )
    assert status_of(slow, "table-1", IndexName="gsi") == "ENABLED"
    assert [each["IndexName"] for each in slow(LIST)["ContributorInsightsSummaries"]] == ["gsi"]
    slow.now += 10
    slow.refused(DESCRIBE, TableName="table-1", IndexName="gsi").must_be(
        "ResourceNotFoundException"
    )
    assert slow(LIST)["ContributorInsightsSummaries"] == []


# Counts.


@pytest.fixture
def lab(store):
    with Lab(store) as lab:
        yield lab


def counted(lab, rule, index=None, top=25, name="table-1"):
    """The keys that lead a rule, with what each has."""
    status, answer = lab.administer("contributor-insights", table=name, top=top)
    assert status == 200
    found = [
        each
        for each in answer["rules"]
        if f"-{rule}-" in each["rule"] and each.get("index") == index
    ]
    assert len(found) <= 1
    return [(each["key"], each["value"]) for rules in found for each in rules["contributors"]]


def key(pk, sk=1):
    return {"pk": S(pk), "sk": N(sk)}


def watched(lab, definition=RANGED, index=None, **members):
    lab("CreateTable", definition, TableName="table-1", **members)
    enable(lab, "table-1", index)


def put(lab, pk, sk=1, size=None, **attributes):
    item = {**key(pk, sk), **attributes}
    lab("PutItem", TableName="table-1", Item=item_of(item, size) if size else item)


def test_a_write_counts_three_times_and_a_read_once(lab):
    """[G]: ConsumedThroughputUnits."""
    watched(lab)
    put(lab, "a", size=2000)
    lab("GetItem", TableName="table-1", Key=key("b"), ConsistentRead=True)
    lab("GetItem", TableName="table-1", Key=key("c"))
    put(lab, "b", sk=2)
    assert counted(lab, "PKC") == [({"pk": S("a")}, 6), ({"pk": S("b")}, 4), ({"pk": S("c")}, 0.5)]
    assert counted(lab, "SKC") == [
        (key("a"), 6),
        (key("b", 2), 3),
        (key("b"), 1),
        (key("c"), 0.5),
    ]
    assert counted(lab, "PKC", top=1) == [({"pk": S("a")}, 6)]


def batch_get(lab):
    lab("BatchGetItem", RequestItems={"table-1": {"Keys": [key("a"), key("b")]}})


def batch_write(lab):
    wishes = [{"DeleteRequest": {"Key": key(each)}} for each in "ab"]
    lab("BatchWriteItem", RequestItems={"table-1": wishes})


def transact_get(lab):
    gets = [{"Get": {"TableName": "table-1", "Key": key(each)}} for each in "ab"]
    lab("TransactGetItems", TransactItems=gets)


def transact_write(lab):
    put = {"Put": {"TableName": "table-1", "Item": key("a")}}
    check = {"TableName": "table-1", "Key": key("b"), "ConditionExpression": "attribute_exists(q)"}
    check["ConditionExpression"] = "attribute_not_exists(pk)"
    lab("TransactWriteItems", TransactItems=[put, {"ConditionCheck": check}])


def update(lab):
    for each in "ab":
        lab("UpdateItem", TableName="table-1", Key=key(each))


def failed_condition(lab):
    for each in "ab":
        condition = "attribute_exists(pk)"
        lab.refused("DeleteItem", TableName="table-1", Key=key(each), ConditionExpression=condition)


OPERATIONS = [
    ("BatchGetItem", batch_get, 0.5),
    ("BatchWriteItem", batch_write, 3),
    ("TransactGetItems", transact_get, 2),
    ("TransactWriteItems", transact_write, 6),
    ("UpdateItem", update, 3),
    ("failed condition", failed_condition, 3),
]


@pytest.mark.parametrize(("operation", "value"), ids(OPERATIONS))
def test_every_operation_counts_what_it_consumes(lab, operation, value):
    watched(lab)
    operation(lab)
    assert counted(lab, "PKC") == [({"pk": S("a")}, value), ({"pk": S("b")}, value)]
    assert counted(lab, "SKC") == [(key("a"), value), (key("b"), value)]


def query(lab, pk, **members):
    return lab(
        "Query",
        TableName="table-1",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": S(pk)},
        ConsistentRead=True,
        **members,
    )


def test_the_items_of_a_query_share_what_it_consumed(lab):
    """[I]"""
    lab("CreateTable", RANGED, TableName="table-1")
    put(lab, "a", 1, size=3000)
    put(lab, "a", 2, size=9000)
    enable(lab, "table-1")
    query(lab, "a")
    assert counted(lab, "PKC") == [({"pk": S("a")}, 3)]
    assert counted(lab, "SKC") == [(key("a", 2), 2.25), (key("a", 1), 0.75)]
    # Without items it counts for its partition key.
    query(lab, "empty")
    assert counted(lab, "PKC")[1:] == [({"pk": S("empty")}, 1)]
    assert len(counted(lab, "SKC")) == 2


def test_the_items_of_a_scan_share_what_it_consumed(lab):
    """[I]"""
    lab("CreateTable", RANGED, TableName="table-1")
    put(lab, "a", 1, size=3000)
    put(lab, "a", 2, size=3000)
    put(lab, "b", 1, size=2000)
    enable(lab, "table-1")
    lab("Scan", TableName="table-1", ConsistentRead=True)
    assert counted(lab, "PKC") == [({"pk": S("a")}, 1.5), ({"pk": S("b")}, 0.5)]
    assert sum(value for _, value in counted(lab, "SKC")) == 2


def test_a_local_index_counts_for_its_table(lab):
    lab("CreateTable", RANGED, TableName="table-1")
    put(lab, "a", l=S("x"))
    enable(lab, "table-1")
    query(lab, "a", IndexName="lsi")
    assert counted(lab, "PKC") == [({"pk": S("a")}, 1)]
    assert counted(lab, "SKC") == [(key("a"), 1)]
    put(lab, "b", l=S("x"))
    # A unit of the table, and one of the index.
    assert counted(lab, "PKC")[0] == ({"pk": S("b")}, 6)


def test_a_global_index_counts_its_own_keys(lab):
    watched(lab, index="gsi-2")
    put(lab, "a", g=S("x"), l=S("y"))
    put(lab, "b", g=S("x"), l=S("z"))
    # It has no entry in the index.
    put(lab, "c", g=S("x"))
    lab(
        "Query",
        TableName="table-1",
        IndexName="gsi-2",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": S("x")},
    )
    lab("DeleteItem", TableName="table-1", Key=key("b"))
    assert counted(lab, "PKC", "gsi-2") == [({"g": S("x")}, 9.5)]
    assert counted(lab, "SKC", "gsi-2") == [
        ({"g": S("x"), "l": S("z")}, 6.25),
        ({"g": S("x"), "l": S("y")}, 3.25),
    ]
    assert counted(lab, "PKC") == []


def test_a_number_is_one_key_however_it_is_written(lab):
    watched(lab)
    for text in ("1", "1.0", "10e-1"):
        lab("GetItem", TableName="table-1", Key=key("a", text))
    assert counted(lab, "SKC") == [(key("a", 1), 1.5)]


def test_partiql_is_not_counted(lab):
    """[G]"""
    watched(lab)
    lab("ExecuteStatement", Statement="INSERT INTO \"table-1\" VALUE {'pk': 'a', 'sk': 1}")
    lab("ExecuteStatement", Statement="SELECT * FROM \"table-1\" WHERE pk = 'a'")
    lab("ExecuteStatement", Statement="SELECT * FROM \"table-1\" WHERE pk = 'a' AND sk = 1")
    lab("ExecuteStatement", Statement="DELETE FROM \"table-1\" WHERE pk = 'a' AND sk = 1")
    assert counted(lab, "PKC") == []


def test_accesses_are_counted_only_where_they_are_asked_for(lab):
    watched(lab)
    enable(lab, "table-1", mode=THROTTLED)
    put(lab, "a")
    enable(lab, "table-1")
    assert counted(lab, "PKC") == []
    put(lab, "b")
    assert counted(lab, "PKC") == [({"pk": S("b")}, 3)]
    disable(lab, "table-1")
    put(lab, "b")
    assert lab.administer("contributor-insights")[1]["rules"] == []
    # New rules begin anew, and a new table of the name has none.
    lab.now += 1
    enable(lab, "table-1")
    assert counted(lab, "PKC") == []
    put(lab, "c")
    lab("DeleteTable", TableName="table-1")
    watched(lab)
    assert counted(lab, "PKC") == []


def test_counts_are_kept_by_the_minute_for_an_hour(lab):
    lab.now -= lab.now % 60
    watched(lab)
    put(lab, "a")
    lab.now += 60
    put(lab, "a")
    put(lab, "b")
    _, answer = lab.administer("contributor-insights", table="table-1")
    first, second = answer["rules"][0]["contributors"]
    assert [point["value"] for point in first["datapoints"]] == [3, 3]
    times = [point["timestamp"] for point in first["datapoints"]]
    assert times == ["2027-01-15T08:00:00+00:00", "2027-01-15T08:01:00+00:00"]
    assert [point["value"] for point in second["datapoints"]] == [3]
    lab.now += 59 * 60
    assert counted(lab, "PKC") == [({"pk": S("a")}, 3), ({"pk": S("b")}, 3)]
    put(lab, "c")
    lab.now += 60
    assert counted(lab, "PKC") == [({"pk": S("c")}, 3)]


# Throttling.


def provisioned(**index_units):
    everywhere = [
        {
            **tables.index(name, name),
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": units},
        }
        for name, units in index_units.items()
    ]
    types = {"pk": "S", "sk": "N", **dict.fromkeys(index_units, "S")}
    return {
        **tables.table("pk", "sk", types=types, everywhere=everywhere),
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }


def exhaust(lab, pk="fat"):
    """Use up the writes of a table with one unit a second: 300 of them are at hand."""
    put(lab, pk, size=301 * 1024)


@pytest.fixture
def tight(store):
    with Lab(store, throttling=True) as lab:
        yield lab


def test_what_is_throttled_is_counted_by_its_key(tight):
    watched(tight, provisioned())
    exhaust(tight)
    for each in ("a", "b", "a"):
        refused = tight.refused("PutItem", TableName="table-1", Item=key(each))
        refused.must_be("ProvisionedThroughputExceededException")
    tight.refused(
        "BatchWriteItem",
        RequestItems={"table-1": [{"PutRequest": {"Item": key("a", 2)}}]},
    )
    tight.refused(
        "TransactWriteItems", TransactItems=[{"Put": {"TableName": "table-1", "Item": key("c")}}]
    )
    assert counted(tight, "PKT") == [({"pk": S("a")}, 3), ({"pk": S("b")}, 1), ({"pk": S("c")}, 1)]
    assert counted(tight, "SKT") == [
        (key("a"), 2),
        (key("b"), 1),
        (key("a", 2), 1),
        (key("c"), 1),
    ]
    # What was refused has consumed nothing.
    assert counted(tight, "PKC") == [({"pk": S("fat")}, 903)]


def test_throttled_reads_count_alike(tight):
    watched(tight, provisioned())
    put(tight, "a", size=100 * 1024)
    for _ in range(12):
        tight("GetItem", TableName="table-1", Key=key("a"), ConsistentRead=True)
    tight.refused("GetItem", TableName="table-1", Key=key("a"))
    tight.refused("BatchGetItem", RequestItems={"table-1": {"Keys": [key("a"), key("b")]}})
    tight.refused(
        "TransactGetItems", TransactItems=[{"Get": {"TableName": "table-1", "Key": key("b")}}]
    )
    tight.refused(
        "Query",
        TableName="table-1",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": S("a")},
    )
    # Nobody's key.
    tight.refused("Scan", TableName="table-1")
    assert counted(tight, "PKT") == [({"pk": S("a")}, 3), ({"pk": S("b")}, 2)]
    # The Query was of no single item.
    assert counted(tight, "SKT") == [(key("a"), 2), (key("b"), 2)]


def test_what_a_global_index_refuses_a_write_is_not_counted(tight):
    """[G]"""
    definition = provisioned(by_g=1)
    definition["ProvisionedThroughput"]["WriteCapacityUnits"] = 10
    watched(tight, definition)
    enable(tight, "table-1", "by_g")
    put(tight, "a", size=301 * 1024, by_g=S("x"))
    tight.refused("PutItem", TableName="table-1", Item={**key("b"), "by_g": S("x")})
    assert counted(tight, "PKT") == []
    assert counted(tight, "PKT", "by_g") == []
    assert counted(tight, "PKC", "by_g") == [({"by_g": S("x")}, 903)]


def test_throttling_goes_on_as_without_insights(tight):
    watched(tight, provisioned())
    enable(tight, "table-1", mode=THROTTLED)
    exhaust(tight)
    tight.refused("PutItem", TableName="table-1", Item=key("a"))
    assert counted(tight, "PKT") == [({"pk": S("a")}, 1)]
    # A switch at run time keeps the counts.
    tight.change()
    put(tight, "a")
    assert counted(tight, "PKT") == [({"pk": S("a")}, 1)]


# The admin call of a real server.


def test_a_server_shows_its_counts(durable_server):
    with Api(durable_server().url) as api:
        tables.create(api, "seen", PLAIN)
        tables.create(api, "unseen", PLAIN)
        enable(api, "seen")
        for pk, times in (("often", 3), ("once", 1)):
            for _ in range(times):
                api("PutItem", TableName="seen", Item={"pk": S(pk)})
        api("PutItem", TableName="unseen", Item={"pk": S("often")})
        answer = api.http("GET", "/_genset/contributor-insights?table=seen&top=1")
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        shown = answer.json
        accessed, throttled = shown["rules"]
        (leader,) = accessed.pop("contributors")
        assert accessed == {
            "rule": api(DESCRIBE, TableName="seen")["ContributorInsightsRuleList"][0],
            "table": "arn:aws:dynamodb:us-east-1:000000000000:table/seen",
            "metric": "ConsumedThroughputUnits",
        }
        assert (leader["key"], leader["value"], leader["error"]) == ({"pk": S("often")}, 9, 0)
        assert throttled["metric"] == "ThrottleCount"
        assert throttled["contributors"] == []
        assert isinstance(shown["process"], int)
        assert api.http("GET", "/_genset/contributor-insights").json == {
            **shown,
            "rules": api.http("GET", "/_genset/contributor-insights?table=seen").json["rules"],
        }
        assert api.http("GET", "/_genset/contributor-insights?table=unseen").json["rules"] == []


REFUSED = [
    ("web page", "GET", "", {"Origin": "http://example.com"}, 403),
    ("proxy", "GET", "", {"Via": "1.1 proxy"}, 403),
    ("method", "PUT", "", {}, 405),
    ("parameter", "GET", "?tables=a", {}, 400),
    ("none", "GET", "?top=0", {}, 400),
    ("too many", "GET", "?top=26", {}, 400),
    ("no number", "GET", "?top=x", {}, 400),
    ("endless number", "GET", f"?top={'1' * 5000}", {}, 400),
    ("other name", "GET", "", {"Host": "dynamodb.example.com"}, 403),
]


@pytest.mark.parametrize(("method", "query", "headers", "status"), ids(REFUSED))
def test_a_wrong_admin_call_is_refused(api, method, query, headers, status):
    path = f"/_genset/contributor-insights{query}"
    assert api.http(method, path, b"", headers).status == status


def test_each_worker_shows_what_went_through_it(durable_server):
    server = durable_server("--workers", "2", "--durability", "relaxed")
    with Api(server.url) as api:
        tables.create(api, "shared", PLAIN)
        enable(api, "shared")
    writes, values = 25, {}
    for number in range(5 * writes):
        # Each connection is some worker's.
        with Api(server.url) as api:
            if number < writes:
                # Never the same: a write that meets a newer item is made, and counted, again.
                api("PutItem", TableName="shared", Item={"pk": S(f"{number}")})
                continue
            shown = api.http("GET", "/_genset/contributor-insights").json
            found = shown["rules"][0]["contributors"]
            values[shown["process"]] = sum(each["value"] for each in found)
    assert len(values) == 2
    assert sum(values.values()) == 3 * writes


def test_insights_and_their_rules_survive_a_restart(durable_server):
    server = durable_server()
    with Api(server.url) as api:
        tables.create(api, "kept", RANGED)
        enable(api, "kept", mode=THROTTLED)
        enable(api, "kept", "gsi")
        before = [
            api(DESCRIBE, TableName="kept"),
            api(DESCRIBE, TableName="kept", IndexName="gsi"),
        ]
    server.__exit__()
    with Api(durable_server().url) as api:
        assert before == [
            api(DESCRIBE, TableName="kept"),
            api(DESCRIBE, TableName="kept", IndexName="gsi"),
        ]
