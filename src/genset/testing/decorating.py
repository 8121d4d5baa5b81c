"""Running functions, and the tests of classes, within a context that starts and stops."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Protocol, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class _Database(Protocol):
    def mark(self) -> Any: ...
    def rollback(self, mark: Any, /) -> None: ...


class Mock(Protocol):
    """What is started and stopped; nested calls share what the outermost one started."""

    def start(self) -> _Database:
        """Begin; what can be brought back to a state."""

    def stop(self) -> None:
        """End what the last `start` began."""


def decorated(target: F, mock: Mock) -> F:
    """`target`, a function of any kind or a class of tests, run within `mock`."""
    if isinstance(target, type):
        if issubclass(target, unittest.TestCase):
            return cast("F", _decorate_test_case(target, mock))
        return cast("F", _decorate_class(target, mock))
    return cast("F", _wrapped(target, mock))


def _wrapped(function: Callable[..., Any], mock: Mock) -> Callable[..., Any]:
    """A function of the same kind."""
    if inspect.iscoroutinefunction(function):
        return _wrapped_coroutine(function, mock)
    if inspect.isasyncgenfunction(function):
        return _wrapped_async_generator(function, mock)
    if inspect.isgeneratorfunction(function):
        return _wrapped_generator(function, mock)

    @functools.wraps(function)
    def within(*arguments: Any, **named: Any) -> Any:
        mock.start()
        try:
            return function(*arguments, **named)
        finally:
            mock.stop()

    return within


def _wrapped_coroutine(function: Callable[..., Any], mock: Mock) -> Callable[..., Any]:
    @functools.wraps(function)
    async def within(*arguments: Any, **named: Any) -> Any:
        mock.start()
        try:
            return await function(*arguments, **named)
        finally:
            mock.stop()

    return within


def _wrapped_generator(function: Callable[..., Any], mock: Mock) -> Callable[..., Any]:
    @functools.wraps(function)
    def within(*arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        mock.start()
        try:
            return (yield from function(*arguments, **named))
        finally:
            mock.stop()

    return within


def _wrapped_async_generator(function: Callable[..., Any], mock: Mock) -> Callable[..., Any]:
    @functools.wraps(function)
    async def within(*arguments: Any, **named: Any) -> AsyncIterator[Any]:
        mock.start()
        try:
            async for value in function(*arguments, **named):
                yield value
        finally:
            mock.stop()

    return within


def _decorate_test_case(case: Any, mock: Mock) -> Any:
    """The mock lasts from before setUpClass to after the class's clean-ups.

    Each test, its setUp and tearDown included, begins with what setUpClass has left.
    """
    set_up_class = case.setUpClass.__func__
    run = case.run

    @classmethod  # type: ignore[misc]
    def set_up(cls: Any) -> None:
        cls._genset_start = _Start(mock.start())
        # Also called if setUpClass fails, when tearDownClass is not.
        cls.addClassCleanup(mock.stop)
        set_up_class(cls)

    @functools.wraps(run)
    def run_from_start(self: Any, *arguments: Any, **named: Any) -> Any:
        start = vars(type(self)).get("_genset_start")
        if start is None:
            # A subclass whose setUpClass does not go on with that of this class.
            return _wrapped(run, mock)(self, *arguments, **named)
        start.return_to()
        return run(self, *arguments, **named)

    case.setUpClass = set_up
    case.run = run_from_start
    return case


class _Start:
    """What all tests of a class begin with: the state when the first of them does."""

    def __init__(self, database: _Database) -> None:
        self._database = database
        self._mark: Any = None

    def return_to(self) -> None:
        # Not marked in setUpClass, which a subclass may go on with.
        if self._mark is None:
            self._mark = self._database.mark()
        else:
            self._database.rollback(self._mark)


def _decorate_class(cls: Any, mock: Mock) -> Any:
    """Each test has the mock for itself, together with its setup_method and teardown_method."""
    for name, member in list(vars(cls).items()):
        if name.startswith("test") and inspect.isfunction(member):
            setattr(cls, name, _wrapped(member, mock))
        elif name.startswith("Test") and isinstance(member, type):
            # pytest sets its tests up with the methods of both classes.
            _decorate_class(member, mock)
    set_up = getattr(cls, "setup_method", None)
    tear_down = getattr(cls, "teardown_method", None)

    def setup_method(self: Any, method: Any = None) -> None:
        mock.start()
        try:
            _call_with_optional(set_up, self, method)
        except BaseException:
            # pytest then does not call teardown_method.
            mock.stop()
            raise

    def teardown_method(self: Any, method: Any = None) -> None:
        try:
            _call_with_optional(tear_down, self, method)
        finally:
            mock.stop()

    cls.setup_method = setup_method
    cls.teardown_method = teardown_method
    return cls


def _call_with_optional(function: Callable[..., Any] | None, self: Any, method: Any) -> None:
    """Call a setup or teardown method, which may take the test's method, as pytest does."""
    if function is None:
        return
    takes_method = len(inspect.signature(function).parameters) > 1
    if takes_method:
        function(self, method)
    else:
        function(self)
