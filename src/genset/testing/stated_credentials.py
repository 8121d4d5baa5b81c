"""Saying who sends a request without signing it.

Nobody verifies a signature here, and making one takes botocore a third of the time of a whole call.
The header names the access key and the Region as a signed request's does, so that accounts and
Regions are what they are on a server.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, Final

from botocore import auth
from botocore.exceptions import NoCredentialsError

CHOICE_EVENTS: Final = ("choose-signer.dynamodb", "choose-signer.dynamodb-streams")
_SIGNED: Final = "v4"
_STATED: Final = "genset-stated"


class StatedAuth(auth.BaseSigner):  # type: ignore[misc]
    """One of botocore's ways to sign, which states the sender and signs nothing."""

    REQUIRES_REGION = True

    def __init__(self, credentials: Any, service_name: str, region_name: str) -> None:
        self._credentials = credentials
        self._scope = (service_name, region_name)

    def add_auth(self, request: Any) -> None:
        """Add the headers of a signed request. Raises NoCredentialsError as signing does."""
        credentials = self._credentials
        if credentials is None:
            raise NoCredentialsError
        date = _date(int(time.time()))
        headers = request.headers
        headers["X-Amz-Date"] = date
        if credentials.token:
            headers["X-Amz-Security-Token"] = credentials.token
        headers["Authorization"] = _statement(credentials.access_key, date[:8], *self._scope)


@lru_cache(maxsize=16)
def _date(second: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))


@lru_cache(maxsize=64)
def _statement(access_key: str, day: str, service: str, region: str) -> str:
    scope = f"{access_key}/{day}/{region}/{service}/aws4_request"
    return (
        f"AWS4-HMAC-SHA256 Credential={scope}, "
        f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}"
    )


def choose_stating(signature_version: Any, **_: Any) -> str | None:
    """A handler of `CHOICE_EVENTS`: state what would be signed in the usual way.

    What is signed otherwise, or not at all, stays as it is.
    """
    if signature_version != _SIGNED:
        return None
    auth.AUTH_TYPE_MAPS.setdefault(_STATED, StatedAuth)
    return _STATED
