"""The meter of watched tables: counts what passes, on top of the meter that throttles, if any."""

from __future__ import annotations

from collections.abc import Sequence

from genset.insights.contributors import Contributors
from genset.operations.metering import THROTTLED, Meter, Use


class Watching:
    """Hands everything on to `meter`, and to `contributors`."""

    def __init__(self, contributors: Contributors, meter: Meter | None = None) -> None:
        self._contributors = contributors
        self._meter = meter

    def over(self, meter: Meter | None) -> Watching:
        """See `Watcher.over`."""
        return Watching(self._contributors, meter)

    def admit(self, *uses: Use) -> None:
        """See `Meter.admit`."""
        if self._meter is None:
            return
        try:
            self._meter.admit(*uses)
        except THROTTLED:
            for use in uses:
                self._contributors.throttled(use)
            raise

    def charge(self, use: Use, units: float, read: Sequence[bytes] = ()) -> None:
        """See `Meter.charge`."""
        if self._meter is not None:
            self._meter.charge(use, units)
        self._contributors.accessed(use, units, read)
