"""Times in the switches, and how long an answer is held back.

A time is a number with the unit ms or s (`5ms`, `1.5s`), or 0. A latency is a time, or a
distribution of times: `uniform(2ms,10ms)`, or `lognormal(5ms,0.5)` with its median and the
standard deviation of its logarithm.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

TIME_S_MAX: Final = 60.0

_TIME: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s)|0", re.ASCII)
_DISTRIBUTION: Final = re.compile(r"(uniform|lognormal)\(([^,()]*),([^,()]*)\)")
_NUMBER: Final = re.compile(r"\d{1,3}(?:\.\d{1,9})?", re.ASCII)
_SIGMA_MAX: Final = 10.0


@dataclass(frozen=True, slots=True)
class Latency:
    """A time, or the distribution of one, as `text` says it."""

    text: str
    kind: str
    first: float
    second: float = 0.0

    def seconds(self, chance: float) -> float:
        """The time for a number drawn evenly from [0, 1); at most TIME_S_MAX."""
        match self.kind:
            case "uniform":
                return self.first + (self.second - self.first) * chance
            case "lognormal":
                # Imported late: much comes with it, and few servers have such a latency.
                from statistics import NormalDist

                # The ends of the normal distribution are infinitely far away.
                deviation = NormalDist().inv_cdf(min(max(chance, 1e-12), 1 - 1e-12))
                return min(TIME_S_MAX, self.first * math.exp(self.second * deviation))
            case _:
                return self.first


def parse_time(text: str) -> float:
    """Seconds. Raises ValueError with a sentence for the user."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"must be a time such as 5ms, 1.5s or 0, not {text}")
    seconds = float(found[1] or 0) / (1000 if found[2] == "ms" else 1)
    if seconds > TIME_S_MAX:
        raise ValueError(f"must be at most {TIME_S_MAX:.0f}s, not {text}")
    return seconds


def parse_latency(text: str) -> Latency:
    """The latency that `text` says. Raises ValueError with a sentence for the user."""
    text = text.strip()
    found = _DISTRIBUTION.fullmatch(text)
    if found is None:
        if "(" in text:
            raise ValueError(f"must be a time, uniform(TIME,TIME) or lognormal(TIME,N), not {text}")
        return Latency(text, "fixed", parse_time(text))
    kind, first = found[1], parse_time(found[2])
    if kind == "uniform":
        second = parse_time(found[3])
        if second < first:
            raise ValueError(f"must have the shorter time first, not {text}")
        return Latency(text, kind, first, second)
    if _NUMBER.fullmatch(found[3].strip()) is None or float(found[3]) > _SIGMA_MAX:
        raise ValueError(f"must have a number from 0 to {_SIGMA_MAX:.0f} second, not {text}")
    return Latency(text, kind, first, float(found[3]))
