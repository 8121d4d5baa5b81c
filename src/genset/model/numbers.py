"""DynamoDB numbers: 38 digits, -9.9...E+125 to 9.9...E+125, kept as canonical text.

Canonical text is plain decimal without exponent, leading or trailing zeros; zero is "0". Two
numbers are equal exactly if their canonical texts are. Floats appear nowhere.

Source: developer guide, "Supported data types and naming rules", and observed grammar and texts.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, Overflow
from typing import Final

from genset.model.errors import ValidationException
from genset.model.limits import NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN

_GRAMMAR: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?", re.ASCII)
# Exact for any sum or difference of two numbers in range: 125 + 130 + 1 digits at the most.
_EXACT: Final = Context(prec=400, Emax=9999, Emin=-9999, traps=[Inexact, Overflow])
# Java's int and long: the service reads an exponent into a long, and its older layer into an int.
_INT_MAX: Final = 2**31 - 1
_LONG_MAX: Final = 2**63 - 1
_LONG_DIGITS: Final = 19

_NOT_NUMERIC: Final = "The parameter cannot be converted to a numeric value"
_OVERFLOW: Final = (
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
)
_UNDERFLOW: Final = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)

_NEGATIVE: Final = 0x01
_ZERO: Final = b"\x02"
_POSITIVE: Final = 0x03
_INVERT: Final = bytes(255 - i for i in range(256))


def canonical_number(text: str) -> str:
    """The canonical text of a number as a client may write it.

    Raises ValidationException with DynamoDB's message if `text` is no number, has more than 38
    significant digits, or is out of range.
    """
    if len(text) <= NUMBER_DIGITS_MAX and text.isascii() and text.isdigit() and text[0] != "0":
        return text
    try:
        negative, digits, exponent = _parse(text)
        # Zero is in range or not by the exponent of its last digit: 0e126 overflows, 0.0e126 not.
        _check_range(digits or "0", exponent)
    except ValidationException as error:
        older = _older_fault(text, error.message)
        raise ValidationException(error.message, detected=True, older=older) from None
    return _plain(negative, digits, exponent) if digits else "0"


def _parse(text: str) -> tuple[bool, str, int]:
    """Sign, significant digits without zeros at either end, and the exponent of the last digit.

    Zero has no digits, and the exponent of the last one it is written with.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValidationException(f"{_NOT_NUMERIC}: {text}")
    sign, whole, fraction, power = match.groups()
    fraction = fraction or ""
    digits = (whole + fraction).lstrip("0")
    trimmed = digits.rstrip("0")
    exponent = (_whole_exponent(power, text) if power else 0) - len(fraction)
    if not trimmed:
        return False, "", exponent
    return sign == "-", trimmed, exponent + len(digits) - len(trimmed)


def _whole_exponent(power: str, text: str) -> int:
    exponent = _bounded_int(power)
    if not -_LONG_MAX - 1 <= exponent <= _LONG_MAX:
        raise ValidationException(f"{_NOT_NUMERIC}: {text}")
    return exponent


def _bounded_int(power: str) -> int:
    """An exponent's value, or one beyond Java's long: a request has room for too many digits."""
    digits = power.lstrip("+-").lstrip("0")
    value = int(digits or "0") if len(digits) <= _LONG_DIGITS else _LONG_MAX + 2
    return -value if power.startswith("-") else value


def _check_range(digits: str, exponent: int) -> None:
    magnitude = exponent + len(digits) - 1
    if magnitude > NUMBER_EXPONENT_MAX:
        raise ValidationException(_OVERFLOW)
    if magnitude < NUMBER_EXPONENT_MIN:
        raise ValidationException(_UNDERFLOW)
    if len(digits) > NUMBER_DIGITS_MAX:
        raise ValidationException("Attempting to store more than 38 significant digits in a Number")


