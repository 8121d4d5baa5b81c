"""What errors of PartiQL statements look like. Texts and positions as observed on the service."""

from __future__ import annotations

from genset.expressions.partiql.lexer import Token
from genset.model.errors import ValidationException


def malformed(detail: str = "") -> ValidationException:
    """The exception for a statement that is not PartiQL; "" where the service gives no detail."""
    return ValidationException(f"Statement wasn't well formed, can't be processed: {detail}")


def misplaced(what: str, token: Token) -> ValidationException:
    """The exception for PartiQL that DynamoDB does not have, with the place it stands at."""
    return ValidationException(f"{what} at {token.line}:{token.column}:{token.length}")
