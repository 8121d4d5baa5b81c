"""`genset version`."""

from __future__ import annotations

import click

from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import Status


@click.command()
@output_options
def command(output: Output) -> int:
    """Show the versions of genset, and of what it runs on.

    \b
    genset version
    genset version --output json
    """
    from genset.cli.serving.about import versions

    if output.is_table:
        for name, version in versions().items():
            print(f"{name:<9} {version}")
    else:
        output.document(versions())
    return Status.OK
