"""Sessions of botocore that begin where others are: the same, and apart."""

from __future__ import annotations

import boto3
import botocore.session
import pytest
from botocore.handlers import BUILTIN_HANDLERS

from genset.testing import mock_dynamodb
from genset.testing.botocore_sessions import new_session, shared_loader


def sent_by(core, **client) -> dict[str, object]:
    """The first request of a client, but for what differs from call to call."""
    sent = []

    def note(request, **_: object) -> None:
        sent.append(request)
        raise ConnectionError("not to be sent")

    core.set_credentials("id", "secret")
    core.register("before-send.dynamodb", note)
    made = core.create_client("dynamodb", region_name="us-east-1", **client)
    with pytest.raises(ConnectionError):
        made.put_item(TableName="Music", Item={"Song": {"S": "x"}})
    varying = ("authorization", "x-amz-date", "amz-sdk-invocation-id")
    headers = {name.lower(): value for name, value in sent[0].headers.items()}
    return {
        "url": sent[0].url,
        "body": sent[0].body,
        "headers": {name: value for name, value in headers.items() if name not in varying},
        "names": sorted(headers),
    }


def test_their_clients_send_the_same():
    assert sent_by(new_session()) == sent_by(botocore.session.get_session())


def test_what_one_registers_others_do_not_have():
    called = []
    new_session().register("creating-client-class.dynamodb", lambda **_: called.append(1))
    new_session().create_client("dynamodb", region_name="us-east-1")
    assert called == []


def test_handlers_that_other_packages_add_are_called():
    called = []
    entry = ("creating-client-class.dynamodb", lambda **_: called.append(1))
    BUILTIN_HANDLERS.append(entry)
    try:
        new_session().create_client("dynamodb", region_name="us-east-1")
        assert called == [1]
    finally:
        BUILTIN_HANDLERS.remove(entry)
    new_session().create_client("dynamodb", region_name="us-east-1")
    assert called == [1]


def test_the_shared_loader_does_not_grow():
    boto3.Session(botocore_session=with_shared_loader())
    before = list(shared_loader().search_paths)
    boto3.Session(botocore_session=with_shared_loader())
    assert shared_loader().search_paths == before


def with_shared_loader():
    core = new_session()
    core.register_component("data_loader", shared_loader())
    return core


def test_a_data_path_of_ones_own_is_looked_at(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    with mock_dynamodb():
        paths = botocore.session.get_session().get_component("data_loader").search_paths
    assert str(tmp_path) in paths
    assert str(tmp_path) not in shared_loader().search_paths
