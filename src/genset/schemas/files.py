"""The files that a schema is read from: their texts and values, and which they were."""

from __future__ import annotations

from pathlib import Path

from genset.schemas.json_text import parse_json
from genset.schemas.nodes import Node
from genset.schemas.problems import Place, SchemaError
from genset.schemas.yaml_text import parse_yaml

_BYTES_MAX = 64 * 1024 * 1024


Stamp = tuple[object, ...]
"""What tells one state of a file or folder from another."""


def stamp(path: Path) -> Stamp:
    """The stamp of a file or folder; empty if it is not there."""
    try:
        status = path.stat()
        names = sorted(each.name for each in path.iterdir()) if path.is_dir() else ()
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino, tuple(names))


class Files:
    """Reads files, and remembers which, and how they were just before."""

    def __init__(self) -> None:
        self._stamps: dict[Path, Stamp] = {}

    @property
    def stamps(self) -> dict[Path, Stamp]:
        """The files that were looked for and the folders that were listed: what to watch."""
        return dict(self._stamps)

    def text(self, path: Path, asked: Place | None = None) -> str:
        """The text of a file that was named at `asked`. Raises SchemaError."""
        self._stamps.setdefault(path, stamp(path))
        place = asked or Place(str(path), 0)
        named = "" if asked is None else f"{path}: "
        try:
            if path.stat().st_size > _BYTES_MAX:
                raise SchemaError.at(place, f"{named}is larger than {_BYTES_MAX} bytes")
            return path.read_text(encoding="utf-8-sig")
        except OSError as error:
            message = error.strerror or str(error)
            raise SchemaError.at(place, f"{named}cannot be read: {message}") from None
        except UnicodeDecodeError:
            raise SchemaError.at(place, f"{named}is no text in UTF-8") from None

    def document(self, path: Path, asked: Place | None = None) -> Node:
        """The value of a file of JSON or YAML. Raises SchemaError."""
        return parse_document(self.text(path, asked), str(path))

    def listed(self, folder: Path, pattern: str) -> list[Path]:
        """The files in a folder, by name."""
        self._stamps.setdefault(folder, stamp(folder))
        return sorted(path for path in folder.glob(pattern) if path.is_file())


def parse_document(text: str, file: str) -> Node:
    """The value of a text of JSON, or else of YAML. Raises SchemaError."""
    start = text.lstrip()[:1]
    if start in ("{", "["):
        try:
            return parse_json(text, file)
        except SchemaError as error:
            # It may be YAML in its flow style, as `{a: 1}`; if neither, it was meant as JSON.
            try:
                return parse_yaml(text, file)
            except SchemaError:
                raise error from None
    return parse_yaml(text, file)
