"""The faults of transfers, as commands end with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from genset.cli.statuses import CommandError, Status
from genset.transfer.records import TransferError


@contextlib.contextmanager
def told(advice: str = "") -> Iterator[None]:
    """End the command for a TransferError or an interruption; `advice` says what can be done."""
    try:
        yield
    except TransferError as error:
        raise CommandError(f"{error}{advice}") from None
    except KeyboardInterrupt:
        raise CommandError(f"interrupted{advice}", Status.INTERRUPTED) from None
