"""`genset tail`."""

from __future__ import annotations

import re
import time
from typing import Any, Final

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.printing.output import Output, output_options
from genset.cli.printing.saying import say
from genset.cli.statuses import CommandError, Status

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_VIEW: Final = "NEW_AND_OLD_IMAGES"


@click.command()
@table_argument
@click.option(
    "--from",
    "start",
    metavar="WHEN",
    default="latest",
    help="latest (from now on), beginning (all that the stream has, a day at most), or how long "
    "ago: 30s, 10m, 2h.",
)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="End after N changes.")
@click.option("--enable", is_flag=True, help="Give the table a stream if it has none.")
@output_options
@remote_options
def command(
    table: str, start: str, limit: int | None, enable: bool, output: Output, remote: Remote
) -> int:
    """Follow the changes of TABLE's items, as its stream has them, until Ctrl-C.

    Each change is a line: when, what kind, the key, and what is different. As JSON it has the old
    and the new item too, if the stream has them; as dynamodb-json it is the stream's own record.

    \b
    genset tail Music
    genset tail Music --from 10m --output json | jq .new.Song
    genset tail Music --enable --limit 1
    """
    from genset.cli.streams.changes import print_changes
    from genset.cli.streams.following import Following

    since = _since(start)
    client = remote.client()
    arn, is_new = _stream(client, table, enable=enable)
    following = Following(remote.streams_client(), arn, since=0.0 if is_new else since, warn=say)
    try:
        following.begin()
        say(f"following {table}; Ctrl-C ends it")
        left = limit
        for records in following.records():
            print_changes(records[:left], output)
            if left is not None:
                left -= len(records)
                if left <= 0:
                    break
    except KeyboardInterrupt:
        # It is how it is meant to end.
        return Status.OK
    return Status.OK


def _since(text: str) -> float | None:
    """The Unix time of `--from`, or None for now. Raises CommandError."""
    if text in ("latest", "beginning"):
        return None if text == "latest" else 0.0
    found = re.fullmatch(r"([0-9]{1,6})([smh])", text)
    if found is None:
        message = f"--from is latest, beginning, or a time like 30s, 10m or 2h, and not {text}"
        raise CommandError(message, Status.USAGE)
    return time.time() - int(found[1]) * _SECONDS[found[2]]


def _stream(client: Any, table: str, *, enable: bool) -> tuple[str, bool]:
    """The ARN of the table's stream, and whether it was made just now. Raises CommandError."""
    from genset.cli.tables.listing import stream_view
    from genset.cli.tables.waiting import wait_until_active

    described = client.describe_table(TableName=table)["Table"]
    if stream_view(described) is not None:
        return described["LatestStreamArn"], False
    if not enable:
        raise CommandError(f"{table} has no stream; --enable gives it one")
    specification = {"StreamEnabled": True, "StreamViewType": _VIEW}
    client.update_table(TableName=table, StreamSpecification=specification)
    wait_until_active(client, table)
    return client.describe_table(TableName=table)["Table"]["LatestStreamArn"], True
