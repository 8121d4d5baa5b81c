"""When an item expires: what its time-to-live attribute must hold, and which seconds are due.

The developer guide ("Using time to live") has an item expire when its value, of type N and in
seconds since the epoch, is less than the current time, unless it is more than five years past. The
current time is taken in whole seconds, so a fraction counts as its second does. Whether a year of
the five has a leap day is not known; here none has.
"""

from __future__ import annotations

from typing import Final

from genset.model.attribute_values import Item
from genset.model.limits import TTL_PAST_SECONDS_MAX

# A time of more digits is beyond all clocks; those of so many fit into the 8 bytes of a key.
_DIGITS_MAX: Final = 18


def expiry_second(item: Item, attribute: str) -> int | None:
    """The first second at which an item counts as expired; None if it never does."""
    value = item.get(attribute)
    if value is None:
        return None
    number = value.get("N")
    if number is None or number[0] == "-":
        return None
    whole = number.partition(".")[0]
    return int(whole) + 1 if len(whole) <= _DIGITS_MAX else None


def due_seconds(now: float) -> tuple[int, int]:
    """The first and the last of the seconds whose items are to be deleted at `now`."""
    last = int(now)
    return max(last - TTL_PAST_SECONDS_MAX + 1, 0), last
