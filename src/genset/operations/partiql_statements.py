"""What the three PartiQL operations share: a statement with its parameters, and its table.

Parameters are checked before the text is looked at, and the text with its parameters before any
table is. Texts and their order as observed on the service, September and October 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genset.expressions.partiql.statements import AnyCompiled, compile_statement
from genset.model.attribute_values import AttributeValue, decode_value
from genset.model.errors import ValidationException
from genset.model.tables import Keys
from genset.operations.catalog import table_name
from genset.operations.operation import Scope
from genset.operations.parameters import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A compiled statement with the values of its literals and parameters."""

    compiled: AnyCompiled
    values: Values
    table_name: str
    item_on_failure: bool = False

    @property
    def reads(self) -> bool:
        """Whether it is a SELECT."""
        return self.compiled.reads


def decode_parameters(member: dict[str, Any]) -> list[AttributeValue]:
    """The Parameters of a statement, checked in place."""
    parameters: list[AttributeValue] | None = member.get("Parameters")
    if parameters is None:
        return []
    try:
        for parameter in parameters:
            decode_value(parameter)
    except ValidationException as error:
        error.take_older_words()
        raise
    return parameters


def bind_statement(scope: Scope, member: dict[str, Any], parameters: list[AttributeValue]) -> Bound:
    """The statement of a request or of a member of one, checked as far as it can be."""
    compiled = compile_statement(member["Statement"])
    values = compiled.bind(parameters)
    return Bound(
        compiled=compiled,
        values=values,
        table_name=table_name(scope, compiled.table),
        item_on_failure=member.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
    )


def key_names(keys: Keys) -> tuple[str, str | None]:
    """The names of the partition key and of the sort key, of keys that have one of each at most."""
    return keys.partition[0].name, keys.sort[0].name if keys.sort else None


def several_key_attributes(keys: Keys) -> bool:
    """Whether PartiQL cannot read by such keys."""
    return len(keys.partition) > 1 or len(keys.sort) > 1
