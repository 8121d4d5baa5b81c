"""TransactWriteItems: validated, planned and answered.

All actions happen or none. A client token makes a repeated request within ten minutes answer
without doing anything again; its record is written in the transaction it belongs to.

TransactionInProgressException is never raised here. The service gives it to a call that repeats a
token while the first call is still running (API reference, TransactWriteItems). Writes take effect
one after another here and the record of a token commits with the writes, so a repeated call finds
either nothing, and does the work, or the record, and replays: it never meets a call under way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import orjson

from genset.model.attribute_values import Item, decode_item
from genset.model.errors import (
    DynamoDBError,
    IdempotentParameterMismatchException,
    ValidationException,
)
from genset.model.keys import decode_key
from genset.model.limits import CLIENT_TOKEN_SECONDS, ITEM_BYTES_MAX, TRANSACTION_BYTES_MAX
from genset.model.sizes import item_bytes
from genset.model.tables import Table
from genset.operations.cancellation import cancelled, may_cancel
from genset.operations.capacity import Consumed, consumed_member, read_units
from genset.operations.catalog import table_name, usable_tables
from genset.operations.item_store import collection_metrics
from genset.operations.metering import Use
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import speaks_older, wants, write_condition
from genset.operations.update_item import update_write
from genset.operations.writes import (
    CHECK,
    DELETE,
    PUT,
    UPDATE,
    Effect,
    Target,
    Write,
    check_target,
    item_too_large,
    perform_at,
    read_before,
)
from genset.storage import keyspace
from genset.storage.engine import Transaction

_KINDS: Final = {"ConditionCheck": CHECK, "Put": PUT, "Delete": DELETE, "Update": UPDATE}
# An empty key value refuses the request; every other wrong key cancels the transaction.
EMPTY_KEY: Final = "for a key attribute cannot contain an empty"
_TOO_LARGE: Final = "Transaction payload size cannot exceed 4MB. Payload Size: "


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactWritePlan:
    """A TransactWriteItems request, checked as far as possible without data."""

    scope: Scope
    writes: list[Write]
    token: str | None
    fingerprint: str
    capacity: str | None
    metrics: bool
    older: bool = True


@speaks_older
def prepare(request: Request, scope: Scope) -> TransactWritePlan:
    """Check a TransactWriteItems request as far as possible without data."""
    token = request.get("ClientRequestToken")
    fingerprint = fingerprint_of(request["TransactItems"]) if token else ""
    actions = [_action(entry) for entry in request["TransactItems"]]
    writes = [_write(kind, action, scope) for kind, action in actions]
    _check_payload(writes, [action for _, action in actions])
    return TransactWritePlan(
        scope=scope,
        fingerprint=fingerprint,
        writes=writes,
        token=token,
        capacity=wants(request, "ReturnConsumedCapacity"),
        metrics=wants(request, "ReturnItemCollectionMetrics") is not None,
    )


def fingerprint_of(actions: Any) -> str:
    """What tells the actions of a request from those of another with the same client token."""
    return hashlib.sha256(orjson.dumps(actions, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _action(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind of an entry's one action, and the action."""
    actions = [name for name in _KINDS if entry.get(name) is not None]
    if len(actions) != 1:
        raise ValidationException(
            "TransactItems can only contain one of Check, Put, Update or Delete"
        )
    return _KINDS[actions[0]], entry[actions[0]]


def _write(kind: str, action: dict[str, Any], scope: Scope) -> Write:
    if kind == PUT:
        return _put(action, scope)
    if kind == UPDATE:
        write = update_write(action, scope, older=True)
    else:
        write = _conditional(kind, action, scope, item=action["Key"])
    # Observed in October 2026: a fault in the expressions is told before one in the key.
    decode_key(action["Key"])
    return write


def _put(action: dict[str, Any], scope: Scope) -> Write:
    item, size = decode_item(action["Item"])
    if size > ITEM_BYTES_MAX:
        raise item_too_large()
    return _conditional(PUT, action, scope, item=item, item_bytes=size)


def _conditional(
    kind: str, action: dict[str, Any], scope: Scope, *, item: Item, item_bytes: int = 0
) -> Write:
    return Write(
        kind=kind,
        table_name=table_name(scope, action["TableName"]),
        item=item,
        item_bytes=item_bytes,
        condition=write_condition(action, older=True),
        item_on_failure=action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
    )


def _check_payload(writes: list[Write], actions: list[dict[str, Any]]) -> None:
    """Refuse more than 4 MB of items and values in the request; what is stored does not count."""
    size = 0
    for write, action in zip(writes, actions, strict=True):
        size += write.item_bytes or item_bytes(write.item)
        values = action.get("ExpressionAttributeValues")
        size += item_bytes(values) if values else 0
    check_payload_bytes(size)


def check_payload_bytes(size: int) -> None:
    """Refuse a transaction whose request holds more than 4 MB of items and values."""
    if size > TRANSACTION_BYTES_MAX:
        # The service says it twice, with nothing between.
        raise ValidationException(f"{_TOO_LARGE}: {_TOO_LARGE}{size}")


