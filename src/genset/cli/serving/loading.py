"""Importing what a server needs sooner or later, which one that starts does not wait for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Have the garbage collector rest until `load_rest` has come to its end, or the block has.

    What is imported is no garbage, and looking through it takes as long as some of the imports.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def load_rest() -> None:
    """Import all operations, refusals and background work, so that no request waits for it.

    To be called once the server listens, in a thread of its own; or before it forks, so that its
    processes share the memory.
    """
    try:
        from genset.background import backfill, expiry, history, streams, sweep  # noqa: F401
        from genset.operations.registry import OPERATIONS
        from genset.wire import _shape_refusals  # noqa: F401

        for _ in OPERATIONS.values():
            pass
        # What was made so far stays: the collector need not walk it again and again.
        gc.freeze()
    finally:
        gc.enable()
