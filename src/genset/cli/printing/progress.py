"""How far a long command is: a bar on stderr if that is a terminal, and otherwise nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


class Progress:
    """Something that goes on; without a bar it shows nothing, and only its lines are printed."""

    def __init__(self, bar: Any = None, task: Any = None) -> None:
        self._bar = bar
        self._task = task

    def show(self, done: float, note: str = "") -> None:
        """Show that so much of the total is done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)

    def expect(self, total: float | None) -> None:
        """Say how much there is to do, in the unit of `show`."""
        if self._bar is not None:
            self._bar.update(self._task, total=total)

    def say(self, line: str) -> None:
        """Print a line on stderr, above the bar."""
        if self._bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def progress(label: str, total: float | None) -> Iterator[Progress]:
    """A bar for as long as the context lasts; `total` is None if nobody knows."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(compact=True),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Progress(bar, bar.add_task(escape(label), total=total, note=""))
