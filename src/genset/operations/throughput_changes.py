"""What a table or index remembers of changes to its provisioned throughput.

Observed on the service in October 2026: the times of the last increase and decrease, and a budget
of four decreases a UTC day, past which one is possible an hour after the last. A change of the
billing mode is neither an increase nor a decrease.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from genset.model.errors import LimitExceededException

MEMBER: Final = "ThroughputChanges"  # where `extras` keep it

_INCREASED_AT: Final = "LastIncreaseDateTime"
_DECREASED_AT: Final = "LastDecreaseDateTime"
_DECREASES: Final = "Decreases"
_BEFORE: Final = "Before"
_FREE_DECREASES: Final = 4
_WAIT: Final = timedelta(hours=1)


def shown(
    extras: Mapping[str, Any], units: tuple[int, int], now: float, *, changing: bool
) -> dict[str, Any]:
    """The description of throughput: while it is changing, what it was before."""
    changes = extras.get(MEMBER, {})
    decreases = _decreases_today(changes, now)
    if changing and _BEFORE in changes:
        *units, decreases = changes[_BEFORE]
    times = {m: changes[m] for m in (_INCREASED_AT, _DECREASED_AT) if m in changes}
    return {
        **times,
        "NumberOfDecreasesToday": decreases,
        "ReadCapacityUnits": units[0],
        "WriteCapacityUnits": units[1],
    }


def after_change(
    extras: Mapping[str, Any], before: tuple[int, int], after: tuple[int, int], now: float
) -> dict[str, Any]:
    """`extras` after a change of throughput; raises LimitExceededException past the budget."""
    changes = dict(extras.get(MEMBER, {}))
    decreases = _decreases_today(changes, now)
    changes[_BEFORE] = [*before, decreases]
    if any(new < old for old, new in zip(before, after, strict=True)):
        if decreases >= _FREE_DECREASES:
            _check_wait(decreases, changes[_DECREASED_AT], now)
        changes[_DECREASED_AT] = now
        changes[_DECREASES] = decreases + 1
    if any(new > old for old, new in zip(before, after, strict=True)):
        changes[_INCREASED_AT] = now
    return {**extras, MEMBER: changes}


def after_switch(extras: dict[str, Any]) -> dict[str, Any]:
    """`extras` after a change of the billing mode, which shows the throughput to come."""
    if MEMBER not in extras:
        return extras
    kept = {member: value for member, value in extras[MEMBER].items() if member != _BEFORE}
    return {**extras, MEMBER: kept}


def _decreases_today(changes: Mapping[str, Any], now: float) -> int:
    decreased_at = changes.get(_DECREASED_AT)
    if decreased_at is None or _moment(decreased_at).date() != _moment(now).date():
        return 0
    decreases: int = changes[_DECREASES]
    return decreases


def _check_wait(decreases: int, decreased_at: float, now: float) -> None:
    last = _moment(decreased_at)
    midnight = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    next_at = min(last + _WAIT, midnight)
    if _moment(now) >= next_at:
        return
    raise LimitExceededException(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
        f"UTC day. After the first {_FREE_DECREASES} decreases, each subsequent decrease in the "
        f"same UTC day can be performed at most once every {int(_WAIT.total_seconds())} seconds. "
        f"Number of decreases today: {decreases}. Last decrease at {_spelled(last)}. "
        f"Next decrease can be made at {_spelled(next_at)}."
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _spelled(moment: datetime) -> str:
    hour = (moment.hour - 1) % 12 + 1
    return (
        f"{moment:%A, %B} {moment.day}, {moment.year} at {hour}:{moment:%M:%S %p} "
        "Coordinated Universal Time"
    )
