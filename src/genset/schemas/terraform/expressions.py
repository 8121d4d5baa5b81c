"""The values of expressions in Terraform's language, as far as the files give them.

What only a deployment knows is `Unknown`, and so is all that is made of it.
https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from lark import Token

from genset.schemas import nodes
from genset.schemas.nodes import Data, Node, Unknown
from genset.schemas.problems import Place, SchemaError
from genset.schemas.terraform.functions import FUNCTIONS
from genset.schemas.terraform.hcl import (
    Expression,
    name_of,
    parse_expression,
    subtrees,
    tokens,
    unescaped,
)

Step = str | int
"""An attribute, or the index or key of an element."""

_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}
_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_HEREDOC: Final = re.compile(r"<<(-?)[^\n]*\n(.*)", re.DOTALL)


class Names(Protocol):
    """What the names of a module stand for."""

    def resolve(self, root: str, steps: list[Step], place: Place) -> tuple[Node, int]:
        """The value that `root` and the first steps name, and how many steps those are.

        Raises SchemaError if there is no such thing.
        """

    def file_text(self, path: str, place: Place) -> str:
        """The text of a file. Raises SchemaError if it cannot be read."""


class Scope:
    """Where an expression stands: the file, the module's names, and names of its own."""

    def __init__(self, file: str, names: Names, own: Mapping[str, Node] | None = None) -> None:
        self.file = file
        self._names = names
        self._own = dict(own or {})

    def with_names(self, own: Mapping[str, Node]) -> Scope:
        """The scope with more names of its own."""
        return Scope(self.file, self._names, {**self._own, **own})

    def place(self, tree: Expression) -> Place:
        """Where an expression is."""
        return Place(self.file, getattr(tree.meta, "line", 1))

    def value(self, tree: Expression) -> Node:
        """The value of an expression. Raises SchemaError for one that has none."""
        evaluate = _EVALUATIONS.get(str(tree.data))
        if evaluate is None:
            return self._node(tree, Unknown(f"{tree.data} is not followed"))
        return evaluate(self, tree)

    def _node(self, tree: Expression, data: Data) -> Node:
        return Node(data, self.place(tree))

    def _term(self, tree: Expression) -> Node:
        return self.value(subtrees(tree)[0])

    def _literal(self, tree: Expression) -> Node:
        word = name_of(tree)
        return self._node(tree, {"true": True, "false": False}.get(word))

    def _number(self, tree: Expression) -> Node:
        digits = "".join(map(str, tree.children))
        return self._node(tree, int(digits) if tree.data == "int_lit" else float(digits))

    def _string(self, tree: Expression) -> Node:
        pieces = [piece for part in subtrees(tree) for piece in self._pieces(part)]
        if len(pieces) == 1 and len(tree.children) == 3:
            return pieces[0]
        return self._concatenated(tree, pieces)

    def _pieces(self, part: Expression) -> Iterable[Node]:
        for child in part.children:
            if not isinstance(child, Token):
                inside = subtrees(child)
                if child.data != "interpolation":
                    yield self._node(child, Unknown("directives of templates are not followed"))
                else:
                    yield self.value(inside[0])
            elif child.type in ("ESCAPED_INTERPOLATION", "ESCAPED_DIRECTIVE"):
                yield self._node(part, str(child)[1:])
            else:
                yield self._node(part, unescaped(str(child)))

    def _concatenated(self, tree: Expression, pieces: list[Node]) -> Node:
        for piece in pieces:
            if isinstance(piece.data, Unknown):
                return self._node(tree, piece.data)
        return self._node(tree, "".join(nodes.text(each, "a part of a text") for each in pieces))

    def _heredoc(self, tree: Expression) -> Node:
        found = _HEREDOC.match(str(tree.children[0]))
        assert found is not None
        lines = found.group(2).rstrip("\n").split("\n")[:-1]
        if found.group(1):
            indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
            lines = [line[min(indents, default=0) :] for line in lines]
        return self._template(tree, "".join(line + "\n" for line in lines))

    def _template(self, tree: Expression, text: str) -> Node:
        """The value of a text with `${...}` in it, which the grammar leaves whole."""
        pieces: list[Node] = []
        at = 0
        while (start := text.find("${", at)) >= 0:
            if text[start - 1 : start] == "$":
                pieces.append(self._node(tree, text[at : start - 1] + "${"))
                at = start + 2
                continue
            pieces.append(self._node(tree, text[at:start]))
            end = _closing(text, start + 2)
            if end is None:
                raise self._node(tree, None).error("${ has no end")
            inner = parse_expression(text[start + 2 : end], self.place(tree))
            pieces.append(self.value(inner))
            at = end + 1
        pieces.append(self._node(tree, text[at:]))
        if "%{" in text:
            pieces.append(self._node(tree, Unknown("directives of templates are not followed")))
        return self._concatenated(tree, pieces)

    def _tuple(self, tree: Expression) -> Node:
        values: list[Node] = [self.value(each) for each in subtrees(tree)]
        return self._node(tree, values)

    def _object(self, tree: Expression) -> Node:
        members: dict[str, Node] = {}
        for element in subtrees(tree):
            key, value = subtrees(element)
            name = self._key(key)
            members[name] = Node(self.value(value).data, self.place(element))
        return self._node(tree, members)

    def _key(self, tree: Expression) -> str:
        inner = subtrees(tree)[0]
        if inner.data in ("identifier", "keyword"):
            return name_of(inner)
        if inner.data == "expr_term" and not tokens(inner):
            named = subtrees(inner)[0]
            if named.data in ("identifier", "literal_value"):
                return name_of(named)
        return nodes.text(self.value(inner), "a key")

    def _identifier(self, tree: Expression) -> Node:
        return self._traversed(tree, name_of(tree), [])

    def _traversal(self, tree: Expression) -> Node:
        steps: list[Step] = []
        root, source = tree, tree
        while True:
            if root.data == "expr_term" and not tokens(root):
                root = subtrees(root)[0]
            elif root.data in ("get_attr_expr_term", "index_expr_term"):
                inner, step = subtrees(root)
                value = self._step(step)
                if isinstance(value, Unknown):
                    return self._node(tree, value)
                steps.insert(0, value)
                root = inner
            else:
                break
        if root.data == "identifier":
            return self._traversed(source, name_of(root), steps)
        return follow(self.value(root), steps, self.place(tree))

    def _traversed(self, tree: Expression, root: str, steps: list[Step]) -> Node:
        place = self.place(tree)
        own = self._own.get(root)
        if own is not None:
            return follow(own, steps, place)
        value, used = self._names.resolve(root, steps, place)
        return follow(Node(value.data, place), steps[used:], place)

    def _step(self, tree: Expression) -> Step | Unknown:
        if tree.data == "get_attr":
            return name_of(subtrees(tree)[0])
        if tree.data == "short_index":
            return int(str(tree.children[-1]))
        index = self.value(subtrees(tree)[0])
        match index.data:
            case Unknown() as unknown:
                return unknown
            case bool() | None | dict() | list():
                raise index.error("an index must be a number or a text")
            case str() as key:
                return key
            case number:
                return int(number)

    def _splat(self, tree: Expression) -> Node:
        source, splat = subtrees(tree)
        value = self.value(source)
        if isinstance(value.data, Unknown):
            return value
        listed = value.data if isinstance(value.data, list) else [value]
        steps: list[Step] = []
        for part in subtrees(splat):
            step = self._step(part)
            if isinstance(step, Unknown):
                return self._node(tree, step)
            steps.append(step)
        place = self.place(tree)
        found: list[Node] = [follow(each, steps, place) for each in listed if each.data is not None]
        return self._node(tree, found)

    def _conditional(self, tree: Expression) -> Node:
        condition, then, otherwise = subtrees(tree)
        decided = self.value(condition)
        if isinstance(decided.data, Unknown):
            return decided
        return self.value(then if nodes.boolean(decided, "a condition") else otherwise)

    def _unary(self, tree: Expression) -> Node:
        value = self.value(subtrees(tree)[0])
        if isinstance(value.data, Unknown):
            return value
        if str(tokens(tree)[0]) == "!":
            return self._node(tree, not nodes.boolean(value, "what ! is before"))
        return self._node(tree, _simple(-_number(value)))

    def _binary(self, tree: Expression) -> Node:
        left_tree, term = subtrees(tree)
        sign_tree, right_tree = subtrees(term)
        sign, left = str(sign_tree.children[0]), self.value(left_tree)
        if sign in ("&&", "||") and isinstance(left.data, bool) and left.data == (sign == "||"):
            return self._node(tree, left.data)
        right = self.value(right_tree)
        for side in (left, right):
            unknown = nodes.find_unknown(side)
            if unknown is not None:
                return self._node(tree, unknown)
        return self._node(tree, self._operated(sign, left, right))

    def _operated(self, sign: str, left: Node, right: Node) -> Data:
        if sign in ("==", "!="):
            return bool(nodes.plain(left) == nodes.plain(right)) == (sign == "==")
        if sign in ("&&", "||"):
            return nodes.boolean(right, f"what {sign} is before")
        first, second = _number(left), _number(right)
        if sign in _ORDER:
            return bool(_ORDER[sign](first, second))
        if sign in "/%" and not second:
            raise right.error("is a division by zero")
        return _simple(_ARITHMETIC[sign](first, second))

    def _call(self, tree: Expression) -> Node:
        name = "::".join(name_of(each) for each in subtrees(tree) if each.data == "identifier")
        given = [each for each in subtrees(tree) if each.data == "arguments"]
        trees = subtrees(given[0]) if given else []
        place = self.place(tree)
        if name in ("try", "can"):
            return self._tried(name, trees, place)
        if name == "file" and len(trees) == 1:
            path = self.value(trees[0])
            if isinstance(path.data, Unknown):
                return path
            return Node(self._names.file_text(nodes.text(path, "a path"), place), place)
        values = [self.value(each) for each in trees]
        if given and any(token.type == "ELLIPSIS" for token in tokens(given[0])):
            values[-1:] = nodes.items(values[-1], "the last argument")
        function = FUNCTIONS.get(name)
        if function is None:
            return Node(Unknown(f"the function {name} is not followed"), place)
        return Node(function(values, place), place)

    def _tried(self, name: str, trees: list[Expression], place: Place) -> Node:
        for each in trees:
            try:
                value = self.value(each)
            except SchemaError:
                continue
            return Node(True, place) if name == "can" else value
        if name == "can":
            return Node(False, place)
        raise SchemaError.at(place, "try: none of its arguments has a value")

    def _for(self, tree: Expression) -> Node:
        intro, *results = [each for each in subtrees(tree) if each.data != "for_cond"]
        conditions = [each for each in subtrees(tree) if each.data == "for_cond"]
        *names, source = subtrees(intro)
        collection = self.value(source)
        if isinstance(collection.data, Unknown):
            return collection
        groups = any(token.type == "ELLIPSIS" for token in tokens(tree))
        listed: list[Node] = []
        members: dict[str, Node] = {}
        for key, value in pairs(collection):
            own = dict(zip(map(name_of, names), (key, value)[-len(names) :], strict=True))
            scope = self.with_names(own)
            if conditions:
                wanted = scope.value(subtrees(conditions[0])[0])
                if isinstance(wanted.data, Unknown):
                    return wanted
                if not nodes.boolean(wanted, "the condition"):
                    continue
            if tree.data == "for_tuple_expr":
                listed.append(scope.value(results[0]))
                continue
            name = nodes.text(scope.value(results[0]), "a key")
            found = scope.value(results[1])
            if groups:
                had = members[name].data if name in members else []
                assert isinstance(had, list)
                members[name] = found.with_data([*had, found])
            else:
                members[name] = found
        return self._node(tree, listed if tree.data == "for_tuple_expr" else members)


