"""How each server of the comparison is started.

genset verifies signatures and syncs every write; the peers run in memory, as fast as they go.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from bench import peers
from bench.dynamodb_local import dynamodb_local_command
from bench.processes import ServerProcess, free_port
from bench.signing import credentials_file


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server finds itself: its port, its own empty folder, the peers' programs."""

    port: int
    folder: Path
    peers: Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A server that can be started."""

    name: str
    title: str
    mode: str
    command: Callable[[Place], list[str]]

    @property
    def is_genset(self) -> bool:
        """Whether this is genset, not a peer."""
        return self.name.startswith("genset")


def start(server: Server, folder: Path, peers_directory: Path) -> ServerProcess:
    """Start a server in a folder of its own. It has not answered yet when this returns."""
    folder.mkdir(parents=True)
    place = Place(port=free_port(), folder=folder, peers=peers_directory)
    return ServerProcess(server.name, server.command(place), place.port, folder)


def genset_on(url: str, name: str) -> Server:
    """A node of genset on a PostgreSQL database, with one worker."""
    return Server(name=name, title=name, mode=_DURABLE, command=_genset(1, url))


def _genset(workers: int, storage: str | None = None) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        credentials = place.folder / "credentials"
        credentials.write_text(credentials_file())
        return [
            *(str(Path(sys.executable).with_name("genset")), "serve"),
            *("--host", "127.0.0.1", "--port", str(place.port)),
            *(("--storage", storage) if storage else ("--data-dir", str(place.folder / "data"))),
            *("--workers", str(workers)),
            *("--durability", "full", "--auth", "sigv4", "--credentials", str(credentials)),
        ]

    return command


def _dynoxide(place: Place) -> list[str]:
    binary = peers.dynoxide_binary(place.peers)
    return [str(binary), "serve", "--host", "127.0.0.1", "-p", str(place.port)]


def _dynalite(place: Place) -> list[str]:
    script = peers.dynalite_script(place.peers)
    return ["node", str(script), "--host", "127.0.0.1", "--port", str(place.port)]


def _dynamodb_local(place: Place) -> list[str]:
    return dynamodb_local_command(peers.dynamodb_local_folder(place.peers), place.port)


def _moto(place: Place) -> list[str]:
    command = peers.moto_command(place.peers)
    return [str(command), "-H", "127.0.0.1", "-p", str(place.port)]


def _genset_memory(place: Place) -> list[str]:
    program = str(Path(sys.executable).with_name("genset"))
    return [program, "serve", "--memory", "--port", str(place.port)]


_DURABLE = "on disk, fsync before each answer, signatures verified"

SERVERS = (
    Server(name="genset-1", title="genset, 1 worker", mode=_DURABLE, command=_genset(1)),
    Server(name="genset-2", title="genset, 2 workers", mode=_DURABLE, command=_genset(2)),
    Server(name="dynoxide", title="dynoxide", mode="in memory", command=_dynoxide),
    Server(name="dynalite", title="dynalite", mode="in memory", command=_dynalite),
    Server(
        name="dynamodb-local",
        title="DynamoDB Local",
        mode="in memory, one shared database",
        command=_dynamodb_local,
    ),
    Server(name="moto", title="moto", mode="in memory", command=_moto),
)

SERVER_NAMES = tuple(server.name for server in SERVERS)


MEMORY_SERVER = Server(
    name="genset-memory",
    title="genset in memory",
    mode="in memory, any credentials believed",
    command=_genset_memory,
)
"""As a developer starts it for tests; no part of the comparison of servers."""


def server_named(name: str) -> Server:
    """The server of that name. Raises KeyError if there is none."""
    for server in (*SERVERS, MEMORY_SERVER):
        if server.name == name:
            return server
    raise KeyError(name)
