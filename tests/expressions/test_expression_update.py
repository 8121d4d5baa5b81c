"""What updates make of items, the faults they meet, and what UPDATED_OLD and UPDATED_NEW pick."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from expression_trees import message_of, to_item
from hypothesis import given
from hypothesis import strategies as st

from genset.expressions.update import UpdatePlan, parse_update

WRONG_TYPE = "An operand in the update expression has an incorrect data type"
NOT_THERE = "The provided expression refers to an attribute that does not exist in the item"
BAD_PATH = "The document path provided in the update expression is invalid for update"

ITEM = {
    "n": 10,
    "s": "x",
    "l": [1, 2, 3],
    "m": {"a": 1, "b": {"c": 2}},
    "tags": {"a", "b"},
    "deep": ["hi", {"x": {"y": [3, 5, 7]}, "q": 2}],
}


def plan_of(text: str, values: dict[str, Any] | None = None, names=None) -> UpdatePlan:
    plan = parse_update(text, names)
    plan.check(to_item(values or {}))
    return plan


def apply(text: str, values: dict[str, Any] | None = None, item: Any = None, names=None):
    before = to_item(ITEM if item is None else item)
    kept = copy.deepcopy(before)
    after = plan_of(text, values, names).apply(before, to_item(values or {}))
    assert before == kept, "the old item is never changed"
    return after


def changed(text: str, values: dict[str, Any] | None = None, item: Any = None) -> dict[str, Any]:
    """The attributes that differ from the old item's, None for one removed."""
    before = to_item(ITEM if item is None else item)
    after = apply(text, values, item)
    return {
        name: after.get(name)
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SET a = :v", {":v": 4}, {"a": 4}),
        ("SET a = s", {}, {"a": "x"}),
        ("SET n = n + :v", {":v": 5}, {"n": 15}),
        ("SET n = :v - n", {":v": 5}, {"n": -5}),
        ("SET n = (n - :v)", {":v": 5}, {"n": 5}),
        ("SET a = if_not_exists(n, :v)", {":v": 1}, {"a": 10}),
        ("SET a = if_not_exists(z, :v) + :v", {":v": 1}, {"a": 2}),
        ("SET a = if_not_exists(y, if_not_exists(z, :v))", {":v": 1}, {"a": 1}),
        ("SET l = list_append(l, :v)", {":v": [4]}, {"l": [1, 2, 3, 4]}),
        ("SET l = list_append(:v, l)", {":v": [0]}, {"l": [0, 1, 2, 3]}),
        ("SET a = list_append(if_not_exists(z, :e), :v)", {":e": [], ":v": [1]}, {"a": [1]}),
        # Operands are those before the update, whatever the order.
        ("SET a = n, n = :v", {":v": 0}, {"a": 10, "n": 0}),
        ("SET n = :v, a = n", {":v": 0}, {"a": 10, "n": 0}),
        ("REMOVE s SET a = s", {}, {"a": "x", "s": None}),
        ("SET m.a = m.b.c", {}, {"m": {"a": 2, "b": {"c": 2}}}),
        ("SET m.z = :v", {":v": 1}, {"m": {"a": 1, "b": {"c": 2}, "z": 1}}),
        ("SET m.b.c = :v REMOVE m.a", {":v": 3}, {"m": {"b": {"c": 3}}}),
        ("SET l[1] = :v", {":v": "two"}, {"l": [1, "two", 3]}),
        ("SET l[7] = :v", {":v": 4}, {"l": [1, 2, 3, 4]}),
        (
            "SET l[84] = :a, l[37] = :b, l[17] = :c, l[50] = :d",
            {":a": "a", ":b": "b", ":c": "c", ":d": "d"},
            {"l": [1, 2, 3, "c", "b", "d", "a"]},
        ),
        ("REMOVE l[1] SET l[2] = :v", {":v": 17}, {"l": [1, 17]}),
        ("REMOVE l[0], l[2]", {}, {"l": [2]}),
        ("REMOVE l[17], absent, m.absent", {}, {}),
        ("REMOVE l[0], l[1], l[2]", {}, {"l": []}),
        ("REMOVE l[1] SET l[9] = :v", {":v": 4}, {"l": [1, 3, 4]}),
        ("REMOVE deep[1].x.y[1], deep[1].q", {}, {"deep": ["hi", {"x": {"y": [3, 7]}}]}),
        ("SET deep[1].x.y[1] = :v", {":v": 9}, {"deep": ["hi", {"x": {"y": [3, 9, 7]}, "q": 2}]}),
        ("ADD n :v", {":v": 5}, {"n": 15}),
        ("ADD a :v", {":v": 5}, {"a": 5}),
        ("ADD tags :v", {":v": {"b", "c"}}, {"tags": {"a", "b", "c"}}),
        ("ADD a :v", {":v": {"c"}}, {"a": {"c"}}),
        ("ADD m.a :v, m.z :v", {":v": 1}, {"m": {"a": 2, "b": {"c": 2}, "z": 1}}),
        ("ADD l[0] :v", {":v": 1}, {"l": [2, 2, 3]}),
        ("ADD l[9] :v", {":v": 1}, {"l": [1, 2, 3, 1]}),
        ("DELETE tags :v", {":v": {"a"}}, {"tags": {"b"}}),
        ("DELETE tags :v", {":v": {"z"}}, {}),
        ("DELETE tags :v", {":v": {"a", "b"}}, {"tags": None}),
        ("DELETE absent :v", {":v": {"a"}}, {}),
        ("DELETE m.absent :v", {":v": {"a"}}, {}),
        ("SET a = :v REMOVE s ADD n :v DELETE tags :t", {":v": 1, ":t": {"a"}},
         {"a": 1, "s": None, "n": 11, "tags": {"b"}}),
        # Deeper than any other expression: each function is one level.
        ("SET a = " + "if_not_exists(z, " * 227 + ":v" + ")" * 227, {":v": 1}, {"a": 1}),
    ],
)  # fmt: skip
def test_updates(text, values, expected):
    assert changed(text, values) == {
        name: None if value is None else to_item({name: value})[name]
        for name, value in expected.items()
    }


