"""Statements with everything compiled that needs no values and no table.

A statement is compiled once for its text, and its parameters are bound to it without reading the
text again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Generic, TypeAlias, TypeVar

from genset.expressions.cache import PLANS_MAX
from genset.expressions.condition import ConditionPlan
from genset.expressions.errors import ExpressionKind
from genset.expressions.partiql.columns import Columns
from genset.expressions.partiql.key_plan import Branch, key_branches
from genset.expressions.partiql.lexer import tokenize
from genset.expressions.partiql.parser import parse_tokens
from genset.expressions.partiql.translation import translate
from genset.expressions.partiql.tree import (
    NAMES,
    Change,
    Delete,
    Exists,
    Insert,
    Select,
    Statement,
    path_step,
)
from genset.expressions.paths import resolve
from genset.expressions.tree import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Truth,
    Value,
    children,
)
from genset.expressions.update import UpdatePlan
from genset.model.attribute_values import AttributeValue
from genset.model.errors import ValidationException

Values: TypeAlias = Mapping[str, AttributeValue]
KeyNames: TypeAlias = tuple[str, str | None]
"""The names of a partition key and of a sort key."""

# A longer text, which is likely never to come again, is not kept: they could fill the memory.
_TEXT_CHARACTERS_MAX: Final = 2048
# One table and its indexes, a few times over: a statement serves any table of its name.
_KEYS_MAX: Final = 16
_SET_TYPES: Final = ("SS", "NS", "BS")

S = TypeVar("S", bound=Statement)


class Compiled(Generic[S]):
    """A statement and the condition of its WHERE clause. Shared between requests."""

    reads = False
    """Whether it only reads."""

    def __init__(self, statement: S, where: Condition | None) -> None:
        self.statement: Final = statement
        self.table: Final = statement.table
        self.where: Final = None if where is None else _condition_plan(where)
        self._parameter_names: Final = [f"?{number}" for number in range(statement.parameters)]
        self._literals: Final = dict(statement.literals)

    def bind(self, parameters: Sequence[AttributeValue]) -> Values:
        """The values of the statement's literals and parameters, by name.

        Raises ValidationException if there are too few parameters, or if one of them cannot be
        what it is used as.
        """
        names = self._parameter_names
        if len(parameters) < len(names):
            raise ValidationException("Number of parameters in request and statement don't match.")
        values = dict(zip(names, parameters, strict=False))
        if self._literals:
            values.update(self._literals)
        try:
            self._check(values)
        except ValidationException as error:
            error.take_older_words()
            raise
        return values

    def _check(self, values: Values) -> None:
        if self.where is not None:
            self.where.check(values)


class CompiledSelect(Compiled[Select]):
    """SELECT."""

    reads = True

    def __init__(self, statement: Select) -> None:
        super().__init__(statement, statement.where)
        self.columns: Final = None if statement.columns is None else Columns(statement.columns)
        paths = (
            *(self.columns.paths if self.columns else ()),
            *(self.where.attribute_paths if self.where else ()),
        )
        self.nested_paths: Final = tuple(str(path[0]) for path in paths if len(path) > 1)
        """The attributes that it looks into."""
        self.plain: Final = (
            statement.index is None
            and not statement.order
            and statement.fault is None
            and not self.nested_paths
        )
        """Whether there is nothing about it to check of a table but the key."""
        self._branches: dict[KeyNames, tuple[Branch, ...] | None] = {}
        self._key_operands: dict[KeyNames, tuple[tuple[str, str], ...] | None] = {}

    def branches(self, partition: str, sort: str | None) -> tuple[Branch, ...] | None:
        """The reads under those keys, as `key_branches` has them."""
        keys = partition, sort
        if keys in self._branches:
            return self._branches[keys]
        found = key_branches(self.statement.where, partition, sort)
        if len(self._branches) < _KEYS_MAX:
            self._branches[keys] = found
        return found

    def key_operands(self, partition: str, sort: str | None) -> tuple[tuple[str, str], ...] | None:
        """The attributes of the one key that it reads, as `Branch.key_operands` has them."""
        keys = partition, sort
        if keys in self._key_operands:
            return self._key_operands[keys]
        branches = self.branches(partition, sort)
        only = branches[0] if branches is not None and len(branches) == 1 else None
        found = None if only is None else only.key_operands(sort)
        if len(self._key_operands) < _KEYS_MAX:
            self._key_operands[keys] = found
        return found


class CompiledInsert(Compiled[Insert]):
    """INSERT."""

    def __init__(self, statement: Insert) -> None:
        super().__init__(statement, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteKey:
    """The key that a write names: for each key attribute the names of its values.

    `condition` is what must hold of the item: what else the WHERE clause asks, and what the kind
    of statement does.
    """

    attributes: Mapping[str, tuple[str, ...]]
    condition: ConditionPlan | None


class _CompiledWrite(Compiled[S]):
    """A write of the item that its WHERE clause names."""

    def __init__(self, statement: S, where: Condition | None) -> None:
        super().__init__(statement, where)
        self._tree = where
        self._keys: dict[KeyNames, WriteKey] = {}

    def write_key(self, partition: str, sort: str | None) -> WriteKey:
        """What the WHERE clause says of a key of those attributes."""
        keys = partition, sort
        found = self._keys.get(keys)
        if found is None:
            found = self._find_key(partition, sort)
            if len(self._keys) < _KEYS_MAX:
                self._keys[keys] = found
        return found

    def _find_key(self, partition: str, sort: str | None) -> WriteKey:
        attributes: dict[str, tuple[str, ...]] = {}
        rest: list[Condition] = []
        for condition in [] if self._tree is None else _conjuncts(self._tree):
            equality = _equality(condition)
            if equality is None or equality[0] not in (partition, sort):
                rest.append(condition)
            elif self._takes_key(attributes.get(equality[0], ())):
                name, value = equality
                attributes[name] = (*attributes.get(name, ()), value)
            else:
                rest.append(condition)
        needed = self._condition(partition, rest)
        plan = None if needed is None else _condition_plan(needed)
        return WriteKey(attributes=attributes, condition=plan)

    def _takes_key(self, had: tuple[str, ...]) -> bool:
        """Whether one more equality with a key attribute is about the key."""
        return True

    def _condition(self, partition: str, rest: list[Condition]) -> Condition | None:
        """The condition of the write, of what the WHERE clause asks beside the key."""
        return _there(partition, *rest)


class CompiledChange(_CompiledWrite[Change]):
    """UPDATE, which changes nothing where there is no item."""

    def __init__(self, statement: Change) -> None:
        super().__init__(statement, statement.where)
        self.update: Final = UpdatePlan(statement.update, NAMES, kind=ExpressionKind.STATEMENT)

    def _check(self, values: Values) -> None:
        for argument in self.statement.set_arguments:
            if not any(tag in values[argument.parameter] for tag in _SET_TYPES):
                raise ValidationException(argument.error)
        self.update.check(values)
        super()._check(values)


class CompiledDelete(_CompiledWrite[Delete]):
    """DELETE, whose condition asks nothing of an item that is not there."""

    def __init__(self, statement: Delete) -> None:
        super().__init__(statement, statement.where)

    def _condition(self, partition: str, rest: list[Condition]) -> Condition | None:
        if not rest:
            return None
        missing = Function(name="attribute_not_exists", arguments=(_key_path(partition),))
        return Or(conditions=(missing, *_joined(rest)))


class CompiledExists(_CompiledWrite[Exists]):
    """EXISTS, of which the first equality with a key attribute is about the key."""

    def __init__(self, statement: Exists) -> None:
        super().__init__(statement, statement.select.where)

    def _takes_key(self, had: tuple[str, ...]) -> bool:
        return not had

    def _condition(self, partition: str, rest: list[Condition]) -> Condition | None:
        """None if it asks for nothing but the key, which the service refuses."""
        return _there(partition, *rest) if rest else None


AnyCompiled: TypeAlias = (
    CompiledSelect | CompiledInsert | CompiledChange | CompiledDelete | CompiledExists
)


def compile_statement(text: str) -> AnyCompiled:
    """The compiled statement of `text`. Raises ValidationException for what the service refuses
    whatever the parameters and the table are."""
    return _compiled(text) if len(text) <= _TEXT_CHARACTERS_MAX else _compile(text)


def parse_statement(text: str) -> Statement:
    """The statement that `text` is. Raises ValidationException if DynamoDB has none such."""
    tokens = tokenize(text)
    # The last token says how many parameters came before it.
    return translate(parse_tokens(tokens), tokens[-1].number)


def _compile(text: str) -> AnyCompiled:
    statement = parse_statement(text)
    match statement:
        case Select():
            return CompiledSelect(statement)
        case Insert():
            return CompiledInsert(statement)
        case Change():
            return CompiledChange(statement)
        case Delete():
            return CompiledDelete(statement)
        case Exists():
            return CompiledExists(statement)


_compiled: Final = lru_cache(maxsize=PLANS_MAX)(_compile)


# Conditions


def _condition_plan(condition: Condition) -> ConditionPlan:
    return ConditionPlan(_explicit(condition), ExpressionKind.STATEMENT, NAMES)


def _explicit(condition: Condition) -> Condition:
    """The condition in the words of a condition expression.

    There `<>` is true where an operand is missing, and in PartiQL it is not (observed on the
    service, 2026): so it is said that they are there.
    """
    match condition:
        case And(conditions=conditions):
            return And(conditions=tuple(map(_explicit, conditions)))
        case Or(conditions=conditions):
            return Or(conditions=tuple(map(_explicit, conditions)))
        case Not(condition=below):
            return Not(condition=_explicit(below))
        case Comparison(operator=operator, left=left, right=right):
            compared = replace(
                condition, left=_explicit_operand(left), right=_explicit_operand(right)
            )
            if operator != "<>":
                return compared
            paths = [path for operand in (left, right) for path in _paths_of(operand)]
            there = [Function(name="attribute_exists", arguments=(path,)) for path in paths]
            return And(conditions=(*there, compared)) if there else compared
        case Between():
            operands = map(_explicit_operand, (condition.operand, condition.lower, condition.upper))
            operand, lower, upper = operands
            return Between(operand=operand, lower=lower, upper=upper)
        case In(operand=operand, candidates=candidates):
            return In(
                operand=_explicit_operand(operand),
                candidates=tuple(map(_explicit_operand, candidates)),
            )
        case Function(arguments=arguments):
            return replace(condition, arguments=tuple(map(_explicit_operand, arguments)))


def _explicit_operand(operand: Operand) -> Operand:
    return Truth(condition=_explicit(operand.condition)) if isinstance(operand, Truth) else operand


def _paths_of(operand: Operand) -> list[Path]:
    """The paths that an operand reads; what a condition reads may be missing."""
    if isinstance(operand, Path):
        return [operand]
    if isinstance(operand, Function):
        return [path for argument in operand.arguments for path in _paths_of(argument)]
    return []


def _conjuncts(condition: Condition) -> list[Condition]:
    """The conditions that all must hold, of nested conjunctions, in the order written."""
    if not isinstance(condition, And):
        return [condition]
    return [part for below in condition.conditions for part in _conjuncts(below)]


def _equality(condition: Condition) -> tuple[str, str] | None:
    """The attribute and the name of the value it must equal."""
    if not isinstance(condition, Comparison) or condition.operator != "=":
        return None
    left, right = condition.left, condition.right
    if isinstance(left, Value):
        left, right = right, left
    if not isinstance(left, Path) or not isinstance(right, Value) or len(left.steps) > 1:
        return None
    return str(resolve(left, NAMES)[0]), right.name


def _key_path(attribute: str) -> Path:
    return Path(steps=(path_step(attribute),))


def _joined(conditions: list[Condition]) -> list[Condition]:
    return conditions if len(conditions) < 2 else [And(conditions=tuple(conditions))]


def _there(partition: str, *conditions: Condition) -> Condition:
    """That there is an item, and whatever else."""
    there = Function(name="attribute_exists", arguments=(_key_path(partition),))
    return And(conditions=(there, *conditions)) if conditions else there


def filter_attributes(conditions: Sequence[Condition]) -> list[str]:
    """The attributes that conditions read, in the order written."""
    found: dict[str, None] = {}

    def collect(node: Condition | Operand) -> None:
        if isinstance(node, Path):
            found[str(resolve(node, NAMES)[0])] = None
        for below in children(node):
            collect(below)  # type: ignore[arg-type] # below a condition there is nothing else

    for condition in conditions:
        collect(condition)
    return list(found)
