"""The ways to run the two hundred tests of ``bench.suite``: on what, and with which fixtures."""

from __future__ import annotations

import dataclasses

GENSET = "genset"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way:
    """One way to run the tests: on what, and with which fixtures."""

    name: str
    title: str
    # The module of ``bench.suite.peers`` with the fixtures.
    fixtures: str
    # A plugin that is installed with the tool.
    plugin: str | None = None
    # The server that all tests of a run share, if there is one.
    server: str | None = None
    # How many times as long as genset's its tests are to take; None for genset itself.
    bar: float | None = None


WAYS = (
    Way(
        name=GENSET,
        title="genset.testing",
        fixtures="genset_testing",
        plugin="genset.testing.plugin",
    ),
    Way(
        name="genset-mock",
        title="genset.testing, `mock_dynamodb` around each test",
        fixtures="genset_mock",
    ),
    Way(
        name="moto",
        title="moto, `mock_aws` around each test",
        fixtures="moto_documented",
        bar=10,
    ),
    Way(
        name="moto-one-client",
        title="moto, one client for all tests",
        fixtures="moto_one_client",
        bar=10,
    ),
    Way(
        name="dynamodb-local",
        title="DynamoDB Local, tables for each test",
        fixtures="server_same_names",
        server="dynamodb-local",
        bar=5,
    ),
    Way(
        name="dynamodb-local-unique",
        title="DynamoDB Local, tables of unique names",
        fixtures="server_unique_names",
        server="dynamodb-local",
        bar=5,
    ),
    Way(
        name="genset-server",
        title="`genset serve --memory`, tables for each test",
        fixtures="server_same_names",
        server="genset-memory",
    ),
)
WAY_NAMES = tuple(way.name for way in WAYS)


def way_named(name: str) -> Way:
    """The way of that name. Raises KeyError if there is none."""
    for way in WAYS:
        if way.name == name:
            return way
    raise KeyError(name)
