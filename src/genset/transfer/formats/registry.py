"""All formats of files, by name."""

from __future__ import annotations

from typing import Final

from genset.transfer.formats.aws_cli import AWS_CLI
from genset.transfer.formats.csv_items import CSV
from genset.transfer.formats.dynamodb_json import DYNAMODB_JSON
from genset.transfer.formats.format import Format
from genset.transfer.formats.ion import ION
from genset.transfer.formats.json_array import JSON_ARRAY
from genset.transfer.formats.json_lines import JSON_LINES

FORMATS: Final[dict[str, Format]] = {
    each.name: each for each in (CSV, JSON_LINES, JSON_ARRAY, DYNAMODB_JSON, AWS_CLI, ION)
}
