"""botocore's description of the services, read once for all sessions of the process.

A session of botocore reads and decodes it anew, which takes longer than most tests.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import Loader


class _SearchPaths(list[str]):
    """Where a loader looks; each session adds its own places, mostly the same."""

    def append(self, path: str) -> None:
        """Add a place, unless it is there."""
        if path not in self:
            super().append(path)


class SharedLoader(Loader):  # type: ignore[misc]
    """A loader of botocore that many sessions use."""

    def __init__(self) -> None:
        super().__init__(extra_search_paths=_SearchPaths())


@cache
def shared_loader() -> Any:
    """The loader of all sessions that look nowhere else than usual."""
    return SharedLoader()
