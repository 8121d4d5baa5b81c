"""A data directory has one server at a time and a format version."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from genset.storage._connections import FORMAT_VERSION, StorageFormatError
from genset.storage.data_directory import DataDirectory, DataDirectoryInUseError
from genset.storage.engine import StorageError
from genset.storage.sqlite import open_sqlite

HOLD = """
import sys
from pathlib import Path
from genset.storage.data_directory import DataDirectory
with DataDirectory(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def set_version(database: Path, version: int) -> None:
    connection = apsw.Connection(str(database))
    connection.pragma("user_version", version)
    connection.close()


def test_it_is_created_with_its_parents_and_private(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "a" / "b") as directory:
        assert stat.S_IMODE(os.stat(directory.path).st_mode) == 0o700
        assert directory.database_path.exists()


def test_a_second_server_is_refused_by_name_of_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataDirectoryInUseError, match=rf"\(process {holder.pid}\)"):
            DataDirectory(tmp_path)
        holder.kill()
    # The kernel gives the lock of a killed process back.
    DataDirectory(tmp_path).close()


def test_it_can_be_opened_again_after_it_was_closed(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.close()
    directory.close()
    DataDirectory(tmp_path).close()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    with DataDirectory(tmp_path) as directory:
        database = directory.database_path
    set_version(database, FORMAT_VERSION + 1)
    message = f"storage format {FORMAT_VERSION + 1}, written by a newer genset"
    with pytest.raises(StorageFormatError, match=message):
        DataDirectory(tmp_path)
    with pytest.raises(StorageFormatError, match=message):
        open_sqlite(database)
    set_version(database, FORMAT_VERSION)
    DataDirectory(tmp_path).close()


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "genset.db"
    connection = apsw.Connection(str(database))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(StorageFormatError, match="not a genset database"):
        DataDirectory(tmp_path)
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "genset.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StorageFormatError, match="not a genset database"):
        DataDirectory(tmp_path)


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot use the data directory"):
        DataDirectory(tmp_path / "file" / "below")


def test_a_refused_directory_is_not_left_locked(tmp_path: Path) -> None:
    (tmp_path / "genset.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StorageFormatError):
        DataDirectory(tmp_path)
    (tmp_path / "genset.db").unlink()
    DataDirectory(tmp_path).close()
