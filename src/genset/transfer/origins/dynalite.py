"""dynalite's folder: a LevelDB of JSON values, here as dynalite 3 and 4 were seen to write it.

In version 4 the keys are `table~NAME`, `item-NAME~...` and `tag-NAME~TAG`; in version 3 they are
`!table!NAME`, `!item-NAME!...` and `!tag-NAME!TAG`. Indexes are kept too, and are made anew. Its
tables know neither streams nor time to live.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from genset.transfer.formats.dynamodb_json import parse_item
from genset.transfer.origins.origin import OriginTable
from genset.transfer.records import Place, Readings, TransferError

_FORMS: Final = ("{}~", "!{}!")
"""How a key begins that is in a part of the database."""


class DynaliteFolder:
    """An origin: such a folder, of which a copy is opened, since opening a LevelDB changes it."""

    def __init__(self, path: Path) -> None:
        try:
            import plyvel
        except ImportError:
            raise TransferError(
                "reading dynalite's data needs plyvel: pip install 'genset[dynalite]'"
            ) from None
        self.place = str(path)
        self._opened = contextlib.ExitStack()
        with _locked(path), contextlib.ExitStack() as stack:
            copy = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "leveldb"
            shutil.copytree(path, copy)
            try:
                self._database = plyvel.DB(str(copy), paranoid_checks=True)
            except (plyvel.Error, OSError) as error:
                raise TransferError(f"cannot read {path}: {error}") from None
            self._opened = stack.pop_all()
        self._opened.callback(self._database.close)

    def _part(self, part: str) -> Iterator[tuple[bytes, bytes]]:
        """The keys, without what is common to them, and the values of a part."""
        for form in _FORMS:
            prefix = form.format(part).encode()
            for key, value in self._database.iterator(prefix=prefix):
                yield key[len(prefix) :], value

    def names(self) -> list[str]:
        """See `Origin`."""
        return sorted(key.decode() for key, _ in self._part("table"))

    def table(self, name: str) -> OriginTable:
        """See `Origin`."""
        found: dict[str, Any] | None = next(
            (orjson.loads(value) for key, value in self._part("table") if key.decode() == name),
            None,
        )
        if found is None:
            raise TransferError(f"there is no table {name} in {self.place}")
        found["ItemCount"] = sum(1 for _ in self._part(f"item-{name}"))
        tags = [
            {"Key": key.decode(), "Value": orjson.loads(value)}
            for key, value in self._part(f"tag-{name}")
        ]
        return OriginTable(description=found, tags=tags)

    def read(self, name: str, segments: int) -> Readings:
        """See `Origin`; a place's line is the number of the item."""
        source = f"{self.place}[{name}]"
        for number, (_, value) in enumerate(self._part(f"item-{name}"), start=1):
            yield parse_item(value, Place(source, number))

    def close(self) -> None:
        """See `Origin`."""
        self._opened.close()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold LevelDB's own lock. Raises TransferError if a server holds it."""
    # Not every system has it, and those have no plyvel either.
    import fcntl

    try:
        with (path / "LOCK").open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except FileNotFoundError:
        yield
    except (BlockingIOError, PermissionError):
        raise TransferError(f"{path} is in use; stop dynalite first") from None
