"""`genset dump`: what its options mean, and where the items go."""

from __future__ import annotations

import contextlib
import gzip
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from genset.cli.asking.remote import Remote
from genset.cli.items.expressions import Placeholders
from genset.cli.printing.amounts import amount
from genset.cli.printing.progress import Progress, progress
from genset.cli.statuses import CommandError
from genset.cli.transfers.faults import told
from genset.transfer.formats.detection import format_by_suffix
from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.registry import FORMATS
from genset.transfer.plain import Item
from genset.transfer.scanning import scan_items
from genset.transfer.tables import described, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpOptions:
    """The options of `genset dump`, except where the table is."""

    table: str
    format_name: str | None
    output_file: Path | None
    segments: int
    index: str | None
    filter_: str | None
    values: str | None
    names: str | None
    consistent: bool
    delimiter: str


def run(remote: Remote, options: DumpOptions) -> None:
    """Write the items."""
    request = _request(options)
    client = remote.client()
    shape = shape_of(described(client, options.table))
    columns = Options(delimiter=options.delimiter, key_types=dict.fromkeys(shape.keys, ""))
    with told(), _output(options.output_file) as out, _bar(options, shape.item_count) as bar:
        items = counted(scan_items(client, request, options.segments), bar)
        count = _format(options).write(items, out, columns)
    if options.output_file is not None:
        print(f"wrote {amount(count, 'item')} to {options.output_file}", file=sys.stderr)


def _format(options: DumpOptions) -> Format:
    if options.format_name is not None:
        return FORMATS[options.format_name]
    named = format_by_suffix(options.output_file.name) if options.output_file else None
    return named or FORMATS["dynamodb-json"]


def _request(options: DumpOptions) -> dict[str, Any]:
    """The members of Scan that the options ask for."""
    placeholders = Placeholders(options.names, options.values)
    members = {
        "TableName": options.table,
        "IndexName": options.index,
        "FilterExpression": options.filter_ and placeholders.rewrite(options.filter_),
        "ConsistentRead": options.consistent or None,
    }
    request = {name: value for name, value in members.items() if value is not None}
    placeholders.add_to(request)
    return request


def counted(items: Iterable[Item], bar: Progress) -> Iterator[Item]:
    """The items, each of which moves the bar."""
    for count, item in enumerate(items, start=1):
        yield item
        bar.show(count, amount(count, "item"))


def _bar(options: DumpOptions, total: int) -> contextlib.AbstractContextManager[Progress]:
    """A bar, unless the items themselves are on the terminal."""
    if options.output_file is None and sys.stdout.isatty():
        return contextlib.nullcontext(Progress())
    partial = options.filter_ is not None or options.index is not None
    return progress(f"dumping {options.table}", None if partial else total)


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """Where to write; a file gets its name once it is whole."""
    if path is None:
        yield cast(BinaryIO, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    # What a link points to is replaced, and not the link; a device or a pipe is never replaced.
    target = path.resolve()
    is_replaced = target.is_file() or not target.exists()
    draft = target.with_name(target.name + ".part") if is_replaced else target
    try:
        with _created(draft, compressed=path.suffix == ".gz") as file:
            yield cast(BinaryIO, file)
        if is_replaced:
            draft.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from None
    finally:
        if is_replaced:
            draft.unlink(missing_ok=True)


def _created(path: Path, *, compressed: bool) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "wb")) if compressed else path.open("wb")
