"""Several servers that serve the same data, driven as one."""

from __future__ import annotations

import dataclasses

from bench.database import Database
from bench.processes import ServerFailed, ServerProcess, wait_until_quiet


@dataclasses.dataclass(frozen=True)
class Nodes:
    """Servers, and the database behind them."""

    servers: tuple[ServerProcess, ...]
    database: Database

    @property
    def ports(self) -> tuple[int, ...]:
        """Where they listen; the connections are shared out among them."""
        return tuple(server.port for server in self.servers)

    def cpu_seconds(self) -> float:
        """The processor time that the servers have used so far, without the database's."""
        return sum(server.cpu_seconds() for server in self.servers)

    def database_cpu_seconds(self) -> float:
        """The processor time that the database has used so far."""
        return self.database.cpu_seconds()

    def wait_until_quiet(self) -> None:
        """Wait until servers and database have worked off what they were sent.

        Raises ServerFailed if that takes long.
        """
        if not wait_until_quiet(lambda: self.cpu_seconds() + self.database_cpu_seconds()):
            raise ServerFailed("the nodes or their database were busy long after their load ended")

    def ensure_running(self) -> None:
        """Raise ServerFailed if a server has ended."""
        for server in self.servers:
            server.ensure_running()
