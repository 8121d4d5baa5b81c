"""What a plan finds between a table that is and one that is to be; its steps lead there."""

from __future__ import annotations

import dataclasses

import pytest
from botocore.exceptions import ClientError

from genset.schemas import ApplyError, IndexDefinition, RefusedError, TableDefinition, Units, apply
from genset.schemas.applying import Pace, carry_out
from genset.schemas.calls import CallError, client_call
from genset.schemas.definitions import TAGS, TIME_TO_LIVE
from genset.schemas.planning import Action, make_plan

ALL = IndexDefinition(name="by-kind", keys=(("Kind", "HASH"),), projection="ALL")
LOCAL = IndexDefinition(
    name="by-size", keys=(("Id", "HASH"), ("Size", "RANGE")), projection="KEYS_ONLY"
)
BASE = TableDefinition(
    name="planned",
    keys=(("Id", "HASH"), ("At", "RANGE")),
    attribute_types={"Id": "S", "At": "N"},
    billing_mode="PAY_PER_REQUEST",
)
KINDS = {**BASE.attribute_types, "Kind": "S"}
WITH_INDEX = dataclasses.replace(BASE, attribute_types=KINDS, global_indexes=(ALL,))
UNITS = Units(read=5, write=6)
PROVISIONED = dataclasses.replace(BASE, billing_mode="PROVISIONED", throughput=UNITS)
POLICY = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "000000000000"}, '
    '"Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": '
    '"arn:aws:dynamodb:us-east-1:000000000000:table/planned"}]}'
)


def changed(table=BASE, **members):
    return dataclasses.replace(table, **members)


def indexed(**members):
    """The table with its index otherwise."""
    return changed(WITH_INDEX, global_indexes=(dataclasses.replace(ALL, **members),))


CHANGES = {
    "billing": (
        BASE,
        PROVISIONED,
        ["capacity: on demand -> provisioned, 5 reads, 6 writes"],
    ),
    "billing with an index": (
        WITH_INDEX,
        changed(
            indexed(throughput=UNITS), billing_mode="PROVISIONED", throughput=Units(read=1, write=2)
        ),
        [
            "capacity: on demand -> provisioned, 1 reads, 2 writes",
            "capacity of index by-kind: none -> 5 reads, 6 writes",
        ],
    ),
    "throughput": (
        PROVISIONED,
        changed(PROVISIONED, throughput=Units(read=7, write=6)),
        ["capacity: provisioned, 5 reads, 6 writes -> provisioned, 7 reads, 6 writes"],
    ),
    "maxima": (
        changed(ceilings=Units(read=10, write=20)),
        changed(ceilings=Units(write=30)),
        ["maximum on demand: 10 reads, 20 writes -> 30 writes"],
    ),
    "maxima of an index": (
        WITH_INDEX,
        indexed(ceilings=Units(read=10)),
        ["maximum on demand of index by-kind: none -> 10 reads"],
    ),
    "warmth": (
        BASE,
        changed(warm=Units(read=13_000)),
        ["warm throughput: 12000 reads, 4000 writes -> 13000 reads"],
    ),
    "warmth that is there": (BASE, changed(warm=Units(read=10, write=4000)), []),
    "an index more": (
        BASE,
        WITH_INDEX,
        ["index by-kind: none -> Kind HASH (S); ALL"],
    ),
    "an index replaced": (
        WITH_INDEX,
        indexed(projection="INCLUDE", non_key_attributes=("Size",)),
        ["index by-kind: Kind HASH (S); ALL -> Kind HASH (S); INCLUDE Size"],
    ),
    "an index of another type": (
        WITH_INDEX,
        changed(WITH_INDEX, attribute_types={**KINDS, "Kind": "N"}),
        ["index by-kind: Kind HASH (S); ALL -> Kind HASH (N); ALL"],
    ),
    "an index less": (WITH_INDEX, BASE, ["index by-kind: Kind HASH (S); ALL -> none"]),
    "a stream": (BASE, changed(stream="NEW_IMAGE"), ["stream: none -> NEW_IMAGE"]),
    "another stream": (
        changed(stream="NEW_IMAGE"),
        changed(stream="KEYS_ONLY"),
        ["stream: NEW_IMAGE -> KEYS_ONLY"],
    ),
    "no stream": (changed(stream="NEW_IMAGE"), BASE, ["stream: NEW_IMAGE -> none"]),
    "class": (
        BASE,
        changed(table_class="STANDARD_INFREQUENT_ACCESS"),
        ["table class: STANDARD -> STANDARD_INFREQUENT_ACCESS"],
    ),
    "encryption": (BASE, changed(encryption=""), ["encryption: by default -> KMS key of AWS"]),
    "another key": (
        changed(encryption="arn:aws:kms:us-east-1:000000000000:key/1"),
        changed(encryption="2"),
        ["encryption: KMS key arn:aws:kms:us-east-1:000000000000:key/1 -> KMS key 2"],
    ),
    "the same key": (
        changed(encryption="arn:aws:kms:us-east-1:000000000000:key/1"),
        changed(encryption="1"),
        [],
    ),
    "no key": (
        changed(encryption=""),
        BASE,
        ["encryption: KMS key arn:aws:kms:us-east-1:000000000000:key/"],
    ),
    "protection": (BASE, changed(deletion_protection=True), ["deletion protection: off -> on"]),
    "time to live": (BASE, changed(time_to_live="Due"), ["time to live: none -> Due"]),
    "tags": (
        changed(tags={"a": "1", "b": "2", "c": "3"}),
        changed(tags={"b": "2", "c": "4", "d": "5"}),
        ["tag a: 1 -> none", "tag c: 3 -> 4", "tag d: none -> 5"],
    ),
    "a policy": (BASE, changed(policy=POLICY), [f"resource policy: none -> {POLICY}"]),
    "no policy": (changed(policy=POLICY), BASE, ["resource policy: "]),
    "insights": (
        indexed(insights="THROTTLED_KEYS"),
        changed(WITH_INDEX, insights="ACCESSED_AND_THROTTLED_KEYS"),
        [
            "contributor insights: none -> ACCESSED_AND_THROTTLED_KEYS",
            "contributor insights of index by-kind: THROTTLED_KEYS -> none",
        ],
    ),
}
REPLACEMENTS = {
    "key": (
        changed(keys=(("Id", "HASH"),), attribute_types={"Id": "S"}),
        ["key: Id HASH (S), At RANGE (N) -> Id HASH (S)"],
    ),
    "type": (
        changed(attribute_types={"Id": "S", "At": "S"}),
        ["key: Id HASH (S), At RANGE (N) -> Id HASH (S), At RANGE (S)"],
    ),
    "local index": (
        changed(attribute_types={**BASE.attribute_types, "Size": "N"}, local_indexes=(LOCAL,)),
        ["local index by-size: none -> Id HASH (S), Size RANGE (N); KEYS_ONLY"],
    ),
}


