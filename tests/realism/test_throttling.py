"""Throttling, with a clock that moves only when a test moves it.

[T] developer guide, "Diagnosing throttling"; [B] "Burst and adaptive capacity"; [C] API reference,
CancellationReason, for the messages.
"""

from __future__ import annotations

import pytest

from support import tables
from support.client import Refused
from support.lab import Lab
from support.values import S

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/table-1"
TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API."
)
INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the "
    "under-provisioned global secondary indexes with the UpdateTable API."
)
BURST_S = 300


def throughput(reads, writes):
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


def provisioned(reads=1, writes=1, **index_units):
    """A provisioned table; `index_units` are reads and writes of its indexes by their names."""
    everywhere = [
        {**tables.index(name, name), "ProvisionedThroughput": throughput(*units)}
        for name, units in index_units.items()
    ]
    types = {"pk": "S", "sk": "S", **dict.fromkeys(index_units, "S")}
    definition = tables.table("pk", "sk", types=types, everywhere=everywhere)
    return {
        **definition,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": throughput(reads, writes),
    }


ON_DEMAND = tables.table("pk", "sk", types={"pk": "S", "sk": "S"})


@pytest.fixture
def lab():
    with Lab(throttling=True) as lab:
        yield lab


def create(lab, definition, **members):
    lab("CreateTable", definition, TableName="table-1", **members)


def key(partition="p", sort="s"):
    return {"pk": S(partition), "sk": S(sort)}


def put(lab, partition="p", **attributes):
    item = {**key(partition), **attributes}
    return lab.send("PutItem", {"TableName": "table-1", "Item": item})


def get(lab, partition="p", *, consistent=True):
    request = {"TableName": "table-1", "Key": key(partition), "ConsistentRead": consistent}
    return lab.send("GetItem", request)


def admitted(send, *arguments, at_most=5000, **keywords):
    """How many times `send` is answered before it is refused, and the refusal."""
    for count in range(at_most):
        answer = send(*arguments, **keywords)
        if answer.status != 200:
            return count, Refused(answer)
    raise AssertionError(f"{at_most} requests were admitted")


def reasons(refused):
    """The reasons that an error gives, under either spelling of the member's name."""
    given = refused.body.get("ThrottlingReasons") or refused.body["throttlingReasons"]
    return [(reason["reason"], reason["resource"]) for reason in given]


def test_a_table_has_five_minutes_of_unused_capacity_and_then_its_rate(lab):
    """[B]: up to 300 seconds of unused capacity."""
    create(lab, provisioned(writes=2))
    assert admitted(put, lab)[0] == 2 * BURST_S
    lab.now += 10
    assert admitted(put, lab)[0] == 2 * 10
    lab.now += 100_000
    assert admitted(put, lab)[0] == 2 * BURST_S


def test_the_error_of_a_table_says_what_was_exceeded(lab):
    """[T], [C]."""
    create(lab, provisioned())
    _, refused = admitted(put, lab)
    assert (refused.status, refused.type) == (400, "ProvisionedThroughputExceededException")
    assert refused.message == TABLE
    assert reasons(refused) == [("TableWriteProvisionedThroughputExceeded", ARN)]


def test_reads_and_writes_are_counted_apart(lab):
    create(lab, provisioned(reads=1, writes=1))
    admitted(put, lab)
    count, refused = admitted(get, lab)
    assert count == BURST_S
    assert reasons(refused) == [("TableReadProvisionedThroughputExceeded", ARN)]


def test_an_eventually_consistent_read_costs_half(lab):
    create(lab, provisioned())
    assert admitted(get, lab, consistent=False)[0] == 2 * BURST_S


def test_what_was_consumed_is_charged_and_may_leave_a_debt(lab):
    """A request is admitted while there is anything left; 10 KB cost 10 units."""
    create(lab, provisioned())
    admitted(put, lab)
    lab.now += 1
    assert put(lab, filler=S("x" * 10_000)).status == 200
    lab.now += 8.5
    assert put(lab).status == 400
    lab.now += 1
    assert put(lab).status == 200


def test_a_failed_condition_consumes_too(lab):
    create(lab, provisioned())
    request = {"Item": key(), "ConditionExpression": "attribute_exists(nope)"}
    for _ in range(BURST_S):
        refused = lab.refused("PutItem", request, TableName="table-1")
        assert refused.type == "ConditionalCheckFailedException"
    refused = lab.refused("PutItem", request, TableName="table-1")
    assert refused.type == "ProvisionedThroughputExceededException"


