"""BatchExecuteStatement: each statement for itself.

Texts and outcomes were observed on the service from July to October 2026.
"""

from __future__ import annotations

import pytest

from support.client import Refused
from support.values import M, N, S

MALFORMED = "Statement wasn't well formed, can't be processed: "
NEEDS_KEY = (
    "Select statements within BatchExecuteStatement must specify the primary key in the where "
    "clause."
)


def batch(api, *statements, **more):
    members = [each if isinstance(each, dict) else {"Statement": each} for each in statements]
    return api("BatchExecuteStatement", Statements=members, **more)


def failed(code, message, table=None):
    response = {"Error": {"Code": code, "Message": message}}
    return response if table is None else {**response, "TableName": table}


@pytest.fixture
def item(api, fresh):
    key = fresh()
    api("PutItem", TableName="strings", Item={"pk": S(key), "n": N(1), "m": M()})
    return key


def test_reads_answer_in_order(api, item, fresh):
    select = "SELECT * FROM strings WHERE pk = "
    answer = batch(
        api,
        select + f"'{item}'",
        select + f"'{fresh()}'",
        {"Statement": "SELECT n FROM strings WHERE pk = ?", "Parameters": [S(fresh())]},
        'SELECT * FROM "no-such-table" WHERE n = 1',
        "SLECT * FROM strings WHERE pk = 'x'",
        "SELECT * FROM strings WHERE n = 1",
        "SELECT * FROM strings WHERE pk = 'y' AND n = 1",
        'SELECT * FROM "indexed"."global-all" WHERE g = \'x\'',
        {"Statement": "SELECT n FROM strings WHERE pk = ?", "Parameters": [{"SS": []}]},
    )
    assert answer == {
        "Responses": [
            {"TableName": "strings", "Item": {"pk": S(item), "n": N(1), "m": M()}},
            {"TableName": "strings"},
            {"TableName": "strings"},
            failed("ResourceNotFound", "Requested resource not found"),
            failed("ValidationError", MALFORMED + "Expected data manipulation"),
            failed("ValidationError", NEEDS_KEY),
            failed("ValidationError", NEEDS_KEY),
            failed("ValidationError", NEEDS_KEY),
            failed("ValidationError",
                   "One or more parameter values were invalid: An string set  may not be empty"),
        ]
    }  # fmt: skip


def test_one_value_in_a_list_is_a_key(api, item):
    answer = batch(api, f"SELECT n FROM strings WHERE pk IN ['{item}']")
    assert answer["Responses"] == [{"TableName": "strings", "Item": {"n": N(1)}}]


def test_writes_succeed_and_fail_apart(api, item, fresh):
    new, missing = fresh(), fresh()
    answer = batch(
        api,
        f"INSERT INTO strings VALUE {{'pk': '{new}'}}",
        f"UPDATE strings SET n = 2 WHERE pk = '{item}' RETURNING ALL OLD *",
        f"UPDATE strings SET n = 2 WHERE pk = '{missing}'",
        "UPDATE strings SET n = 2",
        f"DELETE FROM strings WHERE pk = '{fresh()}' RETURNING ALL OLD *",
        "DELETE FROM strings WHERE pk = 'x' RETURNING MODIFIED OLD *",
    )
    assert answer["Responses"] == [
        {"TableName": "strings"},
        {"TableName": "strings", "Item": {"pk": S(item), "n": N(1), "m": M()}},
        failed("ConditionalCheckFailed", "The conditional request failed", "strings"),
        failed("ValidationError",
               "Where clause does not contain a mandatory equality on all key attributes"),
        {"TableName": "strings"},
        failed("ValidationError",
               "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is "
               "allowed in DELETE statements."),
    ]  # fmt: skip
    assert api("GetItem", TableName="strings", Key={"pk": S(item)})["Item"]["n"] == N(2)
    assert "Item" in api("GetItem", TableName="strings", Key={"pk": S(new)})
    assert "Item" not in api("GetItem", TableName="strings", Key={"pk": S(missing)})


