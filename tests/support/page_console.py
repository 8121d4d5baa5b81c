"""What a page shows of a terminal, taken apart into commands and what each writes."""

from __future__ import annotations

import re
from collections.abc import Iterator


def console_commands(code: str) -> Iterator[tuple[str, str]]:
    """The commands behind a `$`, each with what is written below it.

    A command goes on below a backslash at the end of its line, and to the end of a here-document.
    """
    command: list[str] = []
    output: list[str] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            if command:
                yield "\n".join(command), "\n".join(output)
            command, output = [line[2:]], []
        elif _goes_on(command) and not output:
            command.append(line)
        else:
            output.append(line)
    if command:
        yield "\n".join(command), "\n".join(output)


def _goes_on(command: list[str]) -> bool:
    if not command:
        return False
    text = "\n".join(command)
    document = re.search(r"<<-?\s*['\"]?(\w+)", text)
    return text.endswith("\\") or (document is not None and command[-1].strip() != document[1])
