"""One interpreter that runs a page's examples one after the other, as a reader's would.

Run as a program it is the interpreter: each line of its input is a JSON object with `code` and
`environment`, and each is answered with a line that has `output` and `failure` (or null).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path


class PythonSession:
    """The interpreter, seen from the tests. It is started in `folder`, and ended by `close`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
        """What `code` writes on stdout, and the traceback with which it fails, if it does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": code, "environment": dict(environment)}))
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            return "", f"the interpreter ended with {self._process.wait()}"
        found = json.loads(answer)
        return found["output"], found["failure"]

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=15)


def _answer(request: Mapping[str, object], names: dict[str, object]) -> dict[str, str | None]:
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    output = io.StringIO()
    failure = None
    with contextlib.redirect_stdout(output):
        try:
            exec(compile(str(request["code"]), "<example>", "exec"), names)
        except BaseException:
            failure = traceback.format_exc()
    return {"output": output.getvalue(), "failure": failure}


def _serve() -> None:
    # What examples print goes elsewhere, so that this stays for the answers alone.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    names: dict[str, object] = {"__name__": "__main__"}
    # The folder of the examples, and not that of this file, is where their imports begin.
    sys.path[0] = ""
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line), names)) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
