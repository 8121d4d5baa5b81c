"""The switches of one server: what they may be, and their JSON.

The JSON of a state has a member for each switch; one that is left out, or null, is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from genset.realism import faults
from genset.realism.latency import Latency, parse_latency, parse_time

_SEED_MAX: Final = 2**53


class SwitchError(Exception):
    """A switch is wrong. `name` is the switch, the message the rest of a sentence about it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """A state of all switches; the default is off. Lags are in seconds."""

    throttling: bool = False
    latency: Latency | None = None
    faults: Mapping[str, float] = field(default_factory=dict)
    read_lag_s: float = 0.0
    gsi_lag_s: float = 0.0
    seed: int = 0

    @property
    def meddles(self) -> bool:
        """Whether a request may fail or be held back."""
        return bool(self.latency or self.faults)

    @property
    def lags(self) -> bool:
        """Whether a read may see the past."""
        return bool(self.read_lag_s or self.gsi_lag_s)


def parse_faults(shares: Mapping[str, Any]) -> dict[str, float]:
    """The shares by the names of their errors. Raises ValueError with a sentence."""
    parsed = {}
    for name, share in shares.items():
        if name not in faults.NAMES:
            raise ValueError(f"must name one of {', '.join(faults.NAMES)}, not {name}")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(f"must give {name} a share from 0 to 1, not {share}")
        if share:
            parsed[name] = float(share)
    # Shares such as three times 0.1 and 0.7 add up to a little more than 1.
    if sum(parsed.values()) > 1 + 1e-9:
        raise ValueError("must have shares that add up to at most 1")
    return parsed


def parse_fault_text(text: str) -> dict[str, float]:
    """The same, from `Name=share,Name=share`."""
    shares: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, share = part.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            raise ValueError(f"must be NAME=SHARE[,NAME=SHARE...], not {text}") from None
    return parse_faults(shares)


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _parse_shares(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError("must be an object of shares by the names of errors")
    return parse_faults(value)


def _parse_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _parse_seed(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _SEED_MAX:
        raise ValueError(f"must be a whole number from 0 to {_SEED_MAX}")
    return value


_MEMBERS: Final = {
    "throttling": ("throttling", _parse_boolean),
    "latency": ("latency", lambda value: parse_latency(_parse_text(value))),
    "faults": ("faults", _parse_shares),
    "read_lag": ("read_lag_s", lambda value: parse_time(_parse_text(value))),
    "gsi_lag": ("gsi_lag_s", lambda value: parse_time(_parse_text(value))),
    "seed": ("seed", _parse_seed),
}


def decode(document: Any) -> Switches:
    """The state of a JSON document. Raises SwitchError."""
    if not isinstance(document, dict):
        raise SwitchError("the body", "must be a JSON object")
    members: dict[str, Any] = {}
    for name, value in document.items():
        if name not in _MEMBERS:
            raise SwitchError(name, f"is no switch; there are {', '.join(_MEMBERS)}")
        if value is None:
            continue
        member, parse = _MEMBERS[name]
        try:
            members[member] = parse(value)
        except ValueError as error:
            raise SwitchError(name, str(error)) from None
    return Switches(**members)


def changed(switches: Switches, members: Mapping[str, Any]) -> Switches:
    """The state with some members of its JSON replaced. Raises SwitchError."""
    return decode({**orjson.loads(encode(switches)), **members})


def encode(switches: Switches) -> bytes:
    """The JSON of a state, from which `decode` makes it again."""
    return orjson.dumps(
        {
            "throttling": switches.throttling,
            "latency": switches.latency.text if switches.latency else None,
            "faults": dict(switches.faults),
            "read_lag": _time(switches.read_lag_s),
            "gsi_lag": _time(switches.gsi_lag_s),
            "seed": switches.seed,
        }
    )


def _time(seconds: float) -> str | None:
    return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms" if seconds else None