def _older_fault(text: str, fault: str) -> str:
    """What the service's older layer says of a number refused for `fault`.

    It reads numbers as Java's BigDecimal does, in 32 bits: an exponent beyond those is no number,
    and one at their end wraps to the other side of the range. Observed in October 2026.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return f"{_NOT_NUMERIC}: {text}" if text else _NOT_NUMERIC
    _, whole, fraction, power = match.groups()
    scale = len(fraction or "") - _bounded_int(power or "0")
    if not -_INT_MAX <= scale <= _INT_MAX:
        return f"{_NOT_NUMERIC}: {text}"
    digits = (whole + (fraction or "")).lstrip("0")
    return _UNDERFLOW if len(digits) - scale > _INT_MAX else fault


def _plain(negative: bool, digits: str, exponent: int) -> str:
    if exponent >= 0:
        text = digits + "0" * exponent
    elif -exponent < len(digits):
        text = f"{digits[:exponent]}.{digits[exponent:]}"
    else:
        text = "0." + "0" * (-exponent - len(digits)) + digits
    return "-" + text if negative else text


def to_decimal(canonical: str) -> Decimal:
    """The exact value of a canonical number."""
    return Decimal(canonical)


def from_decimal(value: Decimal) -> str:
    """The canonical text of a finite `value`; raises as `canonical_number` does."""
    # A difference of zero keeps the exponent of its operands, which says nothing of its range.
    return canonical_number(str(value)) if value else "0"


def add_numbers(a: str, b: str) -> str:
    """The sum of two canonical numbers; raises if it has over 38 digits or is out of range."""
    return _result(_EXACT.add(Decimal(a), Decimal(b)))


def subtract_numbers(a: str, b: str) -> str:
    """`a - b` of two canonical numbers; raises if over 38 digits or out of range."""
    return _result(_EXACT.subtract(Decimal(a), Decimal(b)))


def _result(value: Decimal) -> str:
    try:
        return from_decimal(value)
    except ValidationException as error:
        # Whatever is wrong with a result, the service calls it an overflow: too many digits and
        # too small a magnitude as well.
        raise ValidationException(_OVERFLOW) from error


def encode_number(canonical: str) -> bytes:
    """Bytes that order as the numbers do, and of which none is a prefix of another.

    A sign byte, the decimal exponent as one byte, then two digits a byte, ended by a byte that
    sorts before any digits; for negative numbers all but the sign byte are inverted.
    """
    negative, digits, exponent = _parse(canonical)
    if not digits:
        return _ZERO
    magnitude = exponent + len(digits) - 1 - NUMBER_EXPONENT_MIN
    if len(digits) % 2:
        digits += "0"
    body = bytes([magnitude, *(int(digits[i : i + 2]) + 1 for i in range(0, len(digits), 2)), 0])
    if negative:
        return bytes([_NEGATIVE]) + body.translate(_INVERT)
    return bytes([_POSITIVE]) + body


def decode_number(encoded: bytes) -> str:
    """The inverse of `encode_number`."""
    if encoded == _ZERO:
        return "0"
    negative = encoded[0] == _NEGATIVE
    body = encoded[1:].translate(_INVERT) if negative else encoded[1:]
    digits = "".join(f"{pair - 1:02d}" for pair in body[1:-1])
    exponent = body[0] + NUMBER_EXPONENT_MIN - (len(digits) - 1)
    trimmed = digits.rstrip("0")
    return _plain(negative, trimmed, exponent + len(digits) - len(trimmed))


def number_bytes(canonical: str) -> int:
    """What a number counts in an item's size.

    One byte, one for a minus sign, and one for every two significant digits, rounded up on each
    side of the decimal point by itself. The documentation's rule is wrong on signs and on the
    rounding; this one was bisected against the service in August 2026.
    """
    if canonical == "0":
        return 1
    negative = canonical[0] == "-"
    whole, _, fraction = canonical[negative:].partition(".")
    if not fraction:
        whole = whole.rstrip("0")
    elif whole == "0":
        whole = ""
        fraction = fraction.lstrip("0")
    return 1 + negative + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2
