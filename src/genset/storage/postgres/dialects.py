"""What the databases that speak PostgreSQL's protocol need, each in its own way.

PostgreSQL (documentation, chapters 13 and 43, and "Advisory Locks"). A write is checked and made
by one call of `genset.commit`, at READ COMMITTED, where each statement of a function sees what was
committed before it began: locks of the transaction's own, taken first and in order, make it
serializable in the order of the commits, and nobody waits for more than a commit under way. That
avoids the false conflicts that SERIALIZABLE has on the pages of a small index, and a writer that
waited need not begin again. So a snapshot is always a prefix of the commits.

CockroachDB (documentation, "Transactions", "Transaction retry error reference", "Hash-sharded
indexes"). All transactions are SERIALIZABLE, conflicts are 40001; its advisory lock functions do
nothing. It splits ranges by load, and keys that begin with a hash spread by themselves.

YugabyteDB (documentation, "Isolation levels", "SET TRANSACTION", "Explicit locking", "Sharding").
READ COMMITTED is Snapshot unless a flag of the server enables it, so SERIALIZABLE is asked for;
conflicts are 40001 and 40P01. Versions before 2025 have no advisory locks. A primary key is sharded
by its hash unless it says ASC, which scans need; a table that is sharded by range is split as it
grows.

So both take the portable way: interactive SERIALIZABLE transactions, tried again on conflicts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to talk to one kind of database.

    `commits_by_function`: writes are checked and made by `genset.commit`; else by transactions of
    statements. `locks_schema`: whether advisory locks order those who create the schema.
    `session` are settings of each connection.
    """

    name: str
    commits_by_function: bool
    locks_schema: bool
    read_isolation: Literal["REPEATABLE READ", "SERIALIZABLE"]
    session: dict[str, str]
    key_order: str = ""


# Keys are looked up in an index, whatever the planner thinks of the table's size: a plan made while
# it was empty reads all of it, and is kept until the table is next analyzed. And a statement with
# an array is planned at each call if few keys make that look cheaper, which takes longer than to
# find them. (Documentation: "Query Planning" and "Planner Method Configuration".) A plan that is
# left with a disabled method seems so dear that it would be compiled.
_BY_INDEX: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

POSTGRESQL: Final = Dialect(
    name="postgresql",
    commits_by_function=True,
    locks_schema=True,
    read_isolation="REPEATABLE READ",
    session={"default_transaction_isolation": "read committed", **_BY_INDEX},
)
PORTABLE: Final = Dialect(
    name="portable",
    commits_by_function=False,
    locks_schema=False,
    read_isolation="SERIALIZABLE",
    session={"default_transaction_isolation": "serializable"},
)
COCKROACHDB: Final = replace(PORTABLE, name="cockroachdb")
YUGABYTEDB: Final = replace(PORTABLE, name="yugabytedb", key_order=" ASC")
DIALECTS: Final = {each.name: each for each in (POSTGRESQL, PORTABLE, COCKROACHDB, YUGABYTEDB)}


def dialect_of(version: str) -> Dialect:
    """The dialect of a server, by what it answers to `SELECT version()`."""
    if "CockroachDB" in version:
        return COCKROACHDB
    if "-YB-" in version or "YugabyteDB" in version:
        return YUGABYTEDB
    return POSTGRESQL
