"""How many tests call each operation of DynamoDB: counted in every run, kept by a whole one.

A test calls an operation if it is sent while the test runs, by the raw clients of `support` or by
botocore in this process, and the test passes. What clients in other processes send is not seen, so
the counts are lower bounds. `pytest --record-operations` writes them to operations_called.json,
which docs/api-coverage.md is made from; in CI a run of all tests that counts fewer fails.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.client
import pytest

from genset.operations.registry import OPERATIONS

RECORD = Path(__file__).parents[1] / "operations_called.json"
_KEY = "operations_called"
_of_this_test: set[str] = set()


def note(operation: str) -> None:
    """A test sends that operation."""
    _of_this_test.add(operation)


def at_least(count: int) -> int:
    """A number that `count` can be said to reach for some time: nine tenths, its first digit."""
    most = count * 9 // 10
    step = 10 ** max(0, len(str(most)) - 1)
    return max(most // step * step, min(count, 1))


def fewer(recorded: Mapping[str, int], counted: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """What is recorded and counted for the operations of which fewer were counted."""
    return {
        name: (count, counted.get(name, 0))
        for name, count in recorded.items()
        if counted.get(name, 0) < count
    }


class OperationsCalled:
    """The plugin of pytest's that counts, in each of its processes, and in the end in the first."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._counts: Counter[str] = Counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        _of_this_test.clear()
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # In the process that the others report to it is empty.
        if report.when == "call" and report.passed:
            self._counts.update(_of_this_test)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._counts.update(getattr(node, "workeroutput", {}).get(_KEY, {}))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_KEY] = dict(self._counts)
        elif self._config.getoption("record_operations"):
            counts = {name: at_least(self._counts[name]) for name in sorted(OPERATIONS)}
            RECORD.write_text(json.dumps(counts, indent=0) + "\n", encoding="utf-8")
        elif self._is_whole(session):
            self._compare(session)

    def _is_whole(self, session: pytest.Session) -> bool:
        """Whether all tests have run and nothing else has gone wrong, as in CI."""
        option = self._config.option
        chosen = option.keyword or option.markexpr or option.maxfail
        everything = self._config.args_source is not pytest.Config.ArgsSource.ARGS
        return bool(os.environ.get("CI")) and everything and not chosen and not session.testsfailed

    def _compare(self, session: pytest.Session) -> None:
        found = fewer(json.loads(RECORD.read_text(encoding="utf-8")), self._counts)
        if found:
            reporter = self._config.pluginmanager.get_plugin("terminalreporter")
            reporter.write_line(f"fewer tests call these than {RECORD.name} says: {found}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def count_operations(config: pytest.Config) -> None:
    """Count from here on, for the run of that configuration."""
    config.pluginmanager.register(OperationsCalled(config))
    send = botocore.client.BaseClient._make_api_call

    def noting(client: Any, operation: str, parameters: Any) -> Any:
        if client.meta.service_model.service_name in ("dynamodb", "dynamodbstreams"):
            note(operation)
        return send(client, operation, parameters)

    botocore.client.BaseClient._make_api_call = noting
