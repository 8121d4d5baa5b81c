"""The faults of transfers, as commands end with them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from genset.cli.asking.remote import fault_message
from genset.cli.statuses import CommandError, Status
from genset.transfer.records import TransferError, WrongFileError


@contextlib.contextmanager
def told(advice: Callable[[], str] = str) -> Iterator[None]:
    """End the command for a fault or an interruption; `advice` says what can be done then.

    Status 2 is for a file that is wrong, unless there is something to go on with.
    """
    try:
        yield
    except TransferError as error:
        further = advice()
        is_usage = isinstance(error, WrongFileError) and not further
        status = Status.USAGE if is_usage else Status.FAILED
        raise CommandError(f"{error}{further}", status) from None
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"{fault_message(error)}{advice()}") from None
    except KeyboardInterrupt:
        raise CommandError(f"interrupted{advice()}", Status.INTERRUPTED) from None
