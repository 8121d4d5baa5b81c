"""The select list: what it picks of an item, and what it calls it.

A column is called by its path from the last name on: `m.k[0]` gives `k[0]`. A column that an item
does not have is left out. Observed on the service, September 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from genset.expressions.partiql.translation import column_name
from genset.expressions.partiql.tree import NAMES
from genset.expressions.paths import Lookup, Steps, lookup, resolve
from genset.expressions.tree import Path
from genset.model.attribute_values import Item


class Columns:
    """A select list, compiled. It serves where a ProjectionPlan does."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths: Final[tuple[Steps, ...]] = tuple(resolve(path, NAMES) for path in paths)
        self.attributes: Final = tuple(dict.fromkeys(str(steps[0]) for steps in self.paths))
        """The attributes it reads, in the order written."""
        self.top_level_names: Final = frozenset(self.attributes)
        self._columns: Final[list[tuple[str, Lookup]]] = [
            (column_name(path), lookup(steps))
            for path, steps in zip(paths, self.paths, strict=True)
        ]

    def project(self, item: Item) -> Item:
        """What the columns hold, by their names."""
        picked: Item = {}
        for name, read in self._columns:
            value = read(item)
            if value is not None:
                picked[name] = value
        return picked
