"""Mending: take the mends of a check, let the background finish them, and check again.

Some things show only when others are mended, as the size of an item collection once its index is
whole: so rounds follow each other until nothing is left that has a mend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from genset.background.backfill import fill_indexes_round
from genset.background.expiry import prepare_queues_round
from genset.background.sweep import sweep_indexes_round, sweep_tables_round
from genset.integrity.check import Tell, check, tell_nobody
from genset.integrity.findings import Report
from genset.integrity.mends import apply_mends
from genset.operations.operation import Services
from genset.storage.engine import Engine

ROUNDS_MAX: Final = 100

_FINISHING: Final = (
    sweep_indexes_round,
    sweep_tables_round,
    fill_indexes_round,
    prepare_queues_round,
)


async def repair(
    engine: Engine,
    services: Services,
    report: Report,
    before_round: Callable[[Report], None],
    tell: Tell = tell_nobody,
) -> Report:
    """Mend what `report` says, and what shows then; what is wrong at the end.

    `before_round` is told what will be mended before anything is changed. It ends early if a round
    changes nothing for the better. Raises StorageError.
    """
    for _ in range(ROUNDS_MAX):
        if not report.mends:
            break
        before_round(report)
        await apply_mends(engine, report.mends)
        for job in _FINISHING:
            await job(engine, services)
        following = await check(engine, tell)
        if following.mends == report.mends:
            return following
        report = following
    return report
