"""The seam to lagging reads: what an eventually consistent read sees instead of the present.

`Services.past` is None unless a lag is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from genset.model.tables import Index
from genset.storage.engine import Snapshot


class Past(Protocol):
    """Gives views of a snapshot as it was some time ago."""

    def view(self, snapshot: Snapshot, index: Index | None = None) -> Snapshot:
        """`snapshot` for an eventually consistent read of a table, or of one of its indexes."""


async def read_many(
    snapshot: Snapshot, past: Past | None, wanted: Sequence[tuple[bytes, bool]]
) -> list[bytes | None]:
    """What is stored under keys of items, each with whether it is read consistently; at once."""
    if past is None:
        return await snapshot.get_many([key for key, _ in wanted])
    present = await snapshot.get_many([key for key, consistent in wanted if consistent])
    then = await past.view(snapshot).get_many([key for key, consistent in wanted if not consistent])
    values = {True: iter(present), False: iter(then)}
    return [next(values[consistent]) for _, consistent in wanted]
