"""UpdateTable: global secondary indexes created and deleted on a live table."""

from __future__ import annotations

import time

import pytest

from support import tables
from support.cases import INVALID
from support.values import B, N, S

PLAIN = tables.table("pk", "sk", types={"pk": "S", "sk": "N"})
LIMIT = "Subscriber limit exceeded: "
THROUGHPUT = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}


def creation(name, hash_keys, range_keys=(), *, types, projection="ALL", **members):
    """The members of an UpdateTable that create an index."""
    index = {**tables.index(name, hash_keys, range_keys, projection=projection), **members}
    return {
        "AttributeDefinitions": tables.definitions(**types),
        "GlobalSecondaryIndexUpdates": [{"Create": index}],
    }


def deletion(name):
    return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


GSI = creation("gsi", "g", types={"g": "S"})


def wait_only(api, table, names):
    """Wait until the table has just those indexes, all ACTIVE."""
    deadline = time.monotonic() + 10
    while True:
        found = api("DescribeTable", TableName=table)["Table"]
        indexes = found.get("GlobalSecondaryIndexes", [])
        states = {index["IndexName"]: index["IndexStatus"] for index in indexes}
        if found["TableStatus"] == "ACTIVE" and states == dict.fromkeys(names, "ACTIVE"):
            return found
        assert time.monotonic() < deadline, states
        time.sleep(0.005)


def fill(api, table, count, **attributes):
    for n in range(count):
        api("PutItem", TableName=table, Item={"pk": S("p"), "sk": N(n), **attributes})


def rows(api, table, index):
    found = api("Scan", TableName=table, IndexName=index)["Items"]
    return sorted(int(row["sk"]["N"]) for row in found)


