"""Templates of CloudFormation and SAM: functions, conditions, what is noted, what is wrong."""

from __future__ import annotations

import json

import pytest

from genset.schemas import IndexDefinition, TableDefinition, Units
from genset.schemas.building import build_table
from genset.schemas.cloudformation.template import Surroundings, Template
from genset.schemas.files import Files
from genset.schemas.parameters import Parameters
from genset.schemas.problems import SchemaError
from genset.schemas.yaml_text import parse_yaml

from .conftest import FILES, notes, problems, schema

KEYS = """
      AttributeDefinitions: [{AttributeName: Id, AttributeType: S}]
      KeySchema: [{AttributeName: Id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
"""


def template(name: str = "plain", more: str = "", properties: str = KEYS) -> str:
    return f"""{more}
Resources:
  Music:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: {name}{properties}"""


def only_table(text: str, **parameters: str) -> TableDefinition:
    """The table that a template defines."""
    root = parse_yaml(text, "music.yaml")
    files = Files()
    given = Parameters({name.replace("__", "::"): text for name, text in parameters.items()})
    surroundings = Surroundings(folder=None, files=files, parameters=given, stack_name="stack")  # type: ignore[arg-type]
    (table,) = Template(root, surroundings).tables([])
    return table


def value(expression: str, more: str = "", **parameters: str) -> str:
    """The value of an expression, as the value of a tag."""
    tag = f"      Tags: [{{Key: value, Value: {expression}}}]\n"
    return only_table(template(properties=KEYS + tag, more=more), **parameters).tags["value"]


VALUES = {
    "!Sub '${AWS::StackName}-${AWS::Region}.${!Literal}'": "stack-us-east-1.${Literal}",
    "!Sub ['${A}-${Stage}', {A: !Ref AWS::AccountId}]": "000000000000-dev",
    "!Join ['_', [a, !Ref Stage, !Ref AWS::NoValue, b]]": "a_dev_b",
    "!Select [1, !Split [',', 'x,y,z']]": "y",
    "!Select [0, !Ref Zones]": "zone-a",
    "!FindInMap [Names, !Ref Stage, Table]": "dev-table",
    "!FindInMap [Names, other, Table, {DefaultValue: fallback}]": "fallback",
    "!If [IsProd, yes-it-is, no-it-is-not]": "no-it-is-not",
    "!If [IsNotProd, !If [Both, both, one], none]": "both",
    "{'Fn::Join': ['', [a, {'Fn::Base64': bc}]]}": "aYmM=",
    "!Sub 'n${Count}'": "n3",
    "!Sub ['l${L}', {L: !Length [a, b]}]": "l2",
}
MORE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Count: {Type: Number, Default: 3}
  Zones: {Type: CommaDelimitedList, Default: 'zone-a, zone-b'}