def test_an_update_of_no_item_makes_one():
    assert apply("SET a = :v ADD n :v", {":v": 1}, {}) == to_item({"a": 1, "n": 1})


def test_numbers_keep_38_digits_and_are_canonical():
    assert apply("SET f = f + :v", {":v": 2}, {"f": 10**37})["f"] == {"N": str(10**37 + 2)}
    after = plan_of("SET f = f + :v", {":v": 1}).apply({"f": {"N": "0.1"}}, {":v": {"N": "0.9"}})
    assert after["f"] == {"N": "1"}


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("SET a = z", {}, NOT_THERE),
        ("SET a = z + :v", {":v": 1}, NOT_THERE),
        ("SET a = list_append(z, :v)", {":v": []}, NOT_THERE),
        ("SET a = if_not_exists(z, y)", {}, NOT_THERE),
        ("SET a = :v, b = a", {":v": 1}, NOT_THERE),
        ("SET a = s + :v", {":v": 1}, WRONG_TYPE),
        ("SET a = n - s", {}, WRONG_TYPE),
        ("SET a = list_append(s, :v)", {":v": []}, WRONG_TYPE),
        ("SET a = list_append(if_not_exists(n, :v), :v)", {":v": []}, WRONG_TYPE),
        ("ADD s :v", {":v": 1}, WRONG_TYPE),
        ("ADD n :v", {":v": {"a"}}, WRONG_TYPE),
        ("ADD tags :v", {":v": {1}}, WRONG_TYPE),
        ("ADD l :v", {":v": {1}}, WRONG_TYPE),
        ("DELETE tags :v", {":v": {1}}, WRONG_TYPE),
        ("DELETE s :v", {":v": {"x"}}, WRONG_TYPE),
        ("SET s.a = :v", {":v": 1}, BAD_PATH),
        ("SET l.a = :v", {":v": 1}, BAD_PATH),
        ("SET m[0] = :v", {":v": 1}, BAD_PATH),
        ("SET z.a = :v", {":v": 1}, BAD_PATH),
        ("SET z[0] = :v", {":v": 1}, BAD_PATH),
        ("SET m.z.a = :v", {":v": 1}, BAD_PATH),
        ("SET l[9].a = :v", {":v": 1}, BAD_PATH),
        ("SET l[0].a = :v", {":v": 1}, BAD_PATH),
        ("REMOVE s.a", {}, BAD_PATH),
        ("REMOVE z.a", {}, BAD_PATH),
        ("REMOVE z[0]", {}, BAD_PATH),
        ("ADD z.a :v", {":v": 1}, BAD_PATH),
        # A parent of the wrong type, then operands of the wrong type, then what is missing, from
        # the last section to the first.
        ("SET s.a = :v, b = s + :v", {":v": 1}, BAD_PATH),
        ("SET z.a = :v, b = s + :v", {":v": 1}, WRONG_TYPE),
        ("SET a = z, b = s + :v", {":v": 1}, WRONG_TYPE),
        ("SET a = z REMOVE y.b", {}, BAD_PATH),
        ("REMOVE y.b SET a = z", {}, NOT_THERE),
        ("SET a = z + s", {}, WRONG_TYPE),
    ],
)
def test_faults_met_in_the_item(text, values, message):
    plan = plan_of(text, values)
    assert message_of(plan.apply, to_item(ITEM), to_item(values)) == message


