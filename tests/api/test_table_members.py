"""DescribeTable shows every member that the service model has, but for those of other features."""

from __future__ import annotations

from botocore.session import get_session

from support import tables
from support.lab import Lab

SMALL, LARGE = ({"ReadCapacityUnits": units, "WriteCapacityUnits": units} for units in (5, 10))
CEILINGS = {"MaxReadRequestUnits": 50, "MaxWriteRequestUnits": 60}
EVERYTHING = {
    **tables.table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "S", "g": "S", "l": "S"},
        local=[tables.index("local", "pk", "l", projection=["a"])],
        everywhere=[
            {**tables.index("global", "g", projection=["a"]), "ProvisionedThroughput": SMALL}
        ],
    ),
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": SMALL,
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    "SSESpecification": {"Enabled": True},
    "TableClass": "STANDARD",
}
# Global tables, backups, keys that cannot be used, and vector indexes.
ELSEWHERE = {
    "ArchivalSummary",
    "DisassociationProtectionEnabled",
    "GlobalTableSettingsReplicationMode",
    "GlobalTableVersion",
    "GlobalTableWitnesses",
    "MultiRegionConsistency",
    "Replicas",
    "RestoreSummary",
    "SSEDescription.InaccessibleEncryptionDateTime",
    "VectorIndexes",
}


def members(shape, prefix=""):
    """The paths of a structure's members, through lists and structures, but for ELSEWHERE."""
    found = set()
    for name, member in shape.members.items():
        path = f"{prefix}{name}"
        if path in ELSEWHERE:
            continue
        found.add(path)
        while member.type_name == "list":
            member = member.member
        if member.type_name == "structure":
            found |= members(member, f"{path}.")
    return found


def shown(value, prefix=""):
    """The paths of an answer's members."""
    found = set()
    for name, member in value.items():
        path = f"{prefix}{name}"
        found.add(path)
        for each in member if isinstance(member, list) else [member]:
            if isinstance(each, dict):
                found |= shown(each, f"{path}.")
    return found


def descriptions(store):
    """Of a table with everything that has changed, and of one that is on demand and changing."""
    with Lab(store, transition_s=10.0) as lab:

        def describe(name):
            return lab("DescribeTable", TableName=name)["Table"]

        def update(**change):
            lab("UpdateTable", TableName="all", **change)
            lab.now += 10

        lab("CreateTable", EVERYTHING, TableName="all")
        lab.now += 10
        for throughput in (LARGE, SMALL):
            index = {"IndexName": "global", "ProvisionedThroughput": throughput}
            update(ProvisionedThroughput=throughput)
            update(GlobalSecondaryIndexUpdates=[{"Update": index}])
        update(TableClass="STANDARD_INFREQUENT_ACCESS")
        yield describe("all")
        plain = {
            **tables.table("pk", types={"pk": "S", "g": "S"}, everywhere=[
                {**tables.index("one", "g"), "OnDemandThroughput": CEILINGS}
            ]),
            "OnDemandThroughput": CEILINGS,
        }  # fmt: skip
        lab("CreateTable", plain, TableName="on-demand")
        lab.now += 10
        lab(
            "UpdateTable",
            TableName="on-demand",
            AttributeDefinitions=tables.definitions(h="S"),
            GlobalSecondaryIndexUpdates=[{"Create": tables.index("two", "h")}],
        )
        yield describe("on-demand")


def test_every_member_is_shown_and_no_other(store):
    model = get_session().get_service_model("dynamodb")
    expected = members(model.shape_for("TableDescription"))
    found = set().union(*(shown(described) for described in descriptions(store)))
    assert found == expected
