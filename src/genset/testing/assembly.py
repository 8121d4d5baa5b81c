"""Assembling a server on an engine, without sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genset.insights.contributors import Contributors
from genset.insights.watching import Watching
from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.realism.realism import Realism
from genset.storage.engine import Engine
from genset.wire.api import Api
from genset.wire.credentials import DEFAULT_ACCOUNT
from genset.wire.sigv4 import OpenAuthenticator


@dataclass(frozen=True, slots=True)
class Assembly:
    """A server's parts. `api` answers requests; `services` are what background jobs run with."""

    api: Api
    services: Services
    contributors: Contributors
    realism: Realism | None


def assemble(
    engine: Engine,
    *,
    now: Callable[[], float],
    new_uuid: Callable[[], str],
    new_salt: Callable[[], bytes],
    new_realism: Callable[[Services], Realism] | None = None,
    wake: Callable[[], None] = lambda: None,
    account: str = DEFAULT_ACCOUNT,
    **services: Any,
) -> Assembly:
    """All operations on `engine`, for whatever credentials; `account` is that of most of them.

    `services` are further members of `Services`; `wake` is as in `Api`.
    """
    contributors = Contributors(now)
    watching = Watching(contributors)
    assembled = Services(
        now=now, new_uuid=new_uuid, new_salt=new_salt, watching=watching, **services
    )
    realism = new_realism(assembled) if new_realism is not None else None
    believe = OpenAuthenticator(account)
    api = Api(engine, OPERATIONS, believe, assembled, wake, realism, contributors)
    return Assembly(api, assembled, contributors, realism)
