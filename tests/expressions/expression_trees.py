"""Strategies for trees of every kind of expression, and shorthands shared by the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import strategies as st

from genset.expressions.errors import ExpressionKind
from genset.expressions.tree import (
    AddAction,
    And,
    Arithmetic,
    Between,
    Comparison,
    Condition,
    DeleteAction,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Projection,
    RemoveAction,
    Section,
    SetAction,
    Update,
    Value,
)
from genset.model.errors import ValidationException

CONDITION = ExpressionKind.CONDITION
FILTER = ExpressionKind.FILTER

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")

names = st.one_of(
    st.sampled_from(["a", "b", "Foo", "x_1", "pk"]),
    st.sampled_from(["#a", "#0", "#_", "#name_2"]),
)
steps = st.lists(st.one_of(names, st.integers(0, 2**31 - 1)), max_size=4)
paths = st.builds(lambda head, rest: Path(steps=(head, *rest)), names, steps)
values = st.builds(Value, name=st.sampled_from([":v", ":0", ":long_name"]))


def _functions(arguments: st.SearchStrategy[Operand]) -> st.SearchStrategy[Function]:
    return st.builds(
        Function,
        name=st.sampled_from(["size", "contains", "if_not_exists", "no_such"]),
        arguments=st.lists(arguments, min_size=1, max_size=3).map(tuple),
    )


operands: st.SearchStrategy[Operand] = st.recursive(
    st.one_of(paths, values), lambda below: st.one_of(below, _functions(below)), max_leaves=4
)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Comparison, operator=st.sampled_from(COMPARATORS), left=operands, right=operands),
    st.builds(Between, operand=operands, lower=operands, upper=operands),
    st.builds(
        In, operand=operands, candidates=st.lists(operands, min_size=1, max_size=3).map(tuple)
    ),
    _functions(operands),
)


def _combined(below: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(below, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Not, condition=below),
        st.builds(And, conditions=several),
        st.builds(Or, conditions=several),
    )


conditions: st.SearchStrategy[Condition] = st.recursive(leaves, _combined, max_leaves=12)
projections = st.builds(Projection, paths=st.lists(paths, min_size=1, max_size=5).map(tuple))
set_values = st.one_of(
    operands,
    st.builds(Arithmetic, operator=st.sampled_from(["+", "-"]), left=operands, right=operands),
)


def _sections(keyword: str, actions: st.SearchStrategy[Any]) -> st.SearchStrategy[Section]:
    return st.builds(
        Section,
        keyword=st.just(keyword),
        actions=st.lists(actions, min_size=1, max_size=3).map(tuple),
    )


updates = st.builds(
    Update,
    sections=st.lists(
        st.one_of(
            _sections("SET", st.builds(SetAction, path=paths, value=set_values)),
            _sections("REMOVE", st.builds(RemoveAction, path=paths)),
            _sections("ADD", st.builds(AddAction, path=paths, value=values)),
            _sections("DELETE", st.builds(DeleteAction, path=paths, value=values)),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
)


def message_of(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> str:
    """The message of the ValidationException that `call` raises."""
    with pytest.raises(ValidationException) as caught:
        call(*arguments, **keywords)
    return caught.value.message


def to_value(plain: Any) -> dict[str, Any]:
    """An attribute value of plain Python data; a value already is left alone."""
    match plain:
        case bool():
            return {"BOOL": plain}
        case int():
            return {"N": str(plain)}
        case str():
            return {"S": plain}
        case bytes():
            import base64

            return {"B": base64.b64encode(plain).decode()}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [to_value(element) for element in plain]}
        case set():
            ordered = sorted(plain)
            tag = "SS" if isinstance(ordered[0], str) else "NS"
            return {tag: [str(member) for member in ordered]}
        case dict():
            return {"M": to_item(plain)}
    raise AssertionError(plain)


def to_item(plain: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """An item, or values by placeholder, of plain Python data."""
    return {name: to_value(value) for name, value in plain.items()}
