"""genset for those who come from moto: `moto_documented` with the other name for `mock_aws`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from bench.suite.peers._tables import create_tables
from bench.suite.tables import ACCOUNTS, SHOP
from genset.testing import mock_dynamodb


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_dynamodb():
        yield


@pytest.fixture
def dynamodb(aws: None) -> Any:
    return boto3.client("dynamodb", region_name="us-east-1")


@pytest.fixture
def dynamodb_resource(aws: None) -> Any:
    return boto3.resource("dynamodb", region_name="us-east-1")


@pytest.fixture
def shop_tables(dynamodb: Any) -> dict[str, str]:
    return create_tables(dynamodb, SHOP)


@pytest.fixture
def account_tables(dynamodb_resource: Any) -> dict[str, str]:
    return create_tables(dynamodb_resource.meta.client, ACCOUNTS)
