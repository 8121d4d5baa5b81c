"""UpdateExpression: text to a plan that makes a new item of an old one.

Every operand is read from the item as it was before the update, and list positions are those
before it too. Old and new item share whatever did not change; neither is ever changed in place.

Sources: developer guide, "Using update expressions in DynamoDB"; which of several run-time faults
is reported, and what UPDATED_OLD and UPDATED_NEW pick, as observed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, assert_never

from genset.expressions.cache import cached_by_text
from genset.expressions.errors import ExpressionKind
from genset.expressions.parser import parse_update_tree
from genset.expressions.paths import Names, PathTree, Steps, join_paths, lookup, resolve
from genset.expressions.projection import Projector, compile_projection
from genset.expressions.static_checks import (
    Values,
    check_form,
    compile_checks,
    names_used,
    values_used,
)
from genset.expressions.tree import (
    Action,
    AddAction,
    Arithmetic,
    DeleteAction,
    Function,
    Operand,
    Path,
    RemoveAction,
    SetAction,
    Update,
    Value,
    walk,
)
from genset.expressions.update_charge import UpdateCharge, update_charge
from genset.model.attribute_values import AttributeValue, Item, sorted_set, type_of
from genset.model.errors import ValidationException
from genset.model.numbers import add_numbers, subtract_numbers

WRONG_TYPE: Final = "An operand in the update expression has an incorrect data type"
_MISSING: Final = "The provided expression refers to an attribute that does not exist in the item"
_BAD_PATH: Final = "The document path provided in the update expression is invalid for update"

# What an action does to its place: a new value, nothing, or removal (None).
Outcome: TypeAlias = AttributeValue | None
_UNCHANGED: Final[AttributeValue] = {}

_Evaluate: TypeAlias = Callable[[Item, Values], AttributeValue]
_Perform: TypeAlias = Callable[[Item, Values], Outcome]


class _WrongTypeError(Exception):
    """An operand's value has the wrong type."""


class _MissingError(Exception):
    """An operand's attribute is not there."""


class _BadPathError(Exception):
    """A path leads through something that is not there, or is no map or list."""


class UpdatePlan:
    """A parsed update. Holds no values, and is shared between requests.

    Call `check` with the request's values first; only then may the rest be used, with the same
    values. `names_used` and `values_used` are the placeholders as written.
    """

    targets: tuple[Steps, ...]
    """The paths it changes, resolved, in the order written."""
    top_level_names: frozenset[str]
    """The attributes it changes, or changes something in."""
    nested_names: frozenset[str]
    """The attributes it changes something in."""
    attribute_paths: tuple[Steps, ...]
    """All paths it names, those it reads included."""
    charge: UpdateCharge
    """What it is charged for its size, of the item that it changes apart."""

    def __init__(
        self,
        tree: Update,
        names: Names,
        *,
        wrong_type: str = WRONG_TYPE,
        kind: ExpressionKind = ExpressionKind.UPDATE,
    ) -> None:
        self.tree: Final = tree
        self.names_used: Final = names_used(tree)
        self.values_used: Final = values_used(tree)
        self.only_removes: Final = all(
            isinstance(action, RemoveAction | DeleteAction) for action in tree.actions
        )
        """Whether it can only take away.

        Such an update does not create an item. Where there is none it is not even to be applied:
        the service takes `REMOVE a.b` of a missing item, but not of an item without `a`.
        """
        self._wrong_type = wrong_type
        self._checks, sound = compile_checks(tree, kind, names)
        if sound:
            self._compile(names)

    def _compile(self, names: Names) -> None:
        actions = self.tree.actions
        self.targets = tuple(resolve(action.path, names) for action in actions)
        self.top_level_names = frozenset(str(steps[0]) for steps in self.targets)
        self.nested_names = frozenset(str(steps[0]) for steps in self.targets if len(steps) > 1)
        self.attribute_paths = tuple(
            resolve(node, names) for node in walk(self.tree) if isinstance(node, Path)
        )
        self.charge = update_charge(actions, names)
        self._performs = [_perform(action, names) for action in actions]
        self._sections = _section_bounds(self.tree)
        self._flat = None if self.nested_names else [str(steps[0]) for steps in self.targets]
        self._places = join_paths(self.targets)
        self._pick: Projector = compile_projection(self.targets)

    def check(self, values: Values) -> None:
        """Raise ValidationException for the first fault that the service would find.

        That is an undefined name or value, overlapping paths, or an operand that cannot be
        right. Call it with no values too.
        """
        for check in self._checks:
            check(values)

    def apply(self, item: Item, values: Values) -> Item:
        """The updated item, of an `item` that may be empty and is not changed.

        Raises ValidationException: a path whose parent is not there, an operand that is not
        there or has the wrong type, a number out of range.
        """
        try:
            outcomes = [perform(item, values) for perform in self._performs]
            if self._flat is None:
                return _change_attributes(item, self._places, outcomes)
        except (_WrongTypeError, _MissingError, _BadPathError, ValidationException) as fault:
            # A number out of range is a ValidationException already, and comes after the others.
            message = self._first_fault(item, values)
            if message is None:
                raise
            raise ValidationException(message) from fault
        changed = dict(item)
        for name, outcome in zip(self._flat, outcomes, strict=True):
            _change(changed, name, outcome)
        return changed

    def pick_old(self, item: Item) -> Item:
        """UPDATED_OLD: what the named paths held in the old `item`, wrapped in its parents."""
        return self._pick(item)

    def pick_new(self, item: Item) -> Item:
        """UPDATED_NEW: what the named paths hold in the new `item`.

        A removed attribute holds nothing, but a removed list element's place holds the element
        that moved up into it, and that is what the service returns.
        """
        return self._pick(item)

    def _first_fault(self, item: Item, values: Values) -> str | None:
        """The fault that the service reports; None if all there are is numbers out of range.

        It looks for parents of the wrong type first, then for operands of the wrong type, and
        then, from the last section to the first, for missing parents and missing operands.
        """
        places = [_place_fault(item, steps) for steps in self.targets]
        if _WrongTypeError in places:
            return _BAD_PATH
        faults = [self._fault_of(perform, item, values) for perform in self._performs]
        if _WrongTypeError in faults:
            return self._wrong_type
        for start, stop in reversed(self._sections):
            if any(places[start:stop]):
                return _BAD_PATH
            if _MissingError in faults[start:stop]:
                return _MISSING
        return None

    @staticmethod
    def _fault_of(perform: _Perform, item: Item, values: Values) -> type[Exception] | None:
        try:
            perform(item, values)
        except (_WrongTypeError, _MissingError) as fault:
            return type(fault)
        except ValidationException:
            return None
        return None


