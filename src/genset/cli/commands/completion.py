"""`genset completion`."""

from __future__ import annotations

import click

from genset.cli.statuses import Status

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> int:
    """Print the script that has SHELL complete genset's commands, options and tables.

    The names of tables are those of the server that the command line names. A server that does
    not answer within a second has none.

    \b
    genset completion bash > ~/.local/share/bash-completion/completions/genset
    genset completion zsh > "${fpath[1]}/_genset"
    genset completion fish > ~/.config/fish/completions/genset.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    from genset.cli.main import group

    made = get_completion_class(shell)
    assert made is not None
    script: ShellComplete = made(group, {}, "genset", "_GENSET_COMPLETE")
    # Only the text: bash's own way there would start a bash to ask for its version.
    print(script.source_template % script.source_vars())
    return Status.OK
