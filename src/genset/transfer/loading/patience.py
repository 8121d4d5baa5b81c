"""Trying again: pauses that grow while nothing is taken, and an end to it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from genset.transfer.records import TransferError

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 5.0
SILENCE_S_MAX: Final = 60.0
"""How long nothing may be taken before the whole is given up."""


class Patience:
    """The pauses of one batch: exponential with full jitter, from the start after each progress."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
        silence_s_max: float = SILENCE_S_MAX,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._silence_s_max = silence_s_max
        self.progress()

    def progress(self) -> None:
        """Something was taken."""
        self._tries = 0
        self._since = self._clock()

    def pause(self, reason: str) -> None:
        """Wait before the next try. Raises TransferError with `reason` if it has been too long."""
        if self._clock() - self._since > self._silence_s_max:
            raise TransferError(f"nothing was taken for {self._silence_s_max:.0f} s: {reason}")
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**self._tries)
        self._tries = min(self._tries + 1, 16)
        self._sleep(longest * self._jitter())
