"""CSV with a header, RFC 4180: a column for each attribute, a line for each item.

A column's type is what the user says, else what its heading says (`year:N`), else that of the key
attribute of this name, else S; so DynamoDB's import from S3 does it, which has no other types
(developer guide, "Amazon S3 import formats for DynamoDB"). `cells` says what the types are. An
empty cell is an attribute that the item does not have.
"""

from __future__ import annotations

import csv
import io
import tempfile
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final

import orjson

from genset.transfer.formats.cells import TYPES, Column, column_type, decode_cell, encode_cell
from genset.transfer.formats.dynamodb_json import line_of
from genset.transfer.formats.format import Format, Options
from genset.transfer.plain import Item, from_dynamodb_json
from genset.transfer.records import Fault, Place, Readings, Record, WrongFileError

# More than the largest request: the server is to say what is too large.
_CELL_CHARACTERS_MAX: Final = 1 << 26
_SPOOL_BYTES: Final = 1 << 24


class _Lines:
    """The lines of a stream as texts, which remembers those that were read last."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._taken: deque[str] = deque()
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self.count += 1
            if self.count == 1:
                line = line.removeprefix(BOM_UTF8)
            # Bytes that are not UTF-8 become lone surrogates, which no cell may hold.
            text = line.decode(errors="surrogateescape")
            self._taken.append(text)
            yield text

    def taken(self) -> str:
        """What was read since this was asked last, without the end of its last line."""
        text = "".join(self._taken).rstrip("\r\n")
        self._taken.clear()
        return text


def read(stream: BinaryIO, name: str, options: Options) -> Readings:
    """An item for each line after the header. Raises WrongFileError for a wrong header."""
    csv.field_size_limit(_CELL_CHARACTERS_MAX)
    lines = _Lines(stream)
    rows = csv.reader(iter(lines), delimiter=options.delimiter, strict=True)
    try:
        # Lines before the header may be blank, as those after it.
        header = next(filter(None, rows), None)
    except csv.Error as error:
        if "\r" in lines.taken():
            raise WrongFileError(f"{name}: its lines must end with LF or CR LF, not CR") from None
        raise WrongFileError(f"{name}: the header cannot be read: {error}") from None
    if header is None:
        return
    columns = _columns(header, name, options)
    heading = lines.taken()
    while True:
        line = lines.count + 1
        try:
            row = next(rows, None)
            if row is None:
                return
            item = _item(row, columns) if row else None
            text = lines.taken()
            if item is not None:
                yield Record(place=Place(name, line), item=item, text=text, heading=heading)
        except (ValueError, csv.Error) as error:
            text = lines.taken().encode(errors="surrogateescape").decode(errors="replace")
            yield Fault(Place(name, line), str(error), text, heading)


def _columns(header: Sequence[str], name: str, options: Options) -> list[Column]:
    columns = [_column(heading, name, options) for heading in header]
    names = [column.name for column in columns]
    repeated = next((each for each in names if names.count(each) > 1), None)
    if repeated is not None:
        raise WrongFileError(f"{name}: two columns are named {repeated}")
    unknown = next((each for each in options.types if each not in names), None)
    if unknown is not None:
        raise WrongFileError(f"{name}: there is no column {unknown} to have a type")
    return columns


def _column(heading: str, place: str, options: Options) -> Column:
    name, colon, kind = heading.rpartition(":")
    if not colon or kind not in TYPES:
        name, kind = heading, options.key_types.get(heading, "S")
    if not name:
        raise WrongFileError(f"{place}: a column of the header has no name")
    return Column(name, options.types.get(name, kind))


def _item(row: Sequence[str], columns: Sequence[Column]) -> Item:
    if len(row) != len(columns):
        raise ValueError(f"it has {len(row)} cells, and the header has {len(columns)}")
    return {
        column.name: decode_cell(cell, column)
        for cell, column in zip(row, columns, strict=True)
        if cell
    }


def write(items: Iterable[Item], out: BinaryIO, options: Options) -> int:
    """A header with types, and a line for each item.

    Items are kept in a temporary file until all are known, since any may have another attribute.
    """
    kinds: dict[str, set[str]] = {}
    count = 0
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
        for item in items:
            for name, value in item.items():
                kinds.setdefault(name, set()).add(column_type(value))
            spool.write(line_of(item))
            count += 1
        spool.seek(0)
        columns = _written_columns(kinds, options)
        text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        _write_rows(text, columns, spool, options)
        text.detach()
    return count


def _written_columns(kinds: dict[str, set[str]], options: Options) -> list[Column]:
    """The columns: keys first, then as they were met; values of several types need them all."""
    order = sorted(kinds, key=lambda name: name not in options.key_types)
    return [
        Column(name, kinds[name].pop() if len(kinds[name]) == 1 else "DYNAMODB") for name in order
    ]


def _write_rows(
    text: io.TextIOWrapper, columns: Sequence[Column], spool: Any, options: Options
) -> None:
    plain = csv.writer(text, delimiter=options.delimiter, lineterminator="\n")
    # Some versions of Python do not see by themselves that a carriage return needs quotes.
    quoted = csv.writer(
        text, delimiter=options.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL
    )
    for row in _rows(columns, spool):
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)


def _rows(columns: Sequence[Column], spool: Any) -> Iterator[list[str]]:
    if columns:
        yield [column.heading for column in columns]
    for line in spool:
        item = from_dynamodb_json(orjson.loads(line)["Item"])
        yield [encode_cell(item[each.name], each) if each.name in item else "" for each in columns]


CSV = Format("csv", (".csv", ".tsv"), read, write)
