"""CreateTable: what it makes, and every rule it checks."""

from __future__ import annotations

import re

import pytest

from support import tables
from support.cases import INVALID, Cases, check_refused
from support.tables import definitions, index, key_schema

V1 = "1 validation error detected: "
OCTOBER = "observed on the service, October 2026"
THROUGHPUT = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


@pytest.fixture
def described(api, create):
    """Creates the table and gives its description once it is ACTIVE."""

    def make(definition, **members):
        return api("DescribeTable", TableName=create(definition, **members))["Table"]

    return make


def test_the_description_of_a_simple_table(api, fresh):
    name = f"made-{fresh()}"
    request = {**tables.table("pk", "sk", types={"pk": "S", "sk": "N"}), "TableName": name}
    created = api("CreateTable", request)["TableDescription"]
    assert created["TableStatus"] in ("CREATING", "ACTIVE")
    # Observed on the service, October 2026: what only DescribeTable shows.
    assert "WarmThroughput" not in created
    assert created["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    found = tables.wait_active(api, name)
    assert found["TableName"] == name
    assert found["TableArn"] == f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"
    assert found["KeySchema"] == request["KeySchema"]
    assert found["AttributeDefinitions"] == request["AttributeDefinitions"]
    assert (found["ItemCount"], found["TableSizeBytes"]) == (0, 0)
    assert found["TableStatus"] == "ACTIVE"
    assert found["DeletionProtectionEnabled"] is False
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    units = found["ProvisionedThroughput"]
    assert (units["ReadCapacityUnits"], units["WriteCapacityUnits"]) == (0, 0)
    assert units["NumberOfDecreasesToday"] == 0
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["TableId"])
    assert found["TableId"] == created["TableId"]
    assert found["CreationDateTime"] == pytest.approx(created["CreationDateTime"])
    for absent in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification",
                   "LatestStreamArn", "TableClassSummary", "SSEDescription"):  # fmt: skip
        assert absent not in found
    api("DeleteTable", TableName=name)
    tables.wait_gone(api, name)
    again = api("CreateTable", request)["TableDescription"]
    assert again["TableId"] != created["TableId"]
    tables.wait_active(api, name)
    api("DeleteTable", TableName=name)


def test_a_provisioned_table(described):
    definition = tables.table("pk", types={"pk": "S"})
    del definition["BillingMode"]
    found = described(definition, ProvisionedThroughput=THROUGHPUT)
    units = found["ProvisionedThroughput"]
    assert (units["ReadCapacityUnits"], units["WriteCapacityUnits"]) == (5, 6)
    assert found.get("BillingModeSummary", {"BillingMode": "PROVISIONED"})["BillingMode"] == (
        "PROVISIONED"
    )


def test_indexes_are_described_with_sizes_and_statuses(described):
    found = described(tables.INDEXED)
    local = {each["IndexName"]: each for each in found["LocalSecondaryIndexes"]}
    everywhere = {each["IndexName"]: each for each in found["GlobalSecondaryIndexes"]}
    assert set(local) == {"local-all", "local-keys"}
    assert set(everywhere) == {"global-all", "global-include", "global-keys"}
    for each in (*local.values(), *everywhere.values()):
        assert each["IndexArn"] == f"{found['TableArn']}/index/{each['IndexName']}"
        assert (each["ItemCount"], each["IndexSizeBytes"]) == (0, 0)
    assert everywhere["global-include"]["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["kept"],
    }
    assert {each["IndexStatus"] for each in everywhere.values()} == {"ACTIVE"}
    assert all("IndexStatus" not in each for each in local.values())
    assert all("ProvisionedThroughput" in each for each in everywhere.values())


