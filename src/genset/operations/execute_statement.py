"""ExecuteStatement: validated, planned and answered.

A NextToken holds where the last page ended, bound to the statement and its parameters, but to
neither Limit nor ConsistentRead (observed on the service, September 2026). Nothing of it is
trusted: it can name no place outside of what the statement reads.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

from genset.expressions.partiql.statements import CompiledExists, CompiledSelect
from genset.model.attribute_values import Item, decode_value
from genset.model.errors import DynamoDBError, ValidationException
from genset.model.items import stored_json
from genset.model.tables import Table
from genset.operations.capacity import Consumed, consumed_member
from genset.operations.catalog import usable_table
from genset.operations.metering import item_use
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import wants
from genset.operations.partiql_reads import (
    checked_key,
    exact_key,
    invalid_token,
    item_units,
    read_rows,
    select_source,
)
from genset.operations.partiql_statements import Bound, bind_statement, decode_parameters
from genset.operations.partiql_writes import bind_write, check_write, returned_item
from genset.operations.writes import perform
from genset.storage.engine import Snapshot, Transaction

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlan:
    """An ExecuteStatement request, checked as far as possible without data.

    `start` is where a page begins: the number of a read, and the keys of the item of it that ended
    the page before.
    """

    scope: Scope
    bound: Bound
    request: Request
    start: tuple[int, Item | None]

    @property
    def consistent(self) -> bool:
        """Whether a read is strongly consistent."""
        return bool(self.request.get("ConsistentRead", False))


def prepare(request: Request, scope: Scope) -> StatementPlan:
    """Check an ExecuteStatement request as far as possible without data."""
    bound = bind_statement(scope, request, decode_parameters(request))
    start: tuple[int, Item | None] = (0, None)
    if bound.reads:
        if "NextToken" in request:
            start = _position(request["NextToken"], _digest(request))
    elif isinstance(bound.compiled, CompiledExists):
        raise ValidationException("EXISTS can only be used in ExecuteTransaction write requests.")
    else:
        check_write(bound)
    return StatementPlan(scope=scope, bound=bound, request=request, start=start)


def _digest(request: Request) -> bytes:
    bound_to = orjson.dumps([request["Statement"], request.get("Parameters") or []])
    return blake2b(bound_to, digest_size=_DIGEST_BYTES).digest()


def _token(plan: StatementPlan, next_read: int, after: Item | None) -> str:
    return urlsafe_b64encode(_digest(plan.request) + orjson.dumps([next_read, after])).decode()


def _position(token: str, digest: bytes) -> tuple[int, Item | None]:
    try:
        data = urlsafe_b64decode(token)
        next_read, after = orjson.loads(data[_DIGEST_BYTES:])
        for value in after.values() if after is not None else ():
            decode_value(value)
    except (ValueError, binascii.Error, TypeError, AttributeError, DynamoDBError):
        raise invalid_token() from None
    if type(next_read) is not int or next_read < 0:
        raise invalid_token()
    if data[:_DIGEST_BYTES] != digest:
        raise ValidationException("NextToken does not match request")
    return next_read, after


async def execute(plan: StatementPlan, txn: Transaction) -> Answer:
    """Read one page, or do the one write."""
    compiled = plan.bound.compiled
    if not isinstance(compiled, CompiledSelect):
        return await _write(plan, txn)
    if compiled.plain:
        table = await usable_table(txn, plan.scope, plan.bound.table_name)
        key = exact_key(plan.bound, table)
        if key is not None:
            return await _item(plan, txn, table, compiled, key)
    return await _page(plan, txn)


async def _page(plan: StatementPlan, snapshot: Snapshot) -> Answer:
    source = await select_source(snapshot, plan.scope, plan.bound, consistent=plan.consistent)
    rows = await read_rows(
        snapshot,
        plan.scope,
        plan.bound,
        source,
        consistent=plan.consistent,
        limit=plan.request.get("Limit"),
        start=plan.start,
    )
    more: dict[str, Any] = {}
    if rows.next_read is not None:
        more["NextToken"] = _token(plan, rows.next_read, rows.last)
        if rows.last is not None:
            more["LastEvaluatedKey"] = rows.last
    return _answer(plan, rows.items, rows.consumed, more)


async def _item(
    plan: StatementPlan, snapshot: Snapshot, table: Table, compiled: CompiledSelect, key: Item
) -> Answer:
    """The one item of a key, as GetItem reads it."""
    stored_key = checked_key(key, table)
    meter, past = plan.scope.services.meter, plan.scope.services.past
    if meter is not None:
        use = item_use(table, stored_key, writes=False)
        meter.admit(use)
    if past is not None and not plan.consistent:
        snapshot = past.view(snapshot)
    stored = await snapshot.get(stored_key)
    if meter is not None:
        meter.charge(use, item_units(stored, consistent=plan.consistent))
    items: list[bytes] = []
    if stored is not None:
        json = stored_json(stored)
        if compiled.columns is not None:
            json = orjson.dumps(compiled.columns.project(orjson.loads(json)))
        items.append(json)
    if wants(plan.request, "ReturnConsumedCapacity") is None:
        return b'{"Items":[' + items[0] + b"]}" if items else b'{"Items":[]}'
    consumed = Consumed(table, item_units(stored, consistent=plan.consistent))
    return _answer(plan, items, consumed, {})


def _answer(
    plan: StatementPlan, items: list[bytes], consumed: Consumed, more: dict[str, Any]
) -> Answer:
    wanted = wants(plan.request, "ReturnConsumedCapacity")
    if wanted is not None:
        more["ConsumedCapacity"] = consumed_member(wanted, consumed)
    end = b"]," + orjson.dumps(more)[1:] if more else b"]}"
    return b'{"Items":[' + b",".join(items) + end


async def _write(plan: StatementPlan, txn: Transaction) -> Answer:
    table = await usable_table(txn, plan.scope, plan.bound.table_name)
    write = bind_write(plan.bound, table)
    effect = await perform(txn, table, write, plan.scope.services)
    item = returned_item(plan.bound, effect)
    answer: dict[str, Any] = {"Items": [] if item is None else [item]}
    wanted = wants(plan.request, "ReturnConsumedCapacity")
    if wanted is not None:
        answer["ConsumedCapacity"] = consumed_member(wanted, effect.consumed)
    return answer


def _only_reads(plan: StatementPlan) -> bool:
    return plan.bound.reads


OPERATION = Operation(
    name="ExecuteStatement",
    writes=True,
    prepare=prepare,
    execute=execute,
    execute_lagging=execute,
    reads=_only_reads,
)
