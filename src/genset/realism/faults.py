"""Which errors can be asked for, which operations may answer them, and the errors themselves.

Sources: the errors that the service model lists for each operation, and the developer guide,
"Error handling with DynamoDB", for those that any may answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from genset.model import errors
from genset.model.errors import DynamoDBError
from genset.realism.sentences import ACCOUNT_EXCEEDED, TABLE_EXCEEDED, TABLE_SCALING

DROPPED: Final = "DroppedConnection"


class DropConnection(Exception):
    """The request is to have no answer: its connection is broken off."""


_SINGLE_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "ExecuteStatement"})
_TRANSACTIONS: Final = {
    "TransactGetItems": "TransactItems",
    "TransactWriteItems": "TransactItems",
    "ExecuteTransaction": "TransactStatements",
}
_TOKENS: Final = frozenset({"TransactWriteItems", "ExecuteTransaction"})
_ITEMS: Final = frozenset(
    {
        *_SINGLE_WRITES,
        *_TRANSACTIONS,
        "GetItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "BatchExecuteStatement",
    }
)
_PROVISIONED: Final = _ITEMS - {"BatchExecuteStatement"}
_NEVER_INTERNAL: Final = frozenset(
    {
        "CancelBulkOperation",
        "DescribeBulkOperation",
        "DescribeEndpoints",
        "DescribeImport",
        "ImportTable",
        "ListBulkOperations",
        "ListImports",
        "StartBulkPutItems",
    }
)

_ONGOING: Final = "Transaction is ongoing for the item"
_FAULTS: Final[Mapping[str, tuple[type[DynamoDBError], str]]] = {
    "InternalServerError": (errors.InternalServerError, "Internal server error"),
    "ServiceUnavailable": (
        errors.ServiceUnavailable,
        "DynamoDB is currently unavailable. (This should be a temporary state.)",
    ),
    "ProvisionedThroughputExceededException": (
        errors.ProvisionedThroughputExceededException,
        TABLE_EXCEEDED,
    ),
    "ThrottlingException": (errors.ThrottlingException, TABLE_SCALING),
    "RequestLimitExceeded": (errors.RequestLimitExceeded, ACCOUNT_EXCEEDED),
    "TransactionConflictException": (errors.TransactionConflictException, _ONGOING),
    "TransactionInProgressException": (
        errors.TransactionInProgressException,
        "The transaction with the given request token is already in progress.",
    ),
}
NAMES: Final = (*_FAULTS, DROPPED)


def may_meet(fault: str, operation: str) -> bool:
    """Whether the service may answer the operation so."""
    match fault:
        case "InternalServerError":
            return operation not in _NEVER_INTERNAL
        case "ProvisionedThroughputExceededException":
            return operation in _PROVISIONED
        case "ThrottlingException" | "RequestLimitExceeded":
            return operation in _ITEMS
        case "TransactionConflictException":
            return operation in _SINGLE_WRITES or operation in _TRANSACTIONS
        case "TransactionInProgressException":
            return operation in _TOKENS
        case _:
            return True


def new_fault(fault: str, operation: str, request: Mapping[str, Any]) -> Exception:
    """The exception that lets the request fail so.

    A conflict cancels a transaction, with the first of its actions as the one that met it.
    """
    if fault == DROPPED:
        return DropConnection()
    kind, message = _FAULTS[fault]
    error = kind(message)
    if fault == "TransactionConflictException" and is_transaction(operation):
        return new_cancellation(error, operation, request)
    return error


def is_transaction(operation: str) -> bool:
    """Whether a conflict cancels it."""
    return operation in _TRANSACTIONS


def new_cancellation(
    error: errors.DynamoDBError, operation: str, request: Mapping[str, Any]
) -> errors.TransactionCanceledException:
    """The exception of a transaction whose first action has failed so."""
    # Imported late: it takes a request to meet a fault.
    from genset.operations.cancellation import cancelled

    actions = len(request[_TRANSACTIONS[operation]])
    return cancelled([error, *[None] * (actions - 1)])
