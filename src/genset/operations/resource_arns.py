"""What a ResourceArn parameter names: a table or a stream, of whatever account and Region.

Rules and words were observed on the service in October 2026; they are those of tags and policies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from genset.operations.table_rules import invalid

_ARN: Final = re.compile(r"arn:([^:]*):([^:]*):([^:]*):([^:]*):(.*)", re.DOTALL)
_TABLE: Final = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})(?:/stream/([^/]+))?")
_INDEX: Final = re.compile(r"table/[^/]+/index/[^/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The parts of an ARN; `stream` is the label of one, or None."""

    partition: str
    region: str
    account: str
    table: str
    stream: str | None


def resource_in(arn: str) -> Resource:
    """The table or stream that an ARN names; raises ValidationException for all else."""
    if not arn.startswith("arn:"):
        raise invalid(f"ARNs must start with 'arn:': {arn}")
    match = _ARN.fullmatch(arn)
    if match is not None and match[2] == "dynamodb":
        partition, _, region, account, relative = match.groups()
        if _INDEX.fullmatch(relative):
            raise invalid(
                "Invalid resource arn provided, only table or stream is accepted. "
                f"Provided resource arn: {arn}"
            )
        named = _TABLE.fullmatch(relative)
        if named is not None:
            table, stream = named.groups()
            return Resource(
                partition=partition, region=region, account=account, table=table, stream=stream
            )
    raise invalid(f"Provided Arn is not a DynamoDB resource arn: {arn}")
