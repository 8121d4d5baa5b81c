"""The seam to lagging reads: what an eventually consistent read sees instead of the present.

`Services.past` is None unless a lag is on.
"""

from __future__ import annotations

from typing import Protocol

from genset.model.tables import Index
from genset.storage.engine import Snapshot


class Past(Protocol):
    """Gives views of a snapshot as it was some time ago."""

    def view(self, snapshot: Snapshot, index: Index | None = None) -> Snapshot:
        """`snapshot` for an eventually consistent read of a table, or of one of its indexes."""
