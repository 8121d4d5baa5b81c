"""Showing long results of the prompt with the user's pager."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

# It ends by itself if all fits on the screen, shows colours, and leaves what it showed there.
_LESS: Final = "FRX"


class _ToPager(io.TextIOWrapper):
    """A pipe to a pager, which is as good as the terminal that it shows it on."""

    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """Have what is printed shown by PAGER, or `less`; one that is left early ends the printing.

    Without a terminal, or without a pager, it is printed as it is.
    """
    command = shlex.split(os.environ.get("PAGER", "less"))
    if not sys.stdout.isatty() or not command or shutil.which(command[0]) is None:
        yield
        return
    environment = {"LESS": _LESS, **os.environ}
    pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    assert pager.stdin is not None
    stream = _ToPager(pager.stdin, encoding="utf-8", errors="replace")
    try:
        with contextlib.redirect_stdout(stream):
            yield
    except BrokenPipeError:
        pass
    finally:
        _finish(pager, stream)


def _finish(pager: subprocess.Popen[bytes], stream: io.TextIOWrapper) -> None:
    """Wait until the pager has been left; Ctrl-C is its own meanwhile."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.suppress(BrokenPipeError):
            stream.close()
        pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)
