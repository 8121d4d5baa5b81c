"""ExpressionAttributeNames and ExpressionAttributeValues, apart from any one expression.

What is checked before the expressions are parsed, and what is left over after.

Source: developer guide, "Expression attribute names (aliases)" and "Using expression attribute
values"; messages and their order as observed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from genset.model.attribute_values import check_attribute_name
from genset.model.errors import ValidationException

# Developer guide, "Quotas": a placeholder is at most 255 bytes long, with its # or :.
PLACEHOLDER_BYTES_MAX: Final = 255

_NAME: Final = re.compile(r"#[A-Za-z0-9_]+")
_VALUE: Final = re.compile(r":[A-Za-z0-9_]+")


def check_not_mixed(legacy: Sequence[str], expressions: Sequence[str]) -> None:
    """Refuse legacy and expression parameters in one request.

    Both are the names of those parameters that the request has, in the operation's order.
    """
    if legacy and expressions:
        raise ValidationException(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(legacy)}}} "
            f"Expression parameters: {{{', '.join(expressions)}}}",
            detected=True,
        )


def check_expressions_present(
    request: Mapping[str, object], expressions: Sequence[str], *, says_what_is_null: bool = False
) -> None:
    """Refuse placeholders where there is nothing to use them.

    `expressions` are all expression parameters of the operation, in its order. Values need one
    other than a ProjectionExpression. The operations on one item and Query say no more than that;
    Scan names the parameters that are null.
    """
    has_names = request.get("ExpressionAttributeNames") is not None
    has_values = request.get("ExpressionAttributeValues") is not None
    if not (has_names or has_values):
        return
    given = [name for name in expressions if request.get(name) is not None]
    if has_names and not given:
        raise ValidationException(
            "ExpressionAttributeNames can only be specified when using expressions", detected=True
        )
    if has_values and (not given or given == ["ProjectionExpression"]):
        users = [name for name in expressions if name != "ProjectionExpression"]
        reason = ": " + " and ".join(f"{name} is null" for name in users)
        raise ValidationException(
            "ExpressionAttributeValues can only be specified when using expressions"
            + (reason if says_what_is_null else ""),
            detected=True,
        )


def check_names(names: Mapping[str, str] | None) -> None:
    """Refuse an empty map of names, malformed placeholders, and names that cannot be.

    Raises ValidationException. None, for no map, is fine. Only the older layer names the parameter
    and the placeholder of a name that is too large.
    """
    if names is None:
        return
    _check_keys("ExpressionAttributeNames", names, _NAME)
    for key, name in names.items():
        if not name:
            raise _invalid_map("Names", f"invalid value: Empty attribute name for key {key}")
        try:
            check_attribute_name(name)
        except ValidationException as error:
            wrapped = _invalid_map("Names", f"invalid value: {error.message} for key {key}")
            raise ValidationException(error.message, detected=True, older=wrapped.message) from None


def check_value_keys(values: Mapping[str, object] | None) -> None:
    """Refuse an empty map of values and malformed placeholders; the values are not looked at."""
    if values is not None:
        _check_keys("ExpressionAttributeValues", values, _VALUE)


def _check_keys(parameter: str, keys: Collection[str], grammar: re.Pattern[str]) -> None:
    if not keys:
        raise ValidationException(f"{parameter} must not be empty", detected=True)
    for key in keys:
        if len(key) <= PLACEHOLDER_BYTES_MAX and grammar.fullmatch(key):
            continue
        size = len(key.encode())
        if size > PLACEHOLDER_BYTES_MAX:
            reason = (
                f"{parameter} contains invalid key: The expression attribute map contains a key "
                "that is too long;"
            )
            raise ValidationException(
                f"{reason} size of key: {size}",
                detected=True,
                # The older layer tells the size for names only.
                older=reason if grammar is _VALUE else None,
            )
        raise ValidationException(
            f'{parameter} contains invalid key: Syntax error; key: "{key}"', detected=True
        )


def _invalid_map(which: str, reason: str) -> ValidationException:
    return ValidationException(f"ExpressionAttribute{which} contains {reason}", detected=True)


def check_unused(
    names: Mapping[str, str] | None,
    values: Mapping[str, object] | None,
    names_used: Iterable[frozenset[str]],
    values_used: Iterable[frozenset[str]],
) -> None:
    """Refuse placeholders that no expression uses; names come before values.

    `names_used` and `values_used` are those of all plans of the request.
    """
    _check_all_used("Names", names, names_used)
    _check_all_used("Values", values, values_used)


def _check_all_used(
    which: str, keys: Mapping[str, object] | None, used: Iterable[frozenset[str]]
) -> None:
    if not keys:
        return
    unused = keys.keys() - frozenset().union(*used)
    if unused:
        listed = ", ".join(key for key in hash_set_order(keys) if key in unused)
        raise ValidationException(
            f"Value provided in ExpressionAttribute{which} unused in expressions: "
            f"keys: {{{listed}}}",
            detected=True,
        )


def hash_set_order(keys: Collection[str]) -> list[str]:
    """`keys` in the order in which the service, written in Java, iterates over a set of them.

    By the documented hash of `java.lang.String`, spread as `java.util.HashMap` spreads it, over a
    table of the size that a set copied from a collection has.
    """
    slots = 16
    while slots < len(keys) / 0.75 + 1:
        slots *= 2

    def slot(key: str) -> int:
        code = 0
        for unit in key:
            code = (31 * code + ord(unit)) & 0xFFFFFFFF
        return (code ^ (code >> 16)) & (slots - 1)

    return sorted(keys, key=slot)
