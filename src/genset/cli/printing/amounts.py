"""Numbers of things, as they are said to a person."""

from __future__ import annotations


def amount(number: int, noun: str) -> str:
    """`1 item`, `1,200 items`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
