"""What a table or stream keeps of its resource policy; `resource_policies` has their grammar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPolicy:
    """The policy of a table or stream; `document` None is what a deletion leaves.

    `revision` is when it changed last, in milliseconds since the epoch, and greater than before.
    """

    document: str | None
    revision: int

    @property
    def revision_id(self) -> str:
        """The RevisionId."""
        return str(self.revision)
