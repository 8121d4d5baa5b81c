"""Table and index schemas, and their stored form in the catalog.

Schemas are immutable: an update makes a new one. `encode_table` and `decode_table` are inverses.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

from genset.model.attached_policies import AttachedPolicy
from genset.model.insights import Insights
from genset.storage import keyspace

KeyType = Literal["S", "N", "B"]
GLOBAL: Final = "GLOBAL"
LOCAL: Final = "LOCAL"


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """One attribute of a key, with its type S, N or B."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The partition-key and sort-key attributes of a table or index, in order."""

    partition: tuple[KeyAttribute, ...]
    sort: tuple[KeyAttribute, ...]
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(a.name for a in self.partition + self.sort))


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A secondary index. `projected` holds every attribute it stores; None means all.

    A `partial` index is maintained by every write, and still lacks entries of older items. The
    times, in seconds since the epoch, say how its states end: see `genset.model.index_states`.
    """

    name: str
    number: int
    kind: str
    keys: Keys
    projection_type: str
    non_key_attributes: tuple[str, ...] = ()
    projected: frozenset[str] | None = None
    read_units: int = 0
    write_units: int = 0
    extras: dict[str, Any] = field(default_factory=dict)
    partial: bool = False
    allocated_at: float = 0.0
    built_at: float = 0.0
    updated_at: float = 0.0
    gone_at: float = 0.0
    insights: Insights | None = None

    @property
    def is_global(self) -> bool:
        """Whether it is a global secondary index."""
        return self.kind == GLOBAL


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStream:
    """What a writer needs of a table's enabled stream.

    `shards` holds the open shards, each as the least partition hash it takes and its number, in
    the order of the hashes; the first takes the least hash there is.
    """

    number: int
    view_type: str
    shards: tuple[tuple[bytes, int], ...]

    def shard_of(self, partition_hash: bytes) -> int:
        """The number of the open shard that records changes under this partition key."""
        taken = self.shards[0][1]
        for start, number in self.shards[1:]:
            if partition_hash < start:
                break
            taken = number
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToLive:
    """What the last UpdateTimeToLive of a table set, and when; it is under way until then."""

    attribute: str
    enabled: bool
    changed_at: float
    settled_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table. Times are seconds since the epoch; `extras` are API members kept as given.

    `status` is what the last operation on it set: CREATING and UPDATING end, and a DELETING
    table is gone, at `settled_at`. `changes` has when each kind of change under way will have been
    made. Indexes in `deleting` are only shown, until they are gone: nobody reads or writes them.
    """

    account: str
    region: str
    name: str
    number: int
    table_id: str
    salt: bytes
    keys: Keys
    indexes: tuple[Index, ...] = ()
    deleting: tuple[Index, ...] = ()
    billing_mode: str = "PROVISIONED"
    read_units: int = 0
    write_units: int = 0
    created_at: float = 0.0
    status: str = "ACTIVE"
    settled_at: float = 0.0
    changes: dict[str, float] = field(default_factory=dict)
    deletion_protection: bool = False
    time_to_live: TimeToLive | None = None
    extras: dict[str, Any] = field(default_factory=dict)
    stream: TableStream | None = None
    policy: AttachedPolicy | None = None
    insights: Insights | None = None
    ttl: str | None = field(init=False)
    """The attribute by which items expire; None if none do."""
    items_prefix: bytes = field(init=False)
    has_local_indexes: bool = field(init=False)
    follows_items: bool = field(init=False)
    """Whether a write of an item needs what was there before, for what follows from it."""
    is_watched: bool = field(init=False)
    """Whether it or an index of it has contributor insights."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "items_prefix", keyspace.items_prefix(self.number))
        live = self.time_to_live
        object.__setattr__(self, "ttl", live.attribute if live and live.enabled else None)
        follows = bool(self.indexes) or self.ttl is not None or self.stream is not None
        object.__setattr__(self, "follows_items", follows)
        insights = (self.insights, *(index.insights for index in self.indexes))
        watched = any(each is not None and each.enabled for each in insights)
        object.__setattr__(self, "is_watched", watched)
        object.__setattr__(
            self, "has_local_indexes", any(not index.is_global for index in self.indexes)
        )

    @property
    def arn(self) -> str:
        """The table's Amazon Resource Name."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.name}"

    def index(self, name: str) -> Index | None:
        """The index of that name, or None."""
        return next((index for index in self.indexes if index.name == name), None)


def projected_attributes(
    table_keys: Keys, keys: Keys, projection_type: str, non_key_attributes: tuple[str, ...]
) -> frozenset[str] | None:
    """Every attribute that an index stores; None if it stores all."""
    if projection_type == "ALL":
        return None
    return frozenset((*table_keys.names, *keys.names, *non_key_attributes))


def encode_table(table: Table) -> bytes:
    """The stored form of a table."""
    record = {f.name: getattr(table, f.name) for f in dataclasses.fields(table) if f.init}
    record["salt"] = table.salt.hex()
    record["keys"] = _keys_record(table.keys)
    record["indexes"] = [_index_record(index) for index in table.indexes]
    record["deleting"] = [_index_record(index) for index in table.deleting]
    record["stream"] = _stream_record(table.stream)
    return orjson.dumps(record)


def _index_record(index: Index) -> dict[str, Any]:
    record = {f.name: getattr(index, f.name) for f in dataclasses.fields(index)}
    record["keys"] = _keys_record(index.keys)
    del record["projected"]
    return record


def _stream_record(stream: TableStream | None) -> dict[str, Any] | None:
    if stream is None:
        return None
    shards = [[start.hex(), number] for start, number in stream.shards]
    return {"number": stream.number, "view_type": stream.view_type, "shards": shards}


def _keys_record(keys: Keys) -> dict[str, Any]:
    return {
        "partition": [[a.name, a.type] for a in keys.partition],
        "sort": [[a.name, a.type] for a in keys.sort],
    }


def decode_table(stored: bytes) -> Table:
    """The table of a stored form."""
    record = orjson.loads(stored)
    keys = _decode_keys(record["keys"])
    record["keys"] = keys
    record["salt"] = bytes.fromhex(record["salt"])
    record["stream"] = _decode_stream(record.get("stream"))
    if record.get("time_to_live"):
        record["time_to_live"] = TimeToLive(**record["time_to_live"])
    if record.get("policy"):
        record["policy"] = AttachedPolicy(**record["policy"])
    record["insights"] = _decode_insights(record.get("insights"))
    for member in ("indexes", "deleting"):
        record[member] = tuple(_decode_index(keys, index) for index in record.get(member, ()))
    return Table(**record)


def _decode_stream(record: dict[str, Any] | None) -> TableStream | None:
    if record is None:
        return None
    shards = tuple((bytes.fromhex(start), number) for start, number in record["shards"])
    return TableStream(**{**record, "shards": shards})


def _decode_insights(record: dict[str, Any] | None) -> Insights | None:
    return Insights(**record) if record else None


def _decode_index(table_keys: Keys, record: dict[str, Any]) -> Index:
    keys = _decode_keys(record["keys"])
    names = tuple(record["non_key_attributes"])
    projected = projected_attributes(table_keys, keys, record["projection_type"], names)
    parsed = {
        "keys": keys,
        "non_key_attributes": names,
        "projected": projected,
        "insights": _decode_insights(record.get("insights")),
    }
    return Index(**{**record, **parsed})


def _decode_keys(record: dict[str, Any]) -> Keys:
    return Keys(
        tuple(KeyAttribute(*pair) for pair in record["partition"]),
        tuple(KeyAttribute(*pair) for pair in record["sort"]),
    )
