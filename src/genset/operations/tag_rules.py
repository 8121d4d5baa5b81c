"""The tags of a table: what they may be, and whose they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from genset.model.errors import (
    AccessDeniedException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from genset.model.tables import Table
from genset.operations.catalog import maybe_table, status_of
from genset.operations.operation import Scope
from genset.operations.resource_arns import resource_in
from genset.storage.engine import Snapshot

_TAGS_MAX: Final = 50
_TAG_KEY_LENGTH_MAX: Final = 128
_TAG_VALUE_LENGTH_MAX: Final = 256


def tagged_table_name(arn: str, scope: Scope) -> str:
    """The name in a table's ARN; an index or a stream has no tags of its own.

    Raises ValidationException for what is no table's ARN here, AccessDeniedException for another
    account's, and ResourceNotFoundException for a stream's: observed on the service, October 2026.
    """
    resource = resource_in(arn)
    if (resource.partition, resource.region) != ("aws", scope.region):
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    if resource.account != scope.account:
        raise AccessDeniedException("Access is denied")
    if resource.stream is not None:
        raise _not_found(arn)
    return resource.table


async def tagged_table(snapshot: Snapshot, scope: Scope, arn: str, name: str) -> Table:
    """The table that an ARN names; raises ResourceNotFoundException if there is none."""
    table = await maybe_table(snapshot, scope, name)
    if table is None:
        raise _not_found(arn)
    return table


def _not_found(arn: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Requested resource not found: ResourceArn: {arn} not found")


async def table_to_tag(snapshot: Snapshot, scope: Scope, arn: str, name: str) -> Table:
    """The table whose tags change; raises ResourceInUseException while it is being deleted."""
    table = await tagged_table(snapshot, scope, arn, name)
    if status_of(table, scope) == "DELETING":
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: "
            f"Table is being deleted: {table.name}"
        )
    return table


def check_tags(tags: Sequence[dict[str, str]]) -> None:
    """Check the tags that a request gives: each, then all.

    Observed on the service, October 2026.
    """
    seen: set[str] = set()
    for tag in tags:
        key, value = _checked_tag_key(tag.get("Key")), tag.get("Value")
        if value is None or not _is_tag_text(value, _TAG_VALUE_LENGTH_MAX):
            raise ValidationException(
                f"The Tag Value provided is invalid, Value: {'null' if value is None else value}"
            )
        _check_prefix(key)
        if key in seen:
            raise ValidationException(
                f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}"
            )
        seen.add(key)
    check_tag_count(len(tags))


def check_tag_keys(keys: Sequence[str]) -> None:
    """Check the keys of tags to remove, of which there may be no more than a table has.

    Observed on the service, October 2026.
    """
    for key in keys:
        _check_prefix(_checked_tag_key(key))
    check_tag_count(len(keys))


def _check_prefix(key: str) -> None:
    if key.lower().startswith("aws:"):
        raise ValidationException(f"Tag Key cannot be prefixed with aws:, Key: {key}")


def _checked_tag_key(key: str | None) -> str:
    if not key or not _is_tag_text(key, _TAG_KEY_LENGTH_MAX):
        raise ValidationException(
            f"The Tag Key provided is invalid, Key: {'null' if key is None else key}"
        )
    return key


def check_tag_count(count: int) -> None:
    """Check that a table has at most 50 tags (developer guide, Quotas)."""
    if count > _TAGS_MAX:
        raise ValidationException(
            "Number of Tags exceed the current limit for the provided ResourceArn"
        )


def _is_tag_text(text: str, length_max: int) -> bool:
    """Whether `text` is letters, digits, spaces and a few signs (API reference, Tag)."""
    return len(text) <= length_max and all(
        unicodedata.category(char)[0] in "LZN" or char in "_.:/=+-@" for char in text
    )
