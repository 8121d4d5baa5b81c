"""A server for all tests, at the address in GENSET_SUITE_ENDPOINT, and clients of it."""

from __future__ import annotations

import os
from typing import Any

import boto3
import pytest


@pytest.fixture(scope="session")
def dynamodb() -> Any:
    return boto3.client("dynamodb", endpoint_url=os.environ["GENSET_SUITE_ENDPOINT"])


@pytest.fixture(scope="session")
def dynamodb_resource() -> Any:
    return boto3.resource("dynamodb", endpoint_url=os.environ["GENSET_SUITE_ENDPOINT"])
