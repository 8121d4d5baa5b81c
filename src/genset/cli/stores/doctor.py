"""`genset doctor`: checks where a server keeps its data, and mends what can be made anew.

A data directory is checked while no server runs on it. A database is read in one view, beside its
servers; it is mended while none runs.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from dataclasses import asdict, dataclass
from typing import Any, Final

from genset.cli.printing.progress import Progress, progress
from genset.cli.stores.leading import keep_lead, opened, take_lead, unless
from genset.cli.stores.store import InDirectory, InPostgres, claimed
from genset.integrity.check import Tell, check
from genset.integrity.findings import Problem, Report
from genset.integrity.repair import repair
from genset.operations.operation import Services
from genset.storage.data_directory import DataDirectoryInUseError, database_in
from genset.storage.engine import Engine, StorageError
from genset.storage.file_check import FileReport, check_file, is_damage

_DAMAGED: Final = "the file is damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found. `file` is None for a database; `report` too if nothing could be read.

    `damage` says what of a file cannot be read, "" if all can; `mended` is what was done.
    """

    store: str
    file: FileReport | None = None
    damage: str = ""
    report: Report | None = None
    mended: tuple[str, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong at the end."""
        return not self.damage and self.report is not None and not self.report.problems

    def record(self) -> dict[str, Any]:
        """It in JSON's types."""
        problems = [] if self.report is None else [asdict(each) for each in self.report.problems]
        return {
            "store": self.store,
            "healthy": self.is_healthy,
            "file": None if self.file is None else _file_record(self.file),
            "damage": self.damage or None,
            "totals": None if self.report is None else asdict(self.report.totals),
            "problems": problems,
            "mended": list(self.mended),
        }


def _file_record(file: FileReport) -> dict[str, Any]:
    return {**asdict(file), "path": str(file.path)}


def diagnose(store: InDirectory | InPostgres, *, repairs: bool) -> Diagnosis:
    """Check a store, and mend it if told to. Raises StorageError if it cannot be checked."""
    if isinstance(store, InPostgres):
        report, mended = asyncio.run(_examine(store, repairs))
        return Diagnosis(store=str(store), report=report, mended=mended)
    if not database_in(store.path).exists():
        raise StorageError(f"there is no data of genset in {store}")
    return _diagnose_directory(store, repairs)


def _diagnose_directory(store: InDirectory, repairs: bool) -> Diagnosis:
    try:
        with claimed(store):
            with progress("checking the file", None):
                file = check_file(database_in(store.path))
            if file.problems:
                return Diagnosis(store=str(store), file=file, damage=_DAMAGED)
            report, mended = asyncio.run(_examine(store, repairs))
            return Diagnosis(store=str(store), file=file, report=report, mended=mended)
    except DataDirectoryInUseError as error:
        raise DataDirectoryInUseError(f"{error}; stop it first") from error
    except StorageError as error:
        if not is_damage(error):
            raise
        return Diagnosis(store=str(store), damage=f"{_DAMAGED}: {error}")


async def _examine(
    store: InDirectory | InPostgres, repairs: bool
) -> tuple[Report, tuple[str, ...]]:
    """The report in the end, and what was done."""
    async with opened(store, creates=False) as engine:
        if not repairs:
            return await _check(engine), ()
        await take_lead(engine, store)
        return await unless(_repair(engine), keep_lead(engine, store))


async def _check(engine: Engine) -> Report:
    with progress("checking", None) as bar:
        return await check(engine, _shown_by(bar))


async def _repair(engine: Engine) -> tuple[Report, tuple[str, ...]]:
    mended: list[str] = []

    def before_round(report: Report) -> None:
        for problem in report.problems:
            if problem.repair is not None:
                bar.say(f"will {problem.repair}: {problem}")
                mended.append(f"{problem.place}: {problem.what}: {problem.repair}")

    with progress("mending", None) as bar:
        tell = _shown_by(bar)
        report = await check(engine, tell)
        report = await repair(engine, _services(), report, before_round, tell)
    return report, tuple(mended)


def _shown_by(bar: Progress) -> Tell:
    """What shows what is being read, and how many keys have been in all."""
    keys = 0

    def tell(what: str, count: int) -> None:
        nonlocal keys
        keys += count
        bar.show(keys, f"{what}, {keys:,} keys in all")

    return tell


def _services() -> Services:
    return Services(
        now=time.time,
        new_uuid=lambda: str(uuid.uuid4()),
        new_salt=lambda: os.urandom(16),
    )


def printed(diagnosis: Diagnosis) -> str:
    """A diagnosis for people."""
    lines = [diagnosis.store]
    if diagnosis.file is not None:
        lines.append(_printed_file(diagnosis.file))
    if diagnosis.report is not None:
        lines.append(_printed_totals(diagnosis.report))
    if diagnosis.damage:
        lines += _advice(diagnosis)
    if diagnosis.mended:
        lines += ["mended:", *(f"  {each}" for each in diagnosis.mended)]
    problems = () if diagnosis.report is None else diagnosis.report.problems
    if problems:
        lines += ["problems:", *(f"  {_printed_problem(each)}" for each in problems)]
    elif not diagnosis.damage:
        lines.append("no problems")
    if any(each.repair is not None for each in problems) and not diagnosis.mended:
        lines.append("genset doctor --repair mends what can be made anew from the items")
    return "\n".join(lines)


def _printed_file(file: FileReport) -> str:
    return (
        f"{file.file_bytes:,} bytes, log of {file.log_bytes:,} bytes, storage format "
        f"{file.format_version}, {file.pages:,} pages of {file.page_bytes:,} bytes, "
        f"{file.free_pages:,} of them free"
    )


def _printed_totals(report: Report) -> str:
    totals = report.totals
    return (
        f"{totals.tables:,} tables, {totals.items:,} items of {totals.item_bytes:,} bytes, "
        f"{totals.index_entries:,} index entries, {totals.streams:,} streams, "
        f"{totals.stream_records:,} stream records"
    )


def _printed_problem(problem: Problem) -> str:
    return f"{problem}; repair: {problem.repair or 'none'}"


def _advice(diagnosis: Diagnosis) -> list[str]:
    """What to do about a damaged file."""
    said = () if diagnosis.file is None else diagnosis.file.problems
    return [
        diagnosis.damage,
        *(f"  {line}" for line in said),
        "  Copy the directory first, and check the disk. Then put a backup in its place; or start",
        "  the server on the copy, save what can be read with `genset dump`, and load that into a",
        "  fresh directory. `genset migrate` moves all data, if all can be read.",
    ]
