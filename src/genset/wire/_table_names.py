"""Which strings name a table: a name of 3 to 255 characters, or the table's ARN.

The published model bounds TableName by 1 and 1,024 because it may be an ARN; a name has the old
bounds, with the minimum checked only by some operations (see `_shape_rules`).
"""

from __future__ import annotations

import re
from typing import Final

from genset.model.table_names import (
    TABLE_NAME_LENGTH_MAX,
    TABLE_NAME_PATTERN,
    is_table_arn,
)

_NAME: Final = re.compile(TABLE_NAME_PATTERN)


def broken_rules(text: str, length_min: int) -> list[str]:
    """The constraints that `text` breaks as a table name or ARN, in the order they are listed.

    An empty name breaks only the length, never the pattern as well, where the minimum is 1. [A]
    """
    if is_table_arn(text):
        return []
    broken = []
    if _NAME.fullmatch(text) is None and (text or length_min > 1):
        broken.append(f"Member must satisfy regular expression pattern: {TABLE_NAME_PATTERN}")
    if len(text) < length_min:
        broken.append(f"Member must have length greater than or equal to {length_min}")
    if len(text) > TABLE_NAME_LENGTH_MAX:
        broken.append(f"Member must have length less than or equal to {TABLE_NAME_LENGTH_MAX}")
    return broken


def names_a_table(text: object) -> bool:
    """Whether `text` breaks no constraint of the item operations; the fast path's question."""
    if type(text) is not str:
        return False
    if _NAME.fullmatch(text) is not None:
        return len(text) <= TABLE_NAME_LENGTH_MAX
    return is_table_arn(text)