def test_what_fails_while_it_runs_names_its_table(api, item):
    answer = batch(
        api,
        {"Statement": f"UPDATE strings SET m.a = ? WHERE pk = '{item}'",
         "Parameters": [deep(31)]},
        {"Statement": f"INSERT INTO strings VALUE {{'pk': '{item}x'}}"},
    )  # fmt: skip
    assert answer["Responses"] == [
        failed("ValidationError", "Nesting Levels have exceeded supported limits", "strings"),
        {"TableName": "strings"},
    ]
    again = batch(api, f"INSERT INTO strings VALUE {{'pk': '{item}'}}")
    assert again["Responses"] == [
        failed("DuplicateItem", "Duplicate primary key exists in table", "strings")
    ]


def deep(levels):
    value = S("x")
    for _ in range(levels):
        value = M(a=value)
    return value


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("SELECT * FROM strings WHERE pk = 'x'", "DELETE FROM strings WHERE pk = 'y'"),
         "Read and write requests together in the same batch is not supported."),
        (("DELETE FROM strings WHERE pk = 'x'", "UPDATE strings SET n = 1 WHERE pk = 'x'"),
         "Provided list of item keys contains duplicates"),
        (("SELECT * FROM strings WHERE pk = 'x'", "SELECT n FROM strings WHERE pk = 'x'"),
         "Provided list of item keys contains duplicates"),
    ],
)  # fmt: skip
def test_the_whole_batch_is_refused(api, statements, message):
    with pytest.raises(Refused) as caught:
        batch(api, *statements)
    assert (caught.value.type, caught.value.message) == ("ValidationException", message)


@pytest.mark.parametrize("count", [0, 26])
def test_a_batch_has_1_to_25_statements(api, count):
    with pytest.raises(Refused) as caught:
        batch(api, *["SELECT * FROM strings WHERE pk = 'x'"] * count)
    assert "Member must have length" in caught.value.message


def test_what_reads_cost(api, item, fresh):
    answer = batch(
        api,
        {"Statement": f"SELECT * FROM strings WHERE pk = '{item}'", "ConsistentRead": True},
        f"SELECT * FROM strings WHERE pk = '{fresh()}'",
        "SELECT * FROM strings WHERE n = 1",
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["ConsumedCapacity"] == [
        {"TableName": "strings", "CapacityUnits": 1.5, "Table": {"CapacityUnits": 1.5}}
    ]


def test_failed_writes_count_in_the_total_beside_one_that_succeeded(api, item, fresh):
    duplicate = f"INSERT INTO strings VALUE {{'pk': '{item}'}}"
    answer = batch(
        api,
        duplicate,
        f"INSERT INTO strings VALUE {{'pk': '{fresh()}'}}",
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["ConsumedCapacity"] == [
        {"TableName": "strings", "CapacityUnits": 2.0, "Table": {"CapacityUnits": 1.0}}
    ]
    assert "ConsumedCapacity" not in batch(api, duplicate, ReturnConsumedCapacity="TOTAL")


def test_an_index_of_several_key_attributes_fails_alone(api):
    from support import tables

    tables.create(api, "partiql-batch-multi", tables.MULTI)
    answer = batch(
        api,
        'SELECT * FROM "partiql-batch-multi"."two-two" WHERE a = \'x\'',
        "SELECT * FROM \"partiql-batch-multi\" WHERE pk = 'x'",
    )
    assert answer["Responses"][0]["Error"]["Message"].startswith("PartiQL statements cannot be")
    assert answer["Responses"][1] == {"TableName": "partiql-batch-multi"}


def test_boto3(client, item):
    answer = client.batch_execute_statement(
        Statements=[
            {"Statement": "SELECT n FROM strings WHERE pk = ?", "Parameters": [{"S": item}]}
        ]
    )
    assert answer["Responses"][0]["Item"] == {"n": {"N": "1"}}
