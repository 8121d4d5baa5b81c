"""The program of a test's server: `genset serve` that also ends when the test's process has gone.

Its argument is a JSON object of settings, and its standard input a pipe from that process, which
nobody writes to. The settings of the user's own server do not matter here.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

from genset.cli.serving.serve import Listening, new_authenticator, run_process
from genset.cli.serving.settings import read_settings
from genset.cli.stores.store import claimed, settings_store
from genset.realism.memory import SharedMemory


def main() -> int:
    """Serve until the input ends or a signal comes."""
    settings = read_settings(json.loads(sys.argv[1]), {}, Path(os.devnull))
    logging.basicConfig(level=settings.log_level.upper())
    store = settings_store(settings)
    with claimed(store):
        listening = Listening(watch=sys.stdin.fileno())
        return run_process(settings, new_authenticator(settings), store, SharedMemory(), listening)


if __name__ == "__main__":
    sys.exit(main())
