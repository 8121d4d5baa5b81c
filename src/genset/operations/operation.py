"""What an operation is: checks that need no data, then one body over a transaction.

`prepare` does every check that DynamoDB makes before it looks at a table, and returns a plan;
`execute` runs the plan on a snapshot or transaction, may be run again after a conflict, and
answers a dict that `orjson` can dump (stored items as `orjson.Fragment`), or JSON. Neither does
I/O, reads a clock or draws a random number but through what `Scope` gives it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from genset.model.limits import TTL_COOLDOWN_SECONDS

if TYPE_CHECKING:
    from genset.operations.metering import Meter, Watcher
    from genset.operations.past import Past

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any] | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What operations draw on instead of the clock and the random generator.

    `now` gives seconds since the epoch, `new_uuid` a new UUID's text, `new_salt` 16 random bytes,
    `transition_s` how long a table stays CREATING, UPDATING or DELETING, in seconds, and
    `ttl_cooldown_s` how long after a change of a table's time to live the next is refused.
    `meter` is None unless tables throttle, `past` None unless eventually consistent reads lag.
    `watching` is the meter of tables with contributor insights.
    """

    now: Callable[[], float]
    new_uuid: Callable[[], str]
    new_salt: Callable[[], bytes]
    transition_s: float = 0.0
    ttl_cooldown_s: float = TTL_COOLDOWN_SECONDS
    meter: Meter | None = None
    past: Past | None = None
    watching: Watcher | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose tables a request means, and the services it may use.

    `host` is by which name and port the client came, where the operation asks for it.
    """

    account: str
    region: str
    services: Services
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API, by its name there.

    `wakes` says that it may leave work to the background, `asks_host` that its scope has the host.
    `reads` says of a plan of an operation that writes whether it only reads, so that a snapshot
    will do: PartiQL statements do either. `execute_lagging` is `execute` on a view that may be a
    little older, for plans that have `consistent` and have it False. It raises
    ResourceNotFoundException or ValidationException if something is missing there, or otherwise.
    """

    name: str
    writes: bool
    wakes: bool = False
    asks_host: bool = False
    prepare: Callable[[Request, Scope], Any]
    execute: Callable[[Any, Any], Awaitable[Answer]]
    execute_lagging: Callable[[Any, Any], Awaitable[Answer]] | None = None
    reads: Callable[[Any], bool] | None = None
