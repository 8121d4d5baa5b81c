"""Cancelled transactions: one reason for each action, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from genset.model.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    DynamoDBError,
    ItemCollectionSizeLimitExceededException,
    ProvisionedThroughputExceededException,
    ResourceNotFoundException,
    ThrottlingException,
    TransactionCanceledException,
    TransactionConflictException,
    ValidationException,
)

_CODES: Final[dict[type[DynamoDBError], str]] = {
    ConditionalCheckFailedException: "ConditionalCheckFailed",
    DuplicateItemException: "DuplicateItem",
    ResourceNotFoundException: "ResourceNotFound",
    ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
    ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
    ThrottlingException: "ThrottlingError",
    TransactionConflictException: "TransactionConflict",
    ValidationException: "ValidationError",
}


def may_cancel(error: DynamoDBError) -> bool:
    """Whether the error of one action cancels its transaction, rather than ending the request."""
    return type(error) in _CODES


def cancelled(
    failures: Sequence[DynamoDBError | None], *, older: bool = True
) -> TransactionCanceledException:
    """The error of a transaction whose actions failed so, None for those that did not.

    The reasons are in the words of the older layer, but for PartiQL's.
    """
    reasons: list[dict[str, Any]] = []
    for failure in failures:
        if failure is None:
            reasons.append({"Code": "None"})
        else:
            if older and isinstance(failure, ValidationException):
                failure.take_older_words()
            reason = {"Code": _CODES[type(failure)], "Message": failure.message}
            # A reason has no place for anything else, such as the reasons of throttling.
            item = {name: value for name, value in failure.members.items() if name == "Item"}
            reasons.append({**reason, **item})
    codes = ", ".join(reason["Code"] for reason in reasons)
    return TransactionCanceledException(
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )
