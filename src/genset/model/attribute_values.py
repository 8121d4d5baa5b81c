"""Attribute values: decoding what a client sent, equality and order.

An attribute value is DynamoDB JSON itself, a dict with exactly one of the ten type tags: it is
what is stored and what goes on the wire, so a read never converts it. A decoded value is
*canonical*: numbers are canonical text, binaries padded base64, sets hold no duplicates and are
in order, strings and binaries by their bytes and numbers by value, as the service reads them back.

Sources: API reference, "AttributeValue"; messages as observed from the service.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from genset.model.errors import SerializationException, ValidationException
from genset.model.limits import ATTRIBUTE_NAME_BYTES_MAX, NESTING_LEVELS_MAX
from genset.model.numbers import canonical_number, number_bytes, to_decimal

AttributeValue: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, AttributeValue]

_CONTAINER_BYTES: Final = 3  # a list or map counts 3 bytes and 1 for each element
_NESTING: Final = "Nesting Levels have exceeded supported limits"
_NESTING_IN_ITEM: Final = (
    f"{_NESTING}: Attributes in the item have nested levels beyond supported limit"
)
_INVALID: Final = "One or more parameter values were invalid: "


def decode_value(raw: Any, level: int = 1) -> AttributeValue:
    """Check `raw` and make it canonical, in place; the same object is returned.

    `level` is the level of nesting that the value itself counts as. Raises ValidationException
    with DynamoDB's message, or SerializationException where a JSON value has the wrong type.
    """
    if _decode(raw, level) > ATTRIBUTE_NAME_BYTES_MAX:
        _check_names_within(raw)
    return raw  # type: ignore[no-any-return]


def decode_item(raw: Any) -> tuple[Item, int]:
    """Check a map of attribute names to values, in place, and measure it in bytes.

    Raises as `decode_value` does. The 400 KB limit is the operation's to check.
    """
    size = 0
    try:
        for name, value in raw.items():
            size += _utf8_bytes(name) + _decode(value, 1)
        if "" in raw:
            raise _empty_name()
        # Only what is larger than a name may be can hold a name that is too large.
        if size > ATTRIBUTE_NAME_BYTES_MAX:
            _check_names_within({"M": raw})
    except ValidationException as error:
        raise _first_fault(raw, error) from None
    return raw, size


def _first_fault(raw: dict[str, Any], found: ValidationException) -> ValidationException:
    """The fault of an item that the service reports, of which `found` is one.

    It looks for a false NULL before all else, then for an empty name at the top, and for values
    that are nested too deep before empty names inside them.
    """
    if any(_holds_false_null(value, 1) for value in raw.values()):
        return _false_null()
    if "" in raw:
        return _empty_name()
    if any(_nests_too_deep(value, 1) for value in raw.values()):
        return _too_deep()
    return found


def _holds_false_null(raw: Any, level: int) -> bool:
    """Whether NULL is false somewhere: the service looks for that before all other faults."""
    if type(raw) is not dict or level > NESTING_LEVELS_MAX:
        return False
    if raw.get("NULL") is False:
        return True
    return any(_holds_false_null(element, level + 1) for element in _within(raw))


def _nests_too_deep(raw: Any, level: int) -> bool:
    if level > NESTING_LEVELS_MAX:
        return True
    if type(raw) is not dict:
        return False
    return any(_nests_too_deep(element, level + 1) for element in _within(raw))


def _within(raw: dict[str, Any]) -> list[Any]:
    """What a list or map holds, of a value that need not be one."""
    elements, members = raw.get("L"), raw.get("M")
    within: list[Any] = []
    if type(elements) is list:
        within += elements
    if type(members) is dict:
        within += members.values()
    return within


def check_attribute_name(name: str) -> None:
    """Refuse the name of an attribute or of a map's element of 64 KB or more."""
    if _utf8_bytes(name) > ATTRIBUTE_NAME_BYTES_MAX:
        raise ValidationException(
            f"Attribute name is too large, must be less than {ATTRIBUTE_NAME_BYTES_MAX + 1} bytes",
            detected=True,
        )


def _check_names_within(value: AttributeValue) -> None:
    for name, element in value.get("M", {}).items():
        check_attribute_name(name)
        _check_names_within(element)
    for element in value.get("L", ()):
        _check_names_within(element)


def _decode(raw: Any, level: int) -> int:
    """Make `raw` canonical and return its size in bytes."""
    if type(raw) is not dict:
        raise SerializationException("Unexpected value type in payload")
    if level > NESTING_LEVELS_MAX:
        raise _too_deep()
    if len(raw) != 1:
        _keep_one_tag(raw)
    for tag, payload in raw.items():
        decoder = _DECODERS.get(tag)
        if decoder is None or payload is None:
            raise _empty_value()
        return decoder(raw, payload, level)
    raise _empty_value()


