"""Tables that tests start with, as they are declared: requests, files of schemas, functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

Declared: TypeAlias = Mapping[str, Any] | str | os.PathLike[str] | Callable[[Any], object]
"""The members of a CreateTable request; the path of a file with schemas; or a function, which gets
the session or server and makes what it likes."""


class Place(Protocol):
    """Where tables are made: a `LocalSession` or a `TestServer`."""

    def client(self, service: str, /) -> Any:
        """A boto3 client."""


def declare(place: Place, declarations: Iterable[Declared]) -> None:
    """Make what is declared, in its order.

    Raises botocore's errors, those of `genset.schemas` for a file, and TypeError for what is none
    of the kinds.
    """
    for declared in declarations:
        if isinstance(declared, Mapping):
            _create(place.client("dynamodb"), declared)
        elif isinstance(declared, str | os.PathLike):
            _apply_file(place, os.fspath(declared))
        elif callable(declared):
            declared(place)
        else:
            raise TypeError(
                "tables are declared by the members of CreateTable, the path of a file or a "
                f"function, not by {declared!r}"
            )


def _create(client: Any, request: Mapping[str, Any]) -> None:
    members = dict(request)
    if "ProvisionedThroughput" not in members:
        members.setdefault("BillingMode", "PAY_PER_REQUEST")
    time_to_live = members.pop("TimeToLiveSpecification", None)
    client.create_table(**members)
    if time_to_live is not None:
        client.update_time_to_live(
            TableName=members["TableName"], TimeToLiveSpecification=time_to_live
        )


def _apply_file(place: Place, path: str) -> None:
    from genset.schemas import apply, read_tables

    apply(place.client("dynamodb"), read_tables(path))
