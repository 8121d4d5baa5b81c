"""The server that a command speaks to: genset on this machine, or any DynamoDB."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import click

from genset.cli.statuses import CommandError, Status

DEFAULT_ENDPOINT: Final = "http://127.0.0.1:8000"
DEFAULT_REGION: Final = "us-east-1"
# AWS SDKs and tools reference guide, "Service-specific endpoints".
_ENDPOINT_VARIABLES: Final = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
_AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_CONNECT_TIMEOUT_S: Final = 10
# What a command on a laptop must not wait for, when it is not AWS that it asks.
_HOST_CREDENTIALS: Final = ("container-role", "iam-role")


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
        named = (os.environ.get(name) for name in _ENDPOINT_VARIABLES)
        return next(filter(None, named), DEFAULT_ENDPOINT)

    @property
    def place(self) -> str:
        """Where that is, for a message."""
        return self.address or f"profile {self.profile}"

    def client(self) -> Any:
        """A botocore client of DynamoDB. Raises CommandError if the options do not make one."""
        return self._client("dynamodb")

    def streams_client(self) -> Any:
        """A botocore client of DynamoDB Streams. Raises CommandError as `client` does."""
        return self._client("dynamodbstreams")

    def _client(self, service: str) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ProfileNotFound
        from botocore.session import Session

        session = Session(profile=self.profile)
        try:
            return session.create_client(
                service,
                endpoint_url=self.address,
                config=Config(connect_timeout=_CONNECT_TIMEOUT_S, retries={"mode": "standard"}),
                **self._identity(session),
            )
        except ProfileNotFound as error:
            raise CommandError(str(error), Status.USAGE) from None
        except (BotoCoreError, ValueError) as error:
            raise CommandError(_sentence(error), Status.USAGE) from None

    def _identity(self, session: Any) -> dict[str, Any]:
        """The Region and the credentials, where botocore would not find its own."""
        region = self.region or session.get_config_variable("region")
        if _is_aws(self.address):
            return {"region_name": region}
        provider = session.get_component("credential_provider")
        for name in _HOST_CREDENTIALS:
            provider.remove(name)
        identity = {"region_name": region or DEFAULT_REGION}
        if session.get_credentials() is None:
            identity |= {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return identity


def _is_aws(address: str | None) -> bool:
    return address is None or (urlsplit(address).hostname or "").endswith(_AWS_DOMAINS)


_OPTIONS: Final = (
    click.option(
        "--endpoint-url",
        metavar="URL",
        help=f"The server to ask; by default AWS_ENDPOINT_URL, or {DEFAULT_ENDPOINT}.",
    ),
    click.option("--profile", metavar="NAME", help="Ask AWS, with this profile of its CLI."),
    click.option("--region", metavar="REGION", help=f"The Region; by default {DEFAULT_REGION}."),
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


def fault_message(error: Exception) -> str:
    """The line for an error of botocore: the service's code and message, or what went wrong."""
    from botocore.exceptions import ClientError, EndpointConnectionError

    if isinstance(error, ClientError):
        fault = error.response.get("Error", {})
        return f"{fault.get('Code', 'Error')}: {fault.get('Message', '')}"
    if isinstance(error, EndpointConnectionError):
        return f"nothing answers at {error.kwargs['endpoint_url']}; `genset serve` starts a server"
    return _sentence(error)


def _sentence(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
