"""Each rule that holds before any item is read, with the service's message; and their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from expression_trees import CONDITION, FILTER, message_of, to_item

from genset.expressions.condition import parse_condition
from genset.expressions.projection import parse_projection
from genset.expressions.reserved_words import RESERVED_WORDS, is_reserved
from genset.expressions.update import parse_update

VALUES = {":s": "x", ":n": 5, ":m": 1, ":b": b"abc", ":t": True, ":l": [1], ":set": {"a"}}


def check_condition(
    text: str, values: Mapping[str, Any] = VALUES, names: Mapping[str, str] | None = None
) -> None:
    parse_condition(text, names, CONDITION).check(to_item(values))


def check_update(
    text: str, values: Mapping[str, Any] = VALUES, names: Mapping[str, str] | None = None
) -> None:
    parse_update(text, names).check(to_item(values))


def test_there_are_573_reserved_words_and_case_does_not_matter():
    assert len(RESERVED_WORDS) == 573
    assert is_reserved("name")
    assert is_reserved("NaMe")
    assert not is_reserved("names_")


WRONG_TYPE = (
    "Incorrect operand type for operator or function; operator or function: {}, operand type: {}"
)
MISUSED = "The function is not allowed to be used this way in an expression; function: {}"
NEEDS_PATH = "Operator or function requires a document path; operator or function: {}"
WRONG_COUNT = (
    "Incorrect number of operands for operator or function; operator or function: {}, "
    "number of operands: {}"
)
NOT_DISTINCT = (
    "The first operand must be distinct from the remaining operands for this operator or "
    "function; operator: {}, first operand: {}"
)
NO_NAME = (
    "An expression attribute name used in the document path is not defined; attribute name: {}"
)
NO_VALUE = "An expression attribute value used in expression is not defined; attribute value: {}"
BOUNDS_TYPE = "The BETWEEN operator requires same data type for lower and upper bounds; "
BOUNDS_ORDER = (
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
)
BOUNDS = "lower bound operand: AttributeValue: {%s}, upper bound operand: AttributeValue: {%s}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("a.Name = :s", "Attribute name is a reserved keyword; reserved keyword: Name"),
        ("dog(a) = :s", "Invalid function name; function: dog"),
        ("ATTRIBUTE_EXISTS(a)", "Invalid function name; function: ATTRIBUTE_EXISTS"),
        ("Size(a) = :n", "Invalid function name; function: Size"),
        (
            "if_not_exists(a, b) = :n",
            "The function is not allowed in a condition expression; function: if_not_exists",
        ),
        (
            "list_append(a, b) = :n",
            "The function is not allowed in a condition expression; function: list_append",
        ),
        ("size(a)", MISUSED.format("size")),
        ("NOT size(a)", MISUSED.format("size")),
        ("attribute_exists(a) = :t", MISUSED.format("attribute_exists")),
        ("begins_with(a, :s) = :t", MISUSED.format("begins_with")),
        ("a IN (contains(a, :s))", MISUSED.format("contains")),
        ("attribute_exists(attribute_exists(a))", MISUSED.format("attribute_exists")),
        ("size(a, b) = :n", WRONG_COUNT.format("size", 2)),
        ("attribute_exists(a, b)", WRONG_COUNT.format("attribute_exists", 2)),
        ("begins_with(a)", WRONG_COUNT.format("begins_with", 1)),
        ("attribute_exists(:n)", NEEDS_PATH.format("attribute_exists")),
        ("attribute_not_exists(:n)", NEEDS_PATH.format("attribute_not_exists")),
        ("begins_with(a, :n)", WRONG_TYPE.format("begins_with", "N")),
        ("begins_with(:n, a)", WRONG_TYPE.format("begins_with", "N")),
        ("begins_with(a, size(b))", WRONG_TYPE.format("begins_with", "N")),
        ("a < :l", WRONG_TYPE.format("<", "L")),
        (":t >= a", WRONG_TYPE.format(">=", "BOOL")),
        ("a BETWEEN :l AND :l", WRONG_TYPE.format("BETWEEN", "L")),
        ("size(:n) = :n", WRONG_TYPE.format("size", "N")),
        ("size(:t) = :n", WRONG_TYPE.format("size", "BOOL")),
        ("size(size(a)) = :n", WRONG_TYPE.format("size", "N")),
        ("a < " + "size(" * 680 + "b" + ")" * 680, WRONG_TYPE.format("size", "N")),
        ("attribute_type(a, :n)", WRONG_TYPE.format("attribute_type", "N")),
        (
            "attribute_type(a, b)",
            WRONG_TYPE.format(
                "attribute_type",
                "{S,SS,N,NS,B,BS,BOOL,NULL,L,M,HD,DOUBLE,FLOAT,HDS,FS,DOUBLESET,DICT,DECIMAL,INT,"
                "DECIMALSET,INTSET}",
            ),
        ),
        (
            "attribute_type(a, :s)",
            "Invalid attribute type name found; type: x, "
            "valid types: {S,SS,N,NS,B,BS,BOOL,NULL,L,M}",
        ),
        ("a BETWEEN :n AND :s", BOUNDS_TYPE + BOUNDS % ("N:5", "S:x")),
        ("a BETWEEN :n AND :m", BOUNDS_ORDER + BOUNDS % ("N:5", "N:1")),
        ("a BETWEEN :b AND :s", BOUNDS_TYPE + BOUNDS % ("B:YWJj", "S:x")),
        ("contains(a, a)", NOT_DISTINCT.format("contains", "[a]")),
        ("contains(a.b[0], a.b[0])", NOT_DISTINCT.format("contains", "[a, b, [0]]")),
        ("a = a", NOT_DISTINCT.format("=", "[a]")),
        ("a IN (b, a)", NOT_DISTINCT.format("IN", "[a]")),
        ("a BETWEEN b AND a", NOT_DISTINCT.format("BETWEEN", "[a]")),
        (
            "a IN (" + ",".join([":n"] * 101) + ")",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
        ("a = :missing", NO_VALUE.format(":missing")),
        ("#a = :n", NO_NAME.format("#a")),
        (
            "a[2147483648] = :n",
            "List index is not within the allowable range; index: [2147483648]",
        ),
        (
            ".".join("a" * 33) + " = :n",
            "The document path has too many nesting levels; nesting levels: 33",
        ),
    ],
)
def test_conditions_refuse(text, reason):
    assert message_of(check_condition, text) == f"Invalid ConditionExpression: {reason}"


@pytest.mark.parametrize(
    "text",
    [
        "attribute_type(:n, :type)",  # observed: a value will do, whatever the guide says
        "begins_with(:s, a)",
        "contains(:l, a)",
        "contains(a, :set)",  # any type may be sought
        ":n = :n",
        "a = :l AND b <> :t",
        "a IN (:n, :s, :l)",  # of several types, unlike the legacy IN
        "a IN (" + ",".join([":n"] * 100) + ")",
        "size(:s) = :n",
        "a BETWEEN b AND :n",
        "a BETWEEN :n AND :n",
        "a[2147483647] = :n",
        ".".join("a" * 32) + " = :n",
        "size(a) < size(b)",
    ],
)
def test_conditions_accept(text):
    check_condition(text, VALUES | {":type": "S"})


def test_a_filter_says_filter_expression():
    with_name = parse_condition("a = :x", None, FILTER)
    assert message_of(with_name.check, {}).startswith("Invalid FilterExpression: ")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # A rule of the tree alone comes before any that needs placeholders, wherever it stands.
        ("a = :missing AND name = :n", "reserved keyword: name"),
        ("#missing = :n AND dog(a)", "function: dog"),
        # Within a pass, the order written; operands before their operator.
        ("name = :n AND dog(a)", "reserved keyword: name"),
        ("dog(name)", "function: dog"),
        ("a = :missing AND #missing = :n", "attribute value: :missing"),
        ("attribute_exists(:missing)", "attribute value: :missing"),
        ("contains(#x, #x)", "attribute name: #x"),
        ("begins_with(a, :n) AND b = :missing", "operand type: N"),
    ],
)
def test_the_first_fault_in_the_services_order_is_reported(text, first):
    assert message_of(check_condition, text).endswith(first)


def test_names_resolve_before_operands_are_compared():
    assert message_of(check_condition, "contains(#x, y)", VALUES, {"#x": "y"}).endswith(
        NOT_DISTINCT.format("contains", "[y]")
    )


SECTION = 'The "{}" section can only be used once in an update expression;'
ADD_TYPE = (
    "Incorrect operand type for operator or function; operator: {0}, operand type: {1}, "
    "typeSet: ALLOWED_FOR_ADD_OPERAND"
)
OVERLAP = (
    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: {}, path two: {}"
)
CONFLICT = OVERLAP.replace("overlap", "conflict", 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SET name = :n", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("SET a = f(b, c)", "Invalid function name; function: f"),
        ("SET a = LIST_APPEND(b, c)", "Invalid function name; function: LIST_APPEND"),
        (
            "SET a = size(b)",
            "The function is not allowed in an update expression; function: size",
        ),
        # Recorded from the service.
        ("SET a = list_append(list_append(:l, :l), :l)", MISUSED.format("list_append")),
        ("SET a = list_append(:l)", WRONG_COUNT.format("list_append", 1)),
        ("SET a = if_not_exists(a, :n, :n)", WRONG_COUNT.format("if_not_exists", 3)),
        ("SET a = if_not_exists(:n, :n)", NEEDS_PATH.format("if_not_exists")),
        (
            "SET a = if_not_exists(if_not_exists(a, :n), :n)",
            NEEDS_PATH.format("if_not_exists"),
        ),
        ("SET a = if_not_exists(:missing, :n)", NO_VALUE.format(":missing")),
        ("SET a = :s + :n", WRONG_TYPE.format("+", "S")),
        ("SET a = b - :l", WRONG_TYPE.format("-", "L")),
        ("SET a = list_append(:l, :s)", WRONG_TYPE.format("list_append", "S")),
        ("ADD a :s", ADD_TYPE.format("ADD", "STRING")),
        ("ADD a :l", ADD_TYPE.format("ADD", "LIST")),
        ("ADD a :t", ADD_TYPE.format("ADD", "BOOL")),
        ("DELETE a :n", ADD_TYPE.format("DELETE", "NUMBER")),
        ("DELETE a :b", ADD_TYPE.format("DELETE", "BINARY")),
        ("SET a = :n SET b = :n", SECTION.format("SET")),
        ("ADD x :n SET a = :n ADD y :n", SECTION.format("ADD")),
        ("SET a = :missing", NO_VALUE.format(":missing")),
        ("SET #a = :n", NO_NAME.format("#a")),
        ("SET a = #b", NO_NAME.format("#b")),
        ("SET a = :n, a = :n", OVERLAP.format("[a]", "[a]")),
        ("SET a = :n, a.b = :n", OVERLAP.format("[a]", "[a, b]")),
        ("SET a.b = :n, a = :n", OVERLAP.format("[a, b]", "[a]")),
        ("SET a = :n REMOVE a[0].c", OVERLAP.format("[a]", "[a, [0], c]")),
        ("SET a[1][1] = :n, a[1] = :n", OVERLAP.format("[a, [1], [1]]", "[a, [1]]")),
        ("SET a.b = :n, a[1] = :n", CONFLICT.format("[a, b]", "[a, [1]]")),
        ("SET a[3].c = :n, a.c[3] = :n", CONFLICT.format("[a, [3], c]", "[a, c, [3]]")),
        ("SET a = :n, b = :n, c = :n, b.x = :n", OVERLAP.format("[b]", "[b, x]")),
        # Paths are compared before any value is looked up.
        ("SET a = :missing, a = :n", OVERLAP.format("[a]", "[a]")),
        # Values and types are looked at from the last action to the first.
        ("SET a = :missing, b = :absent", NO_VALUE.format(":absent")),
        ("SET a = #x, b = #y", NO_NAME.format("#y")),
    ],
)
def test_updates_refuse(text, reason):
    assert message_of(check_update, text) == f"Invalid UpdateExpression: {reason}"


@pytest.mark.parametrize(
    "text",
    [
        "SET a = if_not_exists(b, if_not_exists(c, :n)) + :n",
        "SET a = list_append(if_not_exists(a, :l), :l)",
        "SET a = a",
        "SET a.b = :n, a.c.d = :n, b.x = :n REMOVE a.x, b.y",
        "SET a[0] = :n, a[1] = :n REMOVE a[2]",
        "ADD a :n, b :set DELETE c :set",
        "REMOVE a SET b = a",
        "SET a = (b)",
    ],
)
def test_updates_accept(text):
    check_update(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a, name", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("a, #x", NO_NAME.format("#x")),
        ("a, a", OVERLAP.format("[a]", "[a]")),
        ("a.b, a", OVERLAP.format("[a, b]", "[a]")),
        ("a[0], a.b", CONFLICT.format("[a, [0]]", "[a, b]")),
        (
            "a[99999999999]",
            "List index is not within the allowable range; index: [99999999999]",
        ),
        (".".join("a" * 33), "The document path has too many nesting levels; nesting levels: 33"),
    ],
)
def test_projections_refuse(text, reason):
    assert message_of(parse_projection, text, None) == f"Invalid ProjectionExpression: {reason}"


def test_a_plan_is_parsed_once_for_each_text_and_names():
    names = {"#a": "x"}
    assert parse_condition("#a = :n", names) is parse_condition("#a = :n", {"#a": "x"})
    assert parse_condition("#a = :n", names) is not parse_condition("#a = :n", {"#a": "y"})
    assert parse_condition("a = :n", None, FILTER) is not parse_condition("a = :n", None)
    assert parse_update("SET a = :n", None) is parse_update("SET a = :n", {})


def test_plans_with_huge_names_are_not_kept():
    names = {"#a": "x" * 5000}
    assert parse_projection("#a", names) is not parse_projection("#a", names)


def test_placeholders_used_are_those_written():
    plan = parse_condition("#a = :n OR size(b.#c) > :m", {"#a": "x", "#c": "y"})
    assert plan.names_used == {"#a", "#c"}
    assert plan.values_used == {":n", ":m"}
    assert plan.attribute_names == {"x", "b"}
    assert set(plan.attribute_paths) == {("x",), ("b", "y")}
