"""What a path is that tables are to be moved in from."""

from __future__ import annotations

from pathlib import Path

from genset.transfer.origins.dynalite import DynaliteFolder
from genset.transfer.origins.dynamodb_local import MAGIC, DynamoDBLocalFile
from genset.transfer.origins.origin import Origin
from genset.transfer.records import TransferError


def origin_at(path: Path) -> Origin:
    """The origin at a path. Raises TransferError if it is none, or its program still has it."""
    if (path / "CURRENT").is_file():
        return DynaliteFolder(path)
    if path.is_dir():
        return DynamoDBLocalFile(_only_database(path))
    if _starts_with_magic(path):
        return DynamoDBLocalFile(path)
    raise TransferError(f"{path} is neither DynamoDB Local's database nor dynalite's folder")


def _only_database(folder: Path) -> Path:
    found = sorted(each for each in folder.glob("*.db") if _starts_with_magic(each))
    if not found:
        raise TransferError(f"{folder} has neither DynamoDB Local's database nor dynalite's data")
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise TransferError(f"{folder} has several databases; name one of {names}")
    return found[0]


def _starts_with_magic(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise TransferError(f"cannot read {path}: {error.strerror}") from None
