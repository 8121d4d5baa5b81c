"""The application, on whatever the fixtures of the chosen tool give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bench.suite.accounts import Accounts
from bench.suite.shop import Shop


@pytest.fixture
def shop(dynamodb: Any, shop_tables: Mapping[str, str]) -> Shop:
    return Shop(dynamodb, shop_tables)


@pytest.fixture
def accounts(dynamodb_resource: Any, account_tables: Mapping[str, str]) -> Accounts:
    return Accounts(dynamodb_resource, account_tables)
