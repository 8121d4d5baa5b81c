"""Whatever JSON a client sends to whatever operation: it passes, or one of our two errors."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genset.model.errors import SerializationException, ValidationException
from genset.wire import _constraints, _predicates
from genset.wire._java_text import ECHO_CHARACTERS_MAX, java_text
from genset.wire._service_model import Shape, input_shape, shape
from genset.wire.shapes import check_request, check_types, operations

OPERATIONS = sorted(
    {*operations("DynamoDB_20120810"), *operations("DynamoDBStreams_20120810")},
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["abc", "", "NONE", "HASH", "true", "YQ==", "x!", "PAY_PER_REQUEST"])
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def values_of(draw: st.DrawFn, of: Shape, depth: int = 0) -> Any:
    """Mostly a value of the right shape, now and then anything."""
    if depth > 6 or draw(st.integers(0, 19)) == 0:
        return draw(json_values)
    match of.kind:
        case "structure":
            names = draw(st.lists(st.sampled_from(sorted(of.member_shapes) or ["x"]), max_size=5))
            chosen = {*names, *(of.required if draw(st.booleans()) else ())}
            return {
                name: draw(values_of(shape(of.member_shapes[name]), depth + 1))
                for name in sorted(chosen)
                if name in of.member_shapes
            }
        case "list":
            return draw(st.lists(values_of(of.element, depth + 1), max_size=3))
        case "map":
            keys = st.sampled_from(["abc", "#a", "", "b!"])
            return draw(st.dictionaries(keys, values_of(of.element, depth + 1), max_size=3))
        case "string" if of.enum:
            return draw(st.sampled_from([*of.enum, "x"]))
        case "string" | "blob":
            return draw(st.sampled_from(["", "a", "abc", "abcd", "a;", "a" * 40]))
        case "boolean":
            return draw(st.sampled_from([True, False, "true", "NO"]))
        case _:
            return draw(st.sampled_from([-1, 0, 1, 1.5, 2**40]))


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Any]:
    operation = draw(st.sampled_from(OPERATIONS))
    return operation, draw(values_of(input_shape(operation)))


def outcome(check: Callable[[str, Any], None], operation: str, body: Any) -> Exception | None:
    """What `check` says of `body`: one of our two errors or nothing; anything else is raised."""
    try:
        check(operation, body)
    except (SerializationException, ValidationException) as error:
        return error
    return None


@given(st.sampled_from(OPERATIONS), json_values)
def test_any_json_passes_or_is_refused(operation: str, body: Any) -> None:
    outcome(check_types, operation, copy.deepcopy(body))
    outcome(check_request, operation, body)


@given(requests())
def test_wrong_types_are_reported_before_constraints(case: tuple[str, Any]) -> None:
    operation, body = case
    types = outcome(check_types, operation, copy.deepcopy(body))
    whole = outcome(check_request, operation, body)
    # A right request passes without a look inside its attribute values, which `model` decodes.
    if types is not None and whole is not None:
        assert isinstance(whole, SerializationException)
        assert str(whole) == str(types)
    if isinstance(whole, SerializationException):
        assert types is not None


@given(requests())
def test_what_has_passed_passes_the_fast_path(case: tuple[str, Any]) -> None:
    operation, body = case
    if outcome(check_request, operation, body) is not None:
        return
    assert _predicates.predicate(input_shape(operation))(body)
    assert not list(_constraints.structure_failures(input_shape(operation), body))


@given(requests())
def test_the_fast_path_accepts_nothing_that_has_a_failure(case: tuple[str, Any]) -> None:
    operation, body = case
    of = input_shape(operation)
    if not _predicates.predicate(of)(body):
        return
    assert not list(_constraints.structure_failures(of, body))


def test_an_echo_is_cut_and_survives_any_nesting() -> None:
    value: dict[str, Any] = {"S": "leaf"}
    for _ in range(20_000):
        value = {"L": [value]}
    text = java_text(shape("AttributeValue"), value)
    assert text.startswith("AttributeValue(s=null, n=null,")
    assert len(text) == ECHO_CHARACTERS_MAX


def test_a_deeply_nested_batch_with_a_bad_table_name_is_refused() -> None:
    value: dict[str, Any] = {"S": "leaf"}
    for _ in range(400):
        value = {"L": [value]}
    request = {"RequestItems": {"b!": {"Keys": [{"a": value}]}}}
    with pytest.raises(ValidationException, match="Map keys must satisfy constraint"):
        check_request("BatchGetItem", request)


def test_values_are_echoed_as_java_prints_them() -> None:
    value = {
        "L": [
            {"B": "YWI="},
            {"B": ""},
            {"BOOL": True},
            {"SS": ["a", "b"]},
            {"M": {"k": {"NULL": None}}},
        ]
    }
    text = java_text(shape("AttributeValue"), value)
    empty = java_text(shape("AttributeValue"), {})
    assert empty == (
        "AttributeValue(s=null, n=null, b=null, iNT=null, dECIMAL=null, dOUBLE=null, sS=null, "
        "nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, m=null, l=null, "
        "nULL=null, bOOL=null)"
    )
    elements = [
        empty.replace(", b=null", ", b=java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]"),
        empty.replace(", b=null", ", b=java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]"),
        empty.replace("bOOL=null", "bOOL=true"),
        empty.replace("sS=null", "sS=[a, b]"),
        empty.replace(", m=null", ", m={k=" + empty + "}"),
    ]
    assert text == empty.replace(", l=null", f", l=[{', '.join(elements)}]")
