"""Throttling, latency, failures and lag, for one test."""

from __future__ import annotations

import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from genset.realism.switches import SwitchError
from testing.music import BILLIE, MUSIC, NINA, count, is_there, put

ONE_TRY = Config(retries={"max_attempts": 0})


@pytest.fixture
def client(session):
    """One that does not try again."""
    made = session.client("dynamodb", config=ONE_TRY)
    yield made
    made.close()


def refused(call, *arguments, **options) -> str:
    """The code of the error that the call fails with."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_the_next_calls_fail_and_then_no_more(session, client):
    session.switches.fail_next("PutItem", "InternalServerError", times=2)
    assert [refused(put, client) for _ in range(2)] == ["InternalServerError"] * 2
    assert not is_there(client)
    put(client)
    assert is_there(client)


def test_other_operations_do_not_fail(session, client):
    session.switches.fail_next("PutItem", "InternalServerError")
    assert count(client) == 0
    assert refused(put, client) == "InternalServerError"


def test_any_operation_may_be_meant(session, client):
    session.switches.fail_next(None, "ThrottlingException")
    # Which is not answered by what has nothing to do with items.
    client.list_tables()
    assert refused(count, client) == "ThrottlingException"


def test_what_was_planned_first_fails_first(session, client):
    session.switches.fail_next("PutItem", "RequestLimitExceeded")
    session.switches.fail_next("PutItem", "ServiceUnavailable")
    assert refused(put, client) == "RequestLimitExceeded"
    assert refused(put, client) == "ServiceUnavailable"


@pytest.mark.parametrize("error", ["ResourceNotFoundException", "AccessDeniedException"])
def test_any_error_of_the_api_can_be_asked_for(session, client, error):
    session.switches.fail_next("DescribeTable", error, message="Not today.")
    with pytest.raises(ClientError, match="Not today") as caught:
        client.describe_table(TableName="Music")
    assert caught.value.response["Error"]["Code"] == error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("TransactionConflictException", "TransactionConflict"),
        ("TransactionCanceledException", "TransactionConflict"),
        ("ConditionalCheckFailedException", "ConditionalCheckFailed"),
    ],
)
def test_a_transaction_is_cancelled_as_at_the_service(session, client, error, reason):
    session.switches.fail_next("TransactWriteItems", error)
    puts = [{"Put": {"TableName": "Music", "Item": item}} for item in (NINA, BILLIE)]
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=puts)
    reasons = [each["Code"] for each in cancelled.value.response["CancellationReasons"]]
    assert reasons == [reason, "None"]


def test_a_connection_may_break(session, client):
    session.switches.fail_next("PutItem", "DroppedConnection")
    with pytest.raises(ConnectionClosedError):
        put(client)


def test_a_request_that_is_wrong_fails_as_ever(session, client):
    session.switches.fail_next("GetItem", "InternalServerError")
    wrong = {"TableName": "Music", "Key": NINA, "ProjectionExpression": "Song,"}
    assert refused(client.get_item, **wrong) == "ValidationException"


def test_botocore_tries_again(session):
    session.switches.fail_next("PutItem", "InternalServerError", times=2)
    client = session.client("dynamodb")
    put(client)
    assert is_there(client)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("PutThing", "InternalServerError"), "no operation PutThing"),
        (("PutItem", "Oops"), "no error Oops"),
        (("PutItem", "DynamoDBError"), "no error"),
        (("ListTables", "ThrottlingException"), "does not answer ListTables"),
    ],
)
def test_wrong_names_are_refused(session, arguments, message):
    with pytest.raises(ValueError, match=message):
        session.switches.fail_next(*arguments)


def test_a_share_of_all_requests_fails(session, client):
    session.switches.set(faults={"InternalServerError": 1.0})
    assert refused(put, client) == "InternalServerError"


def test_the_seed_decides_which(session, client):
    def outcomes(seed: int) -> list[bool]:
        session.switches.set(faults={"InternalServerError": 0.5}, seed=seed)
        found = []
        for _ in range(30):
            try:
                count(client)
                found.append(True)
            except ClientError:
                found.append(False)
        return found

    assert outcomes(1) == outcomes(1) != outcomes(2)


def test_tables_throttle(session, client):
    client.create_table(
        **{**MUSIC, "TableName": "Small", "BillingMode": "PROVISIONED"},
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    session.switches.set(throttling=True)
    session.clock.freeze()
    big = {**NINA, "Text": {"S": "x" * 300_000}}
    for _ in range(2):
        client.put_item(TableName="Small", Item=big)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.put_item(TableName="Small", Item=big)
    session.clock.advance(minutes=10)
    client.put_item(TableName="Small", Item=big)


def test_eventual_reads_lag_until_the_clock_has_moved(session, client):
    session.clock.freeze()
    session.switches.set(read_lag="2s")
    put(client)
    assert not is_there(client)
    assert is_there(client, ConsistentRead=True)
    session.clock.advance(seconds=3)
    assert is_there(client)


def test_latency_passes_on_the_databases_clock(session, client):
    session.clock.freeze()
    before, really = session.clock.time(), time.monotonic()
    session.switches.set(latency="20s")
    count(client)
    assert session.clock.time() == before + 20
    assert time.monotonic() - really < 10


def test_latency_is_waited_for_if_that_is_asked(session, client, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    session.clock.freeze()
    before = session.clock.time()
    session.switches.set(latency="300ms", wait=True)
    count(client)
    assert waits == [0.3]
    assert session.clock.time() == before


def test_an_answer_may_come_too_late_for_its_client(session):
    """Its request is done all the same: that is what makes timeouts hard."""
    session.switches.set(latency="20s")
    client = session.client("dynamodb", config=ONE_TRY.merge(Config(read_timeout=5)))
    with pytest.raises(ReadTimeoutError):
        put(client)
    session.switches.reset()
    assert is_there(client)


def test_using_is_for_a_block(session, client):
    with session.switches.using(faults={"InternalServerError": 1.0}):
        assert refused(count, client) == "InternalServerError"
    assert count(client) == 0


def test_set_leaves_other_switches_alone(session, client):
    session.clock.freeze()
    session.switches.set(read_lag="2s")
    session.switches.set(throttling=True)
    put(client)
    assert not is_there(client)
    session.switches.set(read_lag=None)
    assert is_there(client)


def test_reset_switches_all_off(session, client):
    session.switches.set(faults={"InternalServerError": 1.0}, latency="1s", wait=True)
    session.switches.fail_next("Scan", "InternalServerError")
    session.switches.reset()
    assert count(client) == 0
    assert not session.switches.waits


def test_a_wrong_value_is_refused_with_its_name(session):
    with pytest.raises(SwitchError, match="must be a time") as refusal:
        session.switches.set(read_lag="soon")
    assert refusal.value.name == "read_lag"
