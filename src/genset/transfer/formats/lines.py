"""Reading a file whose every line is a record by itself."""

from __future__ import annotations

from collections.abc import Callable
from json import JSONDecodeError
from typing import BinaryIO

from genset.transfer.plain import Item
from genset.transfer.records import Fault, Place, Reading, Readings, Record

Parse = Callable[[bytes], tuple[Item, bool]]
"""The item of a line, and whether it is the key of one to delete; raises ValueError."""


def read_lines(stream: BinaryIO, name: str, parse: Parse) -> Readings:
    """What `parse` makes of each line that is not blank; its ValueError is that line's fault."""
    for number, line in enumerate(stream, start=1):
        line = line.strip()
        if line:
            yield parse_line(line, Place(name, number), parse)


def parse_line(line: bytes, place: Place, parse: Parse) -> Reading:
    """What `parse` makes of one line."""
    text = line.decode(errors="replace")
    try:
        item, deletes = parse(line)
    except RecursionError:
        return Fault(place, "it is nested too deeply", text)
    except JSONDecodeError as error:
        return Fault(place, f"it is not JSON: {error.msg} at character {error.colno}", text)
    except ValueError as error:
        return Fault(place, str(error), text)
    return Record(place=place, item=item, text=text, deletes=deletes)