def test_a_throttled_write_has_changed_nothing(lab):
    create(lab, provisioned(writes=100, gsi=(1, 1)))
    numbers = iter(range(5000))
    admitted(lambda: put(lab, gsi=S(str(next(numbers)))))
    lab("PutItem", TableName="table-1", Item=key("q"))
    refused = lab.refused("PutItem", TableName="table-1", Item={**key("q"), "gsi": S("v")})
    assert refused.message == INDEX
    assert lab("GetItem", TableName="table-1", Key=key("q"))["Item"] == key("q")


def test_an_index_without_capacity_throttles_the_writes_of_its_table(lab):
    """Developer guide, "Using global secondary indexes": writes of the base table throttle."""
    create(lab, provisioned(writes=100, gsi=(1, 2), other=(1, 100)))

    def alternate(value):
        return put(lab, value, gsi=S(value), other=S(value))

    values = (str(number) for number in range(5000))
    count, refused = admitted(lambda: alternate(next(values)))
    assert count == 2 * BURST_S
    assert refused.type == "ProvisionedThroughputExceededException"
    assert refused.message == INDEX
    assert reasons(refused) == [("IndexWriteProvisionedThroughputExceeded", f"{ARN}/index/gsi")]
    # What does not touch the index goes on.
    assert put(lab, "other", other=S("v")).status == 200


def test_every_index_without_capacity_is_named(lab):
    create(lab, provisioned(writes=100, gsi=(1, 1), other=(1, 1)))
    values = (str(number) for number in range(5000))

    def both():
        value = S(next(values))
        return put(lab, gsi=value, other=value)

    _, refused = admitted(both)
    assert reasons(refused) == [
        ("IndexWriteProvisionedThroughputExceeded", f"{ARN}/index/gsi"),
        ("IndexWriteProvisionedThroughputExceeded", f"{ARN}/index/other"),
    ]


def test_reading_an_index_uses_its_own_capacity(lab):
    create(lab, provisioned(reads=100, gsi=(1, 100)))
    query = {
        "TableName": "table-1",
        "IndexName": "gsi",
        "KeyConditionExpression": "gsi = :g",
        "ExpressionAttributeValues": {":g": S("v")},
    }
    count, refused = admitted(lab.send, "Query", query)
    assert count == 2 * BURST_S
    assert reasons(refused) == [("IndexReadProvisionedThroughputExceeded", f"{ARN}/index/gsi")]
    assert get(lab).status == 200


def test_reading_a_local_index_uses_the_tables_capacity(lab):
    types = {"pk": "S", "sk": "S", "l": "S"}
    local = [tables.index("local", "pk", "l")]
    create(
        lab,
        tables.table("pk", "sk", types=types, local=local),
        BillingMode="PROVISIONED",
        ProvisionedThroughput=throughput(1, 1),
    )
    _, refused = admitted(lab.send, "Scan", {"TableName": "table-1", "IndexName": "local"})
    assert reasons(refused) == [("TableReadProvisionedThroughputExceeded", ARN)]


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_a_page_is_read_whole_and_leaves_a_debt(lab, operation):
    create(lab, provisioned(reads=1, writes=1000))
    for number in range(10):
        item = {**key(sort=str(number)), "filler": S("x" * 40_000)}
        lab("PutItem", TableName="table-1", Item=item)
    request = {"TableName": "table-1", "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
    if operation == "Query":
        request["KeyConditionExpression"] = "pk = :p"
        request["ExpressionAttributeValues"] = {":p": S("p")}
    admitted(get, lab)
    lab.now += 1
    answer = lab(operation, request)
    units = answer["ConsumedCapacity"]["CapacityUnits"]
    assert (answer["Count"], units) == (10, 98.0)
    lab.now += units - 1.5
    assert lab.refused(operation, request).type == "ProvisionedThroughputExceededException"
    lab.now += 1
    assert lab.send(operation, request).status == 200


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        (provisioned(5000, 5000), "ProvisionedThroughputExceededException"),
        (ON_DEMAND, "ThrottlingException"),
    ],
)
def test_one_partition_key_has_a_limit_of_its_own(lab, definition, kind):
    """Developer guide, "Designing partition keys": 3,000 reads and 1,000 writes a second."""
    create(lab, definition)
    count, refused = admitted(put, lab, "hot")
    assert (count, refused.type) == (1000, kind)
    assert reasons(refused) == [("TableWriteKeyRangeThroughputExceeded", ARN)]
    assert put(lab, "cold").status == 200
    count, refused = admitted(get, lab, "hot")
    assert (count, refused.type) == (3000, kind)
    assert reasons(refused) == [("TableReadKeyRangeThroughputExceeded", ARN)]
    lab.now += 0.5
    assert admitted(put, lab, "hot")[0] == 500
    lab.now += 100
    assert admitted(put, lab, "hot")[0] == 1000


