"""Which DynamoDB a command asks, as whom, and what it never waits for."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.console import Console
from genset.cli.asking.remote import DEFAULT_ENDPOINT, Remote
from genset.cli.statuses import CommandError, Status

PROFILES = """
[default]
region = eu-north-1
[profile bare]
region = eu-west-1
[profile local]
region = eu-west-2
endpoint_url = http://elsewhere.example:8000
[profile special]
region = eu-west-3
endpoint_url = http://elsewhere.example:8000
services = mine
[services mine]
dynamodb =
  endpoint_url = http://dynamodb.example:8000
[profile homeless]
output = json
[profile role]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/there
source_profile = bare
"""
KEYS = """
[bare]
aws_access_key_id = BARE
aws_secret_access_key = s
[local]
aws_access_key_id = LOCAL
aws_secret_access_key = s
[special]
aws_access_key_id = SPECIAL
aws_secret_access_key = s
[homeless]
aws_access_key_id = HOMELESS
aws_secret_access_key = s
"""


@pytest.fixture
def profiles(tmp_path: Path) -> None:
    """The files of the AWS CLI, which the environment names."""
    (tmp_path / "aws-config").write_text(PROFILES)
    (tmp_path / "aws-credentials").write_text(KEYS)


@pytest.fixture
def listening() -> Iterator[str]:
    """An address of this machine where somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def asked(remote: Remote, *, streams: bool = False) -> tuple[str, str, str]:
    """The endpoint, the Region and the access key of a remote's client."""
    client = remote.streams_client() if streams else remote.client()
    try:
        credentials = client._request_signer._credentials
        return client.meta.endpoint_url, client.meta.region_name, credentials.access_key
    finally:
        client.close()


def test_without_anything_it_is_genset_on_this_machine():
    assert Remote().address == Remote().place == DEFAULT_ENDPOINT


def test_the_environment_names_another_place(monkeypatch: pytest.MonkeyPatch, listening: str):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://general.example")
    assert Remote().place == "http://general.example"
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", listening)
    assert asked(Remote()) == (listening, "us-east-1", "local")
    assert asked(Remote(), streams=True)[0] == listening
    assert Remote("http://given.example").place == "http://given.example"


def test_credentials_and_the_region_are_the_users_if_there_are_any(
    monkeypatch: pytest.MonkeyPatch, listening: str, profiles: None
):
    assert asked(Remote(listening)) == (listening, "eu-north-1", "local")
    monkeypatch.setenv("AWS_PROFILE", "bare")
    assert asked(Remote(listening)) == (listening, "eu-west-1", "BARE")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "MINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    assert asked(Remote(listening)) == (listening, "ap-south-1", "MINE")
    monkeypatch.setenv("AWS_REGION", "ap-south-2")
    assert asked(Remote(listening))[1] == "ap-south-2"
    assert asked(Remote(listening, region="ca-west-1"))[1] == "ca-west-1"


def test_a_profile_is_aws_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, profiles: None, listening: str
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", listening)
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "MINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    there = "https://dynamodb.eu-west-1.amazonaws.com"
    assert asked(Remote(profile="bare")) == (there, "eu-west-1", "BARE")
    there = "https://streams.dynamodb.eu-west-1.amazonaws.com"
    assert asked(Remote(profile="bare"), streams=True)[0] == there
    assert Remote(profile="bare").place == "profile bare"


def test_a_profile_may_have_an_endpoint_of_its_own(profiles: None, listening: str):
    assert asked(Remote(profile="local")) == (
        "http://elsewhere.example:8000", "eu-west-2", "LOCAL"
    )  # fmt: skip
    assert asked(Remote(profile="special"))[0] == "http://dynamodb.example:8000"
    assert asked(Remote(profile="special"), streams=True)[0] == "http://elsewhere.example:8000"
    assert asked(Remote(listening, profile="local")) == (listening, "eu-west-2", "LOCAL")


def test_an_address_of_aws_has_its_region(monkeypatch: pytest.MonkeyPatch, profiles: None):
    monkeypatch.setenv("AWS_PROFILE", "bare")
    there = "https://dynamodb.ap-southeast-2.amazonaws.com"
    assert asked(Remote(there)) == (there, "ap-southeast-2", "BARE")
    assert asked(Remote(there), streams=True)[0] == (
        "https://streams.dynamodb.ap-southeast-2.amazonaws.com"
    )


@pytest.mark.parametrize(
    ("remote", "message"),
    [
        (Remote(profile="absent"), "absent"),
        (Remote(profile="homeless"), "which Region. Give --region"),
        (Remote("localhost:8000"), "Invalid endpoint"),
        (Remote("http://127.0.0.1:99999"), "ort"),
    ],
)
def test_what_makes_no_client_is_a_wrong_command_line(profiles: None, remote: Remote, message: str):
    with pytest.raises(CommandError, match=message) as raised:
        remote.client()
    assert raised.value.status is Status.USAGE


def test_nobody_is_asked_for_credentials_that_are_aws_own(
    monkeypatch: pytest.MonkeyPatch, profiles: None, listening: str
):
    # Each of them would have botocore ask a server for credentials.
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{listening}/container")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", listening)
    monkeypatch.setenv("AWS_PROFILE", "role")
    begun = time.monotonic()
    assert asked(Remote(listening)) == (listening, "eu-west-1", "local")
    assert time.monotonic() - begun < 1


def test_no_proxy_leads_to_this_machine(
    console: Console, music: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert console.ok("tables", "list", music).out == f"{music}\n"


COMMANDS = [
    ["tables", "list"], ["tables", "describe", "T"], ["tables", "create", "T", "--key", "Id:S"],
    ["tables", "delete", "T", "--yes"], ["get", "T", "x"], ["put", "T", "{}"],
    ["update", "T", "x", "--set", "a=1"], ["delete", "T", "x"], ["query", "T", "a=1"],
    ["scan", "T"], ["sql", "SELECT"], ["tail", "T"], ["stats"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_server_each_command_says_so_at_once(console: Console, command: list[str]):
    begun = time.monotonic()
    place = ("--endpoint-url", "http://127.0.0.1:1")
    complaint = console.refused(*command, *place, status=1)
    assert complaint == (
        "nothing answers at http://127.0.0.1:1; `genset serve` starts a server"
    )  # fmt: skip
    assert time.monotonic() - begun < 1


@pytest.fixture
def denying(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DynamoDB that allows nothing."""
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    class Raw:
        def stream(self) -> Iterator[bytes]:
            kind = "com.amazon.coral.service#AccessDeniedException"
            yield f'{{"__type": "{kind}", "Message": "you may not"}}'.encode()

    def send(_: Any, request: Any) -> AWSResponse:
        return AWSResponse(request.url, 400, {"content-type": "application/x-amz-json-1.0"}, Raw())

    monkeypatch.setattr(URLLib3Session, "send", send)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_permission_each_command_says_so(
    console: Console, denying: None, command: list[str]
):
    complaint = console.refused(*command, status=1)
    assert complaint.endswith("AccessDeniedException: you may not")


def test_a_password_in_an_address_is_not_shown(console: Console) -> None:
    complaint = console.refused(
        "tables", "list", "--endpoint-url", "http://user:secret@127.0.0.1:1", status=1
    )
    assert "http://127.0.0.1:1" in str(complaint)
    assert "secret" not in str(complaint)
