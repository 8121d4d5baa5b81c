"""`python -m genset` is the `genset` command."""

from __future__ import annotations

import sys

from genset.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