async def execute(plan: TransactWritePlan, txn: Transaction) -> Answer:
    """Do all the writes, or none and say why for each."""
    tables = await usable_tables(txn, plan.scope, [write.table_name for write in plan.writes])
    return await execute_on(plan, txn, tables)


async def execute_on(plan: TransactWritePlan, txn: Transaction, tables: list[Table]) -> Answer:
    """Do all the writes, each on its table, or none and say why for each."""
    if plan.token is not None:
        replayed = await _maybe_replay(plan, txn, tables)
        if replayed is not None:
            return replayed
    effects = await _perform_all(plan, txn, _checked(plan, tables))
    if plan.token is not None:
        _remember(plan, txn, effects)
    return await _answer(plan, txn, tables, effects)


def _checked(plan: TransactWritePlan, tables: list[Table]) -> list[Target]:
    """Refuse two actions on one item, and cancel for the first whose key is wrong.

    Observed on the service: of several wrong keys only the first has a reason.
    """
    failures: list[DynamoDBError | None] = [None] * len(plan.writes)
    targets: list[Target] = []
    for number, (table, write) in enumerate(zip(tables, plan.writes, strict=True)):
        try:
            targets.append(Target(table, write, check_target(table, write)))
        except ValidationException as error:
            if EMPTY_KEY in error.message:
                raise
            if not any(failures):
                failures[number] = error
    if len({target.key for target in targets}) != len(targets):
        raise ValidationException(
            "Transaction request cannot include multiple operations on one item"
        )
    if any(failures):
        raise cancelled(failures)
    return targets


async def _perform_all(
    plan: TransactWritePlan, txn: Transaction, targets: list[Target]
) -> list[Effect]:
    services = plan.scope.services
    known = await read_before(txn, targets, services)
    failures: list[DynamoDBError | None] = []
    effects = []
    for each in targets:
        try:
            effects.append(
                await perform_at(
                    txn, each.table, each.write, each.key, services, times=2, known=known
                )
            )
            failures.append(None)
        except DynamoDBError as error:
            if not may_cancel(error) or EMPTY_KEY in error.message:
                raise
            failures.append(error)
    if any(failures):
        raise cancelled(failures, older=plan.older)
    return effects


async def _answer(
    plan: TransactWritePlan, txn: Transaction, tables: list[Table], effects: list[Effect]
) -> Answer:
    answer: dict[str, Any] = {}
    if plan.capacity is not None:
        used: dict[str, Consumed] = {}
        for effect in effects:
            consumed = effect.consumed
            consumed.table_units *= 2
            if (had := used.setdefault(consumed.table.name, consumed)) is not consumed:
                had.merge(consumed)
        answer["ConsumedCapacity"] = [
            consumed_member(plan.capacity, consumed, "WriteCapacityUnits")
            for consumed in used.values()
        ]
    if plan.metrics:
        metrics: dict[str, Any] = {}
        for table, write in zip(tables, plan.writes, strict=True):
            if table.has_local_indexes and write.kind != CHECK:
                entry = await collection_metrics(txn, table, write.item)
                metrics.setdefault(table.name, []).append(entry)
        if metrics:
            answer["ItemCollectionMetrics"] = metrics
    return answer


def _remember(plan: TransactWritePlan, txn: Transaction, effects: list[Effect]) -> None:
    scope = plan.scope
    assert plan.token is not None
    units: dict[str, float] = {}
    for effect in effects:
        size = max(effect.before_bytes, effect.after_bytes)
        name = effect.consumed.table.name
        units[name] = units.get(name, 0) + 2 * read_units(size, consistent=True)
    record = {
        "fingerprint": plan.fingerprint,
        "expires_at": scope.services.now() + CLIENT_TOKEN_SECONDS,
        "read_units": units,
    }
    key = keyspace.token_key(scope.account, scope.region, plan.token)
    txn.put(key, orjson.dumps(record))


async def _maybe_replay(
    plan: TransactWritePlan, txn: Transaction, tables: list[Table]
) -> Answer | None:
    """The answer of a request already done under this token; None if there was none."""
    scope = plan.scope
    assert plan.token is not None
    stored = await txn.get(keyspace.token_key(scope.account, scope.region, plan.token))
    if stored is None:
        return None
    record = orjson.loads(stored)
    if scope.services.now() >= record["expires_at"]:
        return None
    if record["fingerprint"] != plan.fingerprint:
        raise IdempotentParameterMismatchException(
            "The request uses the same client token as a previous, but non-identical request. "
            "Do not reuse a client token with different requests, unless the requests are identical"
        )
    by_name = {table.name: table for table in tables}
    meter = scope.services.meter
    if meter is not None:
        for name, units in record["read_units"].items():
            meter.charge(Use(by_name[name], None, False, None), units)
    if plan.capacity is None:
        return {}
    return {
        "ConsumedCapacity": [
            consumed_member(plan.capacity, Consumed(by_name[name], units), "ReadCapacityUnits")
            for name, units in record["read_units"].items()
        ]
    }


OPERATION = Operation(name="TransactWriteItems", writes=True, prepare=prepare, execute=execute)
