"""What every expression error looks like, and the kinds of expression.

Source: observed from the service: `Invalid <kind>: <reason>`, and the same family of errors
carries the "1 validation error detected: " prefix on single-item writes since July 2026.
"""

from __future__ import annotations

from enum import Enum

from genset.model.errors import ValidationException


class ExpressionKind(Enum):
    """An expression parameter, by the name the API gives it, or a PartiQL statement, by none."""

    CONDITION = "ConditionExpression"
    FILTER = "FilterExpression"
    KEY_CONDITION = "KeyConditionExpression"
    PROJECTION = "ProjectionExpression"
    UPDATE = "UpdateExpression"
    STATEMENT = ""


def expression_error(
    kind: ExpressionKind, reason: str, *, older: str | None = None
) -> ValidationException:
    """The exception for an expression that breaks a rule, to be raised by the caller.

    `older` is the reason in the words of the older layer, where it has others.
    """
    prefix = f"Invalid {kind.value}: " if kind.value else ""
    return ValidationException(
        prefix + reason, detected=True, older=None if older is None else prefix + older
    )
