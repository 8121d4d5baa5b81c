"""The table of the API's errors, from `genset.model.errors` and how they are answered."""

from __future__ import annotations

import inspect

from genset.model import errors
from genset.model.errors import DynamoDBError
from genset.wire.errors import error_response
from tools.documentation.markdown import table


def render() -> str:
    """The table, in the order of the module."""
    kinds = [each for each in vars(errors).values() if _is_error(each)]
    return table(("Error", "Status", "When"), map(_row, kinds))


def _is_error(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, DynamoDBError) and each is not DynamoDBError


def _row(kind: type[DynamoDBError]) -> tuple[str, str, str]:
    first = str(inspect.getdoc(kind)).partition("\n\n")[0]
    return f"`{kind.__name__}`", str(error_response(kind()).status), " ".join(first.split())
