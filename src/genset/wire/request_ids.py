"""The source of request ids, the values of x-amzn-RequestId."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from itertools import count

_LENGTH = 52
_COUNTER_DIGITS = 20


def random_request_ids(random_bytes: Callable[[int], bytes] = os.urandom) -> Callable[[], str]:
    """A function that gives a new id of 52 characters of A-Z and 0-9 with every call.

    One random part for the process and a counter: as unique as a fresh random id for each
    request, without asking the system for randomness each time. Not secret, not unguessable.
    """
    prefix = base64.b32encode(random_bytes(20)).decode("ascii")
    assert len(prefix) + _COUNTER_DIGITS == _LENGTH
    numbers = count()
    return lambda: f"{prefix}{next(numbers):0{_COUNTER_DIGITS}d}"
