"""TagResource, UntagResource, ListTagsOfResource, and CreateTable's Tags.

Rules and words were observed on the service in October 2026.
"""

from __future__ import annotations

import pytest

from support.client import Refused
from support.tables import table

SIMPLE = table("pk", types={"pk": "S"})
TOO_MANY = "Number of Tags exceed the current limit for the provided ResourceArn"
OPERATIONS = ["TagResource", "UntagResource", "ListTagsOfResource"]
IN_USE = "Attempt to change a resource which is still in use: "


@pytest.fixture
def arn(api, create):
    return api("DescribeTable", TableName=create(SIMPLE))["Table"]["TableArn"]


def tag(key, value="v"):
    return {"Key": key, "Value": value}


def members(operation):
    """What else a request needs."""
    needed = {"TagResource": {"Tags": [tag("a")]}, "UntagResource": {"TagKeys": ["a"]}}
    return needed.get(operation, {})


def listed(api, arn):
    tags = api("ListTagsOfResource", ResourceArn=arn)["Tags"]
    return {each["Key"]: each["Value"] for each in tags}


def said(answer):
    return answer.type, answer.message


def refused_tags(api, arn, *tags):
    answer = api.refused("TagResource", ResourceArn=arn, Tags=list(tags))
    assert answer.type == "ValidationException"
    return answer.message


def test_tags_with_boto3(client, arn):
    client.tag_resource(ResourceArn=arn, Tags=[tag("a", "1"), tag("b", "2")])
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    answer = client.list_tags_of_resource(ResourceArn=arn)
    assert answer["Tags"] == [tag("b", "2")]
    assert "NextToken" not in answer


def test_tags_are_set_replaced_and_removed_by_key(api, arn):
    assert listed(api, arn) == {}
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag("a", "1"), tag("b", "2")]})
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag("b", "")]})
    assert listed(api, arn) == {"a": "1", "b": ""}
    api.send("UntagResource", {"ResourceArn": arn, "TagKeys": ["a", "absent"]})
    assert listed(api, arn) == {"b": ""}


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource"])
def test_a_change_is_answered_without_a_body(api, arn, operation):
    answer = api.send(operation, {"ResourceArn": arn, **members(operation)})
    assert (answer.status, answer.body) == (200, b"")


def test_a_table_has_at_most_fifty_tags(api, arn):
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag(f"k{n}") for n in range(50)]})
    assert refused_tags(api, arn, tag("one-more")) == TOO_MANY
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag("k7", "other")]})
    assert len(listed(api, arn)) == 50
    assert listed(api, arn)["k7"] == "other"


def test_a_request_has_at_most_fifty_tags_or_keys(api, arn):
    assert refused_tags(api, arn, *(tag(f"k{n}") for n in range(51))) == TOO_MANY
    keys = [f"k{n}" for n in range(51)]
    answer = api.refused("UntagResource", ResourceArn=arn, TagKeys=keys)
    assert said(answer) == ("ValidationException", TOO_MANY)


def test_lists_must_not_be_empty(api, arn):
    assert refused_tags(api, arn) == "Atleast one Tag needs to be provided as Input."
    answer = api.refused("UntagResource", ResourceArn=arn, TagKeys=[])
    assert said(answer) == (
        "ValidationException",
        "Atleast one Tag Key needs to be provided as Input.",
    )


BAD_KEYS = ["", "k" * 129, "a#b", "a,b", "100%", "\U0001f511"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys(api, arn, key):
    message = f"The Tag Key provided is invalid, Key: {key}"
    assert refused_tags(api, arn, tag("good"), tag(key)) == message
    answer = api.refused("UntagResource", ResourceArn=arn, TagKeys=["good", key])
    assert said(answer) == ("ValidationException", message)
    assert listed(api, arn) == {}


@pytest.mark.parametrize("value", ["v" * 257, "~a", "it's", "(x)", "a&b", "<a>", "a|b", "a\\b"])
def test_bad_values(api, arn, value):
    message = f"The Tag Value provided is invalid, Value: {value}"
    assert refused_tags(api, arn, tag("good"), tag("k", value)) == message
    assert listed(api, arn) == {}


def test_a_tag_needs_its_key_and_its_value(api, arn):
    assert refused_tags(api, arn, {}) == "The Tag Key provided is invalid, Key: null"
    assert refused_tags(api, arn, {"Value": "v"}) == "The Tag Key provided is invalid, Key: null"
    assert refused_tags(api, arn, {"Key": "k"}) == "The Tag Value provided is invalid, Value: null"


@pytest.mark.parametrize("key", ["aws:foo", "AWS:foo"])
def test_keys_of_the_service_itself(api, arn, key):
    message = f"Tag Key cannot be prefixed with aws:, Key: {key}"
    assert refused_tags(api, arn, tag("good"), tag(key)) == message
    answer = api.refused("UntagResource", ResourceArn=arn, TagKeys=[key])
    assert said(answer) == ("ValidationException", message)
    assert listed(api, arn) == {}


def test_a_key_is_given_once(api, arn):
    message = "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup"
    assert refused_tags(api, arn, tag("dup", "1"), tag("dup", "2")) == message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("k" * 128, "v" * 256),
        ("myaws:foo", "a+b-c=d.e_f:g/h@i"),
        (" ", " "),
        ("\u043a\u043b\u044e\u0447", "caf\u00e9 \u8868\u00a0\u3000"),
        ("K", "empty"),
    ],
)
def test_good_tags(api, arn, key, value):
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag(key, value), tag("k")]})
    assert listed(api, arn) == {key: value, "k": "v"}


