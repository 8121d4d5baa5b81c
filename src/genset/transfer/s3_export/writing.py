"""Writes a table as DynamoDB exports it to S3: DynamoDB JSON, all of it at one time.

The table's description is put beside the export and not into it, where an import from S3 would
take it for data.
"""

from __future__ import annotations

import base64
import gzip
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from genset.transfer.formats.dynamodb_json import line_of
from genset.transfer.plain import Item
from genset.transfer.records import TransferError
from genset.transfer.s3_export.manifests import (
    CHECKSUM_SUFFIXES,
    DYNAMODB_JSON,
    FILES,
    ROOT,
    STARTED,
    SUMMARY,
    VERSION,
    DataFile,
    checksum,
    checksum_of_file,
)

_NAME_BYTES: Final = 16
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Written:
    """What an export is: its folder, its id, and how many items it has."""

    folder: Path
    export_id: str
    item_count: int


def write_export(
    target: Path,
    description: dict[str, Any],
    parts: Sequence[Iterable[Sequence[Item]]],
    report: Callable[[int], None] = lambda count: None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Written:
    """Write an export of the table described as a new one in the folder `target`.

    Each of `parts`, pages of items, becomes a data file; they are read by a thread each. `report`
    is told how many items there are so far. Raises TransferError if the folder cannot be written.
    Whatever ends it early ends all threads after the page that each is at, and removes the export.
    """
    started = now()
    export_id = f"{int(started.timestamp() * 1000):014d}-{secrets.token_hex(4)}"
    folder = target / ROOT / export_id
    try:
        (folder / "data").mkdir(parents=True)
        (folder / STARTED).touch()
        files = _write_parts(folder, export_id, parts, report)
        listing = b"".join(orjson.dumps(each.line()) + b"\n" for each in files)
        _write_manifest(folder / FILES, listing)
        count = sum(each.item_count for each in files)
        summary = _summary(description, export_id, started, now(), count)
        _write_manifest(folder / SUMMARY, orjson.dumps(summary))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise TransferError(f"cannot write {folder}: {error.strerror}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Written(folder, export_id, count)


class _Counter:
    """Counts the items of all parts."""

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._count = 0

    def add(self, count: int) -> None:
        with self._lock:
            self._count += count
            self._report(self._count)


def _write_parts(
    folder: Path,
    export_id: str,
    parts: Sequence[Iterable[Sequence[Item]]],
    report: Callable[[int], None],
) -> list[DataFile]:
    counter = _Counter(report)
    stopping = threading.Event()
    with ThreadPoolExecutor(len(parts)) as threads:
        tasks = [
            threads.submit(_write_part, folder, export_id, _until(stopping, part), counter.add)
            for part in parts
        ]
        try:
            for task in wait(tasks, return_when=FIRST_EXCEPTION).done:
                task.result()
            return [task.result() for task in tasks]
        finally:
            stopping.set()


def _until(stopping: threading.Event, pages: Iterable[Sequence[Item]]) -> Iterator[Sequence[Item]]:
    """The pages, but none once it is `stopping`."""
    for page in pages:
        if stopping.is_set():
            return
        yield page


def _write_part(
    folder: Path,
    export_id: str,
    pages: Iterable[Sequence[Item]],
    add: Callable[[int], None],
) -> DataFile:
    name = base64.b32encode(secrets.token_bytes(_NAME_BYTES)).decode().lower().rstrip("=")
    path = folder / "data" / f"{name}.json.gz"
    count = 0
    # Without the time and the name of a file, equal contents have equal checksums.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as file,
    ):
        for page in pages:
            file.write(b"".join(map(line_of, page)))
            count += len(page)
            add(len(page))
    key = f"{ROOT}/{export_id}/data/{path.name}"
    return DataFile(key, count, checksum_of_file(path))


def _write_manifest(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.with_suffix(CHECKSUM_SUFFIXES[0]).write_text(checksum(content))


def _summary(
    description: dict[str, Any], export_id: str, started: datetime, ended: datetime, count: int
) -> dict[str, Any]:
    arn = description["TableArn"]
    return {
        "version": VERSION,
        "exportArn": f"{arn}/export/{export_id}",
        "startTime": _time(started),
        "endTime": _time(ended),
        "tableArn": arn,
        "tableId": description.get("TableId"),
        "exportTime": _time(started),
        "s3Bucket": None,
        "s3Prefix": None,
        "s3SseAlgorithm": None,
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{ROOT}/{export_id}/{FILES}",
        "billedSizeBytes": description.get("TableSizeBytes", 0),
        "itemCount": count,
        "outputFormat": DYNAMODB_JSON,
        "exportType": "FULL_EXPORT",
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