_EVALUATIONS: Final[Mapping[str, Callable[[Scope, Expression], Node]]] = {
    "expr_term": Scope._term,
    "literal_value": Scope._literal,
    "int_lit": Scope._number,
    "float_lit": Scope._number,
    "string": Scope._string,
    "heredoc_template": Scope._heredoc,
    "heredoc_template_trim": Scope._heredoc,
    "tuple": Scope._tuple,
    "object": Scope._object,
    "identifier": Scope._identifier,
    "get_attr_expr_term": Scope._traversal,
    "index_expr_term": Scope._traversal,
    "attr_splat_expr_term": Scope._splat,
    "full_splat_expr_term": Scope._splat,
    "conditional": Scope._conditional,
    "unary_op": Scope._unary,
    "binary_op": Scope._binary,
    "function_call": Scope._call,
    "for_tuple_expr": Scope._for,
    "for_object_expr": Scope._for,
}


def pairs(collection: Node) -> list[tuple[Node, Node]]:
    """The keys and values of a mapping, or the positions and elements of a list."""
    if isinstance(collection.data, dict):
        return [(each.with_data(key), each) for key, each in sorted(collection.data.items())]
    listed = nodes.items(collection, "what is gone through")
    return [(each.with_data(number), each) for number, each in enumerate(listed)]


def follow(value: Node, steps: Iterable[Step], place: Place) -> Node:
    """The part of a value that the steps lead to. Raises SchemaError if there is none."""
    for step in steps:
        match value.data:
            case Unknown():
                return value
            case dict() as members if str(step) in members:
                value = members[str(step)]
            case list() as listed if isinstance(step, int) and -1 < step < len(listed):
                value = listed[step]
            case _:
                raise SchemaError.at(place, f"there is no {step} in this value")
    return value


def _number(node: Node) -> float:
    match node.data:
        case bool():
            pass
        case int() | float() as number:
            return number
        case str() as digits:
            try:
                return float(digits)
            except ValueError:
                pass
    raise node.error("must be a number here")


def _simple(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _closing(text: str, start: int) -> int | None:
    """Where the brace that is open at `start` is closed, texts in quotes not counted."""
    depth, quoted = 1, False
    for at in range(start, len(text)):
        character = text[at]
        if character == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted and character in "{}":
            depth += 1 if character == "{" else -1
            if not depth:
                return at
    return None
