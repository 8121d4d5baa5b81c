"""Sessions of botocore, made in a fraction of the time.

Each session of botocore reads and decodes the description of the services anew, and registers over
a hundred handlers of events one by one: that takes longer than most tests. Here sessions share what
was read, and begin with a copy of what was registered.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader
from botocore.session import Session


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


def new_session(env_vars: Any = None) -> Any:
    """What botocore's `get_session` gives."""
    return Session(env_vars, event_hooks=_REGISTERED.copy(), include_builtin_handlers=False)


class _Registered:
    """An emitter with botocore's own handlers, which other packages may add to."""

    def __init__(self) -> None:
        self._handlers: list[Any] = []
        self._emitter = HierarchicalEmitter()

    def copy(self) -> Any:
        """An emitter with all that is registered now."""
        if self._handlers != BUILTIN_HANDLERS:
            self._handlers = list(BUILTIN_HANDLERS)
            self._emitter = HierarchicalEmitter()
            Session(event_hooks=self._emitter)
        return copy.copy(self._emitter)


_REGISTERED = _Registered()
