"""The records of a stream as they are printed: a line for a person, or JSON."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from genset.cli.printing.output import Output
from genset.cli.streams.following import Record
from genset.transfer.plain import dumps, to_dynamodb_json, to_plain

_STYLES: Final = {"INSERT": "green", "MODIFY": "yellow", "REMOVE": "red"}
_IMAGES: Final = (("keys", "Keys"), ("old", "OldImage"), ("new", "NewImage"))
# Developer guide, "DynamoDB Streams and Time to Live".
_EXPIRY: Final = "dynamodb.amazonaws.com"


def print_changes(records: Sequence[Record], output: Output) -> None:
    """Print records, one a line, and let whoever reads see them at once."""
    if output.is_table:
        _print_lines(records)
    else:
        wire = output.form == "dynamodb-json"
        for record in records:
            print(dumps(_wire(record) if wire else _plain(record)))
    sys.stdout.flush()


def _plain(record: Record) -> dict[str, Any]:
    change = record["dynamodb"]
    images = {name: to_plain(change[member]) for name, member in _IMAGES if member in change}
    return {
        "event": record["eventName"],
        "time": _time(change).isoformat(),
        "sequence": change["SequenceNumber"],
        "expired": _is_expiry(record),
        **images,
    }


def _wire(record: Record) -> dict[str, Any]:
    """The record as it is on the wire, and in the events of Lambda."""
    change = dict(record["dynamodb"])
    for _, member in _IMAGES:
        if member in change:
            change[member] = to_dynamodb_json(change[member])
    change["ApproximateCreationDateTime"] = int(_time(change).timestamp())
    return {**record, "dynamodb": change}


def _print_lines(records: Sequence[Record]) -> None:
    from rich.text import Text

    from genset.cli.printing.grids import console

    here = console()
    for record in records:
        line = Text()
        line.append(f"{_time(record['dynamodb']).astimezone():%H:%M:%S}  ", "dim")
        line.append(f"{record['eventName']:<6}  ", _STYLES.get(record["eventName"], ""))
        line.append(_shown(record))
        here.print(line, no_wrap=True, overflow="ellipsis")


def _shown(record: Record) -> str:
    """What has changed, in a line."""
    change = record["dynamodb"]
    keys = change["Keys"]
    parts = [" ".join(_pairs(keys, keys))]
    old, new = change.get("OldImage"), change.get("NewImage")
    if record["eventName"] == "MODIFY" and old is not None and new is not None:
        parts.append(", ".join(_differences(old, new)))
    else:
        image = new if new is not None else old
        parts.append(" ".join(_pairs(image or {}, (image or {}).keys() - keys.keys())))
    if _is_expiry(record):
        parts.append("(expired)")
    return "  ".join(filter(None, parts))


def _pairs(item: Mapping[str, Any], names: Any) -> Iterator[str]:
    from genset.cli.printing.grids import escape, value_text

    for name in item:
        if name in names:
            yield f"{escape(name)}={value_text(item[name])}"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    from genset.cli.printing.grids import escape, value_text

    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name), new.get(name)
        if before is None and after is not None:
            yield f"+{escape(name)}={value_text(after)}"
        elif after is None and before is not None:
            yield f"-{escape(name)}={value_text(before)}"
        elif before is not None and after is not None and before != after:
            yield f"{escape(name)}: {value_text(before)} → {value_text(after)}"


def _time(change: Mapping[str, Any]) -> datetime.datetime:
    created = change["ApproximateCreationDateTime"]
    assert isinstance(created, datetime.datetime)
    return created.astimezone(datetime.UTC)


def _is_expiry(record: Record) -> bool:
    identity = record.get("userIdentity") or {}
    return bool(identity.get("PrincipalId") == _EXPIRY)
