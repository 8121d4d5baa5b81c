"""ExecuteTransaction: all or nothing. Observed on the service, July to October 2026."""

from __future__ import annotations

import threading

import pytest

from support.client import Refused
from support.values import M, N, S

MALFORMED = "Statement wasn't well formed, can't be processed: "
FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
NONE = {"Code": "None"}
MISMATCH = {
    "Code": "ValidationError",
    "Message": "The provided key element does not match the schema",
}
NEEDS_KEY = (
    "Select statements within ExecuteTransaction must specify the primary key in the where clause."
)


def transact(api, *statements, **more):
    members = [each if isinstance(each, dict) else {"Statement": each} for each in statements]
    return api("ExecuteTransaction", TransactStatements=members, **more)


def refusal(api, *statements, **more):
    with pytest.raises(Refused) as caught:
        transact(api, *statements, **more)
    return caught.value


def stored(api, key):
    return api("GetItem", TableName="strings", Key={"pk": S(key)}).get("Item")


@pytest.fixture
def item(api, fresh):
    key = fresh()
    api("PutItem", TableName="strings", Item={"pk": S(key), "n": N(1), "m": M()})
    return key


def test_all_writes_happen(api, item, fresh):
    new, gone = fresh(), fresh()
    api("PutItem", TableName="strings", Item={"pk": S(gone)})
    answer = transact(
        api,
        f"INSERT INTO strings VALUE {{'pk': '{new}'}}",
        f"UPDATE strings SET n = n + 1 WHERE pk = '{item}'",
        f"DELETE FROM strings WHERE pk = '{gone}'",
    )
    assert answer == {"Responses": []}
    assert (stored(api, new), stored(api, gone)) == ({"pk": S(new)}, None)
    assert stored(api, item)["n"] == N(2)


def test_a_failure_cancels_everything_and_says_which(api, item, fresh):
    new = fresh()
    refused = refusal(
        api,
        f"INSERT INTO strings VALUE {{'pk': '{new}'}}",
        f"INSERT INTO strings VALUE {{'pk': '{item}'}}",
        {"Statement": f"UPDATE strings SET n = 2 WHERE pk = '{fresh()}'"},
    )
    assert refused.body == {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [
            NONE,
            {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
            FAILED,
        ],
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, DuplicateItem, ConditionalCheckFailed]",
    }
    assert stored(api, new) is None


def test_a_reason_carries_the_item_where_asked(api, item):
    statement = f"UPDATE strings SET n = 2 WHERE pk = '{item}' AND n = 9"
    refused = refusal(
        api, {"Statement": statement, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    )
    assert refused.body["CancellationReasons"][0]["Item"]["n"] == N(1)


def test_exists_is_a_condition(api, item, fresh):
    other = fresh()
    exists = f"EXISTS(SELECT * FROM strings WHERE pk = '{item}' AND "
    insert = f"INSERT INTO strings VALUE {{'pk': '{other}'}}"
    refused = refusal(api, exists + "n = 2)", insert)
    assert refused.body["CancellationReasons"] == [FAILED, NONE]
    refused = refusal(api, exists.replace(item, fresh()) + "n IS MISSING)", insert)
    assert refused.body["CancellationReasons"] == [FAILED, NONE]
    # Of two equalities with the key the first is the key, and the other a condition.
    refused = refusal(api, exists + "pk = 'other' AND n = 1)", insert)
    assert refused.body["CancellationReasons"] == [FAILED, NONE]
    assert stored(api, other) is None
    transact(api, exists + "n = 1 AND x IS MISSING)", insert)
    assert stored(api, other) == {"pk": S(other)}


def test_reads_answer_in_order(api, item, fresh):
    answer = transact(
        api,
        f"SELECT * FROM strings WHERE pk = '{item}'",
        {"Statement": "SELECT n FROM strings WHERE pk = ?", "Parameters": [S(fresh())]},
        "SELECT m FROM ranged WHERE (sk IN ['y']) AND pk = 'x' AND pk = 'x'",
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer == {
        "Responses": [{"Item": {"pk": S(item), "n": N(1), "m": M()}}, {}, {}],
        "ConsumedCapacity": [
            {"TableName": "strings", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0},
            {"TableName": "ranged", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0},
        ],
    }


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["SELECT * FROM strings WHERE"], "Validation failed in TransactStatements[0]: "
         + MALFORMED + "Unexpected term"),
        (["DELETE FROM strings WHERE pk = 'x'", "UPDATE strings SET n = 'a' + 1 WHERE pk = 'y'"],
         "Validation failed in TransactStatements[1]: Incorrect operand type for operator or "
         "function; operator or function: +, operand type: S"),
        (["SELECT * FROM strings WHERE pk = 'x'", "DELETE FROM strings WHERE pk = 'y'"],
         "ExecuteTransaction API does not support both read and write operations in the same "
         "request."),
        (["UPDATE strings SET n = 1 WHERE pk = 'x' RETURNING ALL NEW *"],
         "Validation failed in TransactStatements[0]: RETURNING clause is not supported in "
         "ExecuteTransaction."),
        (["SELECT * FROM \"indexed\".\"global-all\" WHERE g = 'x'"],
         "Validation failed in TransactStatements[0]: Reads on indices are not supported within "
         "transactions."),
        (["SELECT * FROM strings WHERE pk = 'x' AND n = 1"],
         f"Validation failed in TransactStatements[0]: {NEEDS_KEY}"),
        (["SELECT * FROM ranged WHERE pk = 'x'"],
         f"Validation failed in TransactStatements[0]: {NEEDS_KEY}"),
        (["SELECT * FROM ranged WHERE pk = 'x' AND sk = 'y' AND pk = 'z'"],
         f"Validation failed in TransactStatements[0]: {NEEDS_KEY}"),
        (["SELECT * FROM ranged WHERE pk IN ['x', 'x'] AND sk = 'y'"],
         "Validation failed in TransactStatements[0]: Overlapping conditions with range keys are "
         "not supported in where clause"),
        (["EXISTS(SELECT * FROM strings WHERE pk = 'x')", "DELETE FROM strings WHERE pk = 'y'"],
         "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read "
         "with additional condition"),
        (["EXISTS(SELECT * FROM strings WHERE pk IN ['x'] AND n = 1)"],
         "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read "
         "with additional condition"),
        (["DELETE FROM strings WHERE pk = 'x'", "UPDATE strings SET n = 1 WHERE pk = 'x'"],
         "Transaction request cannot include multiple operations on one item"),
        (["SELECT * FROM strings WHERE pk = 'x'", "SELECT n FROM strings WHERE pk = 'x'"],
         "Transaction request cannot include multiple operations on one item"),
    ],
)  # fmt: skip
def test_the_whole_request_is_refused(api, statements, message):
    refused = refusal(api, *statements)
    assert (refused.type, refused.message) == ("ValidationException", message)


