"""Calls of DynamoDB's operations, whoever makes them: a client of botocore's, or this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Request: TypeAlias = Mapping[str, Any]
Call: TypeAlias = Callable[[str, Request], dict[str, Any]]
"""Takes an operation's name and request, and returns the answer or raises CallError."""

NOT_FOUND: Final = "ResourceNotFoundException"
UNKNOWN_OPERATION: Final = "UnknownOperationException"

_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


class CallError(Exception):
    """What DynamoDB answers a request with that it does not fulfil."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


def client_call(client: Any) -> Call:
    """The calls of a botocore or boto3 client of DynamoDB."""

    def call(operation: str, request: Request) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        method = getattr(client, _CAPITAL.sub("_", operation).lower())
        try:
            answer: dict[str, Any] = method(**request)
        except ClientError as error:
            fault = error.response.get("Error", {})
            raise CallError(fault.get("Code", "Error"), fault.get("Message", "")) from error
        return answer

    return call
