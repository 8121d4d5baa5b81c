"""Keys of items as they are given on a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genset.cli.items.documents import read_item, read_json, read_value
from genset.cli.statuses import CommandError, Status
from genset.cli.tables.schema import TableSchema, maybe_schema, read_schema
from genset.transfer.plain import Item, Number


def find_key(client: Any, table: str, words: Sequence[str]) -> tuple[list[str], Item]:
    """The names of the table's key attributes, and the key that the words of a command line are.

    Raises CommandError, and what the client raises. Who may not describe the table can give the
    key as JSON.
    """
    is_json = _is_json(words)
    schema = maybe_schema(client, table) if is_json else read_schema(client, table)
    if schema is None:
        key = read_item(words[0], "the key")
        return list(key), key
    return schema.first_columns(), read_key(schema, words)


def _is_json(words: Sequence[str]) -> bool:
    return len(words) == 1 and words[0].lstrip().startswith("{")


def read_key(schema: TableSchema, words: Sequence[str]) -> Item:
    """The key of an item of the table, of the words of a command line.

    They are NAME=VALUE for each key attribute, or the values alone in the key's order, or one
    JSON object. Raises CommandError for what is no key of the table.
    """
    if _is_json(words):
        given = _of_json(schema, words[0])
    elif len(words) == len(schema.keys.names) and not any("=" in word for word in words):
        pairs = zip(schema.keys.names, words, strict=True)
        given = {name: schema.value(name, word) for name, word in pairs}
    else:
        given = dict(_pair(schema, word) for word in words)
    missing = [name for name in schema.keys.names if name not in given]
    if missing or len(given) != len(schema.keys.names):
        raise _no_key(schema)
    return given


def read_attributes(schema: TableSchema, words: Sequence[str]) -> Item:
    """The item of NAME=VALUE words: key attributes are as the table has them, others JSON or texts.

    Raises CommandError.
    """
    item = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not name or not sign:
            raise CommandError(f"an item is JSON or NAME=VALUE, and not {word}", Status.USAGE)
        is_key = name in schema.keys.names
        item[name] = schema.value(name, text) if is_key else read_value(text)
    return item


def _pair(schema: TableSchema, word: str) -> tuple[str, dict[str, Any]]:
    for name in schema.keys.names:
        if word.startswith(f"{name}="):
            return name, schema.value(name, word[len(name) + 1 :])
    raise _no_key(schema, word)


def _of_json(schema: TableSchema, text: str) -> Item:
    document = read_json(text, "the key")
    unknown = next((name for name in document if name not in schema.keys.names), None)
    if unknown is not None:
        raise _no_key(schema, unknown)
    return {name: _typed(schema, name, value) for name, value in document.items()}


def _typed(schema: TableSchema, name: str, value: Any) -> dict[str, Any]:
    """The key attribute of a JSON value, plain or DynamoDB's."""
    kind = schema.types[name]
    if isinstance(value, dict) and list(value) == [kind]:
        value = value[kind]
    elif isinstance(value, Number) is not (kind == "N"):
        value = None
    if not isinstance(value, str):
        raise _no_key(schema, name)
    return schema.value(name, str(value))


def _no_key(schema: TableSchema, what: str | None = None) -> CommandError:
    example = " ".join(f"{name}=..." for name in schema.keys.names)
    wrong = "" if what is None else f"{what} is no part of it: "
    return CommandError(
        f"{wrong}the key of {schema.table} is {schema.shown_keys()}, given as {example}",
        Status.USAGE,
    )
