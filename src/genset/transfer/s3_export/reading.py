"""Finds an export's data files, and checks them against what its manifests say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from genset.transfer.records import TransferError
from genset.transfer.s3_export.manifests import (
    CHECKSUM_SUFFIXES,
    DYNAMODB_JSON,
    FILES,
    FORMATS,
    ROOT,
    SUMMARY,
    DataFile,
    checksum,
    checksum_of_file,
    data_file,
)

_KEY_SEPARATOR: Final = f"{ROOT}/"


@dataclass(frozen=True, slots=True)
class Export:
    """An export: its folder, its summary, and its data files with the paths where they are.

    `format_name` is the name of the data files' format.
    """

    folder: Path
    summary: dict[str, Any]
    format_name: str
    files: list[tuple[Path, DataFile]]


def is_export(path: Path) -> bool:
    """Whether a path is a folder with an export in it, or one of an export's manifests."""
    return path.name in (SUMMARY, FILES) or (path.is_dir() and bool(_folders(path)))


def _folders(path: Path) -> list[Path]:
    """The folders of exports in a folder: itself, or those below AWSDynamoDB."""
    places = (path, *sorted(path.glob("*/")), *sorted(path.glob(f"{ROOT}/*/")))
    return [place for place in places if (place / SUMMARY).is_file()]


def open_export(path: Path) -> Export:
    """The export at a path of which `is_export` is true; all its files are there and whole.

    Raises TransferError if they are not, or if there is more than one export.
    """
    folder = path.parent if path.name in (SUMMARY, FILES) else _only_folder(path)
    summary = _json(_checked(folder / SUMMARY), folder / SUMMARY)
    output = summary.get("outputFormat", DYNAMODB_JSON)
    if output not in FORMATS:
        raise TransferError(f"{folder} is in {output}; only {' and '.join(FORMATS)} are read")
    files = list(_data_files(folder))
    for found, listed in files:
        _check(found, listed)
    return Export(folder, summary, FORMATS[output], files)


def _only_folder(path: Path) -> Path:
    first, *others = _folders(path)
    if others:
        names = ", ".join(str(each) for each in (first, *others))
        raise TransferError(f"{path} has several exports; name one of {names}")
    return first


def _data_files(folder: Path) -> Iterator[tuple[Path, DataFile]]:
    listing = folder / FILES
    for line in _checked(listing).splitlines():
        if line.strip():
            try:
                listed = data_file(_json(line, listing))
            except KeyError as error:
                raise TransferError(f"{listing} has a line without {error}") from None
            yield _place(folder, listed.key), listed


def _place(folder: Path, key: str) -> Path:
    """Where the object with that key is, as the bucket's folders were copied.

    A full export keeps its data in its own folder; incremental ones share AWSDynamoDB/data.
    """
    parts = [part for part in key.rpartition(_KEY_SEPARATOR)[2].split("/") if part != ".."]
    beside_root = folder.parent.joinpath(*parts)
    return beside_root if beside_root.exists() else folder / "data" / parts[-1]


def _check(path: Path, listed: DataFile) -> None:
    if not path.is_file():
        raise TransferError(f"{path} is listed in {FILES} and is not there")
    if checksum_of_file(path) != listed.md5_checksum:
        raise TransferError(f"{path} is damaged: its MD5 is not the one in {FILES}")


def _checked(path: Path) -> bytes:
    """The content of a manifest, compared with its checksum if that is there."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TransferError(f"cannot read {path}: {error.strerror}") from None
    for suffix in CHECKSUM_SUFFIXES:
        beside = path.with_suffix(suffix)
        if beside.is_file() and beside.read_text().strip() != checksum(content):
            raise TransferError(f"{path} is damaged: its MD5 is not the one in {beside.name}")
    return content


def _json(text: bytes, path: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except ValueError as error:
        raise TransferError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise TransferError(f"{path} is not what DynamoDB writes")
    return found