Mappings:
  Names: {dev: {Table: dev-table}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsNotProd: !Not [!Condition IsProd]
  Both: !And [!Condition IsNotProd, !Or [!Condition IsProd, !Equals [!Ref Count, '3']]]
"""


@pytest.mark.parametrize("expression", VALUES)
def test_functions_give_what_cloudformation_does(expression):
    assert value(expression, MORE) == VALUES[expression]


def test_parameters_are_given():
    assert value("!Sub '${Stage}-x'", MORE, Stage="prod") == "prod-x"
    assert value("!Select [1, !Ref Zones]", MORE, Zones="a,b") == "b"
    assert value("!ImportValue shared-name", MORE, **{"shared-name": "given"}) == "given"
    assert value("!Ref AWS::Region", MORE, AWS__Region="eu-west-3") == "eu-west-3"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("!Ref Nothing", "there is no parameter or resource Nothing"),
        ("!GetAtt Nothing.Arn", "there is no parameter or resource Nothing"),
        ("!FindInMap [Names, prod, Table]", "Fn::FindInMap: there is no Names.prod.Table"),
        ("!Select [2, [a, b]]", "Fn::Select: there is no element 2 of 2"),
        ("!If [Nowhere, a, b]", "there is no condition Nowhere"),
        ("!Join [a]", "Fn::Join must have a list of 2"),
        ("!ImportValue shared", "TableName: shared is another stack's export; give it with "
         "--parameter shared=VALUE"),
        ("!GetAZs ''", "TableName: Fn::GetAZs is answered only by CloudFormation"),
        ("'{{resolve:ssm:name}}'", "TableName: {{resolve:ssm:name}} is looked up when it is "
         "deployed"),
        ("!Ref Music", "is defined by itself"),
        ("[a]", "TableName must be a text, not a list"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_an_error(expression, message):
    with pytest.raises(SchemaError) as caught:
        only_table(template(expression, MORE))
    (problem,) = caught.value.problems
    assert problem.message == message


def test_what_is_not_followed_is_noted():
    assert notes(schema("music.yaml", Stage="prod")) == [
        "music.yaml:69: point-in-time recovery is left out: genset has no backups",
        "music.yaml:75: KMSMasterKeyId: Key.Arn is made when it is deployed; give it with "
        "--parameter Key.Arn=VALUE; the key that AWS manages is taken instead",
        "music.yaml:79: the tag stack is left out: AWS::StackName is not known here; give it with "
        "--parameter AWS::StackName=VALUE",
        "music.yaml:81: the table has no TableName, which AWS would make up; it is named Sessions",
    ]
    assert notes(schema("global.json")) == [
        "global.json:37: the replicas in eu-west-1 are left out: genset has no global tables",
        "global.json:28: auto scaling is left out: it has 10 units all the time",
        "global.json:61: point-in-time recovery is left out: genset has no backups",
        "global.json:18: auto scaling is left out: it has 2 units all the time",
    ]


def test_what_is_given_is_no_longer_noted():
    given = {"Key.Arn": "arn:aws:kms:us-east-1:000000000000:key/1", "AWS__StackName": "shop"}
    found = schema("music.yaml", **given)
    assert found.tables[0].encryption == given["Key.Arn"]
    assert found.tables[0].tags["stack"] == "us-east-1/shop"
    assert len(found.notes) == 1


def test_a_global_table_has_the_capacity_of_its_replica_here():
    (table,) = schema("global.json").tables
    assert (table.throughput, table.encryption) == (Units(read=7, write=10), "alias/accounts")
    assert table.global_index("emails") == IndexDefinition(
        name="emails",
        keys=(("Email", "HASH"),),
        projection="ALL",
        throughput=Units(read=3, write=2),
        insights="THROTTLED_KEYS",
    )
    (elsewhere,) = schema("global.json", AWS__Region="eu-west-1").tables
    assert elsewhere.throughput == Units(read=1, write=10)


def test_loops_are_unrolled_over_what_is_given():
    assert [t.name for t in schema("loops.yaml", Names="A,B,C").tables] == [
        "loop-A",
        "loop-B",
        "loop-C",
    ]


def test_a_nested_stack_takes_parameters_and_gives_outputs(write):
    write(
        "inner.yaml",
        template("!Sub '${Prefix}-inner'", "Parameters: {Prefix: {Type: String}}")
        + "Outputs: {Name: {Value: !Sub '${Music}.of'}}",
    )
    outer = write(
        "outer.yaml",
        template("!GetAtt Inner.Outputs.Name")
        + """
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./inner.yaml, Parameters: {Prefix: given}}
  Elsewhere:
    Type: AWS::Serverless::Application
    Properties: {Location: https://example.com/template.yaml}
""",
    )
    found = schema(outer)
    assert [table.name for table in found.tables] == ["given-inner.of", "given-inner"]
    assert notes(found) == [
        "outer.yaml:14: the stack Elsewhere is not read: https://example.com/template.yaml is no "
        "file here"
    ]


def test_sam_fills_in_key_billing_and_globals(write):
    path = write(
        "sam.yaml",
        "Globals: {SimpleTable: {SSESpecification: {SSEEnabled: true}}}\n"
        "Resources: {Plain: {Type: 'AWS::Serverless::SimpleTable'}}",
    )
    (table,) = schema(path).tables
    assert (table.name, table.keys, table.billing_mode, table.encryption) == (
        "Plain",
        (("id", "HASH"),),
        "PAY_PER_REQUEST",
        "",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A: 1\n  B: 2", "4: is no YAML: mapping values are not allowed in this context"),
        ("A: 1\nA: 2", "4: A is there twice"),
        ("A: *b", "3: is no YAML: found undefined alias"),
        ("? [a]\n: b", "3: the name of a member must be a text"),
    ],
)
def test_yaml_that_is_none_is_told_with_its_line(write, text, message):
    path = write("wrong.yaml", f"Resources:\n  Music: {{}}\n{text}")
    assert problems(path) == [f"wrong.yaml:{message}"]


def test_json_that_is_none_is_told_with_its_line(write):
    path = write("wrong.json", '{\n "Resources": {\n  "A": 1,,\n }\n}')
    assert problems(path) == [
        "wrong.json:3: is no JSON: Expecting property name enclosed in double quotes"
    ]


def test_every_wrong_resource_has_a_line(write):
    path = write(
        "wrong.yaml",
        """Resources:
  NoKey:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: Id, AttributeType: S}]
  Unused:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: Id, AttributeType: S}
        - {AttributeName: Size, AttributeType: N}
      KeySchema: [{AttributeName: Id, KeyType: HASH}]
  Capacity:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: Id, AttributeType: S}]
      KeySchema: [{AttributeName: Id, KeyType: HASH}]
  Kind:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: Id, AttributeType: X}]
      KeySchema: [{AttributeName: Id, KeyType: HASH}]
