"""`genset load`: what its options mean, and what is told on the way and at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genset.cli.asking.remote import Remote
from genset.cli.printing.amounts import amount
from genset.cli.printing.progress import Progress, progress
from genset.cli.printing.saying import say
from genset.cli.statuses import CommandError, Status
from genset.cli.transfers.faults import told
from genset.cli.transfers.refused_lines import RefusedLines
from genset.transfer.formats.format import Options
from genset.transfer.formats.registry import FORMATS
from genset.transfer.loading.batch_writer import patient_writer
from genset.transfer.loading.ledger import Ledger
from genset.transfer.loading.loader import load, remaining
from genset.transfer.loading.rate_limit import Rate, RateLimiter
from genset.transfer.loading.state import LoadState, StateFile, initial_state
from genset.transfer.records import Fault, Readings
from genset.transfer.s3_export.reading import is_export, open_export
from genset.transfer.sources import STANDARD_INPUT, Opened, Source
from genset.transfer.tables import TableShape, described, shape_of

_STATE_SUFFIX: Final = "load-state"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """The options of `genset load`, except where the table is."""

    table: str
    files: Sequence[str]
    format_name: str | None
    types: dict[str, str]
    delimiter: str
    rate: Rate | None
    threads: int
    errors: Path | None
    resume: bool
    state: Path | None


def run(remote: Remote, options: LoadOptions) -> Status:
    """Load the files; return OK, or INCOMPLETE if lines were refused."""
    with told():
        sources = _sources(options)
        client = remote.client()
        shape = shape_of(described(client, options.table))
        place = _state_file(options, shape)
        state = _first_state(place, initial_state(shape.name, sources), resume=options.resume)
    with told(lambda: _advice(place)), ExitStack() as stack:
        lines = stack.enter_context(RefusedLines(options.errors, keep_bytes=state.errors_bytes))
        bar = stack.enter_context(progress(f"loading {shape.name}", _bytes_of(sources)))
        book = _Book(bar, lines, place, state)
        writer = patient_writer(client, shape, options.rate)
        load(
            remaining(sources, state, _reader(options, shape, book)),
            writer,
            Ledger(state, book),
            keys=shape.keys,
            threads=options.threads,
        )
    if place is not None:
        place.remove()
    print(book.summary(state, writer.limiter), file=sys.stderr, flush=True)
    return Status.INCOMPLETE if state.refused else Status.OK


def _advice(place: StateFile | None) -> str:
    is_noted = place is not None and place.path.exists()
    return "; the same command with --resume goes on" if is_noted else ""


def _sources(options: LoadOptions) -> list[Source]:
    """The files to read: for an export to S3, those of its data."""
    found: list[Source] = []
    given = None if options.format_name is None else FORMATS[options.format_name]
    for name in options.files:
        path = Path(name)
        if name != STANDARD_INPUT and is_export(path):
            export = open_export(path)
            form = FORMATS[export.format_name]
            found += [Source(str(each), form) for each, _ in export.files]
        elif path.is_dir():
            raise CommandError(f"{name} is a folder without an export to S3", Status.USAGE)
        elif name != STANDARD_INPUT and not path.exists():
            raise CommandError(f"there is no file {name}", Status.USAGE)
        else:
            found.append(Source(name, given))
    return found


def _bytes_of(sources: Sequence[Source]) -> int | None:
    sizes = [source.stored_bytes for source in sources]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _state_file(options: LoadOptions, shape: TableShape) -> StateFile | None:
    """Where the state is kept, or None if nothing says where that can be."""
    if options.state is not None:
        return StateFile(options.state)
    if STANDARD_INPUT in options.files:
        if options.resume:
            raise CommandError("--resume of the standard input needs --state", Status.USAGE)
        return None
    first = Path(options.files[0])
    return StateFile(first.with_name(f"{first.name}.{shape.name}.{_STATE_SUFFIX}"))


def _first_state(place: StateFile | None, initial: LoadState, *, resume: bool) -> LoadState:
    if place is None:
        return initial
    if resume:
        return place.read(initial) or initial
    if place.path.exists():
        say(f"beginning anew, not where {place.path} says; --resume does")
    return initial


def _reader(
    options: LoadOptions, shape: TableShape, book: _Book
) -> Callable[[Source, Opened], Readings]:
    columns = Options(delimiter=options.delimiter, types=options.types, key_types=shape.key_types)

    def read(source: Source, open_source: Opened) -> Readings:
        book.opened(open_source)
        return open_source.format.read(open_source.stream, source.name, columns)

    return read


class _Book:
    """Tells the user of what becomes of the records: `ledger.Book`."""

    def __init__(
        self, bar: Progress, lines: RefusedLines, place: StateFile | None, state: LoadState
    ) -> None:
        self._bar = bar
        self._lines = lines
        self._place = place
        self._done_before = state.done
        self._started = time.monotonic()
        self._open: Opened | None = None
        self._bytes_before = 0

    def opened(self, open_source: Opened) -> None:
        """A source is read from now on."""
        if self._open is not None:
            self._bytes_before += self._open.stored_bytes_read
        self._open = open_source

    def refused(self, fault: Fault, state: LoadState) -> None:
        self._bar.say(str(fault))
        state.errors_bytes = self._lines.keep(fault)

    def advanced(self, state: LoadState) -> None:
        read = self._open.stored_bytes_read if self._open is not None else 0
        note = f"{amount(state.written, 'item')}, {self._rate(state):,.0f} a second"
        self._bar.show(self._bytes_before + read, note)

    def save(self, state: LoadState) -> None:
        if self._place is None:
            return
        # What is there is of an earlier load, whose refused lines this one has overwritten.
        if not state.done and not self._place.path.exists():
            return
        try:
            self._place.save(state)
        except OSError as error:
            self._bar.say(f"genset: cannot keep {self._place.path}: {error.strerror}")
            self._place = None

    def _rate(self, state: LoadState) -> float:
        return (state.done - self._done_before) / self.seconds

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self._started, 1e-3)

    def summary(self, state: LoadState, limiter: RateLimiter) -> str:
        """What was done, and how fast."""
        units = limiter.units_paid / self.seconds
        refused = f", {amount(state.refused, 'line')} refused" if state.refused else ""
        earlier = (
            f" ({amount(self._done_before, 'line')} of it earlier)" if self._done_before else ""
        )
        return (
            f"loaded {amount(state.written, 'item')} into {state.table}{refused}{earlier} "
            f"in {self.seconds:.1f} s: {self._rate(state):,.0f} a second, {units:,.0f} WCU a second"
        )
