"""What `sam deploy` is told in samconfig.toml: here, the name of the stack.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from genset.schemas.files import Files
from genset.schemas.problems import Place, SchemaError

_FILE: Final = "samconfig.toml"
_SECTIONS: Final = ("deploy", "global")


def sam_stack_name(folder: Path, files: Files) -> str | None:
    """The name of the stack in the default environment, or None if none is written.

    Raises SchemaError for a file that is no TOML.
    """
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        document = tomllib.loads(files.text(path))
    except tomllib.TOMLDecodeError as error:
        raise SchemaError.at(Place(str(path), 0), f"is no TOML: {error}") from None
    for section in _SECTIONS:
        found = document
        for step in ("default", section, "parameters"):
            inner = found.get(step)
            found = inner if isinstance(inner, dict) else {}
        name = found.get("stack_name")
        if isinstance(name, str):
            return name
    return None
