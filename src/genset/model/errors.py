"""The exceptions of DynamoDB's API, by the names the API gives them.

Any layer may raise them; none of them knows HTTP. `genset.wire.errors` holds the one table that
turns a class into its `__type`, HTTP status and body. Names and members come from the published
service model; messages come from the places that raise them.
"""

from __future__ import annotations

from typing import Any


class DynamoDBError(Exception):
    """An answer that is an error. `message` is the text the client sees (may be empty).

    `members` are further top-level members of the error's body, such as `Item` of a failed
    condition or `CancellationReasons` of a cancelled transaction.
    """

    def __init__(self, message: str = "", **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = members


class ValidationException(DynamoDBError):
    """The request breaks a rule.

    The service checks requests in one of two layers, as observed in October 2026. PutItem,
    UpdateItem, DeleteItem, GetItem, BatchGetItem and Query have the current one; BatchWriteItem,
    Scan and the transactions still have the older. `message` is in the words of the current
    layer; `older` is what the older layer says instead, where it says something else.

    `detected` marks the families (values, expression syntax and static checks, placeholders,
    ReturnValues, mixed parameters) that PutItem, UpdateItem and DeleteItem answer with the prefix
    "1 validation error detected: ", and every other operation answers bare. The single-item
    writes add the prefix; nobody else does.
    """

    def __init__(
        self,
        message: str = "",
        *,
        detected: bool = False,
        older: str | None = None,
        **members: Any,
    ) -> None:
        super().__init__(message, **members)
        self.detected = detected
        self._older = older

    def take_older_words(self) -> None:
        """Say it as the older layer does."""
        if self._older is not None:
            self.message, self._older = self._older, None


class SerializationException(DynamoDBError):
    """The body is not JSON, or a JSON value has the wrong type for its member."""


class UnknownOperationException(DynamoDBError):
    """`X-Amz-Target` names no operation that this server has."""


class AccessDeniedException(DynamoDBError):
    """The caller may not do this."""


class MissingAuthenticationTokenException(DynamoDBError):
    """The request carries no credentials."""


class UnrecognizedClientException(DynamoDBError):
    """The access key is unknown, or its session token is invalid."""


class InvalidSignatureException(DynamoDBError):
    """The signature, its scope or its date does not match the request."""


class IncompleteSignatureException(DynamoDBError):
    """The Authorization header or query string lacks a part of SigV4."""


class ExpiredTokenException(DynamoDBError):
    """The security token of the request has expired."""


class ResourceNotFoundException(DynamoDBError):
    """The table or index does not exist, or is not ACTIVE yet."""


class ResourceInUseException(DynamoDBError):
    """The table exists already, or is being created, updated or deleted."""


class TableNotFoundException(DynamoDBError):
    """The source table of a control-plane operation does not exist."""


class LimitExceededException(DynamoDBError):
    """Too many control-plane operations or resources at once."""


class ConditionalCheckFailedException(DynamoDBError):
    """The condition was false. `Item` is the item as found, where asked for."""


class DuplicateItemException(DynamoDBError):
    """A PartiQL INSERT of an item that is there already."""


class ItemCollectionSizeLimitExceededException(DynamoDBError):
    """An item collection of a table with local secondary indexes would exceed 10 GB."""


class ExpiredIteratorException(DynamoDBError):
    """The shard iterator is older than 15 minutes."""


class TrimmedDataAccessException(DynamoDBError):
    """The stream records to be read are older than 24 hours and gone."""


class TransactionCanceledException(DynamoDBError):
    """A transaction was cancelled; `CancellationReasons` says why, per action."""


class TransactionConflictException(DynamoDBError):
    """Another transaction holds the item."""


class TransactionInProgressException(DynamoDBError):
    """A transaction with the same client token is still running."""


class IdempotentParameterMismatchException(DynamoDBError):
    """The client token was used before with other parameters."""


class ProvisionedThroughputExceededException(DynamoDBError):
    """The table's throughput is used up."""


class RequestLimitExceeded(DynamoDBError):
    """The account's throughput is used up."""


class ThrottlingException(DynamoDBError):
    """The request was throttled."""


class ServiceUnavailable(DynamoDBError):
    """The service is unavailable for a moment."""


class InternalServerError(DynamoDBError):
    """The server could not do it: disk full, an I/O error, or a fault of its own."""


class PolicyNotFoundException(DynamoDBError):
    """The resource has no policy, or not the one that a request expects."""
