"""What the service answers to a request of the wrong shape.

The first JSON type error of the body (`_json_types`), or else the constraint failures in the
service's order (`_constraints`), or else a check with a sentence of its own. What the service does
and its model does not say is in `_shape_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, TypeAlias

from genset.model.errors import ValidationException
from genset.model.json_depth import is_too_deep_for_current_layer
from genset.model.limits import BATCH_GET_KEYS_MAX, BATCH_WRITE_REQUESTS_MAX
from genset.model.table_names import TABLE_NAME_LENGTH_MIN
from genset.wire import _constraints, _json_types, _table_names
from genset.wire import _shape_rules as rules
from genset.wire._service_model import input_shape, requires_table_name

Request: TypeAlias = dict[str, Any]
LateRule: TypeAlias = Callable[[Request], str | None]


def examine(operation: str, request: Request) -> None:
    """Normalise `request`, and raise what is wrong with it, if anything is."""
    shape = input_shape(operation)
    _json_types.check_document(shape, request)
    _json_types.normalise(shape, request)
    message = _refusal(operation, request)
    if message is not None:
        raise ValidationException(message)


def _refusal(operation: str, request: Request) -> str | None:
    """The first of the checks, in the service's order, that `request` fails."""
    bare = _bare_refusal(operation, request)
    if bare is not None:
        return bare
    failures = _table_name_failures(operation, request) if operation == "CreateTable" else []
    if not failures:
        failures = (
            _current_failures(operation, request)
            if _is_of_current_layer(operation, request)
            else _failures(operation, request)
        )
    if failures:
        return _constraints.detected(failures)
    rule = late_rule(operation)
    return None if rule is None else rule(request)


def _is_of_current_layer(operation: str, request: Request) -> bool:
    return (
        operation in rules.CURRENT_LAYER
        and all(member in request for member in input_shape(operation).required)
        and not is_too_deep_for_current_layer(request)
    )


def _current_failures(operation: str, request: Request) -> list[str]:
    """What the newer layer finds wrong: the table name alone, or the other members."""
    members = input_shape(operation).members
    name = _constraints.Place().member(members["TableName"])
    if not request["TableName"]:
        return [
            name.named_by_api().failure("", "Member must have length greater than or equal to 1")
        ]
    failures = list(_constraints.failures(members["TableName"].shape, request["TableName"], name))
    if failures:
        return failures
    if operation == "UpdateItem":
        request = _with_first_bad_enum(request)
    for member in members.values():
        value = request.get(member.name)
        if value is None or member.name in rules.CHECKED_LATER:
            continue
        place = _constraints.Place().member(member)
        found = list(_constraints.failures(member.shape, value, place))
        failures += (
            [rules.RETURN_VALUES_FAILURE] if found and member.name == "ReturnValues" else found
        )
    return failures[: rules.FAILURES_LISTED_MAX]


def _failures(operation: str, request: Request) -> list[str]:
    shape = input_shape(operation)
    failures: list[str] = []
    if requires_table_name(operation):
        # The model's bounds on TableName are those of an ARN too: a name has narrower ones.
        failures = _table_name_failures(operation, request)
        request = {**request, "TableName": _GOOD_NAME}
    found = _constraints.structure_failures(shape, request)
    failures += islice(found, rules.FAILURES_LISTED_MAX + 1)
    if operation == "BatchWriteItem" and len(failures) > 1:
        # A bad table name gives way to any other failure here; BatchGetItem lists both. [A]
        failures = [failure for failure in failures if not _is_about_table_keys(failure)]
    return failures[: rules.FAILURES_LISTED_MAX]


_GOOD_NAME: Final = "x" * TABLE_NAME_LENGTH_MIN


def _is_about_table_keys(failure: str) -> bool:
    return failure.endswith(_constraints.TABLE_KEYS_RULE)


def _with_first_bad_enum(request: Request) -> Request:
    members = input_shape("UpdateItem").members
    bad = [
        name
        for name in rules.UPDATE_ITEM_ENUMS
        if name in request and _constraints.broken_rules(members[name].shape, request[name])
    ]
    return {name: value for name, value in request.items() if name not in bad[1:]}


def _table_name_failures(operation: str, request: Request) -> list[str]:
    """What is wrong with the TableName of an operation on tables."""
    place = _constraints.Place().member(input_shape(operation).members["TableName"])
    name = request["TableName"]
    broken = _table_names.broken_rules(name, length_min=TABLE_NAME_LENGTH_MIN)
    if operation != "CreateTable":
        broken.reverse()  # observed in October 2026: DescribeTable lists the length first
    return [place.failure(name, rule) for rule in broken]


def _bare_refusal(operation: str, request: Request) -> str | None:
    """Refusals in sentences of their own, which come before all constraint failures."""
    if operation in rules.RESOURCE_ARN_OPERATIONS and "ResourceArn" not in request:
        return "Invalid TableArn"
    if operation == "Query" and request.get("ConditionalOperator", "OR") not in ("AND", "OR"):
        # Read before all else, and told without the value and the usual opening: October 2026.
        # Imported late: all expressions would come with it, for a request that is refused.
        from genset.expressions.legacy import BAD_CONDITIONAL_OPERATOR

        return BAD_CONDITIONAL_OPERATOR
    if operation == "BatchGetItem" and request.get("RequestItems") == {}:
        return _constraints.detected([_NO_REQUEST_ITEMS])
    if requires_table_name(operation) and "TableName" not in request:
        return "The parameter 'TableName' is required but was not present in the request"
    return None


# Observed in us-east-1 and all but one Region by September 2026; BatchWriteItem keeps the sentence
# it had. As other constraints told without the value, it is taken to be told alone.
_NO_REQUEST_ITEMS: Final = (
    "Value at 'RequestItems' failed to satisfy constraint: "
    "Member must have length greater than or equal to 1"
)


def _bad_table_name(request: Request) -> str | None:
    failures = _table_name_failures("DescribeTable", request)
    return _constraints.detected(failures) if failures else None


def _too_many_keys(request: Request) -> str | None:
    tables: Mapping[str, Any] = request["RequestItems"]
    if not tables:
        return _constraints.detected([_NO_REQUEST_ITEMS])
    if sum(len(table["Keys"]) for table in tables.values()) > BATCH_GET_KEYS_MAX:
        return "Too many items requested for the BatchGetItem call"
    return None


def _too_many_writes(request: Request) -> str | None:
    tables: Mapping[str, Any] = request["RequestItems"]
    if not tables:
        return "The requestItems parameter is required for BatchWriteItem"
    if sum(map(len, tables.values())) > BATCH_WRITE_REQUESTS_MAX:
        return "Too many items requested for the BatchWriteItem call"
    return None


def _empty_ttl_attribute(request: Request) -> str | None:
    if request["TimeToLiveSpecification"]["AttributeName"]:
        return _bad_table_name(request)
    return "TimeToLiveSpecification.AttributeName must be non empty"


# Checks on a request without constraint failures, in sentences of their own. Those on a table's
# name have been made before; they are here for the fast path.
_LATE_RULES: Final[dict[str, LateRule]] = {
    "BatchGetItem": _too_many_keys,
    "BatchWriteItem": _too_many_writes,
    "UpdateTimeToLive": _empty_ttl_attribute,
}


def late_rule(operation: str) -> LateRule | None:
    """The check on a request of that operation that has passed all constraints, if it has one."""
    if operation in rules.RULED_LATE:
        return _LATE_RULES[operation]
    return _bad_table_name if requires_table_name(operation) else None
