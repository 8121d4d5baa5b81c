"""`mock_dynamodb`: all DynamoDB clients of the process are answered in it."""

from __future__ import annotations

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

    def __init__(self, *, region: str, account: str, session: LocalSession | None = None) -> None:
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
        self._owns_database = False
        self._interception: Interception | None = None
        self.session: LocalSession | None = None

    def enter(self, region: str, account: str, session: LocalSession | None) -> LocalSession:
        with self._lock:
            if self.session is None:
                self._begin(region, account, session)
            elif session is not None and session.database is not self.session.database:
                raise RuntimeError("another database answers all DynamoDB clients already")
            self._depth += 1
            assert self.session is not None
            return self.session

    def _begin(self, region: str, account: str, session: LocalSession | None) -> None:
        self._owns_database = session is None
        chosen = session or LocalSession(Database(), region=region, account=account)
        interception = Interception(chosen.database, region=region, account=account)
        interception.start()
        self._interception, self.session = interception, chosen

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
        if self._owns_database:
            session.database.close()


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
    region: str = DEFAULT_REGION,
    account: str = DEFAULT_ACCOUNT,
) -> MockDynamoDB: ...


def mock_dynamodb(
    target: Any = None,
    /,
    *,
    region: str = DEFAULT_REGION,
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
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION are set meanwhile. Afterwards
    the database is gone and all is as it was. Within another mock it shares that one's database.

    Each test of a decorated class has a database for itself, which begins with what its setUpClass
    has made, if it is a class of unittest.
    """
    mock = MockDynamoDB(region=region, account=account)
    return mock if target is None else mock(target)
