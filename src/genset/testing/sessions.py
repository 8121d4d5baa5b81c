"""boto3 Sessions whose DynamoDB clients are answered in this process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.session import Session

from genset.testing import botocore_sessions, signing
from genset.testing.clock import Clock
from genset.testing.database import Database, Mark
from genset.testing.switchboard import Switchboard
from genset.testing.transport import EVENTS, SECRET_KEY, SERVICES, Transport
from genset.wire.credentials import DEFAULT_ACCOUNT
from genset.wire.sigv4 import DEFAULT_REGION


class LocalSession(Session):  # type: ignore[misc]
    """A boto3 Session: its clients and resources of DynamoDB and its streams use `database`.

    Those of other services are as ever, with credentials that AWS does not know.
    """

    def __init__(
        self,
        database: Database,
        *,
        region: str = DEFAULT_REGION,
        account: str = DEFAULT_ACCOUNT,
    ) -> None:
        """Raises ValueError if `account` is not a number of twelve digits."""
        if not re.fullmatch(r"\d{12}", account):
            raise ValueError(f"an account is a number of twelve digits, not {account!r}")
        super().__init__(**_session_options(region, account))
        self.database = database
        self.account = account

    @property
    def clock(self) -> Clock:
        """The database's clock, which can be moved."""
        return self.database.clock

    @property
    def switches(self) -> Switchboard:
        """Throttling, latency, failures and lag of the database."""
        return self.database.switches

    def client(self, service_name: str, *arguments: Any, **options: Any) -> Any:
        """See boto3's `Session.client`."""
        client = super().client(service_name, *arguments, **options)
        if service_name in SERVICES:
            transport = Transport(self.database, client.meta.config.read_timeout)
            for event in EVENTS:
                client.meta.events.register_first(event, transport)
            for event in signing.EVENTS:
                client.meta.events.register_first(event, signing.choose)
        return client

    def mark(self) -> Mark:
        """See `Database.mark`."""
        return self.database.mark()

    def rollback(self, mark: Mark | None = None) -> None:
        """See `Database.rollback`."""
        self.database.rollback(mark)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A block after which all is as it was before."""
        with self.database.undone():
            yield

    def aiobotocore_session(self) -> Any:
        """An aiobotocore session whose clients use the same database, Region and account.

        Raises ImportError if aiobotocore is not installed.
        """
        from aiobotocore.session import get_session

        from genset.testing.async_transport import AsyncTransport, note_read_timeout

        session = get_session()
        session.register_component("data_loader", botocore_sessions.shared_loader())
        session.set_credentials(self.account, SECRET_KEY)
        session.set_config_variable("region", self.region_name)
        transport = AsyncTransport(self.database)
        for event in EVENTS:
            session.register(event, transport)
            session.register(event.replace("before-send", "before-call"), note_read_timeout)
        for event in signing.EVENTS:
            session.register(event, signing.choose)
        return session

    def aioboto3_session(self) -> Any:
        """An aioboto3 Session of the same kind. Raises ImportError if aioboto3 is not installed."""
        import aioboto3

        return aioboto3.Session(botocore_session=self.aiobotocore_session())

    def elsewhere(self, *, region: str | None = None, account: str | None = None) -> LocalSession:
        """Another session with the same database, in another Region or account."""
        return LocalSession(
            self.database,
            region=region or self.region_name,
            account=account or self.account,
        )


@contextmanager
def local(
    *,
    region: str = DEFAULT_REGION,
    account: str = DEFAULT_ACCOUNT,
    transition_seconds: float = 0.0,
) -> Iterator[LocalSession]:
    """A session with an empty database of its own, which is gone afterwards.

        with genset.testing.local() as session:
            table = session.resource("dynamodb").Table("Music")

    `account` is the account's number of twelve digits; `transition_seconds` is how long tables and
    indexes stay CREATING, UPDATING or DELETING.
    """
    database = Database(account=account, transition_s=transition_seconds)
    try:
        yield LocalSession(database, region=region, account=account)
    finally:
        database.close()


def new_session(region: str, account: str) -> Any:
    """A plain boto3 Session with the same credentials, for the clients of a real server."""
    return Session(**_session_options(region, account))


def _session_options(region: str, account: str) -> dict[str, Any]:
    core = botocore_sessions.new_session()
    core.register_component("data_loader", botocore_sessions.shared_loader())
    return {
        # The server takes an access key of twelve digits for the account.
        "aws_access_key_id": account,
        "aws_secret_access_key": SECRET_KEY,
        "region_name": region,
        "botocore_session": core,
    }
