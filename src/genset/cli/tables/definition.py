"""A CreateTable request of the words of a command line: `--key Artist:S --index ByYear=Year:N`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from genset.cli.statuses import CommandError, Status

_ATTRIBUTE: Final = re.compile(r"(?P<name>[^:,=]+)(?::(?P<type>[SNB]))?")
_INDEX: Final = re.compile(
    r"(?P<name>[\w.-]+)="
    r"(?P<first>[^:,=]+(?::[SNB])?)"
    r"(?:,(?P<second>[^:,=]+(?::[SNB])?))?"
    r"(?::(?P<projection>.+))?"
)
_PROJECTIONS: Final = ("ALL", "KEYS_ONLY")


class Attributes:
    """The types of key attributes, each of which is said once at least."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}

    def key(self, text: str, kind: str) -> dict[str, str]:
        """The element of a KeySchema that `NAME:TYPE` is. Raises CommandError."""
        found = _ATTRIBUTE.fullmatch(text)
        if found is None:
            raise _wrong(f"a key is NAME:TYPE, with S, N or B as its type, and not {text}")
        name, type_ = found["name"], found["type"]
        known = self._types.get(name)
        if type_ is not None and known not in (None, type_):
            raise _wrong(f"{name} is {known} in one key and {type_} in another")
        if type_ is None and known is None:
            raise _wrong(f"what type has {name}? Say {name}:S, {name}:N or {name}:B")
        self._types[name] = type_ or str(known)
        return {"AttributeName": name, "KeyType": kind}

    @property
    def definitions(self) -> list[dict[str, str]]:
        """AttributeDefinitions of all that were named."""
        return [
            {"AttributeName": name, "AttributeType": type_} for name, type_ in self._types.items()
        ]


def table_keys(attributes: Attributes, key: str, sort: str | None) -> list[dict[str, str]]:
    """The KeySchema of a table. Raises CommandError."""
    hashes = [attributes.key(key, "HASH")]
    return hashes if sort is None else [*hashes, attributes.key(sort, "RANGE")]


def global_index(
    attributes: Attributes, text: str, throughput: Mapping[str, int] | None
) -> dict[str, Any]:
    """The index of `NAME=KEY:TYPE[,SORT:TYPE][:PROJECTION]`. Raises CommandError."""
    found = _parsed(text)
    made = {
        "IndexName": found["name"],
        "KeySchema": table_keys(attributes, found["first"], found["second"]),
        "Projection": _projection(found["projection"]),
    }
    return made if throughput is None else {**made, "ProvisionedThroughput": dict(throughput)}


def local_index(attributes: Attributes, text: str, table_key: str) -> dict[str, Any]:
    """The index of `NAME=SORT:TYPE[:PROJECTION]`, with the table's own partition key.

    Raises CommandError.
    """
    found = _parsed(text)
    if found["second"] is not None:
        raise _wrong(f"a local index has the table's partition key; {text} may name its sort key")
    return {
        "IndexName": found["name"],
        "KeySchema": [
            {"AttributeName": table_key, "KeyType": "HASH"},
            attributes.key(found["first"], "RANGE"),
        ],
        "Projection": _projection(found["projection"]),
    }


def tags(pairs: Iterable[str]) -> list[dict[str, str]]:
    """The tags of `NAME=VALUE`. Raises CommandError."""
    made = []
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise _wrong(f"a tag is NAME=VALUE, and not {pair}")
        made.append({"Key": name, "Value": value})
    return made


def throughput(text: str) -> dict[str, int]:
    """The ProvisionedThroughput of `READ,WRITE`. Raises CommandError."""
    found = re.fullmatch(r"(\d{1,9}),(\d{1,9})", text)
    if found is None:
        raise _wrong(f"--capacity is READ,WRITE in units, like 5,5, and not {text}")
    return {"ReadCapacityUnits": int(found[1]), "WriteCapacityUnits": int(found[2])}


def _parsed(text: str) -> re.Match[str]:
    found = _INDEX.fullmatch(text)
    if found is None:
        raise _wrong(f"an index is NAME=KEY:TYPE[,SORT:TYPE][:PROJECTION], and not {text}")
    return found


def _projection(text: str | None) -> dict[str, Any]:
    if text is None or text in _PROJECTIONS:
        return {"ProjectionType": text or "ALL"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": text.split(",")}


def _wrong(message: str) -> CommandError:
    return CommandError(message, Status.USAGE)
