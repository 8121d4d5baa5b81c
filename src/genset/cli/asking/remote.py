"""The server that a command speaks to: genset on this machine, or any DynamoDB."""

from __future__ import annotations

import functools
import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import click

from genset.cli.statuses import CommandError, Status

DEFAULT_ENDPOINT: Final = "http://127.0.0.1:8000"
DEFAULT_REGION: Final = "us-east-1"
# AWS SDKs and tools reference guide, "Service-specific endpoints".
_ENDPOINT_VARIABLES: Final = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
# The same, "AWS Region": the second is botocore's own, the first that of all other tools.
_REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
# AWS General Reference, "Amazon DynamoDB endpoints and quotas".
_AWS_HOST: Final = re.compile(r"(?:[^.]+\.)?(?:streams\.)?dynamodb(?:-fips)?\.([a-z0-9-]+)\.")
_CONNECT_TIMEOUT_S: Final = 10.0
_READ_TIMEOUT_S: Final = 60.0
_ATTEMPTS_MAX: Final = 5
# Credentials that are no secret shared with a server of one's own, but asked for from AWS, or from
# the machine that a command runs on: a command must not wait for them when it does not ask AWS.
_AWS_CREDENTIALS: Final = (
    "assume-role",
    "assume-role-with-web-identity",
    "sso",
    "login",
    "container-role",
    "iam-role",
)


@dataclass(frozen=True, slots=True)
class Remote:
    """Which DynamoDB is meant: an endpoint's address, a profile's name, a Region, or none."""

    endpoint_url: str | None = None
    profile: str | None = None
    region: str | None = None

    @property
    def address(self) -> str | None:
        """The endpoint's address, or None if it follows from the profile and the Region."""
        if self.endpoint_url is not None:
            return self.endpoint_url
        if self.profile is not None:
            return None
        return _first_variable(_ENDPOINT_VARIABLES) or DEFAULT_ENDPOINT

    @property
    def place(self) -> str:
        """Where that is, for a message."""
        return _without_password(self.address) if self.address else f"profile {self.profile}"

    def client(self, *, timeout_s: float | None = None) -> Any:
        """A botocore client of DynamoDB.

        With `timeout_s` it waits no longer for a connection or an answer, and tries once. Raises
        CommandError if the options do not make one. So does its first request, at once, if nothing
        listens at a port of this machine.
        """
        return self._client("dynamodb", timeout_s)

    def streams_client(self) -> Any:
        """A botocore client of DynamoDB Streams. Raises CommandError as `client` does."""
        return self._client("dynamodbstreams", None)

    def _client(self, service: str, timeout_s: float | None) -> Any:
        from botocore.exceptions import BotoCoreError, NoRegionError
        from botocore.session import Session

        session = Session(profile=self.profile)
        try:
            address = self.address or _profile_endpoint(session, service)
            # AWS has streams at another address than tables.
            streams_of_aws = service != "dynamodb" and is_aws(address)
            made = session.create_client(
                service,
                endpoint_url=None if streams_of_aws else address,
                config=_config(address, timeout_s),
                **self._identity(session, address),
            )
            if address is not None and _is_this_machine(address):
                made.meta.events.register("before-send", _ListenerCheck(address))
        except NoRegionError:
            raise CommandError(
                "which Region? Give --region, or set AWS_REGION or the profile's region",
                Status.USAGE,
            ) from None
        except (BotoCoreError, ValueError) as error:
            raise CommandError(_sentence(error), Status.USAGE) from None
        running = click.get_current_context(silent=True)
        if running is not None:
            running.call_on_close(made.close)
        return made

    def _identity(self, session: Any, address: str | None) -> dict[str, Any]:
        """The Region and the credentials, where botocore would not find its own."""
        region = self._region(session, address)
        if is_aws(address):
            return {"region_name": region}
        provider = session.get_component("credential_provider")
        for name in _AWS_CREDENTIALS:
            provider.remove(name)
        identity = {"region_name": region or DEFAULT_REGION}
        if session.get_credentials() is None:
            identity |= {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return identity

    def _region(self, session: Any, address: str | None) -> str | None:
        if self.region is not None:
            return self.region
        named = _AWS_HOST.match(urlsplit(address).hostname or "") if address else None
        if named is not None and is_aws(address):
            return named[1]
        # A profile that was named has its own.
        variable = None if self.profile is not None else _first_variable(_REGION_VARIABLES)
        configured: str | None = session.get_scoped_config().get("region")
        return variable or configured or _first_variable(_REGION_VARIABLES)


def _first_variable(names: Sequence[str]) -> str | None:
    return next(filter(None, map(os.environ.get, names)), None)


def _profile_endpoint(session: Any, service: str) -> str | None:
    """The endpoint that the profile names, for the service or for all; the environment has no say.

    AWS SDKs and tools reference guide, "Service-specific endpoints".
    """
    profile = session.get_scoped_config()
    services = session.full_config.get("services", {}).get(profile.get("services"), {})
    section = "dynamodb_streams" if service == "dynamodbstreams" else service
    found: str | None = services.get(section, {}).get("endpoint_url") or profile.get("endpoint_url")
    return found


def _config(address: str | None, timeout_s: float | None) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=timeout_s or _CONNECT_TIMEOUT_S,
        read_timeout=timeout_s or _READ_TIMEOUT_S,
        retries={
            "mode": "standard",
            "total_max_attempts": _ATTEMPTS_MAX if timeout_s is None else 1,
        },
        # `address` has all that was configured.
        ignore_configured_endpoint_urls=True,
        # No proxy leads to this machine.
        proxies={} if _is_this_machine(address) else None,
    )