@pytest.fixture
def call(client, made):
    made.append(BASE.name)
    return client_call(client)


def told(plan):
    return [str(change) for change in plan.tables[0].changes]


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_told_and_made(client, call, kind):
    before, after, lines = CHANGES[kind]
    apply(client, [before])
    plan = make_plan(call, [after])
    assert plan.tables[0].action is (Action.UPDATE if lines else Action.UNCHANGED)
    found = told(plan)
    assert len(found) == len(lines)
    assert all(map(str.startswith, found, lines))
    carry_out(call, plan)
    assert make_plan(call, [after]).is_done


@pytest.mark.parametrize("kind", REPLACEMENTS)
def test_what_cannot_be_changed_replaces_the_table(client, call, kind):
    after, lines = REPLACEMENTS[kind]
    apply(client, [BASE])
    client.put_item(TableName=BASE.name, Item={"Id": {"S": "1"}, "At": {"N": "1"}})
    with pytest.raises(RefusedError, match="planned would be deleted with its items"):
        apply(client, [after])
    assert client.scan(TableName=BASE.name)["Count"] == 1
    plan = apply(client, [after], allow_destructive=True)
    assert (plan.tables[0].action, told(plan)) == (Action.REPLACE, lines)
    assert client.scan(TableName=BASE.name)["Count"] == 0
    assert make_plan(call, [after]).is_done


def test_an_index_is_not_removed_unasked(client, call):
    apply(client, [WITH_INDEX])
    with pytest.raises(RefusedError, match="the table planned would lose index by-kind"):
        apply(client, [changed(stream="NEW_IMAGE")])
    assert make_plan(call, [WITH_INDEX]).is_done


def test_a_protected_table_is_not_replaced_even_if_that_is_allowed(client, call):
    apply(client, [changed(deletion_protection=True)])
    after = changed(REPLACEMENTS["key"][0], deletion_protection=False)
    with pytest.raises(ApplyError, match="is protected from deletion; take the protection away"):
        apply(client, [after], allow_destructive=True)
    assert make_plan(call, [changed(deletion_protection=True)]).is_done


def test_what_a_file_has_no_words_for_is_left_alone(client, call):
    apply(client, [changed(tags={"a": "1"}, time_to_live="Due")])
    assert make_plan(call, [changed(unsaid=frozenset({TAGS, TIME_TO_LIVE}))]).is_done
    assert told(make_plan(call, [changed(unsaid=frozenset({TAGS}))])) == [
        "time to live: Due -> none"
    ]


