"""The form of a data-driven test: a request, and what must come back, with the evidence.

`evidence` says how the expectation is known. "observed N [A]" is section N of the project's
notes on the live service and the standing of the line there ([A] captured from the service, [D]
documented, [S] second-hand); "docs: <page>" is a page of AWS's documentation; "model" is the
published service model.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.client import Refused

Text = str | re.Pattern[str] | tuple[str, ...]
"""An exact message, a pattern that matches all of it, or what different Regions say."""

DETECTED = "1 validation error detected: "
INVALID = "One or more parameter values were invalid: "


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    operation: str
    request: Mapping[str, Any]
    message: Text
    evidence: str
    type: str = "ValidationException"


@dataclass
class Cases:
    """Collects cases and refuses two of one name."""

    operation: str
    base: Mapping[str, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)

    def __call__(
        self,
        name: str,
        request: Mapping[str, Any],
        message: Text,
        evidence: str,
        *,
        type: str = "ValidationException",  # noqa: A002
        operation: str | None = None,
    ) -> None:
        """Add a case; `request` is laid over the base request (see `overlay`)."""
        case = Case(
            name=name,
            operation=operation or self.operation,
            request=overlay(self.base, request),
            message=message,
            evidence=evidence,
            type=type,
        )
        assert name not in {param.id for param in self.items}, name
        self.items.append(pytest.param(case, id=name))


def overlay(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it member by member; Ellipsis takes a member away."""
    result = copy.deepcopy(dict(base))
    for name, value in change.items():
        if value is ...:
            result.pop(name, None)
        elif _is_plain_map(value) and _is_plain_map(result.get(name)):
            result[name] = overlay(result[name], value)
        else:
            result[name] = copy.deepcopy(value)
    return result


TAGS = frozenset(("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"))


def _is_plain_map(value: Any) -> bool:
    """Whether members of `value` can be laid over one by one: an attribute value is one whole."""
    return isinstance(value, Mapping) and not (len(value) == 1 and set(value) <= TAGS)


def says(expected: Text, message: str) -> bool:
    if isinstance(expected, str):
        return message == expected
    if isinstance(expected, tuple):
        return message in expected
    return expected.fullmatch(message) is not None


def check_refused(refused: Refused, case: Case) -> None:
    shown = case.message.pattern if isinstance(case.message, re.Pattern) else case.message
    assert (refused.type, refused.message) == (case.type, refused.message), refused.message
    assert says(case.message, refused.message), (
        f"\n expected: {shown!r}\n      got: {refused.message!r}\n evidence: {case.evidence}"
    )
    assert refused.status == (500 if case.type == "InternalServerError" else 400)


def either(message: str) -> tuple[str, str]:
    """With the prefix or without it: captures of the service disagree (observed 2)."""
    return (DETECTED + message, message)


def ids(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Rows whose first cell is the test's name, as parameters."""
    return [pytest.param(*row[1:], id=row[0]) for row in rows]