def is_aws(address: str | None) -> bool:
    """Whether the endpoint at `address` is AWS's, as the one is that follows from a Region."""
    return address is None or (urlsplit(address).hostname or "").endswith(_AWS_DOMAINS)


def _is_this_machine(address: str | None) -> bool:
    host = (address and urlsplit(address).hostname) or ""
    return host in ("localhost", "::1") or host.startswith("127.")


class _ListenerCheck:
    """Raises CommandError before a client's first request if nobody listens at its `address`.

    A client would try again for seconds, which only helps with machines far away.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._address = address
        self._place = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        self._done = False

    def __call__(self, **_: Any) -> None:
        if self._done:
            return
        try:
            socket.create_connection(self._place, timeout=_CONNECT_TIMEOUT_S).close()
        except OSError:
            raise CommandError(_nobody_at(self._address)) from None
        self._done = True


def _nobody_at(address: str) -> str:
    hint = "`genset serve` starts a server" if _is_this_machine(address) else "is that its address?"
    return f"nothing answers at {_without_password(address)}; {hint}"


def _without_password(address: str) -> str:
    """The address without the user and the password that it may have, which are not to be shown."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


_OPTIONS: Final = (
    click.option(
        "--endpoint-url",
        metavar="URL",
        help=f"The server to ask; by default AWS_ENDPOINT_URL, or {DEFAULT_ENDPOINT}.",
    ),
    click.option(
        "--profile",
        metavar="NAME",
        help="Ask AWS, or the profile's own endpoint, with this profile of the AWS CLI.",
    ),
    click.option(
        "--region",
        metavar="NAME",
        help=f"The Region; by default AWS_REGION, the profile's, or {DEFAULT_REGION}.",
    ),
)


def remote_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which DynamoDB it asks, as a `Remote` named `remote`."""

    @functools.wraps(command)
    def with_remote(
        *arguments: Any,
        endpoint_url: str | None,
        profile: str | None,
        region: str | None,
        **more: Any,
    ) -> Any:
        return command(*arguments, remote=Remote(endpoint_url, profile, region), **more)

    wrapped: Callable[..., Any] = with_remote
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_CREDENTIALS_HINT: Final = (
    "give credentials by --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_HINTS: Final = {
    "UnrecognizedClientException": _CREDENTIALS_HINT,
    "InvalidSignatureException": _CREDENTIALS_HINT,
    "MissingAuthenticationTokenException": _CREDENTIALS_HINT,
    "ExpiredTokenException": "sign in again",
    "ResourceNotFoundException": "`genset tables list` shows what there is",
}
"""What to do about errors of the service, by their codes."""


def fault_message(error: Exception) -> str:
    """The line for an error of botocore: the service's code and message, or what went wrong."""
    from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

    if isinstance(error, ClientError):
        fault = error.response.get("Error", {})
        code = fault.get("Code", "Error")
        message = ": ".join(filter(None, (code, fault.get("Message"))))
        return f"{message.rstrip('.')}; {_HINTS[code]}" if code in _HINTS else message
    if isinstance(error, EndpointConnectionError):
        return _nobody_at(error.kwargs["endpoint_url"])
    if isinstance(error, NoCredentialsError):
        return f"AWS is not asked without credentials; {_CREDENTIALS_HINT}"
    return _sentence(error)


def _sentence(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
