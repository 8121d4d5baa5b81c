"""PostgreSQL's wire protocol, as far as where its messages end and which of them commit.

From the chapter "Frontend/Backend Protocol" of PostgreSQL's documentation, "Message Formats".
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

# The codes of requests that ask for encryption: the startup message comes after them.
_ENCRYPTION_REQUESTS = {80877103, 80877104}
_COMMITS = re.compile(rb"\bgenset\.commit\b|^\s*commit\b", re.IGNORECASE)


class Message(NamedTuple):
    """`kind` is the letter in front; b"" for the messages of the startup, which have none."""

    kind: bytes
    raw: bytes


class Messages:
    """Cuts a stream of bytes into messages, however they arrive."""

    def __init__(self, *, startup: bool) -> None:
        """`startup`: the first messages have no kind, as those of a client."""
        self.starting = startup
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes."""
        self._rest += data
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> Message | None:
        letters = 0 if self.starting else 1
        if len(self._rest) < letters + 4:
            return None
        (length,) = struct.unpack_from("!I", self._rest, letters)
        if len(self._rest) < letters + length:
            return None
        raw, self._rest = self._rest[: letters + length], self._rest[letters + length :]
        if self.starting:
            (code,) = struct.unpack_from("!I", raw, 4)
            self.starting = code in _ENCRYPTION_REQUESTS
        return Message(raw[:letters], raw)


class Commits:
    """Tells which messages of one client are a request to commit.

    A commit is a simple query, or the Bind, Execute and Sync of a statement, that says COMMIT or
    calls `genset.commit`.
    """

    def __init__(self) -> None:
        self._statements: set[bytes] = set()
        self._within = False

    def includes(self, message: Message) -> bool:
        """Whether this message, the next one of its client, is of a request to commit."""
        if message.kind == b"P":
            self._prepare(message)
        elif message.kind == b"Q":
            return _COMMITS.search(message.raw[5:]) is not None
        elif message.kind == b"B":
            _, statement, _ = message.raw[5:].split(b"\0", 2)
            self._within = statement in self._statements
        within = self._within
        if message.kind == b"S":
            self._within = False
        return within

    def _prepare(self, message: Message) -> None:
        statement, query, _ = message.raw[5:].split(b"\0", 2)
        self._statements.discard(statement)
        if _COMMITS.search(query):
            self._statements.add(statement)


def ends_request(message: Message) -> bool:
    """Whether a client waits for an answer after this message."""
    return message.kind in (b"Q", b"S")