def test_all_tags_are_one_page_and_a_token_is_ignored(api, arn):
    api.send("TagResource", {"ResourceArn": arn, "Tags": [tag(f"k{n}") for n in range(50)]})
    answer = api("ListTagsOfResource", ResourceArn=arn, NextToken="no-token")
    assert set(answer) == {"Tags"}
    assert len(answer["Tags"]) == 50


INVALID = "One or more parameter values were invalid: "
BAD_ARNS = {
    "a name": ("just-a-name", "ValidationException", INVALID + "ARNs must start with 'arn:': {}"),
    "another resource": (
        "{arn}/backup/0170",
        "ValidationException",
        INVALID + "Provided Arn is not a DynamoDB resource arn: {}",
    ),
    "another service": (
        "arn:aws:s3:::bucket",
        "ValidationException",
        INVALID + "Provided Arn is not a DynamoDB resource arn: {}",
    ),
    "an index": (
        "{arn}/index/by-a",
        "ValidationException",
        INVALID + "Invalid resource arn provided, only table or stream is accepted. "
        "Provided resource arn: {}",
    ),
    "a stream": (
        "{arn}/stream/2026-01-01T00:00:00.000",
        "ResourceNotFoundException",
        "Requested resource not found: ResourceArn: {} not found",
    ),
    "another Region": (
        "arn:aws:dynamodb:eu-west-1:000000000000:table/abc",
        "ValidationException",
        "Invalid TableArn: Invalid ResourceArn provided as input {}",
    ),
    "another account": (
        "arn:aws:dynamodb:us-east-1:123456789012:table/abc",
        "AccessDeniedException",
        "Access is denied",
    ),
    "no table": (
        "{arn}-not",
        "ResourceNotFoundException",
        "Requested resource not found: ResourceArn: {} not found",
    ),
}


@pytest.mark.parametrize("case", BAD_ARNS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_arns_of_what_has_no_tags_here(api, arn, operation, case):
    template, kind, message = BAD_ARNS[case]
    bad = template.format(arn=arn)
    answer = api.refused(operation, members(operation), ResourceArn=bad)
    assert said(answer) == (kind, message.format(bad))


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource"])
def test_the_arn_is_checked_before_the_tags_and_these_before_the_table(api, arn, operation):
    empty = {"TagResource": {"Tags": []}, "UntagResource": {"TagKeys": []}}[operation]
    answer = api.refused(operation, empty, ResourceArn="name")
    assert answer.message.startswith(f"{INVALID}ARNs must start")
    answer = api.refused(operation, empty, ResourceArn=f"{arn}-not")
    assert answer.message.startswith("Atleast one Tag")


def test_a_table_created_with_tags(api, create):
    name = create({**SIMPLE, "Tags": [tag(f"k{n}") for n in range(50)]})
    described = api("DescribeTable", TableName=name)["Table"]
    assert "Tags" not in described
    assert len(listed(api, described["TableArn"])) == 50
    untagged = api("DescribeTable", TableName=create({**SIMPLE, "Tags": []}))["Table"]
    assert listed(api, untagged["TableArn"]) == {}


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([tag("aws:foo")], "Tag Key cannot be prefixed with aws:, Key: aws:foo"),
        ([tag("k" * 129)], f"The Tag Key provided is invalid, Key: {'k' * 129}"),
        ([tag("a#")], "The Tag Key provided is invalid, Key: a#"),
        ([tag(f"k{n}") for n in range(51)], TOO_MANY),
        (
            [tag("dup"), tag("dup")],
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup",
        ),
    ],
)
def test_a_table_is_not_created_with_bad_tags(api, fresh, tags, message):
    name = f"table-{fresh()}"
    answer = api.refused("CreateTable", {**SIMPLE, "TableName": name}, Tags=tags)
    assert said(answer) == ("ValidationException", message)
    assert api.refused("DescribeTable", TableName=name).type == "ResourceNotFoundException"


def refusal(server, operation, arn):
    with pytest.raises(Refused) as caught:
        server(operation, members(operation), ResourceArn=arn)
    return said(caught.value)


def test_tags_of_a_table_that_is_being_deleted(still):
    server = still(transition_s=5)
    created = server("CreateTable", {**SIMPLE, "TableName": "going"}, Tags=[tag("a")])
    arn = created["TableDescription"]["TableArn"]
    assert listed(server, arn) == {"a": "v"}
    server.wait(5)
    server("DeleteTable", TableName="going")
    in_use = ("ResourceInUseException", f"{IN_USE}Table is being deleted: going")
    assert refusal(server, "TagResource", arn) == in_use
    assert refusal(server, "UntagResource", arn) == in_use
    assert listed(server, arn) == {"a": "v"}
    server.wait(5)
    gone = (
        "ResourceNotFoundException",
        f"Requested resource not found: ResourceArn: {arn} not found",
    )
    assert {refusal(server, operation, arn) for operation in OPERATIONS} == {gone}