def test_one_partition_key_of_an_index_has_a_limit_of_its_own(lab):
    create(lab, provisioned(5000, 5000, gsi=(5000, 5000)))
    numbers = iter(range(5000))
    count, refused = admitted(lambda: put(lab, str(next(numbers)), gsi=S("hot")))
    assert count == 1000
    assert reasons(refused) == [("IndexWriteKeyRangeThroughputExceeded", f"{ARN}/index/gsi")]


def test_the_words_of_a_hot_key_on_demand(lab):
    """[C], ThrottlingError."""
    create(lab, ON_DEMAND)
    _, refused = admitted(put, lab)
    assert refused.message == (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is "
        "automatically scaling your table or index so please try again shortly. If exceptions "
        "persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/"
        "developerguide/bp-partition-key-design.html"
    )
    assert refused.body["__type"] == "com.amazon.coral.availability#ThrottlingException"


def test_an_on_demand_table_has_the_maximum_that_it_is_given(lab):
    """[T], example 2."""
    ceilings = {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 3}
    create(lab, ON_DEMAND, OnDemandThroughput=ceilings)
    count, refused = admitted(put, lab)
    assert (count, refused.status, refused.type) == (3, 400, "ThrottlingException")
    assert refused.message == (
        "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
    )
    assert reasons(refused) == [("TableWriteMaxOnDemandThroughputExceeded", ARN)]
    count, refused = admitted(get, lab)
    assert count == 5
    assert reasons(refused) == [("TableReadMaxOnDemandThroughputExceeded", ARN)]


def test_an_on_demand_index_has_a_maximum_of_its_own(lab):
    index = {**tables.index("gsi", "gsi"), "OnDemandThroughput": {"MaxWriteRequestUnits": 2}}
    types = {"pk": "S", "sk": "S", "gsi": "S"}
    create(lab, tables.table("pk", "sk", types=types, everywhere=[index]))
    numbers = iter(range(5000))
    count, refused = admitted(lambda: put(lab, str(next(numbers)), gsi=S("v")))
    assert (count, refused.type) == (2, "ThrottlingException")
    assert reasons(refused) == [("IndexWriteMaxOnDemandThroughputExceeded", f"{ARN}/index/gsi")]


def test_an_on_demand_table_has_the_accounts_quota(lab):
    """Service quotas: 40,000 units a second for each table. A batch of 25 items of 400 KB: 10,000
    units, over so many keys that none is hot."""
    create(lab, ON_DEMAND)
    numbers = iter(range(5000))

    def batch():
        items = [{**key(str(next(numbers))), "filler": S("x" * 390_000)} for _ in range(25)]
        puts = [{"PutRequest": {"Item": item}} for item in items]
        return lab.send("BatchWriteItem", {"RequestItems": {"table-1": puts}})

    for _ in range(4):
        assert batch().json["UnprocessedItems"] == {}
    left = batch().json["UnprocessedItems"]["table-1"]
    assert 0 < len(left) < 25
    refused = Refused(batch())
    assert refused.type == "RequestLimitExceeded"
    assert reasons(refused) == [("TableWriteAccountLimitExceeded", ARN)]


def test_a_change_of_throughput_takes_effect(lab):
    create(lab, provisioned(writes=1))
    admitted(put, lab)
    lab("UpdateTable", TableName="table-1", ProvisionedThroughput=throughput(1, 50))
    lab.now += 1
    assert admitted(put, lab)[0] == 50
    lab("UpdateTable", TableName="table-1", BillingMode="PAY_PER_REQUEST")
    assert put(lab).status == 200


def test_a_table_of_the_same_name_starts_anew(lab):
    create(lab, provisioned())
    admitted(put, lab)
    lab("DeleteTable", TableName="table-1")
    create(lab, provisioned())
    assert admitted(put, lab)[0] == BURST_S


