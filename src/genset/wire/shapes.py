"""The shape of requests: JSON types, required members, lengths, values, patterns and enums.

`check_request` is for every request: a right one passes in a few microseconds, through closures
built from the published service model at an operation's first use. A wrong one is looked at
again, slowly, to answer what the service answers, by `_shape_refusals`, which is imported for the
first of them.

Not here: the inside of attribute values (`genset.model.attribute_values`), and every rule that
relates members to each other or to a table (the operations).
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from genset.wire import _predicates
from genset.wire import _shape_rules as rules
from genset.wire._service_model import input_shape, operations, requires_table_name

__all__ = ["check_request", "check_types", "operations"]

Request: TypeAlias = dict[str, Any]


def check_request(operation: str, request: Request) -> None:
    """Refuse a request that breaks the constraints of its operation's shape.

    Raises ValidationException with the failures as the service lists them, or first of all
    SerializationException for a wrong JSON type; one inside an attribute value is looked for
    only in a request that is refused, and otherwise left to `genset.model`. A request that
    passes holds no null member outside attribute values, and its numbers and booleans are
    Python's: those that arrived in another accepted form (5.0, "true") are replaced in place.
    Raises KeyError for an operation that no service has.
    """
    accepts = _ACCEPTS.get(operation) or _build_accepts(operation)
    if not accepts(request):
        from genset.wire._shape_refusals import examine

        examine(operation, request)


def check_types(operation: str, request: Any) -> None:
    """Raise SerializationException if a value of the body has a JSON type its member refuses.

    The service reads the whole body before it validates anything, so this is also to be asked
    before an error about an attribute value is answered.
    """
    from genset.wire._json_types import check_document

    check_document(input_shape(operation), request)


_ACCEPTS: Final[dict[str, _predicates.Predicate]] = {}


def _build_accepts(operation: str) -> _predicates.Predicate:
    accepts = _predicates.predicate(input_shape(operation))
    if operation in rules.RULED_LATE or requires_table_name(operation):
        accepts = _with_late_rule(operation, accepts)
    _ACCEPTS[operation] = accepts
    return accepts


def _with_late_rule(operation: str, accepts: _predicates.Predicate) -> _predicates.Predicate:
    from genset.wire._shape_refusals import late_rule

    rule = late_rule(operation)
    assert rule is not None
    return lambda request: accepts(request) and rule(request) is None
