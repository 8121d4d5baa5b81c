"""The address of a PostgreSQL database as it is written in settings: checked, and shown safely.

What it means is the driver's business; here it is only made sure that it can mean something. No
message has a part of the address in it, for if it is misspelt any part may be of the password.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SCHEMES: Final = ("postgresql", "postgres")
# https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_FILES: Final = ("sslcert", "sslkey", "sslrootcert", "sslcrl")
_HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(:(?P<port>[0-9]{1,5}))?")
_PORTS: Final = re.compile(r"[0-9]{1,5}(,[0-9]{1,5})*")
_PORT_MAX: Final = 65535
_ANY_ADDRESS: Final = re.compile(r"([A-Za-z][\w+.-]*://)\S.*", re.DOTALL)


def is_database_url(text: str) -> bool:
    """Whether `text` is meant to be the address of a database, be it right or wrong."""
    return "://" in text or text.startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


def check_database_url(url: str) -> None:
    """Raise ValueError, with a message that follows the name of a setting, if `url` is wrong."""
    parts = _split(url)
    for host in parts.netloc.rpartition("@")[2].split(","):
        _check_host(host)
    if parts.path.count("/") > 1:
        raise ValueError("has more than one / after the hosts; write / in a password as %2F")
    if parts.fragment or url.endswith("#"):
        raise ValueError("has a #; write # in a password as %23")
    _check_parameters(parts.query)


def shown_database(url: str) -> str:
    """The hosts and the database of an address that is right, without user, password and rest."""
    parts = urlsplit(url)
    parameters = dict(parse_qsl(parts.query))
    hosts = parts.netloc.rpartition("@")[2] or parameters.get("host", "")
    database = unquote(parts.path[1:]) or parameters.get("database", parameters.get("dbname", ""))
    return f"postgresql://{hosts}/{database}"


def without_addresses(message: str) -> str:
    """A message that may repeat what somebody wrote, cut off in the first address it has."""
    return _ANY_ADDRESS.sub(r"\1...", message)


def _split(url: str) -> SplitResult:
    wrong = "must begin with postgresql:// and go on with user:password@host:port/database"
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(wrong) from None
    if parts.scheme not in SCHEMES or not url.startswith(f"{parts.scheme}://"):
        raise ValueError(wrong)
    if any(ord(character) <= ord(" ") for character in url):
        raise ValueError("has a space or a control character; write it as %20 and the like")
    if parts.netloc.count("@") > 1:
        raise ValueError("has more than one @; write @ in a password as %40")
    return parts


def _check_host(host: str) -> None:
    found = _HOST.fullmatch(host)
    if found is None or not 0 < int(found["port"] or 1) <= _PORT_MAX:
        raise ValueError(
            "must name its hosts as host:port, separated by commas; "
            "write : / ? # [ ] @ in a password as %3A %2F %3F %23 %5B %5D %40"
        )


def _check_parameters(query: str) -> None:
    try:
        parameters = parse_qsl(query, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError("must have its parameters as ?name=value&name=value") from None
    for name, value in parameters:
        if name == "sslmode" and value not in _SSL_MODES:
            raise ValueError(f"has an sslmode that is none of {', '.join(_SSL_MODES)}")
        if name == "port" and not _PORTS.fullmatch(value):
            raise ValueError("has a port that is no number, nor several of them with commas")
        if name in _SSL_FILES and not Path(value).is_file():
            raise ValueError(f"has an {name} that is no file here")
