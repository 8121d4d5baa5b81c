"""What commands say on stderr while they go on: lines that begin with "genset: "."""

from __future__ import annotations

import sys


def say(*lines: str) -> None:
    """Print each text as one line, whatever line breaks a service has put into it."""
    for line in lines:
        print(f"genset: {' '.join(line.split())}", file=sys.stderr, flush=True)
