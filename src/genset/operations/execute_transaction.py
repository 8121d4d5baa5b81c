"""ExecuteTransaction: validated, planned and answered.

A transaction of SELECTs is what TransactGetItems does, and one of all else, EXISTS included, what
TransactWriteItems does, client token and all. Texts and the order of checks as observed on the
service, July to October 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from genset.expressions.partiql.statements import CompiledChange, CompiledDelete, CompiledSelect
from genset.model.errors import (
    DynamoDBError,
    ResourceNotFoundException,
    ValidationException,
)
from genset.model.sizes import value_bytes
from genset.model.tables import Table
from genset.operations.cancellation import cancelled
from genset.operations.catalog import usable_table
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import wants
from genset.operations.partiql_reads import (
    check_readable,
    checked_key,
    exact_key,
    select_source,
)
from genset.operations.partiql_statements import Bound, bind_statement, decode_parameters
from genset.operations.partiql_writes import bind_write, check_write
from genset.operations.transact_get_items import ReadItem, read_items
from genset.operations.transact_write_items import (
    EMPTY_KEY,
    TransactWritePlan,
    check_payload_bytes,
    execute_on,
    fingerprint_of,
)
from genset.operations.writes import Write, check_target
from genset.storage.engine import Snapshot, Transaction

_MISMATCH: Final = "The provided key element does not match the schema"
# What ExecuteStatement says of a key, where a transaction is cancelled with the words above.
_KEY_FAULTS: Final = (
    "Where clause does not contain a mandatory equality",
    "Key attribute's data type should match",
    "Key value must be of type",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPlan:
    """An ExecuteTransaction request, checked as far as possible without data."""

    scope: Scope
    statements: list[Bound]
    token: str | None
    fingerprint: str
    capacity: str | None

    @property
    def reads(self) -> bool:
        """Whether all statements are SELECTs."""
        return self.statements[0].reads


def prepare(request: Request, scope: Scope) -> TransactionPlan:
    """Check an ExecuteTransaction request as far as possible without data."""
    token = request.get("ClientRequestToken")
    members = request["TransactStatements"]
    fingerprint = fingerprint_of(members) if token else ""
    parameters = [decode_parameters(member) for member in members]
    check_payload_bytes(sum(value_bytes(value) for given in parameters for value in given))
    statements = [
        _within(number, lambda: _bind(scope, member, given))  # noqa: B023 - it is called at once
        for number, (member, given) in enumerate(zip(members, parameters, strict=True))
    ]
    if len({statement.reads for statement in statements}) > 1:
        raise ValidationException(
            "ExecuteTransaction API does not support both read and write operations in the same "
            "request."
        )
    return TransactionPlan(
        scope=scope,
        statements=statements,
        token=token,
        fingerprint=fingerprint,
        capacity=wants(request, "ReturnConsumedCapacity"),
    )


def _within(number: int, check: Callable[[], T]) -> T:
    """Do a check of one statement; its error says which."""
    try:
        return check()
    except ValidationException as error:
        raise ValidationException(
            f"Validation failed in TransactStatements[{number}]: {error.message}"
        ) from None


def _bind(scope: Scope, member: dict[str, Any], parameters: list[Any]) -> Bound:
    bound = bind_statement(scope, member, parameters)
    if not bound.reads:
        check_write(bound)
    return bound


async def execute(plan: TransactionPlan, txn: Transaction) -> Answer:
    """Do everything in one consistent view, or nothing."""
    return await (_read(plan, txn) if plan.reads else _write(plan, txn))


# Reads


async def _read(plan: TransactionPlan, snapshot: Snapshot) -> Answer:
    located = [
        await _locate(plan, number, statement, snapshot)
        for number, statement in enumerate(plan.statements)
    ]
    _check_all(located)
    items = [item for item in located if isinstance(item, ReadItem)]
    return await read_items(snapshot, plan.scope, items, plan.capacity)


def _check_all(found: list[Any]) -> None:
    """Cancel the transaction if one of its statements has an error in its place."""
    failures = [each if isinstance(each, DynamoDBError) else None for each in found]
    if any(failures):
        raise cancelled(failures, older=False)


async def _locate(
    plan: TransactionPlan, number: int, statement: Bound, snapshot: Snapshot
) -> ReadItem | DynamoDBError:
    compiled = statement.compiled
    assert isinstance(compiled, CompiledSelect)

    try:
        table = await usable_table(snapshot, plan.scope, statement.table_name)
    except ResourceNotFoundException as error:
        return error
    if compiled.statement.index is not None:
        raise _invalid(number, "Reads on indices are not supported within transactions.")
    try:
        source = await select_source(snapshot, plan.scope, statement, consistent=True)
        key = exact_key(statement, table)
        if key is None:
            check_readable(statement, source)
    except ValidationException as error:
        raise _invalid(number, error.message) from None
    if key is None:
        raise _invalid(
            number,
            "Select statements within ExecuteTransaction must specify the primary key in the "
            "where clause.",
        )
    try:
        return ReadItem(table=table, key=checked_key(key, table), projection=compiled.columns)
    except ValidationException as error:
        return _key_fault(error)


def _invalid(number: int, message: str) -> ValidationException:
    return ValidationException(f"Validation failed in TransactStatements[{number}]: {message}")


def _key_fault(error: ValidationException) -> ValidationException:
    """The reason for which a statement that names no item of its table cancels a transaction."""
    wrong = any(error.message.startswith(fault) for fault in _KEY_FAULTS)
    return ValidationException(_MISMATCH) if wrong else error


# Writes


async def _write(plan: TransactionPlan, txn: Transaction) -> Answer:
    bound = [
        await _target(plan, number, statement, txn)
        for number, statement in enumerate(plan.statements)
    ]
    _check_all(bound)
    targets = [target for target in bound if isinstance(target, tuple)]
    answer = await execute_on(
        TransactWritePlan(
            scope=plan.scope,
            writes=[write for _, write in targets],
            token=plan.token,
            fingerprint=plan.fingerprint,
            capacity=plan.capacity,
            metrics=False,
            older=False,
        ),
        txn,
        [table for table, _ in targets],
    )
    assert isinstance(answer, dict), "the answer of a transaction is not JSON yet"
    return {"Responses": [], **answer}


async def _target(
    plan: TransactionPlan, number: int, statement: Bound, txn: Transaction
) -> tuple[Table, Write] | DynamoDBError:
    try:
        table = await usable_table(txn, plan.scope, statement.table_name)
    except ResourceNotFoundException as error:
        return error
    if _returns(statement):
        raise _invalid(number, "RETURNING clause is not supported in ExecuteTransaction.")
    try:
        write = bind_write(statement, table, in_transaction=True)
        check_target(table, write)
    except ValidationException as error:
        if error.message.startswith("EXISTS() must contain"):
            raise _invalid(number, error.message) from None
        if EMPTY_KEY in error.message:
            raise
        return _key_fault(error)
    return table, write


def _returns(statement: Bound) -> bool:
    compiled = statement.compiled
    if isinstance(compiled, CompiledChange):
        return compiled.statement.returning is not None
    return isinstance(compiled, CompiledDelete) and compiled.statement.returning


def _only_reads(plan: TransactionPlan) -> bool:
    return plan.reads


OPERATION = Operation(
    name="ExecuteTransaction", writes=True, prepare=prepare, execute=execute, reads=_only_reads
)