def batch_put(*names):
    return [{"PutRequest": {"Item": key(name)}} for name in names]


def test_a_batch_leaves_over_the_writes_that_are_throttled(lab):
    """API reference, BatchWriteItem: UnprocessedItems is in the form of RequestItems."""
    create(lab, provisioned())
    admitted(put, lab)
    lab.now += 2
    answer = lab("BatchWriteItem", RequestItems={"table-1": batch_put("a", "b", "c")})
    assert answer["UnprocessedItems"] == {"table-1": batch_put("c")}
    refused = lab.refused("BatchWriteItem", RequestItems={"table-1": batch_put("c")})
    assert refused.type == "ProvisionedThroughputExceededException"
    assert reasons(refused) == [("TableWriteProvisionedThroughputExceeded", ARN)]


def test_a_batch_with_a_table_that_is_not_throttled_is_no_error(lab):
    create(lab, provisioned())
    lab("CreateTable", provisioned(), TableName="table-2")
    admitted(put, lab)
    answer = lab(
        "BatchWriteItem", RequestItems={"table-1": batch_put("a"), "table-2": batch_put("a")}
    )
    assert answer["UnprocessedItems"] == {"table-1": batch_put("a")}


def test_a_batch_leaves_over_the_keys_that_are_throttled(lab):
    """API reference, BatchGetItem: with the table's other parameters."""
    create(lab, provisioned())
    admitted(get, lab)
    asked = {
        "Keys": [key("a"), key("b"), key("c")],
        "ConsistentRead": True,
        "ProjectionExpression": "pk",
    }
    lab.now += 2
    answer = lab("BatchGetItem", RequestItems={"table-1": asked})
    assert answer["UnprocessedKeys"] == {"table-1": {**asked, "Keys": [key("c")]}}
    refused = lab.refused("BatchGetItem", RequestItems={"table-1": asked})
    assert refused.type == "ProvisionedThroughputExceededException"
    assert reasons(refused) == [("TableReadProvisionedThroughputExceeded", ARN)]


def test_a_transaction_costs_double(lab):
    create(lab, provisioned())
    writes = [{"Put": {"TableName": "table-1", "Item": key()}}]
    assert admitted(lab.send, "TransactWriteItems", {"TransactItems": writes})[0] == BURST_S / 2
    reads = [{"Get": {"TableName": "table-1", "Key": key()}}]
    assert admitted(lab.send, "TransactGetItems", {"TransactItems": reads})[0] == BURST_S / 2


def test_a_throttled_transaction_is_cancelled_with_a_reason_for_each_action(lab):
    """[C]: ProvisionedThroughputExceeded with the table's message."""
    create(lab, provisioned())
    lab("CreateTable", provisioned(), TableName="table-2")
    admitted(put, lab)
    writes = [{"Put": {"TableName": name, "Item": key()}} for name in ("table-2", "table-1")]
    refused = lab.refused("TransactWriteItems", TransactItems=writes)
    assert refused.type == "TransactionCanceledException"
    assert refused.message.endswith("[None, ProvisionedThroughputExceeded]")
    assert refused.body["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ProvisionedThroughputExceeded", "Message": TABLE},
    ]
    assert "Item" not in lab("GetItem", TableName="table-2", Key=key())


def test_a_throttled_reading_transaction_is_cancelled(lab):
    create(lab, ON_DEMAND, OnDemandThroughput={"MaxReadRequestUnits": 2})
    reads = [{"Get": {"TableName": "table-1", "Key": key()}}]
    count, refused = admitted(lab.send, "TransactGetItems", {"TransactItems": reads})
    assert (count, refused.type) == (1, "TransactionCanceledException")
    assert refused.body["CancellationReasons"][0]["Code"] == "ThrottlingError"


def test_nothing_is_throttled_while_it_is_off(lab):
    create(lab, provisioned())
    admitted(put, lab)
    lab.change()
    for _ in range(BURST_S):
        assert put(lab).status == 200
    # What was consumed meanwhile is not held against the table.
    lab.change(throttling=True)
    lab.now += 1
    assert admitted(put, lab)[0] == 1


def test_the_control_plane_is_not_throttled(lab):
    create(lab, provisioned())
    admitted(put, lab)
    assert lab("DescribeTable", TableName="table-1")["Table"]["TableName"] == "table-1"
