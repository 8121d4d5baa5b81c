"""PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, and CreateTable's ResourcePolicy.

Rules and words without another source were observed on the service in October 2026.
"""

from __future__ import annotations

import json

import pytest

from support.client import Refused
from support.tables import table

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
PREFIX = "One or more parameter values were invalid: "
MALFORMED = f"{PREFIX}Invalid policy document: "
NOT_FOUND = "Resource-based policy not found for the provided ResourceArn: "
SIMPLE = table("pk", types={"pk": "S"})
STREAMED = {
    **SIMPLE,
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}


@pytest.fixture
def name(create):
    return create(STREAMED)


@pytest.fixture
def arn(api, name):
    return api("DescribeTable", TableName=name)["Table"]["TableArn"]


@pytest.fixture
def stream_arn(api, name):
    return api("DescribeTable", TableName=name)["Table"]["LatestStreamArn"]


def statement(**members):
    made = {
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "dynamodb:GetItem",
        "Resource": "*",
        **members,
    }
    return {member: value for member, value in made.items() if value is not None}


def policy(*statements, **members):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


def put(api, arn, document=None, **members):
    document = policy(statement()) if document is None else document
    return api("PutResourcePolicy", ResourceArn=arn, Policy=document, **members)["RevisionId"]


def got(api, arn):
    return json.loads(api("GetResourcePolicy", ResourceArn=arn)["Policy"])


def refused(api, arn, document, **members):
    answer = api.refused("PutResourcePolicy", ResourceArn=arn, Policy=document, **members)
    return answer.type, answer.message


def said(answer):
    return answer.type, answer.message


def test_a_policy_is_put_read_and_deleted_with_boto3(client, arn):
    document = policy(statement(Sid="one"))
    revision = client.put_resource_policy(ResourceArn=arn, Policy=document)["RevisionId"]
    answer = client.get_resource_policy(ResourceArn=arn)
    assert (json.loads(answer["Policy"]), answer["RevisionId"]) == (json.loads(document), revision)
    assert client.delete_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    with pytest.raises(client.exceptions.PolicyNotFoundException):
        client.get_resource_policy(ResourceArn=arn)


def test_no_policy(api, arn):
    answer = api.refused("GetResourcePolicy", ResourceArn=arn)
    assert said(answer) == ("PolicyNotFoundException", f"{NOT_FOUND}{arn}")
    assert api("DeleteResourcePolicy", ResourceArn=arn) == {}
    assert api("DeleteResourcePolicy", ResourceArn=arn) == {}


def test_deleting_again_answers_the_revision_of_the_deletion(api, arn):
    revision = put(api, arn)
    assert api("DeleteResourcePolicy", ResourceArn=arn) == {"RevisionId": revision}
    again = api("DeleteResourcePolicy", ResourceArn=arn)["RevisionId"]
    assert int(again) > int(revision)
    assert api("DeleteResourcePolicy", ResourceArn=arn)["RevisionId"] == again
    assert int(put(api, arn)) > int(again)


@pytest.mark.parametrize(
    "again",
    [
        policy(statement()),
        json.dumps(json.loads(policy(statement())), indent=4),
        policy(statement(Action=["dynamodb:GetItem"], Resource=["*"])),
        policy(statement(Principal={"AWS": ACCOUNT})),
        policy(statement(Principal={"AWS": [ACCOUNT, ROOT]})),
        policy(statement(Effect="allow")),
        policy(Statement=statement()),
        policy(dict(reversed(statement().items()))),
    ],
)
def test_the_same_policy_keeps_its_revision(api, arn, again):
    revision = put(api, arn)
    assert put(api, arn, again) == revision


def test_another_policy_has_a_later_revision_of_thirteen_digits(api, arn):
    revisions = [
        put(api, arn, policy(statement(Action=f"dynamodb:{action}")))
        for action in ("GetItem", "PutItem", "GetItem")
    ]
    assert all(len(each) == 13 and each.isdigit() for each in revisions)
    assert revisions == sorted(set(revisions))


def test_a_policy_is_read_back_in_its_canonical_form(api, arn):
    sent = {
        "Statement": {
            "Condition": {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT]}},
            "Resource": [f"{arn}/index/*", arn],
            "Action": ["dynamodb:Query", "dynamodb:getitem", "dynamodb:Query"],
            "Principal": {"AWS": [ACCOUNT, ROOT]},
            "Effect": "allow",
            "Sid": "\u0041",
        },
        "Version": "2012-10-17",
    }
    put(api, arn, json.dumps(sent, indent=2))
    assert api("GetResourcePolicy", ResourceArn=arn)["Policy"] == (
        '{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":"'
        f'{ROOT}"}},"Action":["dynamodb:Query","dynamodb:getitem","dynamodb:Query"],"Resource":["'
        f'{arn}/index/*","{arn}"],"Condition":{{"StringEquals":{{"aws:PrincipalAccount":"'
        f'{ACCOUNT}"}}}}}}]}}'
    )


