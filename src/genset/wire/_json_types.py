"""The deserialisation pass: does every JSON value have the type its member wants?

The service reads the whole body in order before it validates anything, and reports the first
value of a wrong type without naming its member. Null stands for an absent member, members that
the model does not know are skipped, numbers are truncated to whole ones, and a boolean may be a
word in quotes. The walk keeps its own stack, so no depth of nesting exhausts Python's.

Messages: as observed through dynalite's published suite, which ran against the service; what
was observed elsewhere is said where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from genset.model.errors import SerializationException
from genset.wire._service_model import INT_MAX, LONG_MAX, Shape

# What is still to be looked at: a value, its shape, and whether it is a structure's member
# (rather than an element of a list or map), on which the message for a wrong type depends.
_Pending: TypeAlias = tuple[Shape, Any, bool]

_JAVA_PACKAGE: Final = "com.amazonaws.dynamodb.v20120810."
_OBJECT_NOT_EXPECTED: Final = "Start of structure or map found where not expected"
_GENERIC_ELEMENT: Final = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
    "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
    "java.lang.Class are in module java.base of loader 'bootstrap')"
)
_JAVA_CLASSES: Final = {
    "string": "java.lang.String",
    "integer": "java.lang.Integer",
    "long": "java.lang.Long",
    "double": "java.lang.Double",
    "boolean": "java.lang.Boolean",
    "timestamp": "java.util.Date",
    "blob": "java.nio.ByteBuffer",
}
_BOOLEAN_WORDS: Final = {
    "TRUE": True,
    "YES": True,
    "1": True,
    "FALSE": False,
    "NO": False,
    "0": False,
}

_BASE64_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64: Final = re.compile(
    "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"
)


def check_document(shape: Shape, document: Any) -> None:
    """Raise SerializationException for the first value of `document` with a wrong JSON type."""
    if type(document) is not dict:
        raise SerializationException()
    pending: list[_Pending] = [(shape, document, True)]
    while pending:
        shape, value, is_member = pending.pop()
        if value is not None:
            pending.extend(reversed(list(_READERS[shape.kind](shape, value, is_member))))


def normalise(shape: Shape, value: Any) -> Any:
    """Give `value`, which `check_document` has passed, the form operations rely on, in place.

    Null members disappear, numbers of whole-number members become whole and are kept within
    32 or 64 bits, and words of boolean members become booleans. Attribute values are left to
    `model`. Returns the value to use instead.
    """
    match value, shape.kind:
        case None, _:
            return None
        case _, "structure" if not shape.is_attribute_value:
            for name in [name for name, member in value.items() if member is None]:
                del value[name]
            for name in value.keys() & shape.members.keys():
                value[name] = normalise(shape.members[name].shape, value[name])
        case _, "list":
            value[:] = [normalise(shape.element, element) for element in value]
        case _, "map":
            for name, element in value.items():
                value[name] = normalise(shape.element, element)
        case _, "integer":
            return _whole(value, INT_MAX)
        case _, "long":
            return _whole(value, LONG_MAX)
        case str(), "boolean":
            return _BOOLEAN_WORDS[value.upper()]
    return value


def base64_failure(text: str) -> str | None:
    """What SerializationException says of a `B` that is not canonical base64; None if it is.

    The length is looked at first, then the bits left over in the last character, then the
    alphabet.
    """
    if _BASE64.fullmatch(text) is not None:
        return None
    if len(text) % 4:
        return f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}"
    padding = 2 - len(text[-2:].rstrip("="))
    digits = text[: len(text) - padding]
    last = _BASE64_ALPHABET.find(digits[-1])
    if padding and last >= 0 and last % 4**padding:
        return "Invalid last non-pad Base64 character dectected"
    wrong = next(character for character in digits if character not in _BASE64_ALPHABET)
    return f"Invalid Base64 character: '{wrong}'"


def _whole(value: float, limit: int) -> int:
    # A number beyond the Java type is kept at its end, so that a huge Limit stays huge.
    return int(max(-limit - 1, min(limit, value)))


def _read_structure(shape: Shape, value: Any, is_member: bool) -> Iterable[_Pending]:
    if type(value) is list:
        raise SerializationException(f"Unrecognized collection type {_java_type(shape)}")
    if type(value) is not dict:
        raise SerializationException(
            "Unexpected field type" if is_member else "Unexpected value type in payload"
        )
    members = shape.members
    for name, member in value.items():
        if name in members:
            yield members[name].shape, member, True


def _read_list(shape: Shape, value: Any, is_member: bool) -> Iterable[_Pending]:
    if type(value) is dict:
        raise SerializationException(_OBJECT_NOT_EXPECTED)
    if type(value) is not list:
        raise SerializationException("Unexpected field type" if is_member else _GENERIC_ELEMENT)
    element = shape.element
    return ((element, child, False) for child in value)


def _read_map(shape: Shape, value: Any, is_member: bool) -> Iterable[_Pending]:
    if type(value) is list:
        raise SerializationException(f"Unrecognized collection type {_java_type(shape)}")
    if type(value) is not dict:
        raise SerializationException("Unexpected field type" if is_member else _GENERIC_ELEMENT)
    element = shape.element
    return ((element, child, False) for child in value.values())


def _read_string(shape: Shape, value: Any, _is_member: bool) -> Iterable[_Pending]:
    if type(value) is not str:
        raise _not_convertible(shape, value)
    return ()


def _read_blob(shape: Shape, value: Any, _is_member: bool) -> Iterable[_Pending]:
    if type(value) is not str:
        if isinstance(value, list | dict):
            raise _not_convertible(shape, value)
        raise SerializationException("only base-64-encoded strings are convertible to bytes")
    failure = base64_failure(value)
    if failure is not None:
        raise SerializationException(failure)
    return ()


def _read_boolean(shape: Shape, value: Any, _is_member: bool) -> Iterable[_Pending]:
    if type(value) is str:
        if value.upper() not in _BOOLEAN_WORDS:
            raise SerializationException("Unexpected token received from parser")
    elif type(value) is not bool:
        raise _not_convertible(shape, value)
    return ()


def _read_number(shape: Shape, value: Any, _is_member: bool) -> Iterable[_Pending]:
    if type(value) is not int and type(value) is not float:
        raise _not_convertible(shape, value)
    return ()


def _not_convertible(shape: Shape, value: Any) -> SerializationException:
    if type(value) is dict:
        return SerializationException(_OBJECT_NOT_EXPECTED)
    if type(value) is list:
        return SerializationException(f"Unrecognized collection type {_java_type(shape)}")
    wanted = _JAVA_CLASSES[shape.kind].rpartition(".")[2]
    return SerializationException(f"{_token(value)} cannot be converted to {wanted}")


def _token(value: Any) -> str:
    match value:
        case True:
            return "TRUE_VALUE"
        case False:
            return "FALSE_VALUE"
        case int():
            return "NUMBER_VALUE"
        case float():
            return "DECIMAL_VALUE"
        case _:
            return "STRING_VALUE"


def _java_type(shape: Shape) -> str:
    """A shape's Java type as these messages print it: classes with "class", generics without."""
    name = _java_name(shape)
    return name if "<" in name else f"class {name}"


def _java_name(shape: Shape) -> str:
    match shape.kind:
        case "structure":
            return _JAVA_PACKAGE + shape.name
        case "list":
            return f"java.util.List<{_java_name(shape.element)}>"
        case "map":
            return f"java.util.Map<java.lang.String, {_java_name(shape.element)}>"
        case kind:
            return _JAVA_CLASSES[kind]


_READERS: Final[dict[str, Callable[[Shape, Any, bool], Iterable[_Pending]]]] = {
    "structure": _read_structure,
    "list": _read_list,
    "map": _read_map,
    "string": _read_string,
    "blob": _read_blob,
    "boolean": _read_boolean,
    "integer": _read_number,
    "long": _read_number,
    "double": _read_number,
    "timestamp": _read_number,
}
