"""A server for all tests; each test makes tables of names that no other has, and leaves them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from bench.suite.peers._server import dynamodb, dynamodb_resource
from bench.suite.tables import ACCOUNTS, SHOP

__all__ = ["account_tables", "dynamodb", "dynamodb_resource", "shop_tables"]


@pytest.fixture
def shop_tables(dynamodb: Any) -> dict[str, str]:
    return _tables(dynamodb, SHOP)


@pytest.fixture
def account_tables(dynamodb: Any) -> dict[str, str]:
    return _tables(dynamodb, ACCOUNTS)


def _tables(client: Any, tables: Sequence[dict[str, Any]]) -> dict[str, str]:
    suffix = uuid.uuid4().hex[:12]
    names = {table["TableName"]: f"{table['TableName']}-{suffix}" for table in tables}
    for table in tables:
        client.create_table(**{**table, "TableName": names[table["TableName"]]})
    return names
