"""What a check finds: problems, how often and for example where, and what mends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from genset.integrity.mends import Mend

EXAMPLES_MAX: Final = 3
MENDS_MAX: Final = 10_000
"""What is beyond it is found again, and mended, in the next round of a repair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong of one kind at one place, `count` times; `repair` says what mends it."""

    place: str
    what: str
    count: int
    examples: tuple[str, ...]
    repair: str | None

    def __str__(self) -> str:
        shown = f" (as {', '.join(self.examples)})" if self.examples else ""
        return f"{self.place}: {self.what}: {self.count}{shown}"


@dataclass(slots=True)
class Totals:
    """How much there was to look at."""

    tables: int = 0
    items: int = 0
    item_bytes: int = 0
    index_entries: int = 0
    streams: int = 0
    stream_records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a check; nothing is wrong if there are no problems."""

    totals: Totals
    problems: tuple[Problem, ...]
    mends: tuple[Mend, ...]


@dataclass(slots=True)
class _Growing:
    count: int = 0
    examples: list[str] = field(default_factory=list)
    repair: str | None = None


class Findings:
    """Collects what a check finds, in memory of bounded size for each kind and place."""

    def __init__(self) -> None:
        self.totals = Totals()
        self._found: dict[tuple[str, str], _Growing] = {}
        self._mends: dict[Mend, None] = {}

    def add(
        self, place: str, what: str, example: str = "", mend: Mend | None = None, *, count: int = 1
    ) -> None:
        """Something is wrong. Of one kind at one place all has a mend, or nothing."""
        growing = self._found.setdefault((place, what), _Growing())
        growing.count += count
        if example and len(growing.examples) < EXAMPLES_MAX:
            growing.examples.append(example)
        if mend is not None:
            growing.repair = mend.text
            if len(self._mends) < MENDS_MAX:
                self._mends[mend] = None

    def wants_example(self, place: str, what: str) -> bool:
        """Whether an example of such a problem would be shown."""
        growing = self._found.get((place, what))
        return growing is None or len(growing.examples) < EXAMPLES_MAX

    def report(self) -> Report:
        """All that was found."""
        problems = tuple(
            Problem(
                place=place,
                what=what,
                count=each.count,
                examples=tuple(each.examples),
                repair=each.repair,
            )
            for (place, what), each in self._found.items()
        )
        return Report(totals=self.totals, problems=problems, mends=tuple(self._mends))
