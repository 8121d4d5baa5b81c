"""genset's own plugin: the tables are declared once, and each test begins with them alone.

The plugin is to be loaded before this, as it is by itself where genset is installed.
"""

from __future__ import annotations

from typing import Any

import pytest

from bench.suite.tables import ACCOUNTS, SHOP


@pytest.fixture(scope="session")
def dynamodb_tables() -> list[dict[str, Any]]:
    return [*SHOP, *ACCOUNTS]


@pytest.fixture
def shop_tables() -> dict[str, str]:
    return {table["TableName"]: table["TableName"] for table in SHOP}


@pytest.fixture
def account_tables() -> dict[str, str]:
    return {table["TableName"]: table["TableName"] for table in ACCOUNTS}