def parse_update(text: str, names: Mapping[str, str] | None) -> UpdatePlan:
    """The plan of an UpdateExpression.

    Raises ValidationException for what is wrong with the text alone (size, syntax, reserved
    words, functions, repeated sections); `check` on the plan does the rest.
    """
    return _parse(text, names)


def _build(text: str, names: Names) -> UpdatePlan:
    tree = parse_update_tree(text)
    check_form(tree, ExpressionKind.UPDATE)
    return UpdatePlan(tree, names)


_parse: Final = cached_by_text(_build)


def _section_bounds(tree: Update) -> list[tuple[int, int]]:
    """Where each section's actions begin and end among all actions."""
    bounds = []
    start = 0
    for section in tree.sections:
        bounds.append((start, start + len(section.actions)))
        start += len(section.actions)
    return bounds


# Actions


def _perform(action: Action, names: Names) -> _Perform:
    match action:
        case SetAction():
            return _set_value(action.value, names)
        case RemoveAction():
            return lambda item, values: None
        case AddAction():
            return _combine(action.path, action.value, names, absent=None, combine=_add)
        case DeleteAction():
            return _combine(
                action.path, action.value, names, absent=_UNCHANGED, combine=_delete_members
            )
        case _:
            assert_never(action)


def _combine(
    path: Path,
    value: Value,
    names: Names,
    *,
    absent: AttributeValue | None,
    combine: Callable[[AttributeValue, AttributeValue], Outcome],
) -> _Perform:
    """ADD and DELETE: combine what is there with a value; `absent`, or the value, if nothing."""
    read, name = lookup(resolve(path, names)), value.name

    def perform(item: Item, values: Values) -> Outcome:
        current, operand = read(item), values[name]
        if current is None:
            return operand if absent is None else absent
        return combine(current, operand)

    return perform


def _add(current: AttributeValue, operand: AttributeValue) -> AttributeValue:
    tag = type_of(operand)
    if tag not in current:
        raise _WrongTypeError
    if tag == "N":
        return {"N": add_numbers(current["N"], operand["N"])}
    return {tag: sorted_set(tag, {*current[tag], *operand[tag]})}