def test_an_index_of_items_that_are_there(client, api, create):
    """With boto3: the index appears CREATING, becomes ACTIVE, and has every item and no more."""
    name = create(PLAIN)
    fill(api, name, 250, g=S("x"), v=S("value"))
    api("PutItem", TableName=name, Item={"pk": S("p"), "sk": N(999)})
    answer = client.update_table(TableName=name, **GSI)["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    (index,) = answer["GlobalSecondaryIndexes"]
    assert index["IndexStatus"] == "CREATING"
    assert index["Backfilling"] is False
    assert (index["ItemCount"], index["IndexSizeBytes"]) == (0, 0)
    assert index["WarmThroughput"]["Status"] == "UPDATING"
    assert index["IndexArn"] == f"{answer['TableArn']}/index/gsi"
    found = wait_only(api, name, ["gsi"])
    (index,) = found["GlobalSecondaryIndexes"]
    assert "Backfilling" not in index
    assert index["WarmThroughput"]["Status"] == "ACTIVE"
    assert index["ItemCount"] == 250
    assert index["IndexSizeBytes"] < found["TableSizeBytes"]
    assert [each["AttributeName"] for each in found["AttributeDefinitions"]] == ["g", "pk", "sk"]
    assert rows(api, name, "gsi") == list(range(250))
    page = client.query(
        TableName=name,
        IndexName="gsi",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": S("x")},
        Limit=3,
    )
    assert all(row["v"] == S("value") for row in page["Items"])
    assert page["Count"] == 3


@pytest.mark.parametrize(
    ("projection", "stored"),
    [("KEYS_ONLY", {"pk", "sk", "g"}), (["v"], {"pk", "sk", "g", "v"})],
)
def test_projections(api, create, projection, stored):
    name = create(PLAIN)
    fill(api, name, 3, g=S("x"), v=S("v"), w=S("w"))
    api("UpdateTable", TableName=name,
        **creation("gsi", "g", types={"g": "S"}, projection=projection))  # fmt: skip
    wait_only(api, name, ["gsi"])
    assert all(set(row) == stored for row in api("Scan", TableName=name, IndexName="gsi")["Items"])


def test_keys_of_four_and_four_attributes(api, create):
    name = create(PLAIN)
    hashes, ranges = ["h1", "h2", "h3", "h4"], ["r1", "r2", "r3", "r4"]
    values = {each: S(each) for each in hashes + ranges}
    fill(api, name, 2, **values)
    fill(api, name, 1, **{each: values[each] for each in hashes})
    api("UpdateTable", TableName=name,
        **creation("gsi", hashes, ranges, types=dict.fromkeys(hashes + ranges, "S")))  # fmt: skip
    wait_only(api, name, ["gsi"])
    assert rows(api, name, "gsi") == [1]


def test_items_that_cannot_be_in_the_index_are_left_out(api, create):
    """Developer guide, "Detecting and correcting index key violations in DynamoDB"; as tests that
    pass on the service show for each kind."""
    name = create(PLAIN)
    values = [S("ok"), N(1), S(""), S("a" * 1024), S("a" * 1025), S("a" * 2048), S("a" * 2049),
              {"NULL": True}, {"L": []}, B(b"ok")]  # fmt: skip
    for n, value in enumerate(values):
        api("PutItem", TableName=name, Item={"pk": S("p"), "sk": N(n), "x": value})
    api("UpdateTable", TableName=name, **creation("partition", "x", types={"x": "S"}))
    wait_only(api, name, ["partition"])
    api("UpdateTable", TableName=name, **creation("sort", "pk", "x", types={"pk": "S", "x": "S"}))
    found = wait_only(api, name, ["partition", "sort"])
    assert rows(api, name, "partition") == [0, 3, 4, 5]
    assert rows(api, name, "sort") == [0, 3]
    counts = [index["ItemCount"] for index in found["GlobalSecondaryIndexes"]]
    assert counts == [4, 2]


def test_an_item_that_violates_an_index_is_changed_elsewhere_and_corrected(api, create):
    """observed: an update re-checks only the index keys that it changes; a put has them all."""
    name = create(PLAIN)
    key = {"pk": S("p"), "sk": N(1)}
    api("PutItem", TableName=name, Item={**key, "g": N(7)})
    api("UpdateTable", TableName=name, **GSI)
    wait_only(api, name, ["gsi"])

    def update(expression, value):
        return {"TableName": name, "Key": key, "UpdateExpression": expression,
                "ExpressionAttributeValues": {":v": value}}  # fmt: skip

    api("UpdateItem", update("SET v = :v", S("changed")))
    assert rows(api, name, "gsi") == []
    for refused in (
        api.refused("UpdateItem", update("SET g = :v", N(8))),
        api.refused("PutItem", TableName=name, Item={**key, "g": N(7)}),
    ):
        assert refused.message == (
            INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"
        )
    api("UpdateItem", update("SET g = :v", S("good")))
    assert rows(api, name, "gsi") == [1]
    api("DeleteItem", TableName=name, Key=key)
    assert wait_only(api, name, ["gsi"])["GlobalSecondaryIndexes"][0]["ItemCount"] == 0


def test_deleting_an_index(client, api, create):
    """Observed on the service, October 2026: its attribute leaves the definitions with it."""
    name = create(tables.INDEXED)
    item = {"pk": S("a"), "sk": S("b"), "g": S("g"), "h": N(1), "l": S("l")}
    api("PutItem", TableName=name, Item=item)
    answer = client.update_table(TableName=name, **deletion("global-all"))["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    states = {i["IndexName"]: i["IndexStatus"] for i in answer["GlobalSecondaryIndexes"]}
    assert states["global-all"] == "DELETING"
    assert set(states.values()) == {"ACTIVE", "DELETING"}
    wait_only(api, name, ["global-include", "global-keys"])
    api("UpdateTable", TableName=name, **deletion("global-keys"))
    found = wait_only(api, name, ["global-include"])
    defined = [each["AttributeName"] for each in found["AttributeDefinitions"]]
    assert defined == ["h", "l", "pk", "sk"]
    answer = api.refused("Scan", TableName=name, IndexName="global-all")
    assert answer.message == "The table does not have the specified index: global-all"
    api("PutItem", TableName=name, Item={**item, "g": N(1)})
    api("UpdateTable", TableName=name, **deletion("global-include"))
    assert "GlobalSecondaryIndexes" not in wait_only(api, name, [])


def test_a_protected_table_loses_an_index(api, create):
    """Observed on the service, October 2026."""
    name = create(tables.table("pk", types={"pk": "S", "g": "S"},
                               everywhere=[tables.index("gsi", "g")]),
                  DeletionProtectionEnabled=True)  # fmt: skip
    api("UpdateTable", TableName=name, **deletion("gsi"))
    wait_only(api, name, [])
    api("UpdateTable", TableName=name, DeletionProtectionEnabled=False)


def test_an_index_of_a_name_that_was_there_before(api, create):
    """Another key and projection under the same name, again and again: nothing old shows."""
    name = create(PLAIN)
    fill(api, name, 120, g=S("x"), h=N(5))
    for number in range(6):
        key, kind = [("g", "S"), ("h", "N")][number % 2]
        projection = ["KEYS_ONLY", "ALL"][number % 2]
        api("UpdateTable", TableName=name,
            **creation("same", key, types={key: kind}, projection=projection))  # fmt: skip
        found = wait_only(api, name, ["same"])
        (index,) = found["GlobalSecondaryIndexes"]
        assert index["KeySchema"] == tables.key_schema(key)
        assert index["ItemCount"] == 120
        assert rows(api, name, "same") == list(range(120))
        kept = {"pk", "sk", "g"} if projection == "KEYS_ONLY" else {"pk", "sk", "g", "h"}
        assert set(api("Scan", TableName=name, IndexName="same", Limit=1)["Items"][0]) == kept
        api("UpdateTable", TableName=name, **deletion("same"))
        wait_only(api, name, [])


def refused(api, name, **members):
    answer = api.refused("UpdateTable", TableName=name, **members)
    return answer.type, answer.message


def test_what_cannot_be_created(api, create):
    """Observed on the service, October 2026, where no other source is named."""
    name = create(PLAIN)
    without = {"GlobalSecondaryIndexUpdates": GSI["GlobalSecondaryIndexUpdates"]}
    invalid = {
        "AttributeDefinitions is not specified for index: gsi": without,
        "Some index key attributes are not defined in AttributeDefinitions. Keys: [g], "
        "AttributeDefinitions: [x]": creation("gsi", "g", types={"x": "S"}),
        # Observed in 2024: even an attribute that the table defines is to be defined again.
        "Some index key attributes are not defined in AttributeDefinitions. Keys: [g, sk], "
        "AttributeDefinitions: [g]": creation("gsi", "g", "sk", types={"g": "S"}),
        # Observed in 2024.
        "Attributes cannot be redefined. Please check that your attribute has the same type as "
        "previously defined. Existing schema: Schema:[SchemaElement: key{pk:S:HASH}, "
        "SchemaElement: key{sk:N:RANGE}] New schema: Schema:[SchemaElement: key{sk:S:HASH}]":
            creation("gsi", "sk", types={"sk": "S"}),
        "All HASH key attributes must precede RANGE key attributes in the KeySchema": {
            "AttributeDefinitions": tables.definitions(a="S", b="S", c="S"),
            "GlobalSecondaryIndexUpdates": [{"Create": {**tables.index("gsi", "a"), "KeySchema": [
                *tables.key_schema("a", "b"), *tables.key_schema("c")]}}],
        },
        "The KeySchema exceeds the maximum allowed number of HASH key attributes":
            creation("gsi", list("abcde"), types=dict.fromkeys("abcde", "S")),
        "ProjectionType is INCLUDE, but NonKeyAttributes is not specified": creation(
            "gsi", "g", types={"g": "S"}, Projection={"ProjectionType": "INCLUDE"}),
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: gsi when "
        "BillingMode is PAY_PER_REQUEST":
            creation("gsi", "g", types={"g": "S"}, ProvisionedThroughput=THROUGHPUT),
        "Requested MaxReadRequestUnits for OnDemandThroughput for index : gsi is outside of valid "
        "range": creation("gsi", "g", types={"g": "S"},
                          OnDemandThroughput={"MaxReadRequestUnits": 0}),
        "You cannot create or delete index while updating table IOPS":
            {**GSI, "ProvisionedThroughput": THROUGHPUT},
        "You cannot create or delete index while changing stream status":
            {**GSI, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        "Create global secondary index cannot be specified when updating WarmThroughput":
            {**GSI, "WarmThroughput": {"ReadUnitsPerSecond": 13_000}},
        "DeletionProtection modification must be the only operation in the request":
            {**GSI, "DeletionProtectionEnabled": True},
    }  # fmt: skip
    for message, members in invalid.items():
        assert refused(api, name, **members) == ("ValidationException", INVALID + message)
    duplicate = {**GSI, "AttributeDefinitions": tables.definitions(g="S") * 2}
    assert refused(api, name, **duplicate)[1] == "Attribute Name is duplicated: g"
    first = creation("gsi", (), "g", types={"g": "S"})
    assert refused(api, name, **first)[1] == (
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
    )


def test_definitions_beside_those_of_the_index_are_ignored(api, create):
    """Observed on the service, October 2026."""
    name = create(PLAIN)
    api("UpdateTable", TableName=name,
        **creation("gsi", "g", types={"g": "S", "pk": "N", "unused": "B"}))  # fmt: skip
    found = wait_only(api, name, ["gsi"])
    assert found["AttributeDefinitions"] == tables.definitions(g="S", pk="S", sk="N")


def test_throughput_of_a_new_index(api, create):
    """Observed on the service, October 2026."""
    definition = {key: PLAIN[key] for key in ("AttributeDefinitions", "KeySchema")}
    name = create(definition, ProvisionedThroughput=THROUGHPUT)
    assert refused(api, name, **GSI)[1] == (
        INVALID + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: gsi"
    )
    limited = {"OnDemandThroughput": {"MaxWriteRequestUnits": 5}}
    members = creation("gsi", "g", types={"g": "S"}, ProvisionedThroughput=THROUGHPUT, **limited)
    assert refused(api, name, **members)[1] == (
        INVALID + "MaxWriteRequestUnits for OnDemandThroughput for index : gsi cannot be specified "
        "when the table BillingMode is PROVISIONED"
    )
    del members["GlobalSecondaryIndexUpdates"][0]["Create"]["OnDemandThroughput"]
    answer = api("UpdateTable", TableName=name, **members)["TableDescription"]
    (index,) = answer["GlobalSecondaryIndexes"]
    assert index["ProvisionedThroughput"] == {**THROUGHPUT, "NumberOfDecreasesToday": 0}
    wait_only(api, name, ["gsi"])
    with_mode = creation("more", "g", types={"g": "S"}, **limited)
    api("UpdateTable", TableName=name, BillingMode="PAY_PER_REQUEST", **with_mode)
    found = wait_only(api, name, ["gsi", "more"])
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    gsi, more = found["GlobalSecondaryIndexes"]
    assert more["OnDemandThroughput"] == limited["OnDemandThroughput"]
    assert gsi["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_names_that_are_taken_and_names_that_are_not_there(api, create):
    """The name comes before the definition; observed on the service, October 2026."""
    name = create(tables.INDEXED)
    for taken in ("global-all", "local-all"):
        bad = creation(taken, "nowhere", types={"x": "S"})
        assert refused(api, name, **bad) == (
            "ValidationException",
            "Attempting to create an index which already exists",
        )
    assert refused(api, name, **deletion("no-such")) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Index no-such for table {name}",
    )
    assert refused(api, name, **deletion("local-all")) == (
        "ValidationException",
        "Cannot delete an index that is not a GlobalSecondaryIndex: local-all",
    )


def test_one_index_a_call(api, create):
    """Observed on the service, October 2026; before the names are looked at."""
    name = create(PLAIN)
    one = GSI["GlobalSecondaryIndexUpdates"]
    other = creation("other", "g", types={"g": "S"})["GlobalSecondaryIndexUpdates"]
    gone = deletion("no-such")["GlobalSecondaryIndexUpdates"]
    for updates in (one + other, one + gone, gone + deletion("nor")["GlobalSecondaryIndexUpdates"]):
        members = {**GSI, "GlobalSecondaryIndexUpdates": updates}
        assert refused(api, name, **members) == (
            "LimitExceededException",
            LIMIT + "Only 1 online index can be created or deleted simultaneously per table",
        )
    assert "GlobalSecondaryIndexes" not in api("DescribeTable", TableName=name)["Table"]


def test_the_limits_on_indexes(api, create):
    """Observed on the service, October 2026: the 21st index. Developer guide: 100 attributes."""
    twenty = [tables.index(f"gsi-{n}", "g", projection="KEYS_ONLY") for n in range(20)]
    name = create(tables.table("pk", types={"pk": "S", "g": "S"}, everywhere=twenty))
    assert refused(api, name, **GSI) == (
        "LimitExceededException",
        LIMIT + "Number of global secondary indexes exceeds per-table limit of 20",
    )
    full = [
        tables.index(f"gsi-{n}", "g", projection=[f"a{i}" for i in range(20)]) for n in range(5)
    ]
    name = create(tables.table("pk", types={"pk": "S", "g": "S"}, everywhere=full))
    members = creation("gsi", "g", types={"g": "S"}, projection=["one"])
    answer = refused(api, name, **members)
    assert answer[0] == "ValidationException"
    assert "100" in answer[1]
