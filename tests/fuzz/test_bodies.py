"""Bodies nobody would write, for every operation: never a 500, never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fuzz.bodies import OPERATIONS, UNBUILT, bodies, json_values
from support import tables
from support.client import Answer, Api
from support.process import serve
from support.values import N, S

EXAMPLES = int(os.environ.get("GENSET_FUZZ_EXAMPLES", "150"))
DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "g": "S", "l": "S"},
    local=[tables.index("lsi", "pk", "l")],
    everywhere=[tables.index("gsi", "g")],
)


@pytest.fixture(scope="module")
def own() -> Iterator[Api]:
    """A server of this module's own: a fuzzed DeleteTable must not hit others' tables."""
    external = os.environ.get("GENSET_TEST_ENDPOINT")
    if external:
        with Api(external) as api:
            yield api
        return
    with serve("--memory") as server:
        with Api(server.url) as api:
            yield api
        assert "Traceback" not in server.log


def ensure_table(api: Api) -> None:
    if "fuzzed" not in api("ListTables")["TableNames"]:
        tables.create(api, "fuzzed", DEFINITION)


def judge(answer: Answer) -> None:
    shown = answer.body[:2000]
    assert answer.status in (200, 400, 413), shown
    assert b"Traceback" not in shown
    assert b'File \\"' not in shown
    body = json.loads(answer.body)
    if answer.status == 400:
        assert "#" in body["__type"], shown
        assert "InternalServerError" not in body["__type"], shown


fuzzing = settings(
    settings.get_profile("genset"), max_examples=EXAMPLES, phases=(Phase.generate, Phase.shrink)
)


@pytest.mark.parametrize("operation", [*OPERATIONS, *UNBUILT])
def test_an_operation_answers_any_body(own: Api, operation: str) -> None:
    ensure_table(own)
    few = settings(fuzzing, max_examples=EXAMPLES if operation in OPERATIONS else 20)

    @few
    @given(bodies(operation) if operation in OPERATIONS else json_values)
    def fuzz(body: object) -> None:
        judge(own.send(operation, body))
        if operation in ("DeleteTable", "UpdateTable"):
            wait(own)

    fuzz()
    serves_still(own)


def wait(api: Api) -> None:
    names = api("ListTables")["TableNames"]
    if "fuzzed" not in names:
        tables.create(api, "fuzzed", DEFINITION)
    status = api("DescribeTable", TableName="fuzzed")["Table"]["TableStatus"]
    if status == "DELETING":
        tables.wait_gone(api, "fuzzed")
        tables.create(api, "fuzzed", DEFINITION)


@given(st.binary(max_size=200))
@settings(fuzzing, max_examples=200)
def test_bytes_that_are_no_json_are_answered(own: Api, body: bytes) -> None:
    judge(own.send("PutItem", body))


GOOD = json.dumps(
    {"TableName": "fuzzed", "Item": {"pk": S("a"), "sk": N(1), "m": {"M": {"l": {"L": [N(2)]}}}},
     "ConditionExpression": "attribute_not_exists(#n)", "ExpressionAttributeNames": {"#n": "x"}}
).encode()  # fmt: skip


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 3), st.binary(max_size=3))
@settings(fuzzing, max_examples=400)
def test_a_good_body_with_damage_is_answered(own: Api, place: int, cut: int, put: bytes) -> None:
    judge(own.send("PutItem", GOOD[:place] + put + GOOD[place + cut :]))


@pytest.mark.parametrize("operation", OPERATIONS)
@given(body=json_values)
@settings(fuzzing, max_examples=40)
def test_any_json_value_is_answered(own: Api, operation: str, body: object) -> None:
    judge(own.send(operation, body))


@given(st.dictionaries(st.text(max_size=4), json_values, max_size=4))
@settings(fuzzing, max_examples=100)
def test_any_item_is_answered(own: Api, item: dict[str, object]) -> None:
    judge(own.send("PutItem", {"TableName": "fuzzed", "Item": item}))


@given(expression=st.text(alphabet="ab#:.[]()0=<>, ANDORTSEINX_-+!\"'\\\n", max_size=60))
@settings(fuzzing, max_examples=400)
def test_any_text_as_an_expression_is_answered(own: Api, expression: str) -> None:
    ensure_table(own)
    key = {"TableName": "fuzzed", "Key": {"pk": S("a"), "sk": N(1)}}
    judge(own.send("DeleteItem", {**key, "ConditionExpression": expression}))
    judge(own.send("UpdateItem", {**key, "UpdateExpression": expression}))
    judge(own.send("GetItem", {**key, "ProjectionExpression": expression}))
    judge(own.send("Query", {"TableName": "fuzzed", "KeyConditionExpression": expression}))


def serves_still(api: Api) -> None:
    ensure_table(api)
    item = {"pk": S("still"), "sk": N(1)}
    api("PutItem", TableName="fuzzed", Item=item)
    assert api("GetItem", TableName="fuzzed", Key=item)["Item"] == item
    api("DeleteItem", TableName="fuzzed", Key=item)
