"""A server for all tests; each test makes its tables, and deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bench.suite.peers._server import dynamodb, dynamodb_resource
from bench.suite.peers._tables import passing_tables
from bench.suite.tables import ACCOUNTS, SHOP

__all__ = ["account_tables", "dynamodb", "dynamodb_resource", "shop_tables"]


@pytest.fixture
def shop_tables(dynamodb: Any) -> Iterator[dict[str, str]]:
    yield from passing_tables(dynamodb, SHOP)


@pytest.fixture
def account_tables(dynamodb: Any) -> Iterator[dict[str, str]]:
    yield from passing_tables(dynamodb, ACCOUNTS)