def test_names_come_back_sorted_and_indexes_as_sent(described):
    """Observed on the service, October 2026."""
    found = described(
        tables.table(
            "pk",
            types=dict.fromkeys(("z", "pk", "a"), "S"),
            everywhere=[
                {
                    **index("g-z", "z"),
                    "Projection": {
                        "ProjectionType": "INCLUDE",
                        "NonKeyAttributes": ["zz", "aa", "mm"],
                    },
                },
                index("g-a", "a"),
            ],
        )
    )
    names = [each["AttributeName"] for each in found["AttributeDefinitions"]]
    assert names == ["a", "pk", "z"]
    first, second = found["GlobalSecondaryIndexes"]
    assert (first["IndexName"], second["IndexName"]) == ("g-z", "g-a")
    assert first["Projection"]["NonKeyAttributes"] == ["aa", "mm", "zz"]


def test_options_of_a_table(described):
    found = described(
        tables.table("pk", types={"pk": "S"}),
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=False,
    )
    assert found["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}


def test_a_stream_specification_is_described(described):
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    found = described(tables.table("pk", types={"pk": "S"}), StreamSpecification=specification)
    assert found["StreamSpecification"] == specification
    assert found["LatestStreamArn"].startswith(found["TableArn"] + "/stream/")
    assert found["LatestStreamArn"].endswith(found["LatestStreamLabel"])


def test_the_limits_of_a_table_can_be_reached(described):
    types = {"pk": "S", "sk": "S", **{f"l{n}": "S" for n in range(5)},
             **{f"g{n}": "S" for n in range(20)}}  # fmt: skip
    found = described(
        tables.table(
            "pk",
            "sk",
            types=types,
            local=[index(f"local{n}", "pk", f"l{n}") for n in range(5)],
            everywhere=[index(f"global{n}", f"g{n}") for n in range(20)],
        )
    )
    assert len(found["LocalSecondaryIndexes"]) == 5
    assert len(found["GlobalSecondaryIndexes"]) == 20


@pytest.mark.parametrize("name", ["abc", "a.b", "A-B_c.9", "x" * 255, "..."])
def test_names_of_tables(api, name):
    tables.create(api, name, tables.table("pk", types={"pk": "S"}))
    assert name in api("ListTables")["TableNames"] or len(name) == 255
    api("DeleteTable", TableName=name)


GOOD = {**tables.table("pk", types={"pk": "S"}), "TableName": "refused"}
refused = Cases("CreateTable", GOOD)
PROVISIONED = {"BillingMode": ..., "ProvisionedThroughput": THROUGHPUT}
RANGED = {
    "AttributeDefinitions": definitions(pk="S", sk="S", a="S"),
    "KeySchema": key_schema("pk", "sk"),
}


refused("no name", {"TableName": ...},
        "The parameter 'TableName' is required but was not present in the request",
        "capture, tier 3 of the conformance suite")  # fmt: skip
TOO_SHORT = "failed to satisfy constraint: Member must have length greater than or equal to 3"
refused("a name of two letters", {"TableName": "ab"},
        V1 + f"Value 'ab' at 'tableName' {TOO_SHORT}", "observed 1 [S]; capture")  # fmt: skip
refused("an empty name", {"TableName": ""},
        re.compile(r"(?s)\d validation errors? detected: .*at 'tableName' " + TOO_SHORT + ".*"),
        "observed 1 [S]")  # fmt: skip
refused("a short and bad name", {"TableName": "!"},
        re.compile(r"2 validation errors detected: (?=.*greater than or equal to 3)"
                   r"(?=.*regular expression pattern: \[a-zA-Z0-9_\.-\]\+).*"), "observed 1 [S]"
)  # fmt: skip
refused("a long name", {"TableName": "x" * 256},
        V1 + f"Value '{'x' * 256}' at 'tableName' failed to satisfy constraint: "
        "Member must have length less than or equal to 255", "observed 1")  # fmt: skip
refused("no key schema", {"KeySchema": ...},
        V1 + "Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
        "observed 1")  # fmt: skip
refused("no definitions", {"AttributeDefinitions": ...},
        V1 + "Value null at 'attributeDefinitions' failed to satisfy constraint: "
        "Member must not be null", "observed 1")  # fmt: skip
refused("neither", {"AttributeDefinitions": ..., "KeySchema": ...},
        re.compile("2 validation errors detected: (?=.*'attributeDefinitions')(?=.*'keySchema').*"),
        "observed 1")  # fmt: skip
refused("an empty key schema", {"KeySchema": []},
        V1 + "Value '[]' at 'keySchema' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1", "observed 1")  # fmt: skip
refused("three keys",
        {"AttributeDefinitions": definitions(pk="S", sk="S", a="S"),
         "KeySchema": key_schema("pk", ["sk", "a"])},
        V1 + "Value '[KeySchemaElement(attributeName=pk, keyType=HASH), "
        "KeySchemaElement(attributeName=sk, keyType=RANGE), "
        "KeySchemaElement(attributeName=a, keyType=RANGE)]' at 'keySchema' failed to satisfy "
        "constraint: Member must have length less than or equal to 2", "observed 11; capture"
)  # fmt: skip
refused("an unknown key type", {"KeySchema": [{"AttributeName": "pk", "KeyType": "x"}]},
        V1 + "Value 'x' at 'keySchema.1.member.keyType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [HASH, RANGE]", "observed 1; capture")  # fmt: skip
refused("an unknown attribute type",
        {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "SS"}]},
        V1 + "Value 'SS' at 'attributeDefinitions.1.member.attributeType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [B, N, S]", "observed 1; capture"
)  # fmt: skip
refused("two bad members",
        {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "SS"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "x"}]},
        re.compile(r"2 validation errors detected: (?=.*'attributeDefinitions\.1\.member"
                   r"\.attributeType')(?=.*'keySchema\.1\.member\.keyType').*; .*"), "observed 1"
)  # fmt: skip
refused("an unknown billing mode", {"BillingMode": "x"},
        re.compile(re.escape(V1) + "Value 'x' at 'billingMode' failed to satisfy constraint: "
                   r"Member must satisfy enum value set: \[.*\]"), "observed 1")  # fmt: skip
