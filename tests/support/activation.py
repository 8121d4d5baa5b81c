"""Starts a program as systemd starts one: with sockets that listen, and a place for its state."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# The sockets become descriptors 3 and on, and then the program takes over.
_LAUNCHER = """
import os, sys
count = int(sys.argv[1])
for number in range(count):
    os.dup2(int(sys.argv[2 + number]), 3 + number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count))
os.execvp(sys.argv[2 + count], sys.argv[2 + count:])
"""


@contextmanager
def activated(
    passed: Sequence[socket.socket], command: Sequence[str], notify: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A process with those sockets, killed at the end if it is still there."""
    numbers = [each.fileno() for each in passed]
    launcher = [sys.executable, "-c", _LAUNCHER, str(len(passed)), *map(str, numbers)]
    process = subprocess.Popen(
        [*launcher, *command],
        pass_fds=numbers,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NOTIFY_SOCKET": notify},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
