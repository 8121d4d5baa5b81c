"""`genset serve --schema`: the tables are there before it says that it listens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import boto3
import pytest

from genset.cli.serving.settings import SettingsError
from support.process import genset_command, serve
from support.settings import serve_settings

TEMPLATE = """
Resources:
  Music:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: Music
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: Artist, AttributeType: S}]
      KeySchema: [{AttributeName: Artist, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Queue:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Ref QueueName
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: Id, AttributeType: N}]
      KeySchema: [{AttributeName: Id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: Due, Enabled: true}
Parameters: {QueueName: {Type: String}}
"""
CREDENTIALS = """
[default]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret-of-the-test
aws_account_id = 111122223333
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "tables.yaml"
    path.write_text(TEMPLATE)
    return path


def client_of(url, key="local", secret="local", region="us-east-1"):
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def test_in_memory_in_the_region_of_the_environment(template):
    options = ("--memory", "--schema", str(template), "--schema-parameter", "QueueName=Jobs")
    with serve(*options, environment={"AWS_REGION": "eu-west-1"}) as server:
        client = client_of(server.url, region="eu-west-1")
        assert client.list_tables()["TableNames"] == ["Jobs", "Music"]
        time_to_live = client.describe_time_to_live(TableName="Jobs")["TimeToLiveDescription"]
        assert time_to_live["AttributeName"] == "Due"
        assert client_of(server.url).list_tables()["TableNames"] == []


def test_with_workers_and_signatures_for_the_account_of_the_credentials(template, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(CREDENTIALS)
    options = ("--workers", "2", "--data-dir", str(tmp_path / "data"), "--auth", "sigv4",
               "--credentials", str(credentials))  # fmt: skip
    environment = {"GENSET_SCHEMA": str(template), "GENSET_SCHEMA_PARAMETER": "QueueName=Jobs"}
    with serve(*options, environment=environment) as server:
        client = client_of(server.url, "AKIDEXAMPLE", "secret-of-the-test")
        described = client.describe_table(TableName="Music")["Table"]
        assert described["TableArn"] == "arn:aws:dynamodb:us-east-1:111122223333:table/Music"
        client.put_item(TableName="Music", Item={"Artist": {"S": "Nina Simone"}})
    # An attribute more, and another key: the one is made, the other is not.
    template.write_text(
        TEMPLATE.replace("AttributeName: Due", "AttributeName: Until").replace("Artist", "Singer")
    )
    with serve(*options, environment=environment) as server:
        client = client_of(server.url, "AKIDEXAMPLE", "secret-of-the-test")
        assert client.scan(TableName="Music")["Count"] == 1
        time_to_live = client.describe_time_to_live(TableName="Jobs")["TimeToLiveDescription"]
        assert time_to_live["AttributeName"] == "Until"
        assert (
            f"genset: {template}:3: the table Music would be deleted with its items and made "
            "anew; it is left as it is. `genset apply` asks and does it\n"
        ) in server.log


def ended(*options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*genset_command(), "serve", "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=folder,
        env={**os.environ, "AWS_REGION": "us-east-1"},
    )


def test_a_wrong_file_ends_it_with_2_before_anything(template, tmp_path):
    done = ended("--schema", str(template), folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"genset: {template}:14: TableName: the parameter QueueName has no default; give it with "
        "--parameter QueueName=VALUE\n"
    )
    assert not (tmp_path / "genset-data").exists()


def test_without_a_table_it_does_not_serve(template, tmp_path):
    tags = "Tags: [{Key: 'aws:x', Value: y}]"
    template.write_text(TEMPLATE.replace("StreamSp", f"{tags}\n      StreamSp"))
    done = ended("--memory", "--schema", "tables.yaml", "--schema-parameter", "QueueName=Jobs",
                 "--log-level", "error", folder=tmp_path)  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    first, last = done.stderr.splitlines()
    assert first.startswith("genset: tables.yaml:3: Music: ValidationException: Tag Key cannot ")
    assert last == "genset: not serving without what --schema defines: Music"


def test_flags_environment_and_file_name_schemas(tmp_path):
    config = tmp_path / "genset.toml"
    config.write_text('schema = ["a.yaml", "b.tf"]\nschema-parameter = "A=1,B=2"\n')
    settings = serve_settings(config=config)
    assert (settings.schema, settings.schema_parameter) == (("a.yaml", "b.tf"), ("A=1", "B=2"))
    environment = {"GENSET_SCHEMA": os.pathsep.join(("c.yaml", "d.json"))}
    assert serve_settings(config=config, environment=environment).schema == ("c.yaml", "d.json")
    flags = ("--schema", "e.yaml", "--schema", "f.yaml")
    assert serve_settings(*flags, environment=environment).schema == ("e.yaml", "f.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = [1]", "schema must be a text that is not empty, or a list of them"),
        ('schema = ""', "schema must be a text that is not empty, or a list of them"),
        ('schema-parameter = "A"', "--schema-parameter must be NAME=VALUE"),
    ],
)
def test_what_is_no_schema_is_told(tmp_path, text, message):
    config = tmp_path / "genset.toml"
    config.write_text(text)
    with pytest.raises(SettingsError, match=message):
        serve_settings(config=config)