""",
    )
    assert problems(path) == [
        "wrong.yaml:2: table NoKey has no KeySchema",
        "wrong.yaml:10: the attribute Size is defined, but is part of no key; other attributes "
        "need no definition",
        "wrong.yaml:14: the table needs ProvisionedThroughput with ReadCapacityUnits and "
        "WriteCapacityUnits, or the table BillingMode PAY_PER_REQUEST",
        "wrong.yaml:23: the type of Id must be one of S, N, B, not X",
    ]


def test_two_tables_of_one_name_are_an_error(write):
    path = write("twice.yaml", template("twice") + template("twice").partition("Resources:")[2]
                 .replace("Music", "More"))  # fmt: skip
    assert problems(path) == [
        f"twice.yaml:11: the table twice is defined at {path}:3 too",
    ]


def test_a_parameter_that_nothing_has_is_an_error(write):
    path = write("plain.yaml", template())
    assert problems(path, Stagee="prod") == ["plain.yaml: nothing has a parameter named Stagee"]


def test_a_parameter_has_to_be_allowed():
    assert problems(FILES / "music.yaml", Stage="test") == [
        "music.yaml:6: the parameter Stage must be one of dev, prod, not test"
    ]


def test_what_the_api_has_and_genset_has_not_is_named(write):
    more = "      KinesisStreamSpecification: {StreamArn: x}\n      Colour: red\n"
    path = write("noted.yaml", template(properties=KEYS + more))
    assert notes(schema(path)) == [
        "noted.yaml:11: Colour is not supported; the table is made without it",
        "noted.yaml:10: KinesisStreamSpecification is left out: changes are not sent to Kinesis",
    ]


def test_aliases_and_merges_are_yaml_s(write):
    path = write(
        "merged.yaml",
        """Keys: &keys
  BillingMode: PAY_PER_REQUEST
  AttributeDefinitions: [{AttributeName: Id, AttributeType: S}]
  KeySchema: [{AttributeName: Id, KeyType: HASH}]
Resources:
  A: {Type: "AWS::DynamoDB::Table", Properties: {<<: *keys, TableName: "2026-11-25"}}
  B: {Type: "AWS::DynamoDB::Table", Properties: {<<: *keys, TableName: 012}}
""",
    )
    assert [table.name for table in schema(path).tables] == ["2026-11-25", "012"]


@pytest.mark.parametrize(
    "text", ["a: &a [*a]", "a: &a [x]\n" + "\n".join(f"{c}: &{c} [{', '.join([f'*{p}'] * 30)}]"
             for p, c in zip("abcdef", "bcdefg", strict=True))]
)  # fmt: skip
def test_aliases_that_never_end_are_refused(text, monkeypatch):
    monkeypatch.setattr("genset.schemas.yaml_text._NODES_MAX", 2000)
    with pytest.raises(SchemaError, match="an alias repeats what it is a part of, or too much"):
        parse_yaml(text, "bomb.yaml")


def test_the_policy_of_a_table_may_be_written_as_a_mapping(write):
    statement = "{Effect: Allow, Principal: {AWS: !Ref AWS::AccountId}, Action: 'dynamodb:*', " \
        "Resource: '*'}"  # fmt: skip
    policy = f"      ResourcePolicy: {{PolicyDocument: {{Statement: [{statement}]}}}}\n"
    (table,) = schema(write("policy.yaml", template(properties=KEYS + policy))).tables
    assert json.loads(table.policy)["Statement"][0]["Principal"] == {"AWS": "000000000000"}


def test_a_definition_without_a_name_is_told():
    with pytest.raises(SchemaError, match=r"x.yaml:1: the table has no TableName"):
        build_table(parse_yaml("KeySchema: []", "x.yaml"), [])


def test_macros_are_noted(write):
    more = "Transform: [AWS::Serverless-2016-10-31, Company::Macro]"
    path = write("macros.yaml", template(more=more) + "  Fn::Transform: {Name: 'AWS::Include'}\n")
    assert notes(schema(path)) == [
        "macros.yaml:1: the macro Company::Macro is not run",
        "macros.yaml:10: what Fn::Transform adds is not read",
    ]


def test_the_name_of_a_stack_may_be_in_sam_s_configuration(write):
    path = write("template.yaml", template("!Sub '${AWS::StackName}-music'"))
    assert len(problems(path)) == 1
    write("samconfig.toml", '[default.deploy.parameters]\nstack_name = "from-sam"\n')
    assert [table.name for table in schema(path).tables] == ["from-sam-music"]
    (given,) = schema(path, AWS__StackName="given").tables
    assert given.name == "given-music"
    config = write("samconfig.toml", "[")
    assert problems(path)[0].startswith(f"{config.name}: is no TOML: ")


def test_an_account_that_is_not_known_is_not_made_up():
    root = parse_yaml(template(name="!Ref AWS::AccountId"), "music.yaml")
    surroundings = Surroundings(
        folder=FILES, files=Files(), parameters=Parameters(account=None), stack_name=None
    )
    with pytest.raises(SchemaError, match="give it with --parameter AWS::AccountId=NUMBER"):
        Template(root, surroundings).tables([])
