"""The one table that turns an exception of the API into an HTTP answer.

Namespaces, statuses and the spelling of the message's member are the service's, as observed.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from genset.model import errors
from genset.model.errors import DynamoDBError
from genset.wire.messages import WireResponse

_VALIDATE: Final = "com.amazon.coral.validate#"
_SERVICE: Final = "com.amazon.coral.service#"
_AVAILABILITY: Final = "com.amazon.coral.availability#"
_DYNAMODB: Final = "com.amazonaws.dynamodb.v20120810#"

_NAMESPACES: Final[dict[type[DynamoDBError], str]] = {
    errors.ValidationException: _VALIDATE,
    errors.SerializationException: _SERVICE,
    errors.UnknownOperationException: _SERVICE,
    errors.AccessDeniedException: _SERVICE,
    errors.MissingAuthenticationTokenException: _SERVICE,
    errors.UnrecognizedClientException: _SERVICE,
    errors.InvalidSignatureException: _SERVICE,
    errors.IncompleteSignatureException: _SERVICE,
    errors.ExpiredTokenException: _SERVICE,
    errors.ThrottlingException: _AVAILABILITY,
}
_STATUSES: Final[dict[type[DynamoDBError], int]] = {
    errors.InternalServerError: 500,
    errors.ServiceUnavailable: 503,
}
_CAPITAL_MESSAGE: Final = frozenset(
    {
        errors.SerializationException,
        errors.TransactionCanceledException,
        errors.TransactionInProgressException,
    }
)


def error_type(error: DynamoDBError) -> str:
    """The `__type` of `error`: its namespace and the API's name of its class."""
    kind = _api_class(error)
    return _NAMESPACES.get(kind, _DYNAMODB) + kind.__name__


def error_response(error: DynamoDBError) -> WireResponse:
    """The answer for `error`; an empty message is left out, as the service does."""
    kind = _api_class(error)
    body: dict[str, Any] = {"__type": error_type(error)}
    if error.message:
        body["Message" if kind in _CAPITAL_MESSAGE else "message"] = error.message
    body.update(error.members)
    return WireResponse(orjson.dumps(body), _STATUSES.get(kind, 400))


def _api_class(error: DynamoDBError) -> type[DynamoDBError]:
    """The API's class of `error`; other layers may raise subclasses of it."""
    for kind in type(error).__mro__:
        if kind.__module__ == errors.__name__ and kind is not DynamoDBError:
            assert issubclass(kind, DynamoDBError)
            return kind
    return errors.InternalServerError
