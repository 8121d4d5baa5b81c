"""What conditions say of items: by table, and against a naive evaluator of the same trees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from expression_trees import COMPARATORS, CONDITION, to_item, to_value
from hypothesis import given
from hypothesis import strategies as st

from genset.expressions.condition import ConditionPlan, parse_condition
from genset.expressions.evaluation import order_of
from genset.expressions.tree import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Or,
    Path,
    Value,
)
from genset.model.attribute_values import compare_values

ITEM = {
    "n": 10,
    "s": "banana",
    "b": b"hi there",
    "t": True,
    "z": None,
    "tags": {"red", "green"},
    "nums": {1, 5},
    "l": ["a", 3, {"k": {1, 2}}, [3, 4]],
    "m": {"x": 1, "y": [-1, 2, 0], "deep": {"q": "v"}},
    "fox": "🦊é",
    "dotted.name": "yes",
}


def holds(text: str, values: dict[str, Any] | None = None, item: Any = None, names=None) -> bool:
    plan = parse_condition(text, names, CONDITION)
    given_values = to_item(values or {})
    plan.check(given_values)
    return plan.matches(to_item(ITEM if item is None else item), given_values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("n = :v", {":v": 10}),
        (":v = n", {":v": 10}),
        ("n <> :v", {":v": "10"}),
        ("n > :v", {":v": 9}),
        ("n < :v", {":v": 100}),
        (":v < n", {":v": 9}),
        ("n >= :v AND n <= :v", {":v": 10}),
        ("n BETWEEN :a AND :b", {":a": 10, ":b": 20}),
        ("s BETWEEN :a AND :b", {":a": "apple", ":b": "banana"}),
        ("b > :v", {":v": b"hi"}),
        ("s IN (:a, :b)", {":a": 1, ":b": "banana"}),
        ("t = :v", {":v": True}),
        ("z = :v", {":v": None}),
        ("tags = :v", {":v": {"green", "red"}}),
        ("m.y[1] = :v", {":v": 2}),
        ("m.x < m.y[1]", {}),
        ("m.deep = :v", {":v": {"q": "v"}}),
        ("absent <> :v", {":v": 1}),
        ("absent <> gone", {}),
        ("attribute_exists(m.y[2])", {}),
        ("attribute_exists(z)", {}),
        ("attribute_not_exists(m.y[3])", {}),
        ("attribute_not_exists(m.y.a)", {}),
        ("attribute_not_exists(n.a)", {}),
        ("attribute_not_exists(s[0])", {}),
        ("attribute_type(tags, :v)", {":v": "SS"}),
        ("attribute_type(:n, :v)", {":n": 1, ":v": "N"}),
        ("begins_with(s, :v)", {":v": "ban"}),
        ("begins_with(:v, s)", {":v": "bananas"}),
        ("begins_with(b, :v)", {":v": b"hi"}),
        ("contains(s, :v)", {":v": "nan"}),
        ("contains(b, :v)", {":v": b"there"}),
        ("contains(tags, :v)", {":v": "red"}),
        ("contains(nums, :v)", {":v": 5}),
        ("contains(l, :v)", {":v": 3}),
        ("contains(l, :v)", {":v": [3, 4]}),
        ("contains(l, :v)", {":v": {"k": {2, 1}}}),
        ("size(s) = :v", {":v": 6}),
        ("size(b) = :v", {":v": 8}),
        ("size(tags) = :v", {":v": 2}),
        ("size(l) = :v AND size(m) < :v", {":v": 4}),
        # UTF-16 code units, as observed: the fox is two, the e one.
        ("size(fox) = :v", {":v": 3}),
        ("size(:s) = :v", {":s": "abc", ":v": 3}),
        ("NOT absent = :v", {":v": 1}),
        ("n = :a OR n = :a AND n = :b", {":a": 10, ":b": 11}),
        ("NOT n = :b AND n = :a", {":a": 10, ":b": 11}),
        ("NOT NOT NOT NOT n = :a", {":a": 10}),
    ],
)
def test_true(text, values):
    assert holds(text, values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("n = :v", {":v": "10"}),
        ("n > :v", {":v": "1"}),
        ("absent = :v", {":v": 1}),
        ("absent = gone", {}),
        ("absent < :v", {":v": 1}),
        ("absent BETWEEN :v AND :v", {":v": 1}),
        ("absent IN (:v)", {":v": 1}),
        ("absent IN (gone)", {}),
        ("n IN (gone, :v)", {":v": 1}),
        ("l <= :v", {":v": 1}),
        ("l <= m", {}),
        ("t < s", {}),
        ("n BETWEEN l AND m", {}),
        ("n BETWEEN :v AND m.x", {":v": 3}),
        ("begins_with(n, :v)", {":v": "1"}),
        ("begins_with(s, n)", {}),
        ("begins_with(absent, :v)", {":v": ""}),
        ("contains(s, :v)", {":v": 1}),
        ("contains(b, :v)", {":v": "hi"}),
        ("contains(m, :v)", {":v": "x"}),
        ("contains(tags, :v)", {":v": {"red"}}),
        ("size(n) = :v", {":v": 2}),
        ("size(t) >= :v", {":v": 0}),
        ("size(absent) < :v", {":v": 9}),
        ("size(s) = :v", {":v": "six"}),
        ("attribute_type(n, :v)", {":v": "S"}),
        ("attribute_type(absent, :v)", {":v": "S"}),
        ("(n = :a OR n = :a) AND n = :b", {":a": 10, ":b": 11}),
    ],
)
def test_false(text, values):
    assert not holds(text, values)


def test_size_of_what_has_none_is_unequal_to_everything():
    # As with a absent attribute: everything is false but <>.
    assert holds("size(n) <> :v", {":v": 2})


def test_numbers_compare_by_value_with_38_digits():
    large, larger = "9" * 38, "1" + "0" * 38
    assert holds("n < :v", {":v": int(larger)}, {"n": int(large)})
    assert not holds("n = :v", {":v": int(large[:-1] + "8")}, {"n": int(large)})


def test_strings_order_by_utf8_bytes():
    assert holds("a > :v", {":v": "\uffff"}, {"a": "\U00010000"})


def test_a_name_with_a_dot_is_one_attribute():
    assert holds("#d = :v", {":v": "yes"}, names={"#d": "dotted.name"})


def test_no_item_at_all_is_an_empty_one():
    assert holds("attribute_not_exists(pk)", {}, {})
    assert not holds("attribute_exists(pk)", {}, {})


def test_evaluation_reaches_the_greatest_depth_that_parses():
    assert holds("a<b " + "or (a<b " * 149 + ")" * 149, {}, {"a": 2, "b": 1}) is False
    assert holds("NOT " * 299 + "a<b", {}, {"a": 2, "b": 1}) is True


# A naive evaluator


plain_values = st.one_of(
    st.integers(-30, 30),
    st.sampled_from([10**20, -(10**20), 99, 100, 9]),
    st.sampled_from(["", "a", "ab", "b", "é"]),
    st.sampled_from([b"", b"a", b"\x80"]),
    st.booleans(),
    st.none(),
    st.sampled_from([[], [1], [1, "a"], {}, {"x": 1}]),
    st.sampled_from([frozenset({1}), frozenset({1, 2}), frozenset({"a"}), frozenset({"a", "b"})]),
)


def unfrozen(plain: Any) -> Any:
    return set(plain) if isinstance(plain, frozenset) else plain


def kind_of(plain: Any) -> type:
    if isinstance(plain, frozenset):
        return type(next(iter(plain)))
    return type(plain)


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and kind_of(a) is kind_of(b) and a == b


def naive_order(a: Any, b: Any) -> int | None:
    if type(a) is not type(b) or type(a) not in (int, str, bytes):
        return None
    return (a > b) - (a < b)


def naive_operand(operand: Any, item: dict[str, Any], values: dict[str, Any]) -> Any:
    if isinstance(operand, Path):
        return item.get(operand.steps[0], MISSING)
    if isinstance(operand, Value):
        return values[operand.name]
    inner = naive_operand(operand.arguments[0], item, values)
    if inner is MISSING or isinstance(inner, bool | int) or inner is None:
        return MISSING
    return len(inner)


MISSING = object()


def naive(tree: Condition, item: dict[str, Any], values: dict[str, Any]) -> bool:
    def read(operand: Any) -> Any:
        return naive_operand(operand, item, values)

    match tree:
        case And():
            return all(naive(below, item, values) for below in tree.conditions)
        case Or():
            return any(naive(below, item, values) for below in tree.conditions)
        case Not():
            return not naive(tree.condition, item, values)
        case Comparison():
            return naive_comparison(tree.operator, read(tree.left), read(tree.right))
        case Between():
            value, low, high = read(tree.operand), read(tree.lower), read(tree.upper)
            return naive_comparison(">=", value, low) and naive_comparison("<=", value, high)
        case In():
            return any(
                naive_comparison("=", read(tree.operand), read(candidate))
                for candidate in tree.candidates
            )
        case Function(name="attribute_exists"):
            return read(tree.arguments[0]) is not MISSING
    raise AssertionError(tree)


def naive_comparison(operator: str, a: Any, b: Any) -> bool:
    if a is MISSING or b is MISSING:
        return operator == "<>"
    if operator in ("=", "<>"):
        return same(a, b) is (operator == "=")
    order = naive_order(a, b)
    if order is None:
        return False
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[operator]


operand_trees = st.one_of(
    st.sampled_from("abc").map(lambda name: Path(steps=(name,))),
    st.sampled_from([":x", ":y"]).map(lambda name: Value(name=name)),
    st.sampled_from("abc").map(
        lambda name: Function(name="size", arguments=(Path(steps=(name,)),))
    ),
)
condition_trees = st.recursive(
    st.one_of(
        st.builds(
            Comparison,
            operator=st.sampled_from(COMPARATORS),
            left=operand_trees,
            right=operand_trees,
        ),
        st.builds(Between, operand=operand_trees, lower=operand_trees, upper=operand_trees),
        st.builds(
            In,
            operand=operand_trees,
            candidates=st.lists(operand_trees, min_size=1, max_size=3).map(tuple),
        ),
        st.sampled_from("abc").map(
            lambda name: Function(name="attribute_exists", arguments=(Path(steps=(name,)),))
        ),
    ),
    lambda below: st.one_of(
        st.builds(Not, condition=below),
        st.builds(And, conditions=st.lists(below, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, conditions=st.lists(below, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@given(
    condition_trees,
    st.dictionaries(st.sampled_from("abc"), plain_values),
    st.fixed_dictionaries({":x": plain_values, ":y": plain_values}),
)
def test_a_compiled_condition_agrees_with_a_naive_evaluator(tree, item, values):
    # The static checks would refuse many of these trees; evaluation must not depend on that,
    # but for paths compared with themselves, which only they keep out.
    plan = ConditionPlan(tree, CONDITION, {})
    if not hasattr(plan, "matches"):
        return
    found = plan.matches(
        {name: to_value(unfrozen(value)) for name, value in item.items()},
        {name: to_value(unfrozen(value)) for name, value in values.items()},
    )
    assert found is naive(tree, item, values)


@given(st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=2))
def test_the_short_way_of_ordering_numbers_agrees_with_the_long_one(a, b):
    left, right = ({"N": canonical(number)} for number in (a, b))
    assert order_of(left, right) == compare_values(left, right) == (a > b) - (a < b)


def canonical(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
