"""The bounded load beside the mixed row: a fixed rate of puts and of large scans.

The rate is the same for every server, so that a faster one is not given more to do. A server
that cannot keep up answers fewer; what it achieved is reported beside its latency.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from types import TracebackType
from typing import Any, Self

from bench.client import Client, RequestFailed
from bench.dataset import TABLE, Dataset
from bench.workloads import put_item_requests

PUTS_A_SECOND = 100.0
PUT_CONNECTIONS = 8
SCANS_A_SECOND = 2.0
SCAN_CONNECTIONS = 1
TIMEOUT_SECONDS = 30.0
# A connection that a slow answer held back makes up for no more than this much of its schedule.
ARREARS_SECONDS = 0.5

OFFERED = {"puts": PUTS_A_SECOND, "scans": SCANS_A_SECOND}
# A server that answers less than this share of the background is not under the same load.
CARRIED_SHARE = 0.9


def is_carried(achieved: dict[str, float]) -> bool:
    """Whether nearly all of the offered background was answered."""
    return all(achieved.get(kind, 0) >= rate * CARRIED_SHARE for kind, rate in OFFERED.items())


@dataclasses.dataclass
class _Lane:
    """One connection that sends its requests in a cycle, at a steady rate."""

    kind: str
    operation: str
    requests: list[dict[str, Any]]
    rate: float
    answered: int = 0


class BackgroundLoad:
    """The load on one server, from entering the context to leaving it. Can be entered again."""

    def __init__(self, port: int, dataset: Dataset) -> None:
        self._port = port
        self._dataset = dataset
        self._lanes: list[_Lane] = []
        self._threads: list[threading.Thread] = []
        self._failures: list[str] = []
        self._stop = threading.Event()
        self._seconds = 0.0
        self._entered = 0.0

    def achieved(self) -> dict[str, float]:
        """The answers a second, by kind, of the last time. Raises RequestFailed on any error."""
        if self._failures:
            raise RequestFailed(f"the background load failed: {self._failures[0]}")
        totals = dict.fromkeys(OFFERED, 0.0)
        for lane in self._lanes:
            totals[lane.kind] += lane.answered / self._seconds
        return totals

    def __enter__(self) -> Self:
        self._stop.clear()
        self._failures = []
        self._lanes = self._make_lanes()
        self._threads = [
            threading.Thread(target=self._drive, args=(lane,), daemon=True) for lane in self._lanes
        ]
        self._entered = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._seconds = time.monotonic() - self._entered
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _make_lanes(self) -> list[_Lane]:
        with Client(self._port) as client:
            puts = put_item_requests(client, self._dataset)
        scans = [{"TableName": TABLE}]
        put_rate = PUTS_A_SECOND / PUT_CONNECTIONS
        scan_rate = SCANS_A_SECOND / SCAN_CONNECTIONS
        return [
            *(
                _Lane("puts", "PutItem", puts[number::PUT_CONNECTIONS], put_rate)
                for number in range(PUT_CONNECTIONS)
            ),
            *(_Lane("scans", "Scan", scans, scan_rate) for _ in range(SCAN_CONNECTIONS)),
        ]

    def _drive(self, lane: _Lane) -> None:
        with Client(self._port, TIMEOUT_SECONDS) as client:
            due = time.monotonic()
            sent = 0
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                request = lane.requests[sent % len(lane.requests)]
                try:
                    client.send(client.signer.sign(lane.operation, request))
                except RequestFailed as error:
                    self._failures.append(f"{lane.operation}: {error}")
                    return
                sent += 1
                if not self._stop.is_set():
                    lane.answered += 1
                due = max(due + 1 / lane.rate, time.monotonic() - ARREARS_SECONDS)
