"""The conditions of a Query as words: `Artist=Abba Song^=Dancing Year=1970..1979`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from genset.cli.items.expressions import Placeholders
from genset.cli.statuses import CommandError, Status
from genset.cli.tables.schema import TableSchema

# The longer first, for `=` begins `==`.
_SIGN: Final = re.compile(r"==|\^=|<=|>=|=|<|>")
_RANGE: Final = ".."


def read_key_condition(
    schema: TableSchema, index: str | None, words: Sequence[str], placeholders: Placeholders
) -> str:
    """The key condition of the words, each of which is about an attribute of the key.

    NAME=VALUE, NAME<VALUE and so on; NAME^=VALUE is a beginning and NAME=LOW..HIGH a range, of
    which an end may be left out; NAME==VALUE is the same as = but no range. Raises CommandError.
    """
    keys = schema.keys_of(index)
    conditions = [_condition(schema, index, word, placeholders) for word in words]
    named = {_name_in(word, keys.names) for word in words}
    if not named.issuperset(keys.hashes):
        wanted = " and ".join(f"{each}=..." for each in keys.hashes)
        raise _wrong(schema, index, f"a query needs {wanted}")
    return " AND ".join(conditions)


def _condition(
    schema: TableSchema, index: str | None, word: str, placeholders: Placeholders
) -> str:
    keys = schema.keys_of(index)
    name = _name_in(word, keys.names)
    if name is None:
        raise _wrong(schema, index, f"{word} is no condition on it{_hint(schema, word)}")
    sign = _SIGN.match(word, len(name))
    assert sign is not None
    attribute, text = placeholders.name(name), word[sign.end() :]

    def value(text: str) -> str:
        return placeholders.value(schema.value(name, text))

    match sign[0]:
        case "=" if _RANGE in text and name not in keys.hashes:
            low, _, high = text.partition(_RANGE)
            if low and high:
                return f"{attribute} BETWEEN {value(low)} AND {value(high)}"
            return f"{attribute} >= {value(low)}" if low else f"{attribute} <= {value(high)}"
        case "^=":
            return f"begins_with({attribute}, {value(text)})"
        case "==":
            return f"{attribute} = {value(text)}"
        case _:
            return f"{attribute} {sign[0]} {value(text)}"


def _name_in(word: str, names: Sequence[str]) -> str | None:
    """The name that the word is about: the longest, for one may be the beginning of another."""
    fitting = [name for name in names if word.startswith(name) and _SIGN.match(word, len(name))]
    return max(fitting, key=len, default=None)


def _hint(schema: TableSchema, word: str) -> str:
    """Which indexes a condition would be one on."""
    fitting = [name for name, keys in schema.indexes.items() if _name_in(word, keys.names)]
    return f", but on that of --index {' or '.join(fitting)}" if fitting else ""


def _wrong(schema: TableSchema, index: str | None, what: str) -> CommandError:
    place = schema.table if index is None else f"index {index} of {schema.table}"
    return CommandError(f"the key of {place} is {schema.shown_keys(index)}; {what}", Status.USAGE)