def test_parameters_are_checked_before_any_statement_is_read(api):
    refused = refusal(api, "nonsense", {"Statement": "more", "Parameters": [N("abc")]})
    assert refused.message == "The parameter cannot be converted to a numeric value: abc"


def test_keys_that_do_not_fit_cancel(api):
    update = "UPDATE ranged SET n = 1 WHERE "
    refused = refusal(
        api,
        update + "pk = 'a'",
        update + "pk IN ['b'] AND sk = '1'",
        update + "pk = 'c' AND sk = 1",
        update + "pk = 'd' AND sk = '1'",
        "INSERT INTO ranged VALUE {'pk': 'e'}",
    )
    assert refused.body["CancellationReasons"] == [
        MISMATCH,
        MISMATCH,
        MISMATCH,
        NONE,
        {
            "Code": "ValidationError",
            "Message": "One or more parameter values were invalid: Missing the key sk in the item",
        },
    ]
    one = "SELECT * FROM strings WHERE pk = 'x'"
    refused = refusal(api, one, one, "SELECT * FROM ranged WHERE pk = 1 AND sk = '1'")
    assert refused.body["CancellationReasons"] == [NONE, NONE, MISMATCH]


def test_missing_tables_cancel(api, item):
    missing = "UPDATE \"no-such-table\" SET n = 1 WHERE pk = 'x'"
    reason = {"Code": "ResourceNotFound", "Message": "Requested resource not found"}
    refused = refusal(
        api, missing + " RETURNING ALL NEW *", f"UPDATE strings SET n = 2 WHERE pk = '{item}'"
    )
    assert refused.body["CancellationReasons"] == [reason, NONE]
    refused = refusal(
        api,
        f"SELECT * FROM strings WHERE pk = '{item}'",
        'SELECT * FROM "no-such-table"."idx" WHERE pk = \'x\'',
    )
    assert refused.body["CancellationReasons"] == [NONE, reason]
    assert stored(api, item)["n"] == N(1)


def test_what_only_the_item_shows_cancels(api, item):
    deep = S("x")
    for _ in range(31):
        deep = M(a=deep)
    refused = refusal(
        api,
        {"Statement": f"UPDATE strings SET m.d = ? WHERE pk = '{item}'", "Parameters": [deep]},
    )
    assert refused.body["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": "Nesting Levels have exceeded supported limits"}
    ]


def test_a_token_makes_it_happen_once(api, item, fresh):
    statement = f"UPDATE strings SET n = n + 1 WHERE pk = '{item}'"
    token = fresh()
    asked = {"ClientRequestToken": token, "ReturnConsumedCapacity": "TOTAL"}
    first = transact(api, statement, **asked)
    assert first["ConsumedCapacity"][0]["WriteCapacityUnits"] == 2.0
    again = transact(api, statement, **asked)
    assert again["Responses"] == []
    assert again["ConsumedCapacity"][0]["ReadCapacityUnits"] == 2.0
    assert stored(api, item)["n"] == N(2)
    other = refusal(api, statement + " AND n = 2", ClientRequestToken=token)
    assert other.type == "IdempotentParameterMismatchException"


def test_a_request_holds_4_mb_of_values_at_the_most(api, fresh):
    statement = "INSERT INTO strings VALUE {'pk': ?, 'a': ?}"
    members = [
        {"Statement": statement, "Parameters": [S(fresh()), S("x" * 390_000)]} for _ in range(11)
    ]
    refused = refusal(api, *members)
    assert refused.type == "ValidationException"
    assert refused.message.startswith("Transaction payload size cannot exceed 4MB.")


@pytest.mark.parametrize("count", [0, 101])
def test_a_transaction_has_1_to_100_statements(api, count):
    refused = refusal(api, *["SELECT * FROM strings WHERE pk = 'x'"] * count)
    assert "Member must have length" in refused.message


def test_concurrent_increments_all_count(api, item):
    statement = f"UPDATE strings SET n = n + 1 WHERE pk = '{item}'"

    def increment():
        for _ in range(10):
            transact(api, statement)

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(api, item)["n"] == N(41)


def test_boto3(client, item):
    statements = [
        {"Statement": "UPDATE strings SET n = ? WHERE pk = ?", "Parameters": [N(7), S(item)]}
    ]
    assert client.execute_transaction(TransactStatements=statements)["Responses"] == []
