"""Values as constraint failures echo them: the text of the service's own Java objects.

A list is `[a, b]`, a map `{k=v}`, a structure `Name(member=value, other=null)` with every member
the service knows. Values have passed the deserialisation pass. The writer keeps its own stack, so
no depth of nesting exhausts Python's, and stops at a length, so that a large request is not
answered with a larger error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from genset.wire._service_model import Shape, lower_first, shape
from genset.wire._shape_rules import JAVA_FIELDS

# The service's own bound is unknown; the echoes that have been seen are well below this.
ECHO_CHARACTERS_MAX: Final = 1024 * 1024

# A piece is ready text, or a value still to be written.
_Piece: TypeAlias = str | tuple[Shape | None, Any]


def java_text(of: Shape, value: Any) -> str:
    """`value` of shape `of` as Java prints it, cut at ECHO_CHARACTERS_MAX characters."""
    written: list[str] = []
    length = 0
    pending: list[_Piece] = [(of, value)]
    while pending and length < ECHO_CHARACTERS_MAX:
        piece = pending.pop()
        if isinstance(piece, str):
            written.append(piece)
            length += len(piece)
        else:
            pending.extend(reversed(list(_pieces(*piece))))
    return "".join(written)[:ECHO_CHARACTERS_MAX]


def _pieces(of: Shape | None, value: Any) -> Iterator[_Piece]:
    match value, of:
        case None, _:
            yield "null"
        case bool(), _:
            yield "true" if value else "false"
        case list(), Shape():
            yield from _joined("[", ((("", of.element, element)) for element in value), "]")
        case dict(), Shape(kind="map"):
            entries = ((f"{name}=", of.element, element) for name, element in value.items())
            yield from _joined("{", entries, "}")
        case dict(), Shape():
            yield from _joined(f"{of.name}(", _fields(of, value), ")")
        case str(), Shape(kind="blob"):
            size = len(value) // 4 * 3 - value[-2:].count("=")
            yield f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
        case _:
            yield str(value)


def _fields(of: Shape, value: Any) -> Iterator[tuple[str, Shape | None, Any]]:
    shapes = of.member_shapes
    for name in JAVA_FIELDS.get(of.name, tuple(shapes)):
        field_shape = shape(shapes[name]) if name in shapes else None
        yield f"{lower_first(name)}=", field_shape, value.get(name) if field_shape else None


def _joined(
    start: str, entries: Iterator[tuple[str, Shape | None, Any]], end: str
) -> Iterator[_Piece]:
    separator = start
    for label, entry_shape, value in entries:
        yield separator + label
        yield entry_shape, value
        separator = ", "
    yield end if separator == ", " else start + end