def test_arithmetic_out_of_range_or_too_precise_is_refused():
    plan = plan_of("SET n = n + :v", {":v": 1})
    large = {"n": {"N": "9" * 38 + "0" * 88}}
    assert message_of(plan.apply, large, {":v": {"N": "9" * 38 + "0" * 88}}).startswith(
        "Number overflow."
    )
    # The service calls whatever it cannot store of a result an overflow.
    for number, addend in ((str(10**38), "1"), ("11E-130", "-10.9E-130")):
        assert message_of(plan.apply, {"n": {"N": number}}, {":v": {"N": addend}}) == (
            "Number overflow. Attempting to store a number with magnitude larger than "
            "supported range"
        )


def test_a_number_out_of_range_is_the_last_fault_to_be_reported():
    plan = plan_of("SET n = n + :v, a = z", {":v": 1})
    assert message_of(plan.apply, {"n": {"N": str(10**38)}}, {":v": {"N": "1"}}) == NOT_THERE


# What it says of itself


def test_it_names_what_it_changes_and_what_it_reads():
    plan = plan_of("SET #a.b = c.d + :v REMOVE e[0] ADD f :v", {":v": 1}, {"#a": "x"})
    assert plan.targets == (("x", "b"), ("e", 0), ("f",))
    assert plan.top_level_names == {"x", "e", "f"}
    assert ("c", "d") in plan.attribute_paths
    assert plan.names_used == {"#a"}
    assert plan.values_used == {":v"}


@pytest.mark.parametrize(
    ("text", "only_removes"),
    [
        ("REMOVE a", True),
        ("DELETE a :v", True),
        ("REMOVE a DELETE b :v", True),
        ("SET a = :v", False),
        ("REMOVE a ADD b :v", False),
    ],
)
def test_only_removing_is_known(text, only_removes):
    assert parse_update(text, None).only_removes is only_removes