def _keep_one_tag(raw: dict[str, Any]) -> None:
    for tag in [tag for tag, payload in raw.items() if tag not in _DECODERS or payload is None]:
        del raw[tag]
    if len(raw) > 1:
        raise ValidationException(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
            "of the supported datatypes"
        )


def _empty_value() -> ValidationException:
    return ValidationException(
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    )


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _wrong_type(payload: Any, wanted: str) -> SerializationException:
    match payload:
        case bool():
            found = f"{str(payload).upper()}_VALUE"
        case int():
            found = "NUMBER_VALUE"
        case float():
            found = "DECIMAL_VALUE"
        case str():
            found = "STRING_VALUE"
        case dict():
            return SerializationException("Start of structure or map found where not expected")
        case _:
            return SerializationException("Unexpected field type")
    return SerializationException(f"{found} cannot be converted to {wanted}")


def _string(raw: AttributeValue, payload: Any, level: int) -> int:
    if type(payload) is not str:
        raise _wrong_type(payload, "String")
    return len(payload) if payload.isascii() else len(payload.encode())


def _number(raw: AttributeValue, payload: Any, level: int) -> int:
    if type(payload) is not str:
        raise _wrong_type(payload, "String")
    raw["N"] = number = canonical_number(payload)
    return number_bytes(number)


def _binary(raw: AttributeValue, payload: Any, level: int) -> int:
    return len(_base64_bytes(payload))


def _base64_bytes(payload: Any) -> bytes:
    """The bytes of canonical base64; any other is refused, bits left over included."""
    if type(payload) is not str:
        raise _wrong_type(payload, "Blob")
    try:
        data = binascii.a2b_base64(payload, strict_mode=bool(payload))
    except (binascii.Error, ValueError):
        raise _not_base64(payload) from None
    # Python overlooks padding too much and bits left over, which the service does not.
    if binascii.b2a_base64(data, newline=False).decode() != payload:
        raise _not_base64(payload)
    return data


def _not_base64(payload: str) -> SerializationException:
    if len(payload) % 4:
        reason = (
            f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(payload)}"
        )
    else:
        reason = "Invalid Base64 character"
    return SerializationException(f'"{payload}" can not be converted to a Blob: {reason}')


def _boolean(raw: AttributeValue, payload: Any, level: int) -> int:
    if type(payload) is not bool:
        raise _wrong_type(payload, "Boolean")
    return 1


def _null(raw: AttributeValue, payload: Any, level: int) -> int:
    if type(payload) is not bool:
        raise _wrong_type(payload, "Boolean")
    if payload is False:
        raise _false_null()
    return 1


def _false_null() -> ValidationException:
    return ValidationException(
        f"{_INVALID}Null attribute value types must have the value of true", detected=True
    )


def _list(raw: AttributeValue, payload: Any, level: int) -> int:
    if type(payload) is not list:
        raise _not_a_list(payload)
    size = _CONTAINER_BYTES + len(payload)
    for element in payload:
        size += _decode(element, level + 1)
    return size


def _map(raw: AttributeValue, payload: Any, level: int) -> int:
    if type(payload) is not dict:
        raise SerializationException("Unexpected field type")
    size = _CONTAINER_BYTES + len(payload)
    for name, value in payload.items():
        size += _utf8_bytes(name) + _decode(value, level + 1)
    if "" in payload:
        raise _empty_name()
    return size


def _empty_name() -> ValidationException:
    return ValidationException("Empty attribute name", detected=True)


def _too_deep() -> ValidationException:
    return ValidationException(_NESTING_IN_ITEM, detected=True)


def check_nesting(item: Item) -> None:
    """Refuse an item whose values nest deeper than 32 levels, the attribute's own included."""
    for value in item.values():
        if "L" in value or "M" in value:
            _check_nesting(value, 1)


def _check_nesting(value: AttributeValue, level: int) -> None:
    if level > NESTING_LEVELS_MAX:
        # Shorter, in the current layer, than what is said of a value in a request.
        raise ValidationException(_NESTING, older=_NESTING_IN_ITEM)
    for element in value.get("L") or value.get("M", {}).values():
        _check_nesting(element, level + 1)


def _not_a_list(payload: Any) -> SerializationException:
    if type(payload) is dict:
        return SerializationException("Start of structure or map found where not expected")
    return SerializationException("Unexpected field type")


def _string_set(raw: AttributeValue, payload: Any, level: int) -> int:
    _check_set(payload, "An string set  may not be empty")
    size = 0
    for member in payload:
        size += _string(raw, member, level)
    if len(set(payload)) != len(payload):
        listed = ", ".join(f'"{member}"' for member in _up_to_repeat(payload, payload))
        raise _duplicates(f"[{listed}] contains", f"[{', '.join(payload)}] contains")
    raw["SS"] = sorted(payload)
    return size


