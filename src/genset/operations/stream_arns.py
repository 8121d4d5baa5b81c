"""What a StreamArn parameter means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from genset.model.errors import ResourceNotFoundException, ValidationException
from genset.model.streams import Stream
from genset.operations.operation import Scope
from genset.operations.stream_changes import maybe_stream
from genset.storage.engine import Snapshot

_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:dynamodb:([^:/]+):([^:/]+):table/([a-zA-Z0-9_.-]+)/stream/([^/|]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamName:
    """A stream's ARN, and the table and label in it if it is one of the caller's."""

    arn: str
    table: str
    label: str
    is_callers: bool


def parse_stream_arn(scope: Scope, arn: str) -> StreamName:
    """The stream that an ARN names.

    Raises ValidationException, as observed on the service, for a text that is no stream's ARN.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ValidationException("Invalid StreamArn")
    region, account, table, label = match.groups()
    is_callers = (region, account) == (scope.region, scope.account)
    return StreamName(arn=arn, table=table, label=label, is_callers=is_callers)


async def usable_stream(snapshot: Snapshot, scope: Scope, name: StreamName) -> Stream:
    """The stream of that name; raises ResourceNotFoundException if there is none."""
    stream = None
    if name.is_callers:
        stream = await maybe_stream(snapshot, scope.account, scope.region, name.table, name.label)
    if stream is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Stream: {name.arn} not found"
        )
    return stream
