"""Answering every DynamoDB client of the process, whoever makes it, before or meanwhile.

botocore and aiobotocore send what they have to send with a few classes: while this is on, those
hand requests to DynamoDB over, and send all others as ever. Sessions made meanwhile share
botocore's data, and find credentials and a Region in the environment, so that no test reaches AWS.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from genset.testing import beside_moto, signing
from genset.testing.async_transport import AsyncTransport
from genset.testing.beside_moto import is_dynamodb
from genset.testing.botocore_sessions import new_session, shared_loader
from genset.testing.database import Database
from genset.testing.transport import EVENTS, READ_TIMEOUT_S, SECRET_KEY, Transport

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

_SENDERS: Final = (
    ("botocore.httpsession", "URLLib3Session", False),
    ("aiobotocore.httpsession", "AIOHTTPSession", True),
    ("aiobotocore.httpxsession", "HttpxSession", True),
)
"""The classes that send, where they are, and whether they are awaited."""
_UNSET: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")

real_servers: Final[set[str]] = set()
"""The addresses of real servers beside the tests, `http://host:port`: those get their requests."""


class Interception:
    """Has `database` answer all clients of DynamoDB and its streams between `start` and `stop`.

    One at a time.
    """

    def __init__(self, database: Database, *, region: str, account: str) -> None:
        self._database = database
        self._environment = {
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": region,
        }
        self._stack = ExitStack()
        self._patched: set[str] = set()

    def start(self) -> None:
        """Begin. Sets the environment, and boto3's default session aside."""
        stack = self._stack
        try:
            stack.enter_context(_changed_environment(self._environment))
            stack.enter_context(_builtin_handlers())
            stack.enter_context(patch("botocore.session.create_loader", _create_loader))
            stack.enter_context(patch("botocore.session.get_session", new_session))
            stack.enter_context(patch("boto3.DEFAULT_SESSION", None))
            beside_moto.answer_all(True)
            stack.callback(beside_moto.answer_all, False)
            importlib.import_module("botocore.httpsession")
            self.patch_senders()
            stack.enter_context(patch(f"{__name__}._at_work", self))
        except BaseException:
            stack.close()
            raise

    def stop(self) -> None:
        """End; all is as it was before."""
        self._stack.close()
        self._patched.clear()

    def patch_senders(self) -> None:
        """Have all senders that are imported hand over what is DynamoDB's. Idempotent."""
        for module, name, is_async in _SENDERS:
            sender = getattr(sys.modules.get(module), name, None)
            if sender is not None and module not in self._patched:
                self._patched.add(module)
                make = self._async_send if is_async else self._send
                self._stack.enter_context(patch.object(sender, "send", make(sender.send)))

    def _send(self, real: Callable[..., Any]) -> Callable[..., Any]:
        database = self._database

        def send(sender: Any, request: AWSPreparedRequest) -> Any:
            if _is_for_us(request):
                return Transport(database, _timeout_s(sender))(request)
            return real(sender, request)

        return send

    def _async_send(self, real: Callable[..., Any]) -> Callable[..., Any]:
        database = self._database

        async def send(sender: Any, request: AWSPreparedRequest) -> Any:
            if _is_for_us(request):
                return await AsyncTransport(database, _timeout_s(sender))(request)
            return await real(sender, request)

        return send


_at_work: Interception | None = None

# Handlers of events. The sessions made while an interception is at work keep them for ever.


def _look_for_senders(**_: Any) -> None:
    """A handler of `before-send`: a sender may have been imported since the start."""
    if _at_work is not None:
        beside_moto.keep_moto_out()
        _at_work.patch_senders()


def _choose_signer(**choice: Any) -> str | None:
    """A handler of `choose-signer`; a real server may verify the signature."""
    return signing.choose(**choice) if _at_work is not None and not real_servers else None


_HANDLERS: Final[Sequence[tuple[str, Callable[..., Any]]]] = (
    *((event, _look_for_senders) for event in EVENTS),
    *((event, _choose_signer) for event in signing.EVENTS),
)


def _is_for_us(request: AWSPreparedRequest) -> bool:
    if not is_dynamodb(request):
        return False
    return not any(request.url.startswith(f"{server}/") for server in real_servers)


def _timeout_s(sender: Any) -> float:
    """The read timeout of a sender, as urllib3, aiohttp or httpx have it."""
    timeout = getattr(sender, "_timeout", None)
    named = [getattr(timeout, name, None) for name in ("read_timeout", "sock_read", "read")]
    for seconds in (timeout, *named):
        if isinstance(seconds, int | float):
            return float(seconds)
    return READ_TIMEOUT_S


def _create_loader(search_path: str | None = None) -> Any:
    from botocore.loaders import create_loader

    return shared_loader() if search_path is None else create_loader(search_path)


@contextmanager
def _changed_environment(values: Mapping[str, str]) -> Iterator[None]:
    # Not `patch.dict`: what the test itself changes meanwhile stays its business.
    names = (*values, *_UNSET)
    before = {name: os.environ.get(name) for name in names}
    for name in _UNSET:
        os.environ.pop(name, None)
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _builtin_handlers() -> Iterator[None]:
    """Have all sessions made meanwhile call `_HANDLERS`."""
    from botocore.handlers import BUILTIN_HANDLERS

    BUILTIN_HANDLERS.extend(_HANDLERS)
    try:
        yield
    finally:
        for handler in _HANDLERS:
            BUILTIN_HANDLERS.remove(handler)
