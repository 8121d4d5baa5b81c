"""Going on with a coroutine that was already stepped once outside any task."""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


@types.coroutine
def resume(coroutine: Coroutine[Any, Any, T], awaited: object) -> Generator[Any, Any, T]:
    """Await the rest of `coroutine`, whose last step yielded `awaited`.

    What a coroutine yields is for the loop's task to see (a future, or None for "once more"), so
    it is handed on as it is, and what the task sends or throws goes back: this works with the
    futures of any asyncio loop. Returns the coroutine's result, raises what it raises.
    """
    while True:
        step: Callable[[], object]
        try:
            yield awaited
        except BaseException as error:
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, None)
        try:
            awaited = step()
        except StopIteration as stop:
            result: T = stop.value
            return result