def test_a_policy_in_other_words_is_the_same(client, call):
    apply(client, [changed(policy=POLICY)])
    spelled = POLICY.replace('"000000000000"', '["arn:aws:iam::000000000000:root"]')
    spelled = spelled.replace('{"Statement": [', '{"Version": "2008-10-17", "Statement": [')
    assert spelled != POLICY
    assert make_plan(call, [changed(policy=spelled)]).is_done


def test_several_indexes_come_one_after_the_other(client, call):
    types = {**BASE.attribute_types, "A": "S", "B": "S", "C": "S"}
    indexes = tuple(
        IndexDefinition(name=f"by-{name}", keys=((name, "HASH"),), projection="ALL")
        for name in "ABC"
    )
    apply(client, [WITH_INDEX])
    after = changed(attribute_types=types, global_indexes=indexes)
    apply(client, [after], allow_destructive=True)
    assert make_plan(call, [after]).is_done


class Interrupted(Exception):
    pass


def test_a_run_that_was_interrupted_is_gone_on_with(client, call):
    """After each number of calls that change something, the next run does what is left."""
    after = changed(
        WITH_INDEX,
        billing_mode="PROVISIONED",
        throughput=UNITS,
        global_indexes=(dataclasses.replace(ALL, throughput=UNITS, insights="THROTTLED_KEYS"),),
        stream="NEW_IMAGE",
        time_to_live="Due",
        tags={"a": "1"},
    )
    apply(client, [changed(tags={"b": "2"})])
    runs = 0
    while not make_plan(call, [after]).is_done:
        runs += 1
        left = [1]

        def interrupted(operation, request, left=left):
            if not operation.startswith(("Describe", "List", "Get")):
                if not left:
                    raise Interrupted
                left.pop()
            return call(operation, request)

        try:
            carry_out(interrupted, make_plan(call, [after]))
        except Interrupted:
            continue
    assert runs == 7


def test_a_table_that_is_busy_is_tried_again(client, call):
    refusals = ["ResourceInUseException", "LimitExceededException"]

    def busy(operation, request):
        if operation == "UpdateTable" and refusals:
            raise CallError(refusals.pop(), "somebody else changes it")
        return call(operation, request)

    apply(client, [BASE])
    slept = []
    pace = Pace(now=lambda: 0.0, sleep=slept.append)
    carry_out(busy, make_plan(call, [changed(stream="NEW_IMAGE")]), pace=pace)
    assert make_plan(call, [changed(stream="NEW_IMAGE")]).is_done
    assert len(slept) >= 2


def test_what_is_refused_is_told_and_the_other_tables_are_made(client, call, made):
    made.append("planned-too")
    wrong = changed(tags={"aws:x": "1"})
    with pytest.raises(ApplyError) as caught:
        apply(client, [wrong, changed(name="planned-too")])
    assert caught.value.messages == (
        "planned: ValidationException: Tag Key cannot be prefixed with aws:, Key: aws:x",
    )
    assert client.describe_table(TableName="planned-too")["Table"]["TableStatus"] == "ACTIVE"
    with pytest.raises(ClientError):
        client.describe_table(TableName="planned")
    made.remove("planned")


def test_a_time_to_live_of_another_attribute_has_to_wait_as_the_service_makes_it(client, call):
    apply(client, [changed(time_to_live="Due")])
    with pytest.raises(ApplyError, match="modified multiple times within a fixed interval"):
        apply(client, [changed(time_to_live="Gone")])


def test_a_table_that_somebody_else_changed_meanwhile_loses_nothing(client, call):
    apply(client, [BASE])
    plan = make_plan(call, [changed(stream="NEW_IMAGE")])
    apply(client, [WITH_INDEX])
    with pytest.raises(ApplyError, match="would lose index by-kind, which was not in the plan"):
        carry_out(call, plan)
    assert make_plan(call, [WITH_INDEX]).is_done


def test_what_a_server_does_not_have_is_told_and_the_rest_is_made(call):
    """As DynamoDB Local has no tags, and older servers no policies and insights."""

    def lacking(operation, request):
        if any(word in operation for word in ("Tag", "Policy", "Insights", "TimeToLive")):
            raise CallError("UnknownOperationException", "not supported")
        return call(operation, request)

    after = changed(
        WITH_INDEX, time_to_live="Due", tags={"a": "1"}, policy=POLICY, insights="THROTTLED_KEYS"
    )
    lines = []
    carry_out(lacking, make_plan(lacking, [after]), lines.append)
    assert lines == [
        "planned: being created",
        "planned: left out, for the server has no UpdateTimeToLive",
        "planned: left out, for the server has no UpdateContributorInsights",
    ]
    assert make_plan(lacking, [after]).is_done
