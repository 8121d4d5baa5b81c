"""What a service manager gives a server, and is told by it: systemd's protocols, by its own words.

sd_listen_fds(3): the descriptors from 3 on, as many as LISTEN_FDS says, are sockets for the process
whose id is LISTEN_PID. sd_notify(3): the socket named by NOTIFY_SOCKET takes what state it is in.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping
from typing import Final

_FIRST: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


class ActivationError(Exception):
    """What was passed to this process is not one TCP socket that listens."""


def passed_socket(environment: MutableMapping[str, str]) -> socket.socket | None:
    """The listening socket that was passed to this process; None if nothing was.

    What says so is removed from the environment: it is not meant for other programs that this one
    may start. Raises ActivationError.
    """
    said = {name: environment.pop(name, "") for name in _VARIABLES}
    if said["LISTEN_PID"] != str(os.getpid()) or said["LISTEN_FDS"] in ("", "0"):
        return None
    if said["LISTEN_FDS"] != "1":
        raise ActivationError(f"{said['LISTEN_FDS']} sockets were passed; genset serves one")
    try:
        passed = socket.socket(fileno=_FIRST)
    except OSError as error:
        raise ActivationError(f"no socket was passed as descriptor {_FIRST}") from error
    passed.set_inheritable(False)
    if not _listens(passed):
        passed.close()
        raise ActivationError("the socket that was passed is not one of TCP that listens")
    return passed


def _listens(passed: socket.socket) -> bool:
    is_tcp = passed.family in (socket.AF_INET, socket.AF_INET6) and (
        passed.type == socket.SOCK_STREAM
    )
    return is_tcp and bool(passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def notify(state: str) -> None:
    """Tell the service manager, if there is one, a state such as READY=1."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # The first is how it writes the zero byte of a name that is not in the file system. Nobody
    # hears what cannot be sent, which is no reason not to serve.
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.connect(address)
        told.sendall(state.encode())
