"""Sending to any of several nodes that may fail, and knowing what became of a request."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Sequence
from typing import Any

from support.client import Answer, Api, Refused

# How long a client waits for an answer: longer than any deadline of the server's.
ANSWER_S_MAX = 30.0
_GONE = (OSError, http.client.HTTPException)
# So that a client does not spend itself on a server that is down.
_PAUSE_AFTER_FAILURE_S = 0.02


class Nodes:
    """The URLs of the nodes that a load goes to."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = tuple(urls)

    def add(self, url: str) -> None:
        """Send to this one too."""
        self.urls = (*self.urls, url)

    def remove(self, url: str) -> None:
        """Send nothing more there."""
        self.urls = tuple(each for each in self.urls if each != url)

    def choose(self, chance: random.Random) -> str:
        """One of them."""
        return chance.choice(self.urls)


class Caller:
    """Sends requests to any of the nodes, in one thread, and tells what became of them."""

    def __init__(self, nodes: Nodes, seed: int) -> None:
        self.random = random.Random(seed)
        self.slowest_s = 0.0
        self.errors: list[str] = []
        self._nodes = nodes
        self._apis: dict[str, Api] = {}

    def close(self) -> None:
        """Close all connections."""
        for api in self._apis.values():
            api.close()

    def attempt(self, operation: str, request: dict[str, Any]) -> Answer | None:
        """The answer, or None if there is none or one that leaves the outcome open."""
        url = self._nodes.choose(self.random)
        api = self._apis.setdefault(url, Api(url, timeout=ANSWER_S_MAX))
        sent = time.monotonic()
        try:
            answer = api.send(operation, request)
        except _GONE as error:
            self._failed(repr(error))
            return None
        finally:
            self.slowest_s = max(self.slowest_s, time.monotonic() - sent)
        if answer.status >= 500:
            self._failed(str(Refused(answer)))
            return None
        return answer

    def _failed(self, error: str) -> None:
        self.errors.append(error)
        time.sleep(_PAUSE_AFTER_FAILURE_S)
