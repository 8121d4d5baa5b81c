"""From a request's bytes to the answer's: the target, the sender, the checks, the operation.

The order of the checks is the service's: JSON, target, signature, empty body, field types, and
then whatever the operation checks.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from genset.insights.contributors import Contributors
from genset.model.errors import (
    DynamoDBError,
    InternalServerError,
    ResourceNotFoundException,
    SerializationException,
    ThrottlingException,
    UnknownOperationException,
    ValidationException,
)
from genset.operations.operation import Answer, Operation, Scope, Services
from genset.realism.faults import DropConnection
from genset.realism.realism import Encounter, Realism
from genset.storage.engine import Engine, StorageBusyError, StorageError
from genset.wire import shapes
from genset.wire._storage_failures import StorageFailures
from genset.wire.errors import error_response
from genset.wire.messages import AdminRequest, Dropped, WireRequest, WireResponse
from genset.wire.sigv4 import Authenticator, Identity

logger = logging.getLogger(__name__)

_TARGET_PREFIXES = ("DynamoDB_20120810", "DynamoDBStreams_20120810")
_FAILED = "Internal server error"
# Developer guide, "Error handling with DynamoDB": any operation may be answered so, with status
# 400, and its caller slows down. The others of its kind are of a table or an account, and SDKs have
# retry modes that do not know RequestLimitExceeded.
_TOO_MUCH = "Rate of requests exceeds the allowed throughput."
# Callers with an identity of their own; a stranger must not fill memory with scopes.
_SCOPES_MAX = 1024


class Api:
    """The `Handler` that serves `operations` on `engine`, as far as they exist.

    `wake` is called after an operation that may have left work to the background. Without
    `realism` there are no switches, and without `contributors` no counts to be seen. `about` is
    what the server says of itself.
    """

    def __init__(
        self,
        engine: Engine,
        operations: Mapping[str, Operation],
        authenticator: Authenticator,
        services: Services,
        wake: Callable[[], None] = lambda: None,
        realism: Realism | None = None,
        contributors: Contributors | None = None,
        about: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        self._wake = wake
        self._read = engine.read
        self._lags = engine.lags
        self._write = engine.write
        self._authenticate = authenticator.authenticate
        self._authenticator = authenticator
        self._services = services
        self._realism = realism
        self._contributors = contributors
        self._about = about
        self._meddling: Realism | None = None
        self._now = services.now
        self._failures = StorageFailures()
        self._operations = operations
        # The names of all operations of the service, and those that were asked for already.
        self._names: dict[bytes, str] = {}
        self._targets: dict[bytes, Operation] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}
        if realism is not None:
            realism.follow(self._take_switches)
            self._take_switches()
        for prefix in _TARGET_PREFIXES:
            for name in shapes.operations(prefix):
                self._names[f"{prefix}.{name}".encode()] = name

    def _take_switches(self) -> None:
        assert self._realism is not None
        self._meddling = self._realism if self._realism.meddles else None
        self._services = self._realism.services
        self._write = self._realism.engine.write
        self._scopes.clear()

    async def handle(self, request: WireRequest) -> WireResponse:
        """The answer to `request`. Errors are answers, and what is unexpected is logged.

        Raises Dropped if there is to be none.
        """
        encounter = None
        try:
            document = _parse(request.body)
            target = request.headers.get(b"x-amz-target", b"")
            operation = self._targets.get(target) or self._first_use(target)
            identity = self._authenticate(request, self._now())
            if not isinstance(document, dict):
                # Raises, with the service's message, unless there is no body at all.
                if document is not None or request.body:
                    shapes.check_types(operation.name, document)
                raise SerializationException
            if self._meddling is not None:
                encounter = self._meddling.encounter(operation.name)
            answer = await self._run(operation, document, identity, request, encounter)
            response = WireResponse(answer if type(answer) is bytes else orjson.dumps(answer))
        except DynamoDBError as error:
            response = error_response(error)
        except DropConnection:
            raise Dropped from None
        except StorageError as error:
            self._failures.note(request.request_id, error)
            response = error_response(_of_storage(error))
        except Exception:
            logger.exception("request %s failed", request.request_id)
            response = error_response(InternalServerError(_FAILED))
        if encounter is not None:
            await encounter.wait()
        return response

    async def administer(self, request: AdminRequest) -> WireResponse:
        """The answer to a request that is not DynamoDB's but for this server itself."""
        # Imported late: few servers are ever asked.
        from genset.wire import admin

        if request.path == admin.INSIGHTS_PATH and self._contributors is not None:
            return await admin.show_contributors(
                request, self._contributors, self._read, self._authenticator, self._now()
            )
        if request.path == admin.SERVER_PATH and self._about is not None:
            return admin.show_server(request, self._about, self._authenticator, self._now())
        return admin.answer(request, self._realism, self._authenticator, self._now())

    async def _run(
        self,
        operation: Operation,
        document: dict[str, Any],
        identity: Identity,
        request: WireRequest,
        encounter: Encounter | None,
    ) -> Answer:
        """Check, prepare and execute.

        May raise any error of the API, StorageError, or DropConnection.
        """
        shapes.check_request(operation.name, document)
        scope = self._scopes.get((identity.account, identity.region)) or self._new_scope(identity)
        if operation.asks_host:
            host = request.headers.get(b"host", b"").strip().decode("latin-1")
            scope = dataclasses.replace(scope, host=host)
        try:
            plan = operation.prepare(document, scope)
        except DynamoDBError:
            # The service reads the whole body before it validates anything in it.
            shapes.check_types(operation.name, document)
            raise
        if encounter is not None:
            encounter.maybe_fail(document)
        execute = operation.execute
        if operation.writes and not (operation.reads is not None and operation.reads(plan)):
            answer = await self._write(lambda transaction: execute(plan, transaction))
            if operation.wakes:
                self._wake()
            return answer
        lagging = operation.execute_lagging
        if self._lags and lagging is not None and not plan.consistent:
            try:
                return await self._read(lambda snapshot: lagging(plan, snapshot), consistent=False)
            except (ResourceNotFoundException, ValidationException):
                # A table or an index is found as soon as it is ACTIVE, though an older view may
                # not have it yet, or have it otherwise.
                pass
        return await self._read(lambda snapshot: execute(plan, snapshot))

    def _new_scope(self, identity: Identity) -> Scope:
        scope = Scope(account=identity.account, region=identity.region, services=self._services)
        if len(self._scopes) < _SCOPES_MAX:
            self._scopes[identity.account, identity.region] = scope
        return scope

    def _first_use(self, target: bytes) -> Operation:
        """The operation that is meant for the first time.

        Raises UnknownOperationException for a target that is no operation here.
        """
        name = self._names.get(target)
        if name is None:
            raise UnknownOperationException
        if name not in self._operations:
            # The message is ours.
            raise UnknownOperationException(f"genset does not have the operation {name} yet.")
        operation = self._targets[target] = self._operations[name]
        return operation


def _of_storage(error: StorageError) -> DynamoDBError:
    """What the client sees of it; every SDK tries both again."""
    if isinstance(error, StorageBusyError):
        return ThrottlingException(_TOO_MUCH)
    return InternalServerError(_FAILED)


def _parse(body: bytes) -> Any:
    """The JSON document, or None for an empty body. Raises SerializationException."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SerializationException from None
