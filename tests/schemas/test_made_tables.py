"""A table made from a file is what the file says: DescribeTable shows all of it."""

from __future__ import annotations

import pytest

from genset.schemas import apply

from .conftest import schema

_PASSING = {
    "CreationDateTime",
    "IndexArn",
    "IndexSizeBytes",
    "IndexStatus",
    "ItemCount",
    "LastUpdateToPayPerRequestDateTime",
    "LatestStreamArn",
    "LatestStreamLabel",
    "NumberOfDecreasesToday",
    "ResponseMetadata",
    "TableArn",
    "TableId",
    "TableSizeBytes",
    "WarmThroughput",
}


def lasting(value):
    """A description without what differs from table to table, and from day to day."""
    if isinstance(value, dict):
        return {name: lasting(each) for name, each in value.items() if name not in _PASSING}
    if isinstance(value, list):
        return [lasting(each) for each in value]
    return value


def types(**of):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in of.items()]


def key(partition, sort=None):
    elements = [{"AttributeName": partition, "KeyType": "HASH"}]
    return elements + ([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else [])


def units(read=0, write=0):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def stream(view):
    return {"StreamEnabled": True, "StreamViewType": view}


ON_DEMAND = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


def index(name, schema_, projection, throughput=None, *, local=False, **members):
    found = {"IndexName": name, "KeySchema": schema_, "Projection": projection, **members}
    return found if local else {**found, "ProvisionedThroughput": throughput or units()}


def table(name, attributes, schema_, throughput=None, **members):
    return {
        "TableName": name,
        "AttributeDefinitions": types(**attributes),
        "KeySchema": schema_,
        "TableStatus": "ACTIVE",
        "ProvisionedThroughput": throughput or units(),
        "DeletionProtectionEnabled": False,
        **({} if throughput else ON_DEMAND),
        **members,
    }


KEYS_ONLY, ALL = {"ProjectionType": "KEYS_ONLY"}, {"ProjectionType": "ALL"}
INFREQUENT = {"TableClass": "STANDARD_INFREQUENT_ACCESS"}


def including(*names):
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(names)}


SONGS = {
    "attributes": {"Artist": "S", "Title": "S", "Year": "N"},
    "schema_": key("Artist", "Title"),
    "LocalSecondaryIndexes": [index("by-year", key("Artist", "Year"), KEYS_ONLY, local=True)],
    "StreamSpecification": stream("NEW_AND_OLD_IMAGES"),
    "TableClassSummary": INFREQUENT,
}
LABELS = {"Artist": "S", "Label": "S", "Title": "S", "Year": "N"}

