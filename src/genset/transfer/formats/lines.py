"""Reading a file whose every line is a record by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from genset.transfer.plain import Item
from genset.transfer.records import Fault, Place, Readings, Record

Parse = Callable[[bytes], tuple[Item, bool]]
"""The item of a line, and whether it is the key of one to delete; raises ValueError."""


def read_lines(stream: BinaryIO, name: str, parse: Parse) -> Readings:
    """What `parse` makes of each line that is not blank; its ValueError is that line's fault."""
    for number, line in enumerate(stream, start=1):
        line = line.strip()
        if not line:
            continue
        place, text = Place(name, number), line.decode(errors="replace")
        try:
            item, deletes = parse(line)
        except RecursionError:
            yield Fault(place, "it is nested too deeply", text)
        except ValueError as error:
            yield Fault(place, str(error), text)
        else:
            yield Record(place=place, item=item, text=text, deletes=deletes)
