"""BatchExecuteStatement: validated, planned and answered.

Each statement stands for itself: one that fails has an error in its place. All of them run in one
transaction, which no client can tell from the best case; what would leave half of a statement done
refuses the whole request (an item collection of 10 GB). Codes, texts and what is charged as
observed on the service, July to September 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from genset.expressions.partiql.statements import CompiledExists, CompiledSelect
from genset.model.errors import (
    AccessDeniedException,
    ConditionalCheckFailedException,
    DuplicateItemException,
    DynamoDBError,
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ResourceNotFoundException,
    ThrottlingException,
    ValidationException,
)
from genset.model.items import stored_bytes
from genset.model.tables import Table
from genset.operations.capacity import Consumed, consumed_member, write_units
from genset.operations.catalog import usable_table
from genset.operations.get_item import rendered
from genset.operations.metering import THROTTLED, item_use
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import wants
from genset.operations.partiql_reads import (
    check_readable,
    checked_key,
    exact_key,
    item_units,
    select_source,
)
from genset.operations.partiql_statements import Bound, bind_statement, decode_parameters
from genset.operations.partiql_writes import bind_write, check_write, returned_item
from genset.operations.past import read_many
from genset.operations.writes import Known, Target, check_target, perform_at, read_before
from genset.storage.engine import Snapshot, Transaction

_CODES: Final[dict[type[DynamoDBError], str]] = {
    AccessDeniedException: "AccessDenied",
    ConditionalCheckFailedException: "ConditionalCheckFailed",
    DuplicateItemException: "DuplicateItem",
    ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
    RequestLimitExceeded: "RequestLimitExceeded",
    ResourceNotFoundException: "ResourceNotFound",
    ThrottlingException: "ThrottlingError",
    ValidationException: "ValidationError",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One statement of a batch, or what is wrong with it."""

    bound: Bound | None
    error: DynamoDBError | None
    consistent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """A BatchExecuteStatement request, checked as far as possible without data."""

    scope: Scope
    members: list[Member]
    capacity: str | None

    @property
    def reads(self) -> bool:
        """Whether no statement writes."""
        return all(member.bound is None or member.bound.reads for member in self.members)

    @property
    def consistent(self) -> bool:
        """Whether a statement is to read strongly consistent: all read in one view."""
        return any(member.consistent for member in self.members)


@dataclass(slots=True, kw_only=True)
class _Usage:
    """What a batch used of one table; failed writes count in its total and in no arm."""

    consumed: Consumed
    failed_units: float = 0.0
    succeeded: bool = False


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """The answers of a batch's statements, in order, and what they used by table."""

    responses: list[dict[str, Any]] = field(default_factory=list)
    used: dict[str, _Usage] = field(default_factory=dict)

    def usage(self, table: Table) -> _Usage:
        return self.used.setdefault(table.name, _Usage(consumed=Consumed(table)))


def prepare(request: Request, scope: Scope) -> BatchPlan:
    """Check a BatchExecuteStatement request as far as possible without data."""
    members = [_member(statement, scope) for statement in request["Statements"]]
    kinds = {member.bound.reads for member in members if member.bound is not None}
    if len(kinds) > 1:
        raise ValidationException(
            "Read and write requests together in the same batch is not supported."
        )
    return BatchPlan(
        scope=scope, members=members, capacity=wants(request, "ReturnConsumedCapacity")
    )


def _member(statement: dict[str, Any], scope: Scope) -> Member:
    bound: Bound | None = None
    error: DynamoDBError | None = None
    try:
        bound = bind_statement(scope, statement, decode_parameters(statement))
        if isinstance(bound.compiled, CompiledExists):
            raise ValidationException(
                "EXISTS can only be used in ExecuteTransaction write requests."
            )
        if not bound.reads:
            check_write(bound)
    except (ValidationException, ResourceNotFoundException) as fault:
        bound, error = None, fault
    return Member(bound=bound, error=error, consistent=statement.get("ConsistentRead", False))


async def execute(plan: BatchPlan, txn: Transaction) -> Answer:
    """Run the statements, after a look at the keys of all of them."""
    outcome = _Outcome()
    await (_read(plan, txn, outcome) if plan.reads else _write(plan, txn, outcome))
    return _answer(plan, outcome)


async def execute_lagging(plan: BatchPlan, snapshot: Snapshot) -> Answer:
    """Run statements that read; raises what is wrong with the first that does not fit its table."""
    outcome = _Outcome()
    await _read(plan, snapshot, outcome, is_lagging=True)
    return _answer(plan, outcome)


def _answer(plan: BatchPlan, outcome: _Outcome) -> Answer:
    answer: dict[str, Any] = {"Responses": outcome.responses}
    if plan.capacity is not None:
        capacity = [
            _capacity(plan.capacity, usage) for usage in outcome.used.values() if usage.succeeded
        ]
        if capacity:
            answer["ConsumedCapacity"] = capacity
    return answer


def _capacity(wanted: str, usage: _Usage) -> dict[str, Any] | None:
    member = consumed_member(wanted, usage.consumed)
    if member is not None:
        member["CapacityUnits"] += usage.failed_units
    return member


