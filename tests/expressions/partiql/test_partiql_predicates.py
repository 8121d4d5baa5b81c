"""A PartiQL condition matches what the same condition expression does, but for `<>`."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genset.expressions.condition import parse_condition
from genset.expressions.errors import ExpressionKind
from genset.expressions.partiql.statements import compile_statement
from genset.model.errors import ValidationException
from support.partiql_texts import Twins, twin_conditions, values

attributes = {"a": values, "b": values, "c": values}
items = st.fixed_dictionaries({}, optional=attributes)


@given(twin_conditions(attributes), st.lists(items, min_size=1, max_size=5))
def test_predicates_agree_with_condition_expressions(
    twins: Twins, found: list[dict[str, Any]]
) -> None:
    plan = parse_condition(twins.expression, {}, ExpressionKind.FILTER)
    compiled = compile_statement(f"SELECT * FROM ttt WHERE {twins.partiql}")
    try:
        plan.check(twins.values)
    except ValidationException as fault:
        expected = fault.message.removeprefix("Invalid FilterExpression: ")
        try:
            compiled.bind([])
        except ValidationException as error:
            assert error.message == expected  # noqa: PT017 - both refuse, or neither does
            return
        raise AssertionError(f"{twins} was accepted") from None
    bound = compiled.bind([])
    assert compiled.where is not None
    for item in found:
        assert compiled.where.matches(item, bound) is plan.matches(item, twins.values)
