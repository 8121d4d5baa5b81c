"""The file that says how far a load is, so that another run can go on from there.

It counts, for each source, the records at its beginning whose outcome is known: written and
acknowledged, or refused and reported. It is replaced as a whole, so it is never half written.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from genset.transfer.records import TransferError
from genset.transfer.sources import STANDARD_INPUT, Source

_VERSION: Final = 1


@dataclass(slots=True)
class SourceState:
    """A source as it was when its load began, and how many of its records are done."""

    path: str
    stored_bytes: int | None
    modified_ns: int | None
    done: int = 0

    def is_same(self, other: SourceState) -> bool:
        """Whether both are of the same file, unchanged."""
        return (self.path, self.stored_bytes, self.modified_ns) == (
            other.path,
            other.stored_bytes,
            other.modified_ns,
        )


@dataclass(slots=True)
class LoadState:
    """How far the load of `sources` into a table is."""

    table: str
    sources: list[SourceState]
    written: int = 0
    refused: int = 0
    errors_bytes: int = 0
    """The length of the file of refused records."""
    version: int = field(default=_VERSION)

    @property
    def done(self) -> int:
        """How many records are done."""
        return sum(each.done for each in self.sources)


def initial_state(table: str, sources: Sequence[Source]) -> LoadState:
    """The state in which nothing is done."""
    return LoadState(table, [_source_state(each) for each in sources])


def _source_state(source: Source) -> SourceState:
    if source.path == STANDARD_INPUT or not Path(source.path).is_file():
        return SourceState(source.path, None, None)
    found = Path(source.path).stat()
    return SourceState(str(Path(source.path).resolve()), found.st_size, found.st_mtime_ns)


class StateFile:
    """Where a state is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, initial: LoadState) -> LoadState | None:
        """The state that was saved, or None.

        Raises TransferError if it is of another load than `initial`, or a source has changed.
        """
        try:
            saved = _from_json(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TransferError(f"{self.path} is no state of a load: {error}") from None
        self._check(saved, initial)
        return saved

    def _check(self, saved: LoadState, initial: LoadState) -> None:
        paths = [each.path for each in saved.sources]
        if (saved.table, paths) != (initial.table, [each.path for each in initial.sources]):
            raise TransferError(f"{self.path} is of a load of {', '.join(paths)} to {saved.table}")
        for before, present in zip(saved.sources, initial.sources, strict=True):
            if not before.is_same(present):
                raise TransferError(f"{present.path} has changed since its load began")

    def save(self, state: LoadState) -> None:
        """Replace what is there; it is on disk when this returns. Raises OSError."""
        draft = self.path.with_name(self.path.name + ".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def remove(self) -> None:
        """Forget what was saved."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def _from_json(document: dict[str, Any]) -> LoadState:
    if document["version"] != _VERSION:
        raise ValueError("it is of another version of genset")
    sources = [SourceState(**each) for each in document.pop("sources")]
    return LoadState(sources=sources, **document)
