"""What a table is to be, whatever kind of file says it, and what a table is.

Both are a `TableDefinition`, so that a plan is a comparison of two of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from genset.schemas.problems import Place

ON_DEMAND: Final = "PAY_PER_REQUEST"
PROVISIONED: Final = "PROVISIONED"
STANDARD: Final = "STANDARD"

# What some kinds of files cannot say of a table. It is then left as it is.
TIME_TO_LIVE: Final = "time to live"
TAGS: Final = "tags"
POLICY: Final = "resource policy"
INSIGHTS: Final = "contributor insights"

Keys = tuple[tuple[str, str], ...]
"""Names of attributes with HASH or RANGE, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Reads and writes, in the units of what has them; None: not limited, or not said."""

    read: int | None = None
    write: int | None = None

    def __bool__(self) -> bool:
        return self.read is not None or self.write is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDefinition:
    """A local or global index. `throughput`, `ceilings`, `warm`, `insights` are of global ones."""

    name: str
    keys: Keys
    projection: str
    non_key_attributes: tuple[str, ...] = ()
    throughput: Units = field(default_factory=Units)
    ceilings: Units = field(default_factory=Units)
    warm: Units = field(default_factory=Units)
    insights: str | None = None
    """The mode of contributor insights; None: there are none."""

    @property
    def shape(self) -> tuple[Keys, str, tuple[str, ...]]:
        """What cannot be changed of an index."""
        return self.keys, self.projection, self.non_key_attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefinition:
    """A table: its schema, capacity and settings, in the API's words.

    `place` is where it is defined. `unsaid` names the aspects of a table, those above, that its
    kind of file has no words for.
    """

    name: str
    place: Place | None = None
    keys: Keys
    attribute_types: Mapping[str, str]
    local_indexes: tuple[IndexDefinition, ...] = ()
    global_indexes: tuple[IndexDefinition, ...] = ()
    billing_mode: str = PROVISIONED
    throughput: Units = field(default_factory=Units)
    ceilings: Units = field(default_factory=Units)
    warm: Units = field(default_factory=Units)
    stream: str | None = None
    """The view type; None: no stream."""
    table_class: str = STANDARD
    deletion_protection: bool = False
    encryption: str | None = None
    """The KMS key; "" for the one that AWS manages; None: only as all tables are."""
    time_to_live: str | None = None
    """The attribute; None: nothing expires."""
    tags: Mapping[str, str] = field(default_factory=dict)
    policy: str | None = None
    """The resource policy as a JSON text."""
    insights: str | None = None
    unsaid: frozenset[str] = frozenset()

    def global_index(self, name: str) -> IndexDefinition | None:
        """The global index of that name."""
        return next((index for index in self.global_indexes if index.name == name), None)