def _failure(error: DynamoDBError, table: str | None = None) -> dict[str, Any]:
    """The answer of a statement that failed; the table is named if the statement ran."""
    response: dict[str, Any] = {"Error": {"Code": _CODES[type(error)], "Message": error.message}}
    if table is not None:
        response["TableName"] = table
    return response


def _check_distinct(keys: Sequence[bytes]) -> None:
    if len(set(keys)) != len(keys):
        raise ValidationException("Provided list of item keys contains duplicates")


# Reads

_Located: TypeAlias = tuple[bytes | None, Table | None, DynamoDBError | None]


async def _read(
    plan: BatchPlan, snapshot: Snapshot, outcome: _Outcome, *, is_lagging: bool = False
) -> None:
    located = [await _locate(plan, member, snapshot) for member in plan.members]
    for member, (_, _, error) in zip(plan.members, located, strict=True):
        if is_lagging and error is not None and error is not member.error:
            raise error
    _check_distinct([key for key, _, _ in located if key is not None])
    meter = plan.scope.services.meter
    wanted = [
        (key, member.consistent)
        for member, (key, _, _) in zip(plan.members, located, strict=True)
        if key is not None
    ]
    values = iter(await read_many(snapshot, plan.scope.services.past, wanted))
    for member, (key, table, error) in zip(plan.members, located, strict=True):
        if key is None or table is None:
            assert error is not None, "a statement has a key or an error"
            outcome.responses.append(_failure(error))
            continue
        value = next(values)
        if meter is not None:
            use = item_use(table, key, writes=False)
            try:
                meter.admit(use)
            except THROTTLED as throttled:
                outcome.responses.append(_failure(throttled, table.name))
                continue
        usage = outcome.usage(table)
        usage.succeeded = True
        units = item_units(value, consistent=member.consistent)
        usage.consumed.table_units += units
        if meter is not None:
            meter.charge(use, units)
        response: dict[str, Any] = {"TableName": table.name}
        if value is not None:
            assert member.bound is not None
            assert isinstance(member.bound.compiled, CompiledSelect)
            response["Item"] = rendered(value, member.bound.compiled.columns)
        outcome.responses.append(response)


async def _locate(plan: BatchPlan, member: Member, snapshot: Snapshot) -> _Located:
    """The storage key of the item that a SELECT names, and its table, or what is wrong."""
    if member.bound is None:
        return None, None, member.error
    bound = member.bound
    try:
        source = await select_source(snapshot, plan.scope, bound, consistent=member.consistent)
        key = None if source.index is not None else exact_key(bound, source.table)
        if key is None:
            if source.index is None:
                check_readable(bound, source)
            raise ValidationException(
                "Select statements within BatchExecuteStatement must specify the primary key in "
                "the where clause."
            )
        return checked_key(key, source.table), source.table, None
    except (ValidationException, ResourceNotFoundException) as error:
        return None, None, error


# Writes


async def _write(plan: BatchPlan, txn: Transaction, outcome: _Outcome) -> None:
    found = [await _target(plan, member, txn) for member in plan.members]
    targets = [target for target in found if isinstance(target, Target)]
    _check_distinct([target.key for target in targets])
    known = await read_before(txn, targets, plan.scope.services)
    for member, target in zip(plan.members, found, strict=True):
        if isinstance(target, Target):
            assert member.bound is not None
            response = await _perform(plan, txn, member.bound, target, known, outcome)
        else:
            response = _failure(target)
        outcome.responses.append(response)


async def _target(plan: BatchPlan, member: Member, txn: Transaction) -> Target | DynamoDBError:
    if member.bound is None:
        assert member.error is not None
        return member.error
    try:
        table = await usable_table(txn, plan.scope, member.bound.table_name)
        write = bind_write(member.bound, table)
        return Target(table, write, check_target(table, write))
    except (ValidationException, ResourceNotFoundException) as error:
        return error


async def _perform(
    plan: BatchPlan,
    txn: Transaction,
    bound: Bound,
    target: Target,
    known: Known,
    outcome: _Outcome,
) -> dict[str, Any]:
    table = target.table
    usage = outcome.usage(table)
    try:
        effect = await perform_at(
            txn, table, target.write, target.key, plan.scope.services, known=known
        )
    except THROTTLED as error:
        return _failure(error, table.name)
    except (ConditionalCheckFailedException, DuplicateItemException, ValidationException) as error:
        stored = await txn.get(target.key)
        size = max(stored_bytes(stored) if stored else 0, target.write.item_bytes)
        usage.failed_units += write_units(size)
        return _failure(error, table.name)
    usage.succeeded = True
    usage.consumed.merge(effect.consumed)
    item = returned_item(bound, effect)
    return {"TableName": table.name} if item is None else {"TableName": table.name, "Item": item}


def _only_reads(plan: BatchPlan) -> bool:
    return plan.reads


OPERATION = Operation(
    name="BatchExecuteStatement",
    writes=True,
    prepare=prepare,
    execute=execute,
    execute_lagging=execute_lagging,
    reads=_only_reads,
)
