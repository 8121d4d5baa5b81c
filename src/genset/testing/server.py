"""A real server beside the tests, for clients in other processes and other languages."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self
from urllib.request import Request, urlopen

from genset.testing import transport
from genset.testing.interception import real_servers
from genset.wire.credentials import DEFAULT_ACCOUNT
from genset.wire.sigv4 import DEFAULT_REGION

_START_S_MAX: Final = 30.0
_STOP_S_MAX: Final = 15.0
_ANNOUNCED: Final = "genset listening on "


class TestServer:
    """`genset serve --memory` on a free port of this machine, ended by `stop`.

    It ends by itself, too, when the process that started it has gone, however that ended. `url` is
    where it listens, `environment` what lets the SDKs of AWS find it.
    """

    __test__ = False

    def __init__(
        self,
        *,
        region: str = DEFAULT_REGION,
        account: str = DEFAULT_ACCOUNT,
        **settings: str,
    ) -> None:
        """Start it, with settings of `genset serve` by their names: `latency="5ms"`.

        Raises RuntimeError, with what the server said, if it does not start.
        """
        flags = {"memory": True, "host": "127.0.0.1", "port": "0", **settings}
        self._log = tempfile.NamedTemporaryFile(prefix="genset-", suffix=".log")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "genset.testing.server_main", json.dumps(flags)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.region = region
        self.account = account
        self.url = self._wait_until_it_listens()
        real_servers.add(self.url)

    def _wait_until_it_listens(self) -> str:
        deadline = time.monotonic() + _START_S_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self.log.splitlines():
                if line.startswith(_ANNOUNCED):
                    return line.removeprefix(_ANNOUNCED)
            time.sleep(0.01)
        log = self.log
        self._end()
        raise RuntimeError(f"the server did not start:\n{log}")

    @property
    def log(self) -> str:
        """What the server has said so far."""
        return Path(self._log.name).read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self._process.pid

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which the SDKs of AWS and its command line use this server."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": transport.SECRET_KEY,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def client(self, service: str = "dynamodb", **options: Any) -> Any:
        """A boto3 client of this server, for "dynamodb" or "dynamodbstreams"."""
        return self._session.client(service, endpoint_url=self.url, **options)

    @cached_property
    def _session(self) -> Any:
        from genset.testing.sessions import new_session

        return new_session(self.region, self.account)

    def switch(self, **switches: Any) -> None:
        """Change the server's switches to these, and all others to off; see docs/realism.md."""
        body = json.dumps(switches).encode()
        request = Request(f"{self.url}/_genset/realism", data=body, method="PUT")
        with urlopen(request, timeout=_STOP_S_MAX):
            pass

    def clear(self) -> None:
        """Delete all tables of its Region and account, and switch all switches off."""
        self.switch()
        client = self.client()
        try:
            for page in client.get_paginator("list_tables").paginate():
                for name in page["TableNames"]:
                    client.update_table(TableName=name, DeletionProtectionEnabled=False)
                    client.delete_table(TableName=name)
        finally:
            client.close()

    def stop(self) -> None:
        """End it. May be called again."""
        real_servers.discard(self.url)
        self._end()

    def _end(self) -> None:
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=_STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
