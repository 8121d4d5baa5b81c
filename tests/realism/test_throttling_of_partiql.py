"""Statements are throttled as the native operations are, by the same buckets."""

from __future__ import annotations

import pytest

from support import tables
from support.lab import Lab
from support.values import S

BURST_S = 300
THROTTLED = "ProvisionedThroughputExceeded"
SELECT = "SELECT * FROM \"table-1\" WHERE pk = '{}'"
INSERT = "INSERT INTO \"table-1\" VALUE {{'pk': '{}'}}"
UPDATE = "UPDATE \"table-1\" SET a = 1 WHERE pk = '{}'"


@pytest.fixture
def lab():
    """A table of one read and one write a second; its keys are p0, p1 and so on."""
    with Lab(throttling=True) as lab:
        lab(
            "CreateTable",
            tables.table("pk", types={"pk": "S"}),
            TableName="table-1",
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )
        yield lab


def admitted(lab, operation, **request):
    """How often the request is answered with anything but an error of throttling."""
    for count in range(1000):
        answer = lab.send(operation, request)
        if answer.status != 200 and THROTTLED in answer.body.decode():
            return count
    raise AssertionError("nothing was throttled")


def exhaust(lab, *, writes):
    """Use all of the capacity, to the last unit."""
    statement = (UPDATE if writes else SELECT).format("none")
    admitted(lab, "ExecuteStatement", Statement=statement, ConsistentRead=True)


def members(statement, *names):
    return [{"Statement": statement.format(name), "ConsistentRead": True} for name in names]


def codes(answer):
    """The error codes of a batch's members, None for those that succeeded."""
    return [each.get("Error", {}).get("Code") for each in answer["Responses"]]


@pytest.mark.parametrize(
    ("statement", "times"),
    [
        (SELECT.format("p"), BURST_S),
        ('SELECT * FROM "table-1"', BURST_S),
        (UPDATE.format("none"), BURST_S),
        ("DELETE FROM \"table-1\" WHERE pk = 'p'", BURST_S),
        # The first of them succeeds, and the others fail, each at the cost of a write.
        (INSERT.format("p"), BURST_S),
    ],
)
def test_a_statement_takes_what_it_costs(lab, statement, times):
    assert admitted(lab, "ExecuteStatement", Statement=statement, ConsistentRead=True) == times


def test_an_insert_of_what_is_there_costs_the_larger_of_the_items(lab):
    lab("PutItem", TableName="table-1", Item={"pk": S("p"), "a": S("x" * 3000)})
    assert admitted(lab, "ExecuteStatement", Statement=INSERT.format("p")) == (BURST_S - 3) / 3


def test_a_batch_of_selects_stops_where_the_capacity_ends(lab):
    exhaust(lab, writes=False)
    lab.now += 2
    answer = lab("BatchExecuteStatement", Statements=members(SELECT, "a", "b", "c", "d"))
    assert codes(answer) == [None, None, THROTTLED, THROTTLED]


def test_a_batch_of_writes_stops_where_the_capacity_ends(lab):
    exhaust(lab, writes=True)
    lab.now += 2
    answer = lab("BatchExecuteStatement", Statements=members(INSERT, "a", "b", "c"))
    assert codes(answer) == [None, None, THROTTLED]
    assert {each["TableName"] for each in answer["Responses"]} == {"table-1"}
    lab.now += 1
    assert codes(lab("BatchExecuteStatement", Statements=members(INSERT, "c"))) == [None]


def test_a_throttled_transaction_is_cancelled_and_changes_nothing(lab):
    lab("ExecuteStatement", Statement=INSERT.format("p"))
    exhaust(lab, writes=True)
    statements = [{"Statement": UPDATE.format("p")}]
    refused = lab.refused("ExecuteTransaction", TransactStatements=statements)
    assert refused.body["CancellationReasons"][0]["Code"] == THROTTLED
    assert lab("GetItem", TableName="table-1", Key={"pk": S("p")})["Item"] == {"pk": S("p")}


def test_a_transaction_of_selects_costs_double(lab):
    statements = [{"Statement": SELECT.format("p")}]
    assert admitted(lab, "ExecuteTransaction", TransactStatements=statements) == BURST_S / 2


def test_a_select_of_several_keys_comes_further_with_each_page(lab):
    names = [f"p{number}" for number in range(6)]
    for name in names:
        lab("ExecuteStatement", Statement=INSERT.format(name))
    exhaust(lab, writes=False)
    request = {
        "Statement": f'SELECT pk FROM "table-1" WHERE pk IN {names}',
        "ConsistentRead": True,
    }
    assert THROTTLED in lab.refused("ExecuteStatement", request).type
    found = []
    for _ in range(3):
        lab.now += 2
        answer = lab("ExecuteStatement", request)
        found += [item["pk"]["S"] for item in answer["Items"]]
        request["NextToken"] = answer.get("NextToken")
    assert found == names
    assert request["NextToken"] is None
