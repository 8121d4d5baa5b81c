"""One rule for all caches of parsed expressions.

A plan depends on the text and on what the name placeholders stand for, never on values, so
applications use few of them over and over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias, TypeVar

from genset.expressions.paths import NO_NAMES, Names

PLANS_MAX: Final = 1024
# Names may be 64 KB each: requests whose names are larger than this, or more, are parsed anew
# each time, or they could fill the memory.
_NAMES_CHARACTERS_MAX: Final = 4096

NamesKey: TypeAlias = tuple[tuple[str, str], ...] | None
Plan = TypeVar("Plan")


class _NotCachedError(Exception):
    """The names are too large to be kept."""


def cached_by_text(build: Callable[[str, Names], Plan]) -> Callable[[str, Names | None], Plan]:
    """Cache what `build` makes of a text and names; its exceptions are not cached."""

    @lru_cache(maxsize=PLANS_MAX)
    def cached(text: str, key: NamesKey) -> Plan:
        if key is None:
            return build(text, NO_NAMES)
        if sum(len(name) for _, name in key) > _NAMES_CHARACTERS_MAX:
            raise _NotCachedError
        return build(text, dict(key))

    def parse(text: str, names: Names | None) -> Plan:
        # Names in another order make another key: cheaper than sorting them every time.
        try:
            return cached(text, tuple(names.items()) if names else None)
        except _NotCachedError:
            return build(text, names or NO_NAMES)

    return parse
