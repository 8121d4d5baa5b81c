"""`genset apply`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from genset.cli.asking.remote import Remote, remote_options

_FORMATS: Final = (
    "cloudformation",
    "cdk",
    "serverless",
    "terraform",
    "terraform-json",
    "describe-table",
    "create-table",
)


def _pairs(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, _value in pairs:
        if not name or not equals:
            raise click.BadParameter(f"must be NAME=VALUE, not {name}")
    return {name: value for name, _, value in pairs}


@click.command()
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--parameter",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs,
    help="A value for what the files leave open: a parameter, a variable, an option of "
    "serverless, another stack's export, AWS::StackName. May be repeated.",
)
@click.option("--watch", is_flag=True, help="Go on, and apply again when a file changes.")
@click.option("--dry-run", "--plan-only", is_flag=True, help="Show the plan; do nothing.")
@click.option(
    "--yes",
    "--allow-destructive",
    "allow_destructive",
    is_flag=True,
    help="Do not ask before a table is replaced or an index is removed.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    help="What kind of files they are, if their content does not show it.",
)
@remote_options
def command(remote: Remote, paths: tuple[Path, ...], watch: bool, **given: Any) -> int:
    """Create and update tables as files define them.

    FILE is a CloudFormation or SAM template, the cdk.out folder of `cdk synth`, a serverless.yml,
    a Terraform file or a folder of them, the output of `terraform show -json` or of
    `aws dynamodb describe-table`, or a request of CreateTable. The plan is shown first; what would
    lose data asks. Tables that the files do not define are left alone.

    \b
    genset apply template.yaml                         create or update its tables
    genset apply template.yaml --parameter Stage=prod  give a parameter a value
    genset apply infra/ --dry-run                      show what would be done
    genset apply serverless.yml --watch                do it again after each change

    It ends with 0, also if there is nothing to do; with 1 if something was refused; with 2 if a
    file is wrong, each error in a line with file and line, and nothing done.
    """
    from genset.cli.tables.apply import Options, run

    options = Options(
        paths=paths,
        format=given["format_"],
        parameters=given["parameters"],
        allow_destructive=given["allow_destructive"],
        dry_run=given["dry_run"],
    )
    return run(options, remote, watch=watch)