refused("a sort key first", {"KeySchema": key_schema([], "pk")},
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        "observed 11 [S]")  # fmt: skip
refused("two partition keys",
        {"AttributeDefinitions": definitions(pk="S", sk="S"),
         "KeySchema": key_schema(["pk", "sk"])},
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        "observed 11 [S]")  # fmt: skip
refused("one attribute twice",
        {"AttributeDefinitions": definitions(pk="S", sk="S"), "KeySchema": key_schema("pk", "pk")},
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        "observed 11 [S]")  # fmt: skip
refused("one attribute twice, defined once", {"KeySchema": key_schema("pk", "pk")},
        "Invalid KeySchema: Some index key attribute have no definition", "capture")  # fmt: skip
refused("a key without a definition", {"KeySchema": key_schema("other")},
        INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [other], AttributeDefinitions: [pk]", "observed 11 [S]")  # fmt: skip
refused("fewer definitions than keys", {"KeySchema": key_schema("pk", "sk")},
        "Invalid KeySchema: Some index key attribute have no definition", "observed 11 [S]"
)  # fmt: skip
refused("no definition at all", {"AttributeDefinitions": []},
        "Invalid KeySchema: Some index key attribute have no definition", OCTOBER)  # fmt: skip
for kind in ("S", "N"):
    refused(f"one attribute defined twice, as S and {kind}",
            {"AttributeDefinitions": definitions(pk="S") + definitions(pk=kind)},
            "Attribute Name is duplicated: pk", OCTOBER)  # fmt: skip
refused("a definition that nothing uses", {"AttributeDefinitions": definitions(pk="S", x="S")},
        INVALID + "Number of attributes in KeySchema does not exactly match number of attributes "
        "defined in AttributeDefinitions", "observed 11 [S]")  # fmt: skip
refused("definitions that no index uses",
        {**RANGED, "AttributeDefinitions": definitions(pk="S", sk="S", a="S", b="S", c="S"),
         "GlobalSecondaryIndexes": [index("gsi", "a")]},
        INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: "
        "[sk, a, b, pk, c], keys used: [a, sk, pk]", OCTOBER)  # fmt: skip
refused("a definition that no index uses",
        {"AttributeDefinitions": definitions(**dict.fromkeys(
            ("my-hash", "my-string", "my-int"), "S")), "KeySchema": key_schema("my-hash"),
         "GlobalSecondaryIndexes": [index("gsi", "my-string")]},
        INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: "
        "[my-string, my-int, my-hash], keys used: [my-hash, my-string]", "observed, June 2020"
)  # fmt: skip
for kind in ("Global", "Local"):
    refused(f"an empty {kind} list", {**RANGED, f"{kind}SecondaryIndexes": []},
            INVALID + f"List of {kind}SecondaryIndexes is empty", "observed 11 [S]")  # fmt: skip
refused("a local index of a table without a sort key",
        {"AttributeDefinitions": definitions(pk="S", a="S"),
         "LocalSecondaryIndexes": [index("lsi", "pk", "a")]},
        INVALID + "Table KeySchema does not have a range key, which is required when specifying a "
        "LocalSecondaryIndex", "observed 11 [S]; capture")  # fmt: skip
refused("a local index without a sort key",
        {**RANGED, "LocalSecondaryIndexes": [index("lsi", "pk"), index("ls2", "pk", "a")]},
        INVALID + "Index KeySchema does not have a range key for index: lsi", "observed 11 [S]"
)  # fmt: skip
refused("a local index of another partition key",
        {**RANGED, "LocalSecondaryIndexes": [index("lsi", "a", "sk")]},
        INVALID + "Index KeySchema does not have the same leading hash key as table KeySchema for "
        "index: lsi. index hash key: a, table hash key: pk", "observed 11 [S]")  # fmt: skip
refused("a local index of three keys",
        {**RANGED, "LocalSecondaryIndexes": [index("lsi", "pk", ["sk", "a"])]},
        re.compile(re.escape(V1) + r"Value '\[KeySchemaElement.*\]' at 'localSecondaryIndexes\.1"
                   r"\.member\.keySchema' failed to satisfy constraint: Member must have length "
                   "less than or equal to 2"), OCTOBER)  # fmt: skip
WITH_G = {"AttributeDefinitions": definitions(pk="S", g="S")}
refused("two indexes of one name",
        {**WITH_G, "GlobalSecondaryIndexes": [index("same", "g"), index("same", "g")]},
        INVALID + "Duplicate index name: same", "observed 11 [S]; capture")  # fmt: skip
refused("a local and a global index of one name",
        {**RANGED, "LocalSecondaryIndexes": [index("same", "pk", "a")],
         "GlobalSecondaryIndexes": [index("same", "a")]},
        INVALID + "Duplicate index name: same", "observed 11 [S]")  # fmt: skip
refused("six local indexes",
        {"AttributeDefinitions": definitions(pk="S", sk="S", a="S"), "KeySchema":
         key_schema("pk", "sk"), "LocalSecondaryIndexes": [
             index(f"lsi{n}", "pk", "a") for n in range(6)]},
        INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        "observed 11 [S]")  # fmt: skip
refused("twenty-one global indexes",
        {**WITH_G, "GlobalSecondaryIndexes": [index(f"gsi{n}", "g") for n in range(21)]},
        INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
        "observed 11 [S]")  # fmt: skip
refused("an index key without a definition", {"GlobalSecondaryIndexes": [index("gsi", "g")]},
        INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [g], AttributeDefinitions: [pk]", "observed 11 [S]")  # fmt: skip
refused("a short index name", {**WITH_G, "GlobalSecondaryIndexes": [index("ab", "g")]},
        V1 + "Value 'ab' at 'globalSecondaryIndexes.1.member.indexName' "
        f"{TOO_SHORT}", "observed 1")  # fmt: skip


def projected(projection):
    return {**WITH_G, "GlobalSecondaryIndexes": [{**index("gsi", "g"), "Projection": projection}]}


refused("an empty index name", {**WITH_G, "GlobalSecondaryIndexes": [index("", "g")]},
        "2 validation errors detected: Value '' at 'globalSecondaryIndexes.1.member.indexName' "
        f"{TOO_SHORT}; Value '' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", OCTOBER
)  # fmt: skip
refused("an empty definition", {"AttributeDefinitions": [{}]},
        "2 validation errors detected: Value null at 'attributeDefinitions.1.member.attributeType' "
        "failed to satisfy constraint: Member must not be null; Value null at "
        "'attributeDefinitions.1.member.attributeName' failed to satisfy constraint: Member must "
        "not be null", OCTOBER)  # fmt: skip
refused("no projection", {**WITH_G, "GlobalSecondaryIndexes": [
            {"IndexName": "gsi", "KeySchema": key_schema("g")}]},
        V1 + "Value null at 'globalSecondaryIndexes.1.member.projection' failed to satisfy "
        "constraint: Member must not be null", "observed 1")  # fmt: skip
refused("no projection type", projected({}), INVALID + "Unknown ProjectionType: null",
        "observed 11 [S]")  # fmt: skip
for kind in ("ALL", "KEYS_ONLY"):
    refused(f"names for {kind}", projected({"ProjectionType": kind, "NonKeyAttributes": ["x"]}),
            INVALID + f"ProjectionType is {kind}, but NonKeyAttributes is specified",
            "observed 11 [S]")  # fmt: skip
refused("INCLUDE of nothing", projected({"ProjectionType": "INCLUDE"}),
        INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        "observed 11 [A]")  # fmt: skip
refused("INCLUDE of an empty list",
        projected({"ProjectionType": "INCLUDE", "NonKeyAttributes": []}),
        re.compile(r".*(NonKeyAttributes must not be empty|nonKeyAttributes' failed to satisfy "
                   r"constraint: Member must have length greater than or equal to 1)"),
        "observed 11 [S] or model")  # fmt: skip
refused("INCLUDE of 21 names",
        projected({"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"n{n}" for n in range(21)]}),
        re.compile(r"(?s).*nonKeyAttributes' failed to satisfy constraint: Member must have length "
                   r"less than or equal to 20"), "model")  # fmt: skip
refused("one name twice", projected({"ProjectionType": "INCLUDE", "NonKeyAttributes": list("xyx")}),
        INVALID + "Duplicate element in NonKeyAttributes: x", OCTOBER)  # fmt: skip
refused("an unknown projection type", projected({"ProjectionType": "SOME"}),
        re.compile(re.escape(V1) + "Value 'SOME' at 'globalSecondaryIndexes.1.member.projection."
                   "projectionType' failed to satisfy constraint: Member must satisfy enum value "
                   r"set: \[.*\]"), "observed 1")  # fmt: skip
refused("throughput of an on-demand table", {"ProvisionedThroughput": THROUGHPUT},
        INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
        "BillingMode is PAY_PER_REQUEST", "observed 11 [S]")  # fmt: skip
NO_UNITS = (
    INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
    "PROVISIONED"
)
refused("no throughput", {"BillingMode": ...}, NO_UNITS, "observed 11 [S]")
refused("no throughput, said to be provisioned", {"BillingMode": "PROVISIONED"}, NO_UNITS,
        "observed 11 [S]")  # fmt: skip
refused("too many units of an index",
        {**WITH_G, **PROVISIONED, "GlobalSecondaryIndexes": [
            {**index("gsi", "g"), "ProvisionedThroughput": {
                "ReadCapacityUnits": 1, "WriteCapacityUnits": 1_000_000_000_001}}]},
        "Given value 1000000000001 for WriteCapacityUnits is out of bounds for index gsi",
        "observed 11 [S]")  # fmt: skip
refused("throughput of an index of an on-demand table",
        {**WITH_G, "GlobalSecondaryIndexes": [
            {**index("gsi", "g"), "ProvisionedThroughput": THROUGHPUT}]},
        INVALID + "ProvisionedThroughput should not be specified for index: gsi when BillingMode "
        "is PAY_PER_REQUEST", "observed 11 [S]")  # fmt: skip
refused("zero units", {**PROVISIONED, "ProvisionedThroughput": {
            "ReadCapacityUnits": 0, "WriteCapacityUnits": 1}},
        V1 + "Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1", "model")  # fmt: skip
refused("too many units", {**PROVISIONED, "ProvisionedThroughput": {
            "ReadCapacityUnits": 1_000_000_000_001, "WriteCapacityUnits": 1}},
        "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        "observed 11 [S]")  # fmt: skip
refused("an unknown table class", {"TableClass": "standard"},
        "Invalid table-class parameter provided. Please try again with a valid table-class "
        "value: [STANDARD, STANDARD_INFREQUENT_ACCESS].", OCTOBER)  # fmt: skip
refused("an empty key of encryption", {"SSESpecification": {"KMSMasterKeyId": ""}},
        V1 + "Value '' at 'sSESpecification.kMSMasterKeyId' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1", OCTOBER)  # fmt: skip
refused("an unknown view type",
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": ""}},
        V1 + "Value '' at 'streamSpecification.streamViewType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, "
        "NEW_IMAGE]", OCTOBER)  # fmt: skip
for name, tags, rule in [
    ("empty", [{}], "The Tag Key provided is invalid, Key: null"),
    ("no value", [{"Key": "k"}], "The Tag Value provided is invalid, Value: null"),
    ("long", [{"Key": "k" * 129, "Value": ""}],
     f"The Tag Key provided is invalid, Key: {'k' * 129}"),
    ("odd", [{"Key": "#k", "Value": ""}], "The Tag Key provided is invalid, Key: #k"),
    ("reserved", [{"Key": "aws:k", "Value": ""}],
     "Tag Key cannot be prefixed with aws:, Key: aws:k"),
    ("repeated", [{"Key": "k", "Value": v} for v in "ab"],
     "Duplicate Tag Keys provided as input: Duplicate Tag Key found k"),
    ("many", [{"Key": f"k{n}", "Value": ""} for n in range(51)],
     "Number of Tags exceed the current limit for the provided ResourceArn"),
]:  # fmt: skip
    refused(f"{name} tags", {"Tags": tags}, rule, OCTOBER)
refused("a stream without a view type", {"StreamSpecification": {"StreamEnabled": True}},
        INVALID + "Table is being created with a stream enabled, UpdateViewType is required",
        OCTOBER)  # fmt: skip
refused("a view type of no stream",
        {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
        INVALID + "Table is being created with a stream disabled, UpdateViewType should not be "
        "specified", "observed 11 [A]")  # fmt: skip
refused("on-demand throughput of a provisioned table",
        {**PROVISIONED, "OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        INVALID + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table "
        "BillingMode is PROVISIONED.", OCTOBER)  # fmt: skip
refused("on-demand throughput of an index of a provisioned table",
        {**PROVISIONED, **WITH_G, "GlobalSecondaryIndexes": [
            {**index("gsi", "g"), "ProvisionedThroughput": THROUGHPUT,
             "OnDemandThroughput": {"MaxReadRequestUnits": 5}}]},
        INVALID + "MaxReadRequestUnits for OnDemandThroughput for index: gsi cannot be specified "
        "when table BillingMode is PROVISIONED.", OCTOBER)  # fmt: skip
for units in (0, -1, -2):
    refused(f"a ceiling of {units}", {"OnDemandThroughput": {"MaxWriteRequestUnits": units}},
            INVALID + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside "
            "of valid range", OCTOBER)  # fmt: skip
    refused(f"a ceiling of {units} for an index",
            {**WITH_G, "GlobalSecondaryIndexes": [
                {**index("gsi", "g"), "OnDemandThroughput": {"MaxReadRequestUnits": units}}]},
            INVALID + "Requested MaxReadRequestUnits for OnDemandThroughput for index : gsi is "
            "outside of valid range", OCTOBER)  # fmt: skip
TOO_COLD = (
    "is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/"
    "amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
    "#on-demand-capacity-mode-initial"
)
refused("less than the initial warm throughput", {"WarmThroughput": {"ReadUnitsPerSecond": 1}},
        INVALID + f"Requested ReadUnitsPerSecond for WarmThroughput for table {TOO_COLD}", OCTOBER
)  # fmt: skip
refused("less than the initial warm throughput for an index",
        {**WITH_G, "GlobalSecondaryIndexes": [
            {**index("gsi", "g"), "WarmThroughput": {"WriteUnitsPerSecond": 3_999}}]},
        INVALID + f"Requested WriteUnitsPerSecond for WarmThroughput for index gsi {TOO_COLD}",
        OCTOBER)  # fmt: skip
refused("less warm throughput than provisioned",
        {**PROVISIONED, "WarmThroughput": {"ReadUnitsPerSecond": 4}},
        INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than "
        "ReadCapacityUnits of ProvisionedThroughput", OCTOBER)  # fmt: skip
refused("a long key name",
        {"AttributeDefinitions": definitions(**{"x" * 256: "S"}),
         "KeySchema": key_schema("x" * 256)},
        re.compile(r"(?s)\d validation errors? detected: .*Member must have length less than or "
                   r"equal to 255.*"), "model")  # fmt: skip


@pytest.mark.parametrize("case", refused.items)
def test_a_table_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)
    # Nothing of it was made.
    names = api("ListTables")["TableNames"]
    assert case.request.get("TableName") not in names


def test_a_name_in_use_is_refused(api):
    answer = api.refused("CreateTable", GOOD, TableName="strings")
    assert (answer.status, answer.type, answer.message) == (
        400,
        "ResourceInUseException",
        "Table already exists: strings",
    )


def test_at_most_ten_failures_are_reported(api):
    """observed 1 [S]."""
    bad = [{"AttributeName": "a", "AttributeType": "x"}] * 15
    answer = api.refused("CreateTable", GOOD, AttributeDefinitions=bad)
    assert answer.message.startswith("10 validation errors detected: ")


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        ({"TableName": "ab"}, {"ProvisionedThroughput": THROUGHPUT}, "greater than or equal to 3"),
        ({"ProvisionedThroughput": THROUGHPUT}, {"KeySchema": key_schema("other")}, "Neither Read"),
        ({"BillingMode": ...}, {"KeySchema": key_schema("other")}, "must both be specified"),
        ({"KeySchema": key_schema("other")}, {"GlobalSecondaryIndexes": []}, "are not defined in"),
        ({"KeySchema": key_schema([], "pk")}, {"GlobalSecondaryIndexes": []}, "not a HASH"),
        ({"AttributeDefinitions": definitions(pk="S", g="S", x="S")},
         {"GlobalSecondaryIndexes": [index("gsi", "g"), index("gsi", "g")]}, "are not used"),
        ({"AttributeDefinitions": definitions(pk="S", g="S", x="S")},
         {"GlobalSecondaryIndexes": [{**index("gsi", "g"), "Projection": {}}]}, "are not used"),
        ({"GlobalSecondaryIndexes": []},
         {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
         "is empty"),
    ],
)  # fmt: skip
def test_of_two_broken_rules_the_earlier_answers(api, first, then, says):
    """observed 11 [S]: name; billing; throughput; definitions; key schema; indexes; stream."""
    from support.cases import overlay

    answer = api.refused("CreateTable", overlay(overlay(GOOD, then), first))
    assert says in answer.message
