"""The credentials file: which access keys exist, and whose they are.

Two formats are read. AWS's shared-credentials file, with two keys of our own:

    [default]
    aws_access_key_id = AKIDEXAMPLE
    aws_secret_access_key = ...
    aws_session_token = ...         (optional: requests must then carry it)
    aws_account_id = 123456789012   (optional)
    expiration = 2030-01-01T00:00:00Z   (optional)

and JSON: a list of objects, or an object whose "credentials" is one, with the same keys (with or
without "aws_"), or spelled as STS answers them ("AccessKeyId", ...).

Secrets never appear in an error, a log line or a repr.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

DEFAULT_ACCOUNT = "000000000000"

_CHECK_INTERVAL_S = 1.0
_ACCOUNT = re.compile(r"\d{12}")
# A bracket alone may as well begin an INI section.
_JSON = re.compile(r"\s*(\{|\[\s*[\[\]{\"])")


class CredentialsError(Exception):
    """The credentials file cannot be used; the message names the file and the place, no secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """One access key. `expires_at` is in seconds since the epoch, or None."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    account: str = DEFAULT_ACCOUNT
    expires_at: float | None = None


class CredentialsFile:
    """The credentials of a file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read `path`. Raises CredentialsError."""
        self._path = path
        self._next_check = 0.0
        self._stamp: tuple[int, ...] | None = _stamp(path)
        self._credentials = _read(path)

    def find(self, access_key: str, now: float) -> Credential | None:
        """The credential of `access_key`; `now` (seconds) says whether the file is looked at again.

        A file that has gone, or has become wrong, is reported once and the last good one is used.
        """
        if not 0 < self._next_check - now <= _CHECK_INTERVAL_S:
            self._next_check = now + _CHECK_INTERVAL_S
            self._maybe_reload()
        return self._credentials.get(access_key)

    def _maybe_reload(self) -> None:
        try:
            stamp = _stamp(self._path)
        except CredentialsError as error:
            if self._stamp is not None:
                self._stamp = None
                logger.error("%s; going on with the credentials read before", error)
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._credentials = _read(self._path)
        except CredentialsError as error:
            logger.error("%s; going on with the credentials read before", error)
        else:
            logger.info("read credentials again from %s", self._path)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that its credentials are of, each once."""
        return tuple(dict.fromkeys(each.account for each in self._credentials.values()))


def parse_credentials(text: str, name: str) -> dict[str, Credential]:
    """The credentials of a file's `text`, by access key. Raises CredentialsError, naming `name`."""
    entries = _json_entries(text, name) if _JSON.match(text) else _ini(text, name)
    credentials: dict[str, Credential] = {}
    for place, entry in entries:
        credential = _credential(entry, f"{name}: {place}")
        known = credentials.setdefault(credential.access_key, credential)
        if known != credential:
            raise CredentialsError(f"{name}: {place}: the access key has other values elsewhere")
    if not credentials:
        raise CredentialsError(f"{name}: no credentials in this file")
    return credentials


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise CredentialsError(f"{path}: {error.strerror}") from None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _read(path: Path) -> dict[str, Credential]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CredentialsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"{path}: not UTF-8") from None
    return parse_credentials(text, str(path))


# What only reads a file is imported late: a server that believes anyone has none.


def _ini(text: str, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # The errors of configparser quote the line, which may hold a secret.
        lines = [entry[0] for entry in getattr(error, "errors", ())]
        line = getattr(error, "lineno", lines[0] if lines else None)
        raise CredentialsError(
            f"{name}: line {line}: not the INI format of credentials, or something is there twice"
        ) from None
    return [
        (f"profile {section}", parser[section])
        for section in parser.sections()
        # Profiles that get their credentials elsewhere (role_arn, credential_process).
        if "aws_access_key_id" in parser[section] or "aws_secret_access_key" in parser[section]
    ]


def _json_entries(text: str, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    import json

    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise CredentialsError(f"{name}: line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise CredentialsError(f"{name}: nested too deeply") from None
    if isinstance(document, dict):
        document = document.get("credentials", document.get("Credentials", document))
    entries = document if isinstance(document, list) else [document]
    if not all(isinstance(entry, dict) for entry in entries):
        raise CredentialsError(f"{name}: credentials must be JSON objects")
    return [(f"entry {number}", entry) for number, entry in enumerate(entries, start=1)]


def _credential(entry: Mapping[str, Any], place: str) -> Credential:
    members: dict[str, str] = {}
    for key, value in entry.items():
        if value is not None:
            if not isinstance(value, str):
                raise CredentialsError(f"{place}: {key} must be a string")
            members[key.lower().removeprefix("aws_").replace("_", "")] = value.strip()
    for member, shown in (
        ("accesskeyid", "aws_access_key_id"),
        ("secretaccesskey", "aws_secret_access_key"),
    ):
        if not members.get(member):
            raise CredentialsError(f"{place}: {shown} is missing")
    account = members.get("accountid") or DEFAULT_ACCOUNT
    if not _ACCOUNT.fullmatch(account):
        raise CredentialsError(f"{place}: aws_account_id must have 12 digits")
    return Credential(
        access_key=members["accesskeyid"],
        secret_key=members["secretaccesskey"],
        session_token=members.get("sessiontoken") or None,
        account=account,
        expires_at=_expiration(members.get("expiration"), place),
    )


def _expiration(text: str | None, place: str) -> float | None:
    if not text:
        return None
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CredentialsError(f"{place}: expiration is not an ISO 8601 time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
