"""Whether two resource policies say the same, however they are written."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_OLD_VERSION: Final = "2008-10-17"


def same_policy(one: str | None, other: str | None) -> bool:
    """Whether they are the same but for blanks, order of members, and lists of one.

    DynamoDB gives a policy back in a form of its own, with an account's number as the ARN of its
    root and with the Version that goes without saying.
    """
    if one is None or other is None:
        return one is other
    try:
        return bool(_document(one) == _document(other))
    except ValueError:
        return one == other


def _document(text: str) -> Any:
    found = _canonical(json.loads(text))
    return {"Version": _OLD_VERSION, **found} if isinstance(found, dict) else found


def _canonical(value: Any) -> Any:
    match value:
        case dict():
            return {name: _canonical(each) for name, each in value.items()}
        case [only]:
            return _canonical(only)
        case list():
            return sorted((_canonical(each) for each in value), key=json.dumps)
        case str() if _ACCOUNT.fullmatch(value):
            return f"arn:aws:iam::{value}:root"
        case _:
            return value
