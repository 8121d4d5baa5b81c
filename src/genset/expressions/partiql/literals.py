"""Literals: strings, numbers, lists, tuples and bags to attribute values.

A literal's faults are told with the path inside it, `root` for the literal itself. Texts as
observed on the service, September and October 2026.
"""

from __future__ import annotations

import re
from typing import Final

from genset.expressions.partiql.errors import malformed, misplaced
from genset.expressions.partiql.syntax import Kind, Syntax
from genset.model.attribute_values import AttributeValue, sorted_set
from genset.model.errors import ValidationException
from genset.model.limits import NESTING_LEVELS_MAX
from genset.model.numbers import canonical_number

_ROOT: Final = "root"
_INT_MAX: Final = 2**31 - 1
_EXPONENT: Final = re.compile(r"[eE]([+-]?)0*([0-9]+)$")
_SCALARS: Final = frozenset((Kind.STRING, Kind.NUMBER, Kind.BOOLEAN, Kind.NULL))
_COLLECTIONS: Final = frozenset((Kind.LIST, Kind.STRUCT, Kind.BAG))


def is_literal(syntax: Syntax) -> bool:
    """Whether `syntax` is to be read by `literal_value`."""
    return syntax.kind in _SCALARS or syntax.kind in _COLLECTIONS or syntax.kind is Kind.ION


def literal_value(syntax: Syntax) -> AttributeValue:
    """The value of a literal. Raises ValidationException for what cannot be stored."""
    return _value(syntax, _ROOT, 1)


def _value(syntax: Syntax, path: str, level: int) -> AttributeValue:
    if level > NESTING_LEVELS_MAX:
        raise ValidationException(f"Nesting Levels have exceeded supported limits under {path}")
    match syntax.kind:
        case Kind.STRING:
            return {"S": syntax.text}
        case Kind.NUMBER:
            return {"N": _number(syntax.text, path)}
        case Kind.BOOLEAN:
            return {"BOOL": syntax.text == "true"}
        case Kind.NULL:
            return {"NULL": True}
        case Kind.LIST:
            elements = [
                _value(part, f"{path}[{number}]", level + 1)
                for number, part in enumerate(syntax.parts)
            ]
            return {"L": elements}
        case Kind.STRUCT:
            return {"M": _members(syntax, path, level)}
        case Kind.BAG:
            return _bag(syntax, path)
        case Kind.ION:
            raise misplaced(f"Ion Literals are not supported under key {path}", syntax.token)
        case _:
            raise unsupported_value(syntax, path)


def unsupported_value(syntax: Syntax, path: str = _ROOT) -> ValidationException:
    """The exception for what stands where only a literal may."""
    kind = syntax.kind
    what = kind.value
    if kind is Kind.CALL or kind is Kind.OPERATION or (kind is Kind.NAME and path == _ROOT):
        what = syntax.text
    return misplaced(f"Unsupported data type: {what} under key {path}", syntax.token)


def member_names(struct: Syntax, path: str = _ROOT) -> list[tuple[str, Syntax]]:
    """The keys and values of a tuple; raises ValidationException for keys that cannot be."""
    members: list[tuple[str, Syntax]] = []
    seen: set[str] = set()
    for key, value in zip(struct.parts[::2], struct.parts[1::2], strict=True):
        if key.kind is not Kind.STRING:
            what = "INT" if key.kind is Kind.NUMBER else key.kind.value
            raise misplaced(
                f"Tuple keys must be of type String. Actual type: {what} under {path}", key.token
            )
        if not key.text:
            raise ValidationException("Path component cannot be an empty string")
        if key.text in seen:
            raise misplaced(f"Duplicate keys in tuple. Key: {key.text} under {path}", key.token)
        seen.add(key.text)
        members.append((key.text, value))
    return members


def _members(struct: Syntax, path: str, level: int) -> dict[str, AttributeValue]:
    return {
        name: _value(value, f"{path}.{name}", level + 1)
        for name, value in member_names(struct, path)
    }


def _number(text: str, path: str) -> str:
    """The canonical text of a number that Java can hold at all, and DynamoDB as well."""
    exponent = _EXPONENT.search(text)
    if exponent is not None:
        # The exponent, and the digits after the point less it, must be 32-bit integers.
        power = exponent[2]
        scale = int(f"{exponent[1]}{power[:20]}") if power else 0
        digits = len(text[: exponent.start()].partition(".")[2])
        if len(power) > 10 or not all(
            -_INT_MAX - 1 <= number <= _INT_MAX for number in (scale, digits - scale)
        ):
            raise malformed()
    try:
        return canonical_number(text)
    except ValidationException as error:
        error.take_older_words()
        raise ValidationException(f"{error.message} under {path}") from None


def _bag(syntax: Syntax, path: str) -> AttributeValue:
    """A set: bags hold either strings or numbers."""
    if not syntax.parts:
        raise ValidationException("Empty bags are not supported")
    kind = syntax.parts[0].kind
    if kind is Kind.NUMBER:
        tag = "NS"
        members = [_number(part.text, path) for part in syntax.parts if part.kind is kind]
    else:
        tag = "SS"
        members = [part.text for part in syntax.parts if part.kind is Kind.STRING]
    if len(members) != len(syntax.parts):
        raise _wrong_member(syntax)
    if len(set(members)) != len(members):
        listed = ", ".join(part.text for part in syntax.parts)
        end = "." if tag == "SS" else f"! under {path}"
        raise ValidationException(
            "One or more parameter values were invalid: Input collection "
            f"[{listed}] contains duplicates{end}"
        )
    return {tag: sorted_set(tag, members)}


def _wrong_member(bag: Syntax) -> ValidationException:
    what = "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"
    for part in bag.parts:
        if part.kind not in (Kind.STRING, Kind.NUMBER):
            return misplaced(what, part.token)
    return ValidationException(what)
