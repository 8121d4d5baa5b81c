"""One form for values that are equal: numbers by value, sets without order.

Servers keep `1.50` as they like, and sets in any order; comparing two of them needs this form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from hashlib import blake2b
from typing import Any, Final

import orjson

from genset.transfer.plain import base64_text

# More digits than a number has, so that nothing is rounded.
_EXACT: Final = Context(prec=400, Emax=10_000, Emin=-10_000)
_KEY_TYPES: Final = ("S", "N", "B")
DIGEST_BYTES: Final = 16


def digest(item: Mapping[str, Any]) -> bytes:
    """A digest of an item that equal items share, and no others."""
    return blake2b(_text(canonical_item(item)), digest_size=DIGEST_BYTES).digest()


def key_text(item: Mapping[str, Any], names: Iterable[str]) -> bytes:
    """A text that two items share if and only if their key attributes are equal."""
    return _text([_key_value(item[name]) if name in item else None for name in names])


def _key_value(value: Mapping[str, Any]) -> Any:
    # What cannot be a key is the server's to refuse; any form will do for it here.
    ((kind, content),) = value.items()
    return canonical(value) if kind in _KEY_TYPES else repr(content)


def _text(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def canonical_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of an item."""
    return {name: canonical(value) for name, value in item.items()}


def canonical(value: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of an attribute value; what is none stays as it is."""
    return {kind: _content(kind, content) for kind, content in value.items()}


def _content(kind: str, content: Any) -> Any:
    match kind:
        case "N":
            return _number(content)
        case "B":
            return base64_text(content)
        case "SS":
            return sorted(content)
        case "NS":
            return sorted(map(_number, content))
        case "BS":
            return sorted(map(base64_text, content))
        case "L":
            return [canonical(each) for each in content]
        case "M":
            return canonical_item(content)
    return content


def _number(text: str) -> str:
    try:
        return str(_EXACT.add(Decimal(text).normalize(_EXACT), 0))
    # One that no server takes is left for it to refuse.
    except (ArithmeticError, TypeError):
        return str(text)