def _up_to_repeat(payload: list[str], order: Sequence[Any]) -> list[str]:
    """A set as the current layer echoes it: in order up to the first repeat, the rest as sent.

    `order` is what the members go by.
    """
    seen: set[Any] = set()
    while order[len(seen)] not in seen:
        seen.add(order[len(seen)])
    before = sorted(range(len(seen)), key=order.__getitem__)
    return [payload[i] for i in before] + payload[len(seen) :]


def _duplicates(listed: str, older: str) -> ValidationException:
    return ValidationException(
        f"{_INVALID}Input collection {listed} duplicates.",
        detected=True,
        older=f"{_INVALID}Input collection {older} duplicates.",
    )


def _number_set(raw: AttributeValue, payload: Any, level: int) -> int:
    _check_set(payload, "An number set  may not be empty")
    numbers: list[str] = []
    for member in payload:
        if type(member) is not str:
            raise _wrong_type(member, "String")
        numbers.append(canonical_number(member))
    if len(set(numbers)) != len(numbers):
        raise ValidationException(
            f"{_INVALID}Input collection contains duplicates.",
            detected=True,
            older="Input collection contains duplicates",
        )
    raw["NS"] = sorted(numbers, key=to_decimal)
    return sum(map(number_bytes, numbers))


def _binary_set(raw: AttributeValue, payload: Any, level: int) -> int:
    _check_set(payload, "Binary sets should not be empty")
    members = [_base64_bytes(member) for member in payload]
    if len(set(members)) != len(members):
        listed = ",".join(f'"{member}"' for member in _up_to_repeat(payload, members))
        kind = "of type BS contains"
        raise _duplicates(f"[{listed}]{kind}", f"[{', '.join(payload)}]{kind}")
    members.sort()
    raw["BS"] = [binascii.b2a_base64(member, newline=False).decode() for member in members]
    return sum(map(len, members))


def _check_set(payload: Any, empty: str) -> None:
    if type(payload) is not list:
        raise _not_a_list(payload)
    if not payload:
        raise ValidationException(_INVALID + empty, detected=True)


_DECODERS: Final[dict[str, Callable[[AttributeValue, Any, int], int]]] = {
    "S": _string,
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _string_set,
    "NS": _number_set,
    "BS": _binary_set,
}


def binary_bytes(canonical_base64: str) -> bytes:
    """The bytes of a decoded `B` payload."""
    return binascii.a2b_base64(canonical_base64)


def sorted_set(tag: str, members: Iterable[str]) -> list[str]:
    """The members of a decoded set of type `tag` in canonical order."""
    if tag == "SS":
        return sorted(members)
    return sorted(members, key=to_decimal if tag == "NS" else binary_bytes)


def type_of(value: AttributeValue) -> str:
    """The type tag of a decoded value."""
    return next(iter(value))


def values_equal(a: AttributeValue, b: AttributeValue) -> bool:
    """Whether two decoded values are equal: sets and maps without order, lists in order."""
    return a == b or (_holds_set(a) and _equal_beneath(a, b))


def _holds_set(value: AttributeValue) -> bool:
    return type_of(value) in ("SS", "NS", "BS", "L", "M")


def _equal_beneath(a: AttributeValue, b: AttributeValue) -> bool:
    tag = type_of(a)
    if tag != type_of(b):
        return False
    left, right = a[tag], b[tag]
    if len(left) != len(right):
        return False
    if tag == "L":
        return all(map(values_equal, left, right))
    if tag == "M":
        return left.keys() == right.keys() and all(
            values_equal(left[name], right[name]) for name in left
        )
    return bool(set(left) == set(right))


def compare_values(a: AttributeValue, b: AttributeValue) -> int | None:
    """-1, 0 or 1 for two strings, two numbers or two binaries; None for any other pair.

    Strings compare by UTF-8 bytes, binaries as unsigned bytes, numbers by value.
    """
    tag = type_of(a)
    if tag != type_of(b):
        return None
    left, right = a[tag], b[tag]
    if left == right:
        return 0 if tag in ("S", "N", "B") else None
    if tag == "S":
        return -1 if _utf8_less(left, right) else 1
    if tag == "N":
        return -1 if to_decimal(left) < to_decimal(right) else 1
    if tag == "B":
        return -1 if binary_bytes(left) < binary_bytes(right) else 1
    return None


def _utf8_less(left: str, right: str) -> bool:
    # Code points order as UTF-8 bytes do, so Python's own comparison is right.
    return left < right
