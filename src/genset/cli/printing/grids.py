"""Tables for a terminal: keys first, types in the headings, numbers to the right, wide values cut.

Whatever a value holds, nothing in it reaches the terminal as a control sequence.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genset.cli.printing.widths import fit
from genset.transfer.plain import Item, Number, dumps, value_to_plain

_SETS: Final = frozenset({"SS", "NS", "BS"})
# More of a value than any terminal is wide is not looked at.
_CELL_CHARACTERS_MAX: Final = 500
_BETWEEN: Final = 2
# A file's width.
_ROOM: Final = 1_000_000


@dataclass(slots=True)
class _Column:
    """One column: its name, the types of its values, and its cells from the top."""

    name: str
    types: str = ""
    right: bool = False
    cells: list[str] = field(default_factory=list)

    @property
    def heading(self) -> Text:
        return Text.assemble((escape(self.name), "bold"), (f" {self.types}".rstrip(), "dim"))

    @property
    def natural_width(self) -> int:
        return max(Text(cell).cell_len for cell in (self.heading.plain, *self.cells))


class _Console(Console):
    """Rich's, but that a reader who has gone does not end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def print_items(items: Sequence[Item], keys: Sequence[str] = ()) -> None:
    """Print items as the rows of a table whose columns are their attributes, those `keys` first."""
    names = dict.fromkeys(key for key in keys if any(key in item for item in items))
    for item in items:
        names.update(dict.fromkeys(item))
    _print([_item_column(name, [item.get(name) for item in items]) for name in names])


def print_item(item: Item, keys: Sequence[str] = ()) -> None:
    """Print one item with a row for each attribute, and its values in full."""
    names = dict.fromkeys([*(key for key in keys if key in item), *item])
    table = _new_table()
    for heading in ("Attribute", "Type", "Value"):
        table.add_column(Text(heading, "bold"), overflow="fold")
    for name in names:
        ((kind, _),) = item[name].items()
        style = "bold" if name in keys else ""
        table.add_row(
            Text(escape(name), style), Text(kind, "dim"), Text(value_text(item[name], None))
        )
    console().print(table)


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows of texts, numbers, truth values and None for nothing."""
    columns = []
    for at, heading in enumerate(headings):
        values = [row[at] for row in rows]
        right = any(_is_number(value) for value in values)
        columns.append(_Column(heading, right=right, cells=[_plain_cell(each) for each in values]))
    _print(columns)


def value_text(value: Mapping[str, Any], length: int | None = _CELL_CHARACTERS_MAX) -> str:
    """An attribute value as it is shown: in one line, without what would move the cursor."""
    ((kind, content),) = value.items()
    if kind == "S":
        return escape(content[:length]) if content else '""'
    if kind == "B":
        return f"b'{value_to_plain(value)[:length]}'"
    if kind in _SETS:
        return escape("{" + ", ".join(map(str, value_to_plain(value)))[:length] + "}")
    return escape(dumps(value_to_plain(value))[:length])


def escape(text: str) -> str:
    """The text without control characters, which are shown as Python writes them."""
    if text.isprintable():
        return text
    return "".join(each if _is_shown(each) else repr(each)[1:-1] for each in text)


def _is_shown(character: str) -> bool:
    return character.isprintable() or character == " "


def _item_column(name: str, values: Sequence[Mapping[str, Any] | None]) -> _Column:
    types = sorted({kind for value in values if value is not None for kind in value})
    # A text among other types would be taken for one of them.
    quoted = len(types) > 1
    return _Column(
        name,
        types="|".join(types),
        right=types == ["N"],
        cells=[_item_cell(value, quoted=quoted) for value in values],
    )


def _item_cell(value: Mapping[str, Any] | None, *, quoted: bool) -> str:
    if value is None:
        return ""
    if quoted and "S" in value:
        return escape(dumps(value["S"])[:_CELL_CHARACTERS_MAX])
    return value_text(value)


def _plain_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(str(value)[:_CELL_CHARACTERS_MAX])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Number) and not isinstance(value, bool)


def _print(columns: Sequence[_Column]) -> None:
    """Print the columns, as many of them and as much of each as the terminal has room for."""
    if not columns:
        return
    naturals = [column.natural_width for column in columns]
    available = _terminal_width()
    widths = naturals if available is None else fit(naturals, available, _BETWEEN)
    table = _new_table()
    for column, width in zip(columns, widths, strict=False):
        justify = "right" if column.right else "left"
        heading = column.heading
        table.add_column(
            heading,
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            justify=justify,  # type: ignore[arg-type]
        )
    shown = columns[: len(widths)]
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*map(Text, row))
    console(sum(widths) + _BETWEEN * len(widths)).print(table)
    if len(shown) < len(columns):
        rest = ", ".join(escape(column.name) for column in columns[len(shown) :])
        print(f"not shown for want of width: {rest}")


def _new_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))


def _terminal_width() -> int | None:
    """How many columns the terminal has, or None for a file or a pipe, which have room for all."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def console(width: int | None = None) -> Console:
    """A console on stdout that is `width` columns wide, or as wide as its terminal, if it is one.

    For texts that were made for it: it looks for nothing to colour in them.
    """
    room = width or _terminal_width() or _ROOM
    # Without a height it would take a terminal that it does not know for one of 80 columns.
    return _Console(file=sys.stdout, width=room, height=1, highlight=False)
