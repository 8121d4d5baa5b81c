"""The manifests of an export: their names and members, and checksums as they have them.

The guide shows `md5Checksum` as the base64 of a file's MD5 and `etag` as S3's for an object of one
part: the MD5 of that MD5. It calls the files of the manifests' own checksums `.checksum`; the
service writes `.md5`, and both are read.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = "AWSDynamoDB"
SUMMARY: Final = "manifest-summary.json"
FILES: Final = "manifest-files.json"
STARTED: Final = "_started"
CHECKSUM_SUFFIXES: Final = (".md5", ".checksum")
DYNAMODB_JSON: Final = "DYNAMODB_JSON"
FORMATS: Final = {DYNAMODB_JSON: "dynamodb-json", "ION": "ion"}
"""The formats of data files, and what they are called in `formats.registry`."""
VERSION: Final = "2020-06-30"
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class DataFile:
    """A line of the list of data files; `key` is the file's key in the bucket."""

    key: str
    item_count: int
    md5_checksum: str

    def line(self) -> dict[str, Any]:
        """The line as it is written."""
        return {
            "itemCount": self.item_count,
            "md5Checksum": self.md5_checksum,
            "etag": etag(self.md5_checksum),
            "dataFileS3Key": self.key,
        }


def data_file(line: dict[str, Any]) -> DataFile:
    """The data file of a line. Raises KeyError for a line of another kind."""
    return DataFile(line["dataFileS3Key"], line["itemCount"], line["md5Checksum"])


def checksum(content: bytes) -> str:
    """The base64 of the MD5."""
    return _base64(hashlib.md5(content, usedforsecurity=False))


def checksum_of_file(path: Path) -> str:
    """The base64 of the MD5 of a file, which is read in pieces."""
    found = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            found.update(piece)
    return _base64(found)


def etag(md5_checksum: str) -> str:
    """The ETag that S3 gives to an object with that MD5 which was uploaded as one part."""
    inner = base64.b64decode(md5_checksum)
    return hashlib.md5(inner, usedforsecurity=False).hexdigest() + "-1"


def _base64(found: Any) -> str:
    return base64.b64encode(found.digest()).decode()