EXPECTED = {
    ("music.yaml", ()): [
        table(
            "dev-songs",
            **SONGS,
            GlobalSecondaryIndexes=[index("titles", key("Title"), including("Genre", "Label"))],
            SSEDescription="encrypted",
        ),
        table("Sessions", {"Token": "S"}, key("Token"), SSEDescription="encrypted"),
    ],
    ("music.yaml", (("Stage", "prod"),)): [
        table(
            "prod-songs",
            **SONGS,
            throughput=units(100, 200),
            GlobalSecondaryIndexes=[
                index("titles", key("Title"), including("Genre", "Label"), units(5, 5))
            ],
            SSEDescription="encrypted",
            DeletionProtectionEnabled=True,
        ),
        table("Sessions", {"Token": "S"}, key("Token"), SSEDescription="encrypted"),
        table("prod-songs-audit", {"Id": "S"}, key("Id")),
    ],
    ("loops.yaml", ()): [
        table("loop-Plays", {"Plays": "S"}, key("Plays")),
        table("loop-Likes", {"Likes": "S"}, key("Likes")),
    ],
    ("global.json", ()): [
        table(
            "global-accounts",
            {"Email": "S", "Id": "S"},
            key("Id"),
            units(7, 10),
            GlobalSecondaryIndexes=[index("emails", key("Email"), ALL, units(3, 2))],
            StreamSpecification=stream("NEW_AND_OLD_IMAGES"),
            SSEDescription={
                "Status": "ENABLED",
                "SSEType": "KMS",
                "KMSMasterKeyArn": "arn:aws:kms:us-east-1:000000000000:alias/accounts",
            },
            TableClassSummary=INFREQUENT,
            DeletionProtectionEnabled=True,
        )
    ],
    ("cdk.out", ()): [
        table(
            "shop-dev-orders",
            {"pk": "S", "sk": "S"},
            key("pk", "sk"),
            OnDemandThroughput={"MaxWriteRequestUnits": 40},
        ),
        table("shop-dev-orders-archive", {"pk": "S"}, key("pk")),
        table("BetaShop-log", {"At": "N"}, key("At")),
    ],
    ("serverless/serverless.yml", ()): [
        table("shop-orders-test", {"Id": "S"}, key("Id"), units(1, 1)),
        table("shop-customers-test", {"Email": "S"}, key("Email")),
    ],
    ("terraform", ()): [
        table(
            "dev-shop-songs",
            LABELS,
            key("Artist", "Title"),
            LocalSecondaryIndexes=[index("years", key("Artist", "Year"), KEYS_ONLY, local=True)],
            GlobalSecondaryIndexes=[
                index("by-label", key("Label", "Year"), ALL),
                index("by-year", key("Year"), including("Genre")),
            ],
            StreamSpecification=stream("NEW_IMAGE"),
            SSEDescription="encrypted",
        ),
        *(
            table(
                f"dev-shop-{name}",
                {"Id": "S"},
                key("Id"),
                OnDemandThroughput={"MaxReadRequestUnits": 100},
            )
            for name in ("likes", "plays")
        ),
        *(table(f"dev-shop-jobs-{name}", {"Id": "S"}, key("Id")) for name in ("fast", "slow")),
    ],
    ("plan.json", ()): [
        table(
            "planned-orders",
            {"Day": "N", "Id": "S"},
            key("Id"),
            units(4, 3),
            GlobalSecondaryIndexes=[index("days", key("Day"), KEYS_ONLY, units(2, 1))],
        ),
        table("planned-fast", {"Id": "B"}, key("Id"), StreamSpecification=stream("KEYS_ONLY")),
    ],
    ("described.json", ()): [
        table(
            "described",
            {"Id": "S", "Kind": "S"},
            key("Id"),
            GlobalSecondaryIndexes=[
                index(
                    "kinds",
                    key("Kind"),
                    including("Size"),
                    OnDemandThroughput={"MaxReadRequestUnits": 50},
                )
            ],
            StreamSpecification=stream("OLD_IMAGE"),
            SSEDescription={
                "Status": "ENABLED",
                "SSEType": "KMS",
                "KMSMasterKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1d3b",
            },
            TableClassSummary=INFREQUENT,
            DeletionProtectionEnabled=True,
        )
    ],
    ("skeleton.yaml", ()): [
        table(
            "skeleton",
            {"Id": "N"},
            key("Id"),
            units(6, 7),
            StreamSpecification=stream("KEYS_ONLY"),
            SSEDescription="encrypted",
        )
    ],
}


@pytest.mark.parametrize(("file", "parameters"), EXPECTED, ids=str)
def test_the_tables_of_a_file_are_described_as_it_says(client, made, file, parameters):
    definitions = schema(file, **dict(parameters)).tables
    apply(client, definitions)
    made += [each.name for each in definitions]
    described = [lasting(client.describe_table(TableName=name)["Table"]) for name in made]
    expected = EXPECTED[file, parameters]
    for found, wanted in zip(described, expected, strict=True):
        if wanted.get("SSEDescription") == "encrypted":
            assert found["SSEDescription"].pop("KMSMasterKeyArn").startswith("arn:aws:kms:")
            wanted = {**wanted, "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS"}}
        assert found == wanted


@pytest.mark.parametrize(("file", "parameters"), EXPECTED, ids=str)
def test_a_second_time_there_is_nothing_to_do(client, made, file, parameters):
    definitions = schema(file, **dict(parameters)).tables
    made += [each.name for each in definitions]
    assert not apply(client, definitions).is_done
    assert apply(client, definitions).is_done


def test_what_a_description_does_not_show_is_as_the_file_says(client, made):
    definitions = schema("terraform").tables
    apply(client, definitions)
    made += [each.name for each in definitions]
    songs = client.describe_table(TableName="dev-shop-songs")["Table"]["TableArn"]
    likes = client.describe_table(TableName="dev-shop-likes")["Table"]["TableArn"]
    time_to_live = client.describe_time_to_live(TableName="dev-shop-songs")
    assert time_to_live["TimeToLiveDescription"] == {
        "AttributeName": "ExpiresAt",
        "TimeToLiveStatus": "ENABLED",
    }
    tags = client.list_tags_of_resource(ResourceArn=songs)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "team": "records",
        "cost-center": "42",
        "Name": "Songs table",
    }
    insights = client.describe_contributor_insights(
        TableName="dev-shop-songs", IndexName="by-label"
    )
    assert insights["ContributorInsightsStatus"] == "ENABLED"
    assert '"dynamodb:GetItem"' in client.get_resource_policy(ResourceArn=likes)["Policy"]