def test_a_policy_without_version_is_read_with_the_first_and_yet_is_another(api, arn):
    bare = json.dumps({"Statement": [statement()]})
    revision = put(api, arn, bare)
    read = got(api, arn)
    assert read["Version"] == "2008-10-17"
    assert put(api, arn, bare) == revision
    assert put(api, arn, json.dumps(read)) != revision


def test_an_expected_revision(api, name, arn):
    def update(revision):
        members = {"Policy": policy(statement(Action="dynamodb:PutItem")), "ResourceArn": arn}
        return said(api.refused("PutResourcePolicy", members, ExpectedRevisionId=revision))

    def delete(revision):
        return said(
            api.refused("DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=revision)
        )

    wanted = f"{NOT_FOUND}Requested update for policy with revision id 123, but "
    kind = "PolicyNotFoundException"
    none = (kind, f"{wanted}table {name} has no associated policy.")
    assert update("123") == none
    assert delete("123") == none
    first = put(api, arn, ExpectedRevisionId="NO_POLICY")
    other = f"{wanted}the policy associated to target table {name} has revision id {first}."
    assert update("123") == (kind, other)
    assert delete("123") == (kind, other)
    assert update("NO_POLICY") == (
        kind,
        f"{NOT_FOUND}Requested policy update expecting none to be present for table {name}, "
        f"but a policy exists with revision id {first}.",
    )
    second = put(api, arn, policy(statement(Sid="b")), ExpectedRevisionId=first)
    deleted = api("DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=second)
    assert deleted == {"RevisionId": second}


def test_a_streams_policy_is_its_own(api, arn, stream_arn):
    document = policy(statement(Action="dynamodb:GetRecords", Resource=stream_arn))
    revision = put(api, stream_arn, document)
    assert said(api.refused("GetResourcePolicy", ResourceArn=arn))[0] == "PolicyNotFoundException"
    put(api, arn)
    assert got(api, stream_arn) == json.loads(document)
    assert api("DeleteResourcePolicy", ResourceArn=stream_arn) == {"RevisionId": revision}
    answer = api.refused("GetResourcePolicy", ResourceArn=stream_arn)
    assert said(answer) == ("PolicyNotFoundException", f"{NOT_FOUND}{stream_arn}")
    assert got(api, arn) == json.loads(policy(statement()))


def test_a_policy_stays_when_the_table_changes(api, name, arn, stream_arn):
    document = policy(statement(Action="dynamodb:GetRecords", Resource=stream_arn))
    put(api, arn)
    put(api, stream_arn, document)
    api("UpdateTable", TableName=name, StreamSpecification={"StreamEnabled": False})
    assert got(api, arn) == json.loads(policy(statement()))
    assert got(api, stream_arn) == json.loads(document)


BAD_ARNS = {
    "a name": ("just-a-name", f"{PREFIX}ARNs must start with 'arn:': just-a-name"),
    "an index": (
        "{arn}/index/by-a",
        f"{PREFIX}Invalid resource arn provided, only table or stream is accepted. "
        "Provided resource arn: {arn}/index/by-a",
    ),
    "a backup": (
        "{arn}/backup/0170",
        f"{PREFIX}Provided Arn is not a DynamoDB resource arn: {{arn}}/backup/0170",
    ),
    "another service": (
        "arn:aws:s3:::bucket",
        f"{PREFIX}Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::bucket",
    ),
    "another Region": (
        f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/abc",
        f"{PREFIX}Invalid resource Arn: arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/abc",
    ),
    "another partition": (
        f"arn:aws-cn:dynamodb:us-east-1:{ACCOUNT}:table/abc",
        f"{PREFIX}Invalid resource Arn: arn:aws-cn:dynamodb:us-east-1:{ACCOUNT}:table/abc",
    ),
    "another account": (
        "arn:aws:dynamodb:us-east-1:123456789012:table/abc",
        "This action is only supported by accounts that match the resource owner’s account.",
    ),
}


@pytest.mark.parametrize("case", BAD_ARNS)
@pytest.mark.parametrize(
    "operation", ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"]
)
def test_arns_of_what_has_no_policy_here(api, arn, operation, case):
    bad, message = (text.format(arn=arn) for text in BAD_ARNS[case])
    members = {"Policy": policy(statement())} if operation == "PutResourcePolicy" else {}
    answer = api.refused(operation, members, ResourceArn=bad)
    assert said(answer) == ("ValidationException", message)


@pytest.mark.parametrize(
    "operation", ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"]
)
def test_tables_and_streams_that_are_not_there(api, name, arn, operation):
    def answer(gone):
        about_a_stream = statement(Action="dynamodb:GetRecords")
        document = policy(about_a_stream if "/stream/" in gone else statement())
        members = {"Policy": document} if operation == "PutResourcePolicy" else {}
        return said(api.refused(operation, members, ResourceArn=gone))

    kind, begin = "ResourceNotFoundException", "Requested resource not found: "
    assert answer(arn + "x") == (kind, f"{begin}Table: {name}x not found")
    label = "2000-01-01T00:00:00.000"
    gone = (kind, f"{begin}Stream: {label} not found for Table: {name}")
    assert answer(f"{arn}/stream/{label}") == gone


STREAM_RESOURCE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/abc/stream/2026"
MALFORMED_POLICIES = [
    ("", "This policy contains invalid Json"),
    ("[]", "This policy contains invalid Json"),
    ("{not json", "This policy contains invalid Json"),
    ("null", "This text appears not to be a policy"),
    ("{}", "Syntax error at position (1,3)"),
    (policy(), "Could not parse the policy: Statement is empty!"),
    (policy({}), "Missing required field Effect"),
    (policy(statement(Principal=None)), "Missing required field Principal"),
    (policy(statement(Action=None)), "Missing required field Action"),
    (policy(statement(Resource=None)), "Missing required field Resource"),
    (
        policy(statement(Sid="a"), statement(Sid="a")),
        "The Statement Ids in the policy are not unique",
    ),
    (
        policy(statement(Action=["dynamodb:GetRecords", "dynamodb:GetItem", "s3:GetObject"])),
        'The following action names are invalid: "dynamodb:GetRecords", "s3:GetObject"',
    ),
    (
        policy(statement(Resource=STREAM_RESOURCE)),
        f'The relative-id "table/abc/stream/2026" is invalid for ARN "{STREAM_RESOURCE}"',
    ),
]


@pytest.mark.parametrize(("document", "reason"), MALFORMED_POLICIES)
def test_malformed_policies(api, arn, document, reason):
    revision = put(api, arn)
    assert refused(api, arn, document) == ("ValidationException", MALFORMED + reason)
    assert put(api, arn) == revision


@pytest.mark.parametrize(
    "document",
    [
        policy(statement(Principal=ACCOUNT)),
        policy(statement(Principal={"Nobody": ACCOUNT})),
        policy(statement(Effect="Perhaps")),
        policy(statement(NotAction="dynamodb:GetItem")),
        policy(statement(Surplus=1)),
        policy(statement(Condition={"StringEquals": {"aws:PrincipalAccount": [[ACCOUNT]]}})),
        policy(statement(Condition={"StringEquals": ACCOUNT})),
        policy(statement(), Version="2020-01-01"),
        policy(statement(), Surplus=1),
        policy("text"),
    ],
)
def test_json_that_is_no_policy(api, arn, document):
    end = f"Syntax error at position (1,{len(document) + 1})"
    assert refused(api, arn, document) == ("ValidationException", MALFORMED + end)


def test_a_streams_policy_takes_actions_and_resources_of_streams(api, arn, stream_arn):
    assert refused(api, stream_arn, policy(statement())) == (
        "ValidationException",
        f'{MALFORMED}The following action names are invalid: "dynamodb:GetItem"',
    )
    document = policy(statement(Action="dynamodb:GetRecords", Resource=arn))
    relative = arn.rpartition(":")[2]
    assert refused(api, stream_arn, document) == (
        "ValidationException",
        f'{MALFORMED}The relative-id "{relative}" is invalid for ARN "{arn}"',
    )


def test_principals(api, arn):
    unknown = ("ValidationException", f"{PREFIX}Invalid principal in policy document.")
    for principal in ("arn:aws:iam::12:root", [ROOT, "somebody"]):
        assert refused(api, arn, policy(statement(Principal={"AWS": principal}))) == unknown
    for principal in (f"arn:aws:iam::{ACCOUNT}:role/a/b", f"arn:aws:iam::{ACCOUNT}:user/a"):
        assert put(api, arn, policy(statement(Principal={"AWS": principal})))


@pytest.mark.parametrize("everybody", ["*", {"AWS": "*"}, {"AWS": [ROOT, "*"]}])
def test_nothing_is_allowed_to_everybody(api, arn, everybody):
    allowed = statement(Principal=everybody)
    assert refused(api, arn, policy(allowed)) == (
        "ValidationException",
        "Resource-based policy grants unbounded access in one or more elements. "
        "Please revise the policy to ensure least-privilege form of access",
    )
    assert put(api, arn, policy({**allowed, "Effect": "Deny"}))
    bounded = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert put(api, arn, policy({**allowed, "Condition": bounded}))


def test_a_policy_has_at_most_20480_bytes_with_its_blanks(api, arn):
    document = policy(statement())
    assert put(api, arn, document.ljust(20_480))
    assert refused(api, arn, document.ljust(20_481)) == (
        "ValidationException",
        f"{PREFIX}Maximum policy size of 20480 bytes exceeded",
    )


@pytest.mark.parametrize(
    "members",
    [
        {"Principal": "*", "Action": "dynamodb:PutResourcePolicy"},
        {"Action": "dynamodb:*"},
        {"Action": "dynamodb:putresource?olicy"},
        {"Action": None, "NotAction": "dynamodb:GetItem"},
        {"Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/table-*"},
    ],
)
def test_a_policy_that_shuts_its_writer_out_must_be_confirmed(api, arn, members):
    document = policy(statement(Effect="Deny", **members))
    shut_out = (
        "AccessDeniedException",
        "The new resource policy will not allow you to update the resource policy in the future.",
    )
    assert refused(api, arn, document) == shut_out
    assert refused(api, arn, document, ConfirmRemoveSelfResourceAccess=False) == shut_out
    assert put(api, arn, document, ConfirmRemoveSelfResourceAccess=True)


@pytest.mark.parametrize(
    "members",
    [
        {"Principal": "*", "Action": "dynamodb:DeleteResourcePolicy"},
        {"Principal": "*", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/other"},
        {"Principal": {"AWS": "123456789012"}, "Action": "dynamodb:*"},
        {"Action": None, "NotAction": "dynamodb:Put*"},
    ],
)
def test_other_denials_need_not_be_confirmed(api, arn, members):
    assert put(api, arn, policy(statement(Effect="Deny", **members)))


def test_a_table_created_with_a_policy(api, create):
    name = create(STREAMED, ResourcePolicy=policy(statement(Action=["dynamodb:GetItem"])))
    created = api("DescribeTable", TableName=name)["Table"]
    assert "ResourcePolicy" not in created
    answer = api("GetResourcePolicy", ResourceArn=created["TableArn"])
    assert json.loads(answer["Policy"]) == json.loads(policy(statement()))
    assert abs(int(answer["RevisionId"]) / 1000 - created["CreationDateTime"]) < 0.01
    assert put(api, created["TableArn"]) == answer["RevisionId"]


def test_a_table_is_not_created_with_a_malformed_policy(api, fresh):
    name = f"table-{fresh()}"
    answer = api.refused("CreateTable", {**STREAMED, "TableName": name}, ResourcePolicy="{}")
    expected = f"{MALFORMED}Syntax error at position (1,3)"
    assert said(answer) == ("ValidationException", expected)
    assert api.refused("DescribeTable", TableName=name).type == "ResourceNotFoundException"


def test_a_table_created_again_has_no_policy(api, fresh):
    name = f"table-{fresh()}"
    definition = {**SIMPLE, "TableName": name}
    arn = api("CreateTable", definition)["TableDescription"]["TableArn"]
    put(api, arn)
    api("DeleteTable", TableName=name)
    api("CreateTable", definition)
    assert api.refused("GetResourcePolicy", ResourceArn=arn).type == "PolicyNotFoundException"
    api("DeleteTable", TableName=name)


def test_a_policy_of_a_table_that_is_being_deleted(still):
    server = still(transition_s=5)
    created = server("CreateTable", {**SIMPLE, "TableName": "going"})
    arn = created["TableDescription"]["TableArn"]
    revision = put(server, arn)
    server.wait(5)
    server("DeleteTable", TableName="going")
    in_use = (
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being deleted: going",
    )
    assert server("GetResourcePolicy", ResourceArn=arn)["RevisionId"] == revision
    assert put(server, arn) == revision
    with pytest.raises(Refused) as changed:
        put(server, arn, policy(statement(Sid="other")))
    with pytest.raises(Refused) as deleted:
        server("DeleteResourcePolicy", ResourceArn=arn)
    assert said(changed.value) == said(deleted.value) == in_use
    server.wait(5)
    with pytest.raises(Refused) as gone:
        server("GetResourcePolicy", ResourceArn=arn)
    assert said(gone.value) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: going not found",
    )


def test_each_change_has_a_later_revision_even_within_a_millisecond(still):
    server = still()
    created = server("CreateTable", {**SIMPLE, "TableName": "quick"})
    arn = created["TableDescription"]["TableArn"]
    revisions = [put(server, arn, policy(statement(Sid=f"s{n}"))) for n in range(3)]
    assert revisions == [str(1_800_000_000_000 + n) for n in range(3)]
