"""Names and ARNs of tables: their form. Source: the service model's TableName and TableArn."""

from __future__ import annotations

import re
from typing import Final

TABLE_NAME_PATTERN: Final = "[a-zA-Z0-9_.-]+"
TABLE_NAME_LENGTH_MIN: Final = 3
TABLE_NAME_LENGTH_MAX: Final = 255
TABLE_ARN_LENGTH_MAX: Final = 1024

_ARN: Final = re.compile(rf"arn:[a-z-]+:dynamodb:[a-z0-9-]*:[0-9]*:table/{TABLE_NAME_PATTERN}")


def is_table_arn(text: str) -> bool:
    """Whether `text` is a table's ARN, of whatever account and region."""
    return len(text) <= TABLE_ARN_LENGTH_MAX and _ARN.fullmatch(text) is not None
