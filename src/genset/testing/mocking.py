"""`mock_dynamodb`: all DynamoDB clients of the process are answered in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, TypeVar, overload

from genset.testing.database import Database
from genset.testing.decorating import decorated
from genset.testing.interception import Interception
from genset.testing.sessions import LocalSession
from genset.wire.credentials import DEFAULT_ACCOUNT
from genset.wire.sigv4 import DEFAULT_REGION

F = TypeVar("F", bound=Callable[..., Any])


class MockDynamoDB:
    """Context manager and decorator; see `mock_dynamodb`."""

    def __init__(
        self, *, region: str | None, account: str, session: LocalSession | None = None
    ) -> None:
        self._region = region
        self._account = account
        self._session = session

    @classmethod
    def of(cls, session: LocalSession) -> MockDynamoDB:
        """One whose clients use the database of `session`, as that does."""
        return cls(region=session.region_name, account=session.account, session=session)

    def __enter__(self) -> LocalSession:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __call__(self, target: F) -> F:
        """Decorate a function, a coroutine or generator function, or a class of tests."""
        return decorated(target, self)

    def start(self) -> LocalSession:
        """Begin; a session with the database that answers."""
        return _ACTIVE.enter(self._region, self._account, self._session)

    def stop(self) -> None:
        """End what `start` began."""
        _ACTIVE.leave()


class _Active:
    """The mock at work in this process: the outermost one, which inner ones share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._interception: Interception | None = None
        # Making a session takes longer than most tests: those of earlier mocks are used again.
        self._idle: dict[tuple[str, str], LocalSession] = {}
        self._returns_session = False
        self.session: LocalSession | None = None

    def enter(self, region: str | None, account: str, given: LocalSession | None) -> LocalSession:
        with self._lock:
            if self.session is None:
                self._begin(given or self._take(region or _usual_region(), account))
                self._returns_session = given is None
            elif given is not None and given.database is not self.session.database:
                raise RuntimeError("another database answers all DynamoDB clients already")
            self._depth += 1
            assert self.session is not None
            return self.session

    def _take(self, region: str, account: str) -> LocalSession:
        """A session with an empty database."""
        idle = self._idle.pop((region, account), None)
        return idle or LocalSession(Database(account=account), region=region, account=account)

    def _begin(self, session: LocalSession) -> None:
        interception = Interception(
            session.database, region=session.region_name, account=session.account
        )
        interception.start()
        self._interception, self.session = interception, session

    def leave(self) -> None:
        with self._lock:
            if self._depth == 0:
                raise RuntimeError("stop() without start()")
            self._depth -= 1
            if self._depth == 0:
                self._end()

    def _end(self) -> None:
        interception, session = self._interception, self.session
        assert interception is not None
        assert session is not None
        self._interception = self.session = None
        interception.stop()
        if self._returns_session:
            session.rollback()
            self._idle[session.region_name, session.account] = session


def _usual_region() -> str:
    return os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


_ACTIVE: Final = _Active()


def current_session() -> LocalSession:
    """The session with the database of the `mock_dynamodb` at work. Raises RuntimeError."""
    if _ACTIVE.session is None:
        raise RuntimeError("no mock_dynamodb is at work here")
    return _ACTIVE.session


@overload
def mock_dynamodb(target: F, /) -> F: ...


@overload
def mock_dynamodb(
    *,
    region: str | None = None,
    account: str = DEFAULT_ACCOUNT,
) -> MockDynamoDB: ...


def mock_dynamodb(
    target: Any = None,
    /,
    *,
    region: str | None = None,
    account: str = DEFAULT_ACCOUNT,
) -> Any:
    """Answer all clients of DynamoDB and its streams in this process, whoever makes them.

        @mock_dynamodb
        def test_store():
            ...

        with mock_dynamodb() as session:
            ...

    Whether they were made before or are made meanwhile, with boto3, aioboto3, botocore or a library
    on top, their requests are answered from an empty database; other services are left alone.
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if it is not, AWS_DEFAULT_REGION are set
    meanwhile. Afterwards the data is gone and all is as it was. Within another mock it shares that
    one's database, Region and account.

    Each test of a decorated class has a database for itself, which begins with what its setUpClass
    has made, if it is a class of unittest.
    """
    mock = MockDynamoDB(region=region, account=account)
    return mock if target is None else mock(target)
