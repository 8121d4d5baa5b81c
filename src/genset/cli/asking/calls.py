"""Calling an operation on items once, and saying what commands on items took."""

from __future__ import annotations

from typing import Any

from genset.cli.asking.reading import Call, Tally
from genset.cli.items.expressions import Placeholders
from genset.cli.printing.saying import say


def call_once(
    call: Call, request: dict[str, Any], placeholders: Placeholders, *, stats: bool
) -> dict[str, Any]:
    """The answer to a request with these placeholders; with `stats`, what it took is told."""
    placeholders.add_to(request)
    if stats:
        request["ReturnConsumedCapacity"] = "TOTAL"
    tally = Tally()
    answer = call(**request)
    tally.add(answer)
    if stats:
        tell(tally)
    return answer


def tell(tally: Tally) -> None:
    """Say on stderr what a command took."""
    say(str(tally))
