"""How a terminal's columns are shared among those of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Less of a value tells nothing.
_WIDTH_MIN: Final = 8


def fit(naturals: Sequence[int], available: int, between: int) -> list[int]:
    """The widths of the columns that have room, from the first, with `between` after each.

    What is wanted is given, if it can be; else the widest columns give way first, but none below
    `_WIDTH_MIN`, and columns at the end are left out. The first is always there.
    """
    shown = len(naturals)
    while shown > 1 and _least(naturals[:shown], between) > available:
        shown -= 1
    room = max(available - between * shown, shown)
    return _shrunk(list(naturals[:shown]), room)


def _least(naturals: Sequence[int], between: int) -> int:
    return sum(min(each, _WIDTH_MIN) + between for each in naturals)


def _shrunk(widths: list[int], room: int) -> list[int]:
    """The widths with the largest cut to one measure, so that their sum is at most `room`."""
    if sum(widths) <= room:
        return widths
    measure, left = room, room
    for narrower, width in enumerate(sorted(widths)):
        measure = left // (len(widths) - narrower)
        if width > measure:
            break
        left -= width
    return [min(width, measure) for width in widths]