@pytest.mark.parametrize(
    ("text", "charge"),
    [
        # 3 for the update, 19 for the action, and the target and the value as large as they are.
        ("SET abc = :v", 3 + 19 + 3 + 10),
        ("SET a = :v, b = :v", 3 + 2 * (19 + 1 + 10)),
        ("SET #n = :v", 3 + 19 + 2 + 10),
        # Each further step of a target is 4 and its text.
        ("SET a.bcd = :v", 3 + 19 + 1 + 4 + 3 + 10),
        ("SET l[10] = :v", 3 + 19 + 1 + 4 + 2 + 10),
        # A path that is read is 1, and 14 and its text for each step.
        ("SET c = abcdefghij", 3 + 19 + 1 + 1 + 14 + 10),
        ("SET c = m.a.z", 3 + 19 + 1 + 1 + 3 * 15),
        ("SET c = l[10]", 3 + 19 + 1 + 1 + 15 + 16),
        # Operators and functions have a price of their own.
        ("SET n = n + :v", 3 + 19 + 1 + 34 + 16 + 10),
        ("SET n = n - :v", 3 + 19 + 1 + 37 + 16 + 10),
        ("SET c = if_not_exists(c, :v)", 3 + 19 + 1 + 39 + 16 + 10),
        ("SET c = list_append(:v, c)", 3 + 19 + 1 + 37 + 10 + 16),
        ("SET c = list_append(if_not_exists(c, :v), :v)", 3 + 19 + 1 + 37 + 39 + 16 + 20),
        # ADD is charged like SET; REMOVE and DELETE 1 and their target.
        ("ADD abc :v", 3 + 19 + 3 + 10),
        ("REMOVE abcdefghij", 3 + 1 + 10),
        ("REMOVE m.y, l[10]", 3 + (1 + 1 + 5) + (1 + 1 + 6)),
        ("DELETE abc :v", 3 + 1 + 3),
    ],
)
def test_an_update_is_charged_by_what_it_says(text, charge):
    """Bisected on the service, August to October 2026."""
    plan = parse_update(text, {"#n": "é"})
    assert plan.charge.bytes_of({":v": {"S": "x" * 10}}) == charge


# UPDATED_OLD and UPDATED_NEW


@pytest.mark.parametrize(
    ("text", "values", "old", "new"),
    [
        ("SET n = :v", {":v": 1}, {"n": 10}, {"n": 1}),
        ("SET n = :v", {":v": 10}, {"n": 10}, {"n": 10}),
        ("SET m.a = :v, z = :v", {":v": 7}, {"m": {"a": 1}}, {"m": {"a": 7}, "z": 7}),
        ("SET m.b.c = :v, m.a = :v", {":v": 7}, {"m": {"a": 1, "b": {"c": 2}}},
         {"m": {"a": 7, "b": {"c": 7}}}),
        ("SET l[1] = :v", {":v": 7}, {"l": [2]}, {"l": [7]}),
        ("SET l[9] = :v", {":v": 7}, {}, {}),
        ("REMOVE s", {}, {"s": "x"}, {}),
        ("REMOVE l[0]", {}, {"l": [1]}, {"l": [2]}),
        ("REMOVE s SET n = :v", {":v": 1}, {"s": "x", "n": 10}, {"n": 1}),
        ("DELETE tags :v", {":v": {"a", "b"}}, {"tags": {"a", "b"}}, {}),
    ],
)  # fmt: skip
def test_picks(text, values, old, new):
    before = to_item(ITEM)
    plan = plan_of(text, values)
    after = plan.apply(before, to_item(values))
    assert plan.pick_old(before) == to_item(old)
    assert plan.pick_new(after) == to_item(new)


# Against a list of actions done one by one


@given(st.lists(st.integers(0, 9), max_size=6), st.data())
def test_list_positions_are_those_before_the_update(elements, data):
    indexes = data.draw(st.lists(st.integers(0, 8), unique=True, min_size=1, max_size=5))
    removed = set(data.draw(st.lists(st.sampled_from(indexes), unique=True)))
    written = [index for index in indexes if index not in removed]
    text = "".join(
        [
            "SET " + ", ".join(f"l[{i}] = :v{i}" for i in written) + " " if written else "",
            "REMOVE " + ", ".join(f"l[{i}]" for i in removed) if removed else "",
        ]
    )
    values = {f":v{i}": 100 + i for i in written}
    slots = dict(enumerate(elements)) | {i: 100 + i for i in written}
    expected = [slots[i] for i in sorted(slots) if i not in removed]
    assert apply(text, values, {"l": elements}) == to_item({"l": expected})
