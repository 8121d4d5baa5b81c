"""moto as fast as it goes without reaching into it: started once, with one client for all tests.

Each test makes its tables, and deletes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bench.suite.peers._tables import passing_tables
from bench.suite.tables import ACCOUNTS, SHOP


@pytest.fixture(scope="session")
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def dynamodb(aws: None) -> Any:
    return boto3.client("dynamodb", region_name="us-east-1")


@pytest.fixture(scope="session")
def dynamodb_resource(aws: None) -> Any:
    return boto3.resource("dynamodb", region_name="us-east-1")


@pytest.fixture
def shop_tables(dynamodb: Any) -> Iterator[dict[str, str]]:
    yield from passing_tables(dynamodb, SHOP)


@pytest.fixture
def account_tables(dynamodb: Any) -> Iterator[dict[str, str]]:
    yield from passing_tables(dynamodb, ACCOUNTS)
