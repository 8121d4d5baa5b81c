"""ConditionExpression and FilterExpression: text to a plan that says which items match."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from genset.expressions.cache import cached_by_text
from genset.expressions.errors import ExpressionKind
from genset.expressions.evaluation import Matcher, compile_condition
from genset.expressions.parser import parse_condition_tree
from genset.expressions.paths import Names, Steps, resolve
from genset.expressions.static_checks import (
    Values,
    check_form,
    compile_checks,
    names_used,
    values_used,
)
from genset.expressions.tree import Condition, Path, walk

_FILTER: Final = ExpressionKind.FILTER


class ConditionPlan:
    """A parsed condition. Holds no values, and is shared between requests.

    Call `check` with the request's values first; only then may `matches` be called, with the
    same values. `names_used` and `values_used` are the placeholders as written.
    """

    matches: Matcher
    """`matches(item, values)`: whether an item, `{}` for none, fulfils the condition."""

    def __init__(self, tree: Condition, kind: ExpressionKind, names: Names) -> None:
        self.tree: Final = tree
        self.kind: Final = kind
        self.names_used: Final = names_used(tree)
        self.values_used: Final = values_used(tree)
        self._names = names
        self._checks, sound = compile_checks(tree, kind, names)
        if sound:
            self.matches = compile_condition(tree, names)

    def check(self, values: Values) -> None:
        """Raise ValidationException for the first fault that the service would find.

        That is an undefined name or value, or an operand that the operators cannot take. Call it
        with no values too: undefined names are found here, for they are found in turn.
        """
        for check in self._checks:
            check(values)

    @cached_property
    def attribute_paths(self) -> tuple[Steps, ...]:
        """The paths it reads, resolved, as often as written. All names must be defined."""
        return tuple(
            resolve(node, self._names) for node in walk(self.tree) if isinstance(node, Path)
        )

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        """The top-level attributes it reads. All names must be defined."""
        return frozenset(str(steps[0]) for steps in self.attribute_paths)


def parse_condition(
    text: str, names: Mapping[str, str] | None, kind: ExpressionKind = ExpressionKind.CONDITION
) -> ConditionPlan:
    """The plan of a ConditionExpression or FilterExpression.

    Raises ValidationException for what is wrong with the text alone (size, syntax, reserved
    words, functions); `check` on the plan does the rest.
    """
    return (_parse_filter if kind is _FILTER else _parse_condition)(text, names)


def _build(text: str, kind: ExpressionKind, names: Names) -> ConditionPlan:
    tree = parse_condition_tree(text, kind)
    check_form(tree, kind)
    return ConditionPlan(tree, kind, names)


_parse_condition: Final = cached_by_text(
    lambda text, names: _build(text, ExpressionKind.CONDITION, names)
)
_parse_filter: Final = cached_by_text(
    lambda text, names: _build(text, ExpressionKind.FILTER, names)
)