def _delete_members(current: AttributeValue, operand: AttributeValue) -> Outcome:
    tag = type_of(operand)
    if tag not in current:
        raise _WrongTypeError
    gone = set(operand[tag])
    left = [member for member in current[tag] if member not in gone]
    return {tag: left} if left else None


# SET values


def _set_value(value: Operand | Arithmetic, names: Names) -> _Evaluate:
    match value:
        case Value(name=name):
            return lambda item, values: values[name]
        case Path():
            return _read(value, names)
        case Arithmetic():
            return _arithmetic(value, names)
        case Function(name="if_not_exists", arguments=(Path() as path, default)):
            read, evaluate = lookup(resolve(path, names)), _set_value(default, names)

            def if_not_exists(item: Item, values: Values) -> AttributeValue:
                current = read(item)
                return evaluate(item, values) if current is None else current

            return if_not_exists
        case Function(name="list_append", arguments=(left, right)):
            return _pairwise("L", lambda a, b: a + b, left, right, names)
        case _:
            raise AssertionError("an update has no other functions")


def _read(path: Path, names: Names) -> _Evaluate:
    read = lookup(resolve(path, names))

    def evaluate(item: Item, values: Values) -> AttributeValue:
        value = read(item)
        if value is None:
            raise _MissingError
        return value

    return evaluate


def _arithmetic(value: Arithmetic, names: Names) -> _Evaluate:
    compute = add_numbers if value.operator == "+" else subtract_numbers
    return _pairwise("N", compute, value.left, value.right, names)


def _pairwise(
    tag: str,
    compute: Callable[[Any, Any], Any],
    left: Operand | Arithmetic,
    right: Operand | Arithmetic,
    names: Names,
) -> _Evaluate:
    """Evaluate two operands that must both have the type `tag`, and compute a third of it."""
    evaluate_left, evaluate_right = _set_value(left, names), _set_value(right, names)

    def evaluate(item: Item, values: Values) -> AttributeValue:
        first = _payload(tag, evaluate_left, item, values)
        second = _payload(tag, evaluate_right, item, values)
        if first is None or second is None:
            raise _MissingError
        return {tag: compute(first, second)}

    return evaluate


def _payload(tag: str, evaluate: _Evaluate, item: Item, values: Values) -> Any:
    """What an operand holds; None if it is missing, for a wrong type beside it comes first."""
    try:
        value = evaluate(item, values)
    except _MissingError:
        return None
    if tag not in value:
        raise _WrongTypeError
    return value[tag]


# Changing an item


def _place_fault(item: Item, steps: Steps) -> type[Exception] | None:
    """Whether something may be written at `steps`, or what is wrong with its parent."""
    if len(steps) == 1:
        return None
    parent = lookup(steps[:-1])(item)
    if parent is None:
        return _BadPathError
    return None if ("L" if isinstance(steps[-1], int) else "M") in parent else _WrongTypeError


def _change(attributes: Item, name: str, outcome: Outcome) -> None:
    if outcome is None:
        attributes.pop(name, None)
    elif outcome is not _UNCHANGED:
        attributes[name] = outcome


def _change_attributes(attributes: Item, places: PathTree, outcomes: list[Outcome]) -> Item:
    changed = dict(attributes)
    for step, below in places.children.items():
        name = str(step)
        if below.ends:
            _change(changed, name, outcomes[below.ends[0]])
        else:
            changed[name] = _change_value(changed.get(name), below, outcomes)
    return changed


def _change_value(
    value: AttributeValue | None, places: PathTree, outcomes: list[Outcome]
) -> AttributeValue:
    tag = "L" if places.indexed else "M"
    if value is None or tag not in value:
        raise _BadPathError
    if tag == "L":
        return {"L": _change_elements(value["L"], places, outcomes)}
    return {"M": _change_attributes(value["M"], places, outcomes)}


def _change_elements(
    elements: list[AttributeValue], places: PathTree, outcomes: list[Outcome]
) -> list[AttributeValue]:
    """Change a list at several of its old positions; what is set past the end is appended."""
    changed: list[Outcome] = list(elements)
    appended: list[AttributeValue] = []
    for index in sorted(step for step in places.children if isinstance(step, int)):
        below = places.children[index]
        inside = index < len(elements)
        if not below.ends:
            changed[index] = _change_value(elements[index] if inside else None, below, outcomes)
            continue
        outcome = outcomes[below.ends[0]]
        if outcome is _UNCHANGED:
            continue
        if inside:
            changed[index] = outcome
        elif outcome is not None:
            appended.append(outcome)
    return [element for element in changed if element is not None] + appended
