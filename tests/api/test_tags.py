"""TagResource, UntagResource and ListTagsOfResource."""

from __future__ import annotations

import pytest

from support.tables import table

SIMPLE = table("pk", types={"pk": "S"})


@pytest.fixture
def arn(api):
    created = api("CreateTable", TableName="tagged-table", **SIMPLE)
    yield created["TableDescription"]["TableArn"]
    api("DeleteTable", TableName="tagged-table")


def tag(key, value="v"):
    return {"Key": key, "Value": value}


def listed(api, arn):
    tags = api("ListTagsOfResource", ResourceArn=arn)["Tags"]
    return {each["Key"]: each["Value"] for each in tags}


def test_tags_are_set_replaced_and_removed_by_key(api, arn):
    assert listed(api, arn) == {}
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag("a", "1"), tag("b", "2")]})
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag("b", "")]})
    assert listed(api, arn) == {"a": "1", "b": ""}
    api.send("UntagResource", {"ResourceArn": arn, "TagKeys": ["a", "absent"]})
    assert listed(api, arn) == {"b": ""}


def test_a_table_has_at_most_fifty_tags(api, arn):
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag(f"k{n}") for n in range(50)]})
    answer = api.refused("TagResource", ResourceArn=arn, Tags=[tag("one-more")])
    assert (answer.type, answer.message) == (
        "ValidationException",
        "Number of Tags exceed the current limit for the provided ResourceArn",
    )
    assert len(listed(api, arn)) == 50


def test_lists_must_not_be_empty(api, arn):
    answer = api.refused("TagResource", ResourceArn=arn, Tags=[])
    assert answer.message == "Atleast one Tag needs to be provided as Input."
    answer = api.refused("UntagResource", ResourceArn=arn, TagKeys=[])
    assert answer.message == "Atleast one Tag Key needs to be provided as Input."


@pytest.mark.parametrize("tail", ["/index/by-a", "/stream/2026-01-01T00:00:00.000"])
def test_indexes_and_streams_have_no_tags(api, arn, tail):
    answer = api.refused("ListTagsOfResource", ResourceArn=arn + tail)
    assert (answer.type, answer.message) == (
        "ValidationException",
        f"Invalid TableArn: Invalid ResourceArn provided as input {arn + tail}",
    )


def test_a_table_that_is_not_there(api, arn):
    gone = arn + "-not"
    answer = api.refused("ListTagsOfResource", ResourceArn=gone)
    assert (answer.type, answer.message) == (
        "ResourceNotFoundException",
        f"Requested resource not found: ResourceArn: {gone} not found",
    )
