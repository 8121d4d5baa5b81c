"""serverless.yml: where its variables come from, and what has no value before it is deployed."""

from __future__ import annotations

import pytest

from .conftest import notes, problems, schema

SERVICE = """service: shop
provider: {{name: aws, region: eu-west-1}}
custom:
  {custom}
resources:
  Resources:
    Music:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: {name}
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{{AttributeName: Id, AttributeType: S}}]
        KeySchema: [{{AttributeName: Id, KeyType: HASH}}]
"""


def service(name, custom="none: 0"):
    return SERVICE.format(name=name, custom=custom)


NAMES = {
    "${self:service}-music": "shop-music",
    "${sls:stage}-${self:provider.stage}": "dev-dev",
    "${self:provider.region}": "eu-west-1",
    "${opt:colour, 'red'}": "red",
    "${opt:colour, self:custom.missing, 'blue'}": "blue",
    "${env:GENSET_TEST_NAME}": "from-environment",
    "${self:custom.${opt:which, 'a'}.name}": "deep",
    "${file(./names.yml):of.music}": "in-a-file",
    "${file(./none.yml):x, 'no-file'}": "no-file",
    "${self:custom.list.1}": "second",
    "!Sub '${AWS::StackName}-${AWS::AccountId}'": "shop-dev-000000000000",
    "'-${self:custom.a.name}-'": "-deep-",
}
CUSTOM = "{a: {name: '${self:custom.b}'}, b: deep, list: [first, second]}"


@pytest.mark.parametrize("name", NAMES)
def test_variables_have_their_values(write, monkeypatch, name):
    monkeypatch.setenv("GENSET_TEST_NAME", "from-environment")
    write("names.yml", "of: {music: in-a-file}")
    text = service(f'"{name}"' if name[0] == "$" else name).replace("{none: 0}", CUSTOM)
    path = write("serverless.yml", text.replace("\n  none: 0", f" {CUSTOM}"))
    assert [each.name for each in schema(path).tables] == [NAMES[name]]


def test_options_and_parameters_are_given(write):
    path = write("serverless.yml", service('"${opt:stage}-${param:colour}"'))
    (table,) = schema(path, stage="prod", colour="red").tables
    assert table.name == "prod-red"


def test_a_stage_has_its_own_parameters():
    prod, _ = schema("serverless/serverless.yml", stage="prod").tables
    assert (prod.throughput.read, prod.time_to_live) == (50, "ArchivedAt")


def test_what_is_not_known_is_noted():
    assert notes(schema("serverless/serverless.yml")) == [
        "serverless.yml:47: the tag secret is left out: ${ssm:/shop/secret} is looked up when it "
        "is deployed; give it with --parameter ssm:/shop/secret=VALUE"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("${opt:colour}", "TableName: ${opt:colour} has no value; give it with --parameter "
         "colour=VALUE"),
        ("${self:custom.missing}", "TableName: ${self:custom.missing} has no value; write a value "
         "after a comma, for where it has none"),
        ("${cf:other.Name}", "TableName: ${cf:other.Name} is looked up when it is deployed; give "
         "it with --parameter cf:other.Name=VALUE"),
        ("${cf.eu-west-1:other.Name}", "TableName: ${cf.eu-west-1:other.Name} is looked up when "
         "it is deployed; give it with --parameter cf.eu-west-1:other.Name=VALUE"),
        ("${self:service", "${ has no }"),
        ("${self:custom.a}", "a variable is defined by itself"),
        ("${strToBool(maybe)}", "strToBool(maybe) is neither true nor false"),
    ],
)  # fmt: skip
def test_what_a_table_needs_is_told_with_its_line(write, name, message):
    path = write("serverless.yml", service(f'"{name}"', "a: '${self:custom.a}'"))
    (found,) = problems(path)
    assert found == f"serverless.yml:10: {message}"


def test_a_program_is_not_run(write):
    path = write("serverless.yml", service('"${file(./names.js):name}"'))
    (found,) = problems(path)
    assert found.endswith("names.js is a program, which is not run")


def test_tags_of_the_stack_and_extensions_are_noted(write):
    text = service("music").replace("region: eu-west-1", "stackTags: {team: records}")
    path = write("serverless.yml", text + "  extensions: {Music: {Properties: {}}}\n")
    assert notes(schema(path)) == [
        "serverless.yml:2: stackTags are left out: they are the stack's",
        "serverless.yml:14: extensions of resources are not followed",
    ]
