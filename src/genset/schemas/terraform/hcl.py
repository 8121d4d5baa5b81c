"""Texts in Terraform's language as blocks, whose expressions are trees of python-hcl2.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from genset.schemas.problems import Place, SchemaError

Expression = Tree[Token]

_NO_MEANING: Final = "new_line_or_comment"
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its type and labels, and what is in its body."""

    type: str
    labels: tuple[str, ...]
    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]
    place: Place

    def of_type(self, name: str) -> Iterator[Block]:
        """The blocks of that type in it."""
        return (block for block in self.blocks if block.type == name)


def parse_hcl(text: str, file: str) -> Block:
    """The body of a file, as a block without a type. Raises SchemaError."""
    import hcl2

    try:
        tree = hcl2.parses_to_tree(text)
    except UnexpectedInput as error:
        message = "is not in Terraform's language: " + _unexpected(error)
        raise SchemaError.at(Place(file, max(error.line, 1)), message) from None
    (body,) = subtrees(tree)
    return _block("", (), body, Place(file, 1))


def parse_expression(text: str, place: Place) -> Expression:
    """One expression, whose places are all `place`. Raises SchemaError."""
    import hcl2

    try:
        tree = hcl2.parses_to_tree(f"x = {text}")
    except UnexpectedInput:
        raise SchemaError.at(place, f"is no expression: {text}") from None
    found = _block("", (), subtrees(tree)[0], place).attributes["x"]
    for each in found.iter_subtrees():
        each.meta.line = place.line
    return found


def subtrees(tree: Expression) -> list[Expression]:
    """The parts of a tree that mean something and are no tokens."""
    return [
        child for child in tree.children if isinstance(child, Tree) and child.data != _NO_MEANING
    ]


def tokens(tree: Expression) -> list[Token]:
    """The tokens directly in a tree."""
    return [child for child in tree.children if isinstance(child, Token)]


def name_of(tree: Expression) -> str:
    """The text of an identifier, keyword or word of the language."""
    return str(tree.children[0])


def unescaped(text: str) -> str:
    """The characters that a part of a quoted text stands for."""

    def character(found: re.Match[str]) -> str:
        escape = found.group(1)
        if escape[0] in "uU" and len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPES.get(escape, escape)

    return _ESCAPE.sub(character, text)


def _block(type_: str, labels: tuple[str, ...], body: Expression, place: Place) -> Block:
    attributes: dict[str, Expression] = {}
    blocks: list[Block] = []
    for child in subtrees(body):
        at = Place(place.file, child.meta.line)
        parts = subtrees(child)
        if child.data == "attribute":
            name = name_of(parts[0])
            if name in attributes:
                raise SchemaError.at(at, f"{name} is there twice")
            attributes[name] = parts[1]
        else:
            *names, inner = parts
            words = [_label(each) for each in names]
            blocks.append(_block(words[0], tuple(words[1:]), inner, at))
    return Block(type_, labels, attributes, tuple(blocks), place)


def _label(tree: Expression) -> str:
    if tree.data != "string":
        return name_of(tree)
    return "".join(str(token) for part in subtrees(tree) for token in tokens(part))


def _unexpected(error: UnexpectedInput) -> str:
    token = getattr(error, "token", None)
    if token is not None:
        return f"{str(token).strip() or 'the end of the line'} is not expected here"
    return f"{getattr(error, 'char', 'the end')} is not expected here"
