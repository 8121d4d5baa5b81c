"""When changes that take time are complete."""

from __future__ import annotations


def ends_at(now: float, transition_s: float) -> float:
    """When a change made at `now`, which takes `transition_s`, is complete.

    That is long ago if it takes none: a clock that is set back then, as tests do, undoes nothing.
    """
    return now + transition_s if transition_s > 0 else 0.0
