"""Tokens to tree, for every kind of expression.

The parser reports the first token at which what was read so far can no longer become an
expression, and the text round it: from the token before it to the end of the one after it. It
uses no recursion, so the depth of an expression is bounded by its 4,096 bytes alone; what the
service bounds is the number of operators.

Grammar, in the words of the developer guide's "Condition and filter expressions, operators, and
functions" and "Update expressions":

    condition  = and-part {OR and-part}          and-part = not-part {AND not-part}
    not-part   = {NOT} ( "(" condition ")" | function | operand comparison )
    comparison = comparator operand | BETWEEN operand AND operand | IN "(" operand {, operand} ")"
    operand    = path | :value | function | "(" operand ")"
    path       = name { "." name | "[" index "]" }       name = bare | #placeholder
    projection = path {, path}
    update     = section {section}      (SET path = set-value, ... REMOVE path, ...
                                         ADD path :value, ... DELETE path :value, ...)
    set-value  = operand [ (+ | -) operand ] | "(" set-value ")"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NoReturn

from genset.expressions.errors import ExpressionKind, expression_error
from genset.expressions.lexer import Token, TokenKind, tokenize
from genset.expressions.tree import (
    Action,
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

# Developer guide, "Quotas": the maximum length of any expression string is 4 KB.
EXPRESSION_BYTES_MAX: Final = 4096
# Developer guide, "Quotas": 300 operators. It holds for every kind of expression, and counts
# neither functions nor parentheses, nor the = of a SET action.
OPERATORS_MAX: Final = 300

_COMPARATORS: Final = frozenset(("=", "<>", "<", "<=", ">", ">="))


def parse_condition_tree(text: str, kind: ExpressionKind) -> Condition:
    """The tree of a condition, filter or key condition.

    Raises ValidationException for an expression that is too long, empty, malformed, or has
    redundant parentheses or too many operators.
    """
    parser = _Parser(text, kind)
    tree = parser.condition()
    parser.finish()
    return tree


def parse_projection_tree(text: str) -> Projection:
    """The tree of a projection; raises as `parse_condition_tree` does."""
    parser = _Parser(text, ExpressionKind.PROJECTION)
    tree = parser.projection()
    parser.finish()
    return tree


def parse_update_tree(text: str) -> Update:
    """The tree of an update; raises as `parse_condition_tree` does."""
    parser = _Parser(text, ExpressionKind.UPDATE)
    tree = parser.update()
    parser.finish()
    return tree


@dataclass(slots=True)
class _Group:
    """A condition being read: the whole of it, or what is inside one pair of parentheses."""

    ors: list[Condition] = field(default_factory=list)
    ands: list[Condition] = field(default_factory=list)
    negations: int = 0

    @property
    def fresh(self) -> bool:
        """Whether nothing stands before what is being read, so that it may be an operand."""
        return not (self.ors or self.ands or self.negations)

    def add(self, condition: Condition) -> None:
        for _ in range(self.negations):
            condition = Not(condition=condition)
        self.negations = 0
        self.ands.append(condition)

    def end_and_part(self) -> None:
        self.ors.append(self.ands[0] if len(self.ands) == 1 else And(conditions=tuple(self.ands)))
        self.ands = []

    def finish(self) -> Condition:
        self.end_and_part()
        return self.ors[0] if len(self.ors) == 1 else Or(conditions=tuple(self.ors))


@dataclass(slots=True)
class _Call:
    """A function call being read."""

    name: str
    arguments: list[Operand] = field(default_factory=list)


class _Parser:
    def __init__(self, text: str, kind: ExpressionKind) -> None:
        self._text = text
        self._kind = kind
        self._check_length()
        self._tokens = tokenize(text)
        self._at = 0
        self._token = self._tokens[0]
        self._operators = 0

    def _check_length(self) -> None:
        # Surrogates are let through here: they are bad tokens, with an error of their own.
        size = len(self._text.encode(errors="surrogatepass"))
        if size > EXPRESSION_BYTES_MAX:
            # Of an update the service does not tell the size.
            told = "" if self._kind is ExpressionKind.UPDATE else f" expression size: {size}"
            raise expression_error(
                self._kind, f"Expression size has exceeded the maximum allowed size;{told}"
            )
        if not self._text:
            raise expression_error(self._kind, "The expression can not be empty;")

    # Tokens

    def _next(self) -> Token:
        token = self._token
        self._at += 1
        self._token = self._tokens[self._at]
        return token

    def _fail(self) -> NoReturn:
        first = self._tokens[max(self._at - 1, 0)]
        last = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        raise expression_error(
            self._kind,
            f'Syntax error; token: "{self._token.text}", '
            f'near: "{self._text[first.start : last.end]}"',
        )

    def _expect(self, symbol: str) -> None:
        if self._token.symbol != symbol:
            self._fail()
        self._next()

    def _expect_kind(self, kind: TokenKind) -> Token:
        if self._token.kind is not kind:
            self._fail()
        return self._next()

    def _accept(self, symbol: str) -> bool:
        if self._token.symbol != symbol:
            return False
        self._next()
        return True

    def _redundant_parentheses(self) -> NoReturn:
        raise expression_error(self._kind, "The expression has redundant parentheses;")

    def finish(self) -> None:
        """Check that all was read, and that it was not too much."""
        if self._token.kind is not TokenKind.END:
            self._fail()
        # The service stops counting at the first operator too many.
        if self._operators > OPERATORS_MAX:
            raise expression_error(
                self._kind,
                f"The expression contains too many operators; operator count: {OPERATORS_MAX + 1}",
            )

    # Conditions

    def condition(self) -> Condition:
        """Read a condition up to the first token that cannot continue it."""
        enclosing: list[_Group] = []
        group = _Group()
        more = True
        while more:
            while self._accept("NOT"):
                self._operators += 1
                group.negations += 1
            if self._accept("("):
                enclosing.append(group)
                group = _Group()
                continue
            condition, group = self._leaf(enclosing, group)
            group, more = self._after_condition(condition, enclosing, group)
        return group.finish()

    def _leaf(self, enclosing: list[_Group], group: _Group) -> tuple[Condition, _Group]:
        """Read a comparison or a function, and the parentheses that end round its first operand.

        `(` may open a group of conditions or an operand. It was taken for a group; where it
        turns out to hold an operand only, that group is left again. A function may be either:
        it is given back as a condition, and `_after_condition` finds out.
        """
        operand = self._operand()
        grouped = False
        while not self._comparison_follows():
            if isinstance(operand, Function):
                return operand, group
            if not (group.fresh and enclosing):
                self._fail()
            if grouped and self._token.symbol == ")":
                self._redundant_parentheses()
            self._expect(")")
            group = enclosing.pop()
            grouped = True
        return self._comparison(operand), group

    def _comparison_follows(self) -> bool:
        symbol = self._token.symbol
        return symbol in _COMPARATORS or symbol in ("BETWEEN", "IN")

    def _comparison(self, left: Operand) -> Condition:
        operator = self._next().symbol
        self._operators += 1
        if operator == "BETWEEN":
            lower = self._operand()
            self._expect("AND")
            return Between(operand=left, lower=lower, upper=self._operand())
        if operator == "IN":
            self._expect("(")
            candidates = [self._operand()]
            while self._accept(","):
                candidates.append(self._operand())
            self._expect(")")
            return In(operand=left, candidates=tuple(candidates))
        return Comparison(operator=operator, left=left, right=self._operand())

    def _after_condition(
        self, condition: Condition, enclosing: list[_Group], group: _Group
    ) -> tuple[_Group, bool]:
        """Take in `condition`, closing groups that end behind it.

        Gives the group now open, and whether it goes on with another condition.
        """
        grouped = False
        while True:
            if isinstance(condition, Function) and self._comparison_follows():
                # What looked like a condition in parentheses is an operand: (size(a)) > :n.
                condition = self._comparison(condition)
                grouped = False
            alone = group.fresh
            group.add(condition)
            if self._accept("AND"):
                self._operators += 1
                return group, True
            if self._accept("OR"):
                self._operators += 1
                group.end_and_part()
                return group, True
            if not enclosing:
                return group, False
            if grouped and alone and self._token.symbol == ")":
                self._redundant_parentheses()
            self._expect(")")
            condition = group.finish()
            group = enclosing.pop()
            grouped = True

    # Operands

    def _operand(self) -> Operand:
        """Read an operand, with function calls and parentheses nested to any depth."""
        open_calls: list[_Call | None] = []  # None is a pair of parentheses
        while True:
            if self._accept("("):
                open_calls.append(None)
                continue
            if self._token.kind is TokenKind.NAME and self._follows("("):
                open_calls.append(_Call(self._next().text))
                self._next()
                continue
            operand = self._close_calls(self._simple_operand(), open_calls)
            if operand is not None:
                return operand

    def _follows(self, symbol: str) -> bool:
        return self._tokens[self._at + 1].symbol == symbol

    def _simple_operand(self) -> Operand:
        if self._token.kind is TokenKind.VALUE_PLACEHOLDER:
            return Value(name=self._next().text)
        return self._path()

    def _close_calls(self, operand: Operand, open_calls: list[_Call | None]) -> Operand | None:
        """End the calls and parentheses that end behind `operand`; None if an argument follows."""
        grouped = False
        while open_calls:
            call = open_calls[-1]
            if call is None:
                if self._token.symbol == ")" and grouped:
                    self._redundant_parentheses()
                self._expect(")")
                grouped = True
            else:
                call.arguments.append(operand)
                if self._accept(","):
                    return None
                self._expect(")")
                operand = Function(name=call.name, arguments=tuple(call.arguments))
                grouped = False
            open_calls.pop()
        return operand

    def _path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while True:
            if self._accept("."):
                steps.append(self._name())
            elif self._accept("["):
                steps.append(int(self._expect_kind(TokenKind.INDEX).text))
                self._expect("]")
            else:
                return Path(steps=tuple(steps))

    def _name(self) -> str:
        if self._token.kind not in (TokenKind.NAME, TokenKind.NAME_PLACEHOLDER):
            self._fail()
        return self._next().text

    # Projections and updates

    def projection(self) -> Projection:
        """Read a projection."""
        paths = [self._path()]
        while self._accept(","):
            paths.append(self._path())
        return Projection(paths=tuple(paths))

    def update(self) -> Update:
        """Read an update."""
        sections = [self._section()]
        while self._token.kind is not TokenKind.END:
            sections.append(self._section())
        return Update(sections=tuple(sections))

    def _section(self) -> Section:
        keyword = self._token.symbol
        if keyword not in ("SET", "REMOVE", "ADD", "DELETE"):
            self._fail()
        self._next()
        actions = [self._action(keyword)]
        while self._accept(","):
            actions.append(self._action(keyword))
        return Section(keyword=keyword, actions=tuple(actions))

    def _action(self, keyword: str) -> Action:
        path = self._path()
        if keyword == "REMOVE":
            return RemoveAction(path=path)
        if keyword == "SET":
            self._expect("=")
            return SetAction(path=path, value=self._set_value())
        value = Value(name=self._expect_kind(TokenKind.VALUE_PLACEHOLDER).text)
        return (
            AddAction(path=path, value=value)
            if keyword == "ADD"
            else DeleteAction(path=path, value=value)
        )

    def _set_value(self) -> Operand | Arithmetic:
        """Read the right side of a SET action.

        A parenthesis before it may hold its first operand or the whole of it.
        """
        opened = 0
        while self._accept("("):
            opened += 1
        left = self._operand()
        value: Operand | Arithmetic = left
        grouped = False
        while True:
            if not isinstance(value, Arithmetic) and self._token.symbol in ("+", "-"):
                operator = self._next().symbol
                self._operators += 1
                value = Arithmetic(operator=operator, left=left, right=self._operand())
                grouped = False
            elif not opened:
                return value
            else:
                if grouped and self._token.symbol == ")":
                    self._redundant_parentheses()
                self._expect(")")
                opened -= 1
                grouped = True
