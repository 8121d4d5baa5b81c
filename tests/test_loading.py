"""What is imported when: a server that starts, and what it loads once it listens."""

from __future__ import annotations

import ast
import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from genset.cli.main import main
from genset.operations.registry import OPERATIONS

SOURCE = Path(__file__).parents[1] / "src" / "genset"
# Packages and modules that a server needs at some time, and must not wait for when it starts.
LATER = (
    "genset.background.backfill",
    "genset.background.expiry",
    "genset.background.streams",
    "genset.background.sweep",
    "genset.cli.stores.migrate",
    "genset.cli.serving.supervisor",
    "genset.expressions",
    "genset.insights.report",
    "genset.operations.create_table",
    "genset.operations.put_item",
    "genset.operations.query",
    "genset.realism.lag",
    "genset.realism.throttling",
    "genset.storage.migration",
    "genset.storage.postgres",
    "genset.wire.admin",
    "asyncpg",
    "botocore",
    "configparser",
    "email",
    "statistics",
    "tempfile",
    "tomllib",
)
# What the help of no command needs.
HEAVY = (
    "asyncio",
    "botocore",
    "hcl2",
    "prompt_toolkit",
    "rich",
    "yaml",
    "genset.operations",
    "genset.storage",
    "genset.wire",
)
# Shows the help of all commands, and says what has been imported for it.
HELP = """
    import contextlib, io, json, sys
    from genset.cli.main import group, main

    with contextlib.redirect_stdout(io.StringIO()) as output:
        for command in ("", *group.list_commands(None)):
            assert main([*command.split(), "--help"]) == 0
    assert "genset serve" in output.getvalue()
    print(json.dumps(sorted(sys.modules)))
"""
# What a command that asks a server does not need, where nobody looks at a terminal.
OF_SERVERS_AND_TERMINALS = tuple({*HEAVY} - {"botocore"})
# Gets an item that is not there, and says what has been imported for it.
GET = """
    import contextlib, io, json, sys
    from genset.cli.main import main

    with contextlib.redirect_stderr(io.StringIO()) as output:
        status = main(["get", sys.argv[2], "nothing", "--endpoint-url", sys.argv[1]])
    assert status == 3, output.getvalue()
    print(json.dumps(sorted(sys.modules)))
"""
# Says what is imported when the server would say that it listens, and ends it.
LISTENING = """
    import json, os, signal, sys
    from genset.cli.serving import serve
    from genset.cli.main import main

    def announce(host, port):
        print(json.dumps(sorted(sys.modules)))
        os.kill(os.getpid(), signal.SIGTERM)

    serve.announce = announce
    sys.exit(main(["serve", "--memory", "--port", "0"]))
"""
# Says what operations and a round of all background work still import after `load_rest`.
AT_WORK = """
    import asyncio, contextlib, json, sys
    from genset.background.jobs import all_jobs
    from genset.cli.serving.loading import load_rest
    from genset.model.errors import DynamoDBError
    from genset.operations.operation import Services
    from genset.operations.registry import OPERATIONS
    from genset.storage.sqlite import open_sqlite
    from genset.wire import shapes

    async def work():
        engine = open_sqlite(None)
        services = Services(now=lambda: 0.0, new_uuid=str, new_salt=bytes)
        for job in all_jobs():
            await job.run(engine, services)
        await engine.close()

    load_rest()
    loaded = set(sys.modules)
    for name in OPERATIONS:
        OPERATIONS[name]
        with contextlib.suppress(DynamoDBError):
            shapes.check_request(name, {})
    asyncio.run(work())
    print(json.dumps(sorted(name for name in set(sys.modules) - loaded if "genset" in name)))
"""


# What threads of a server import from, and everything below.
THREADED = (
    "background",
    "expressions",
    "insights",
    "model",
    "operations",
    "realism",
    "storage",
    "wire",
)


def all_modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent != SOURCE:
            yield ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts), path


def imported_at_once(source: str) -> set[str]:
    """The modules that `source` imports when it is imported itself, and names in them."""
    found: set[str] = set()
    waiting: list[ast.AST] = [*ast.parse(source).body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
            found.add(str(node.module))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_for_types(
            node
        ):
            waiting += ast.iter_child_nodes(node)
    return found - {"genset"}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def printed(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_server_that_starts_has_loaded_nothing_that_can_wait():
    listening = printed(LISTENING)
    assert "genset.wire.server" in listening
    assert [name for name in listening if name in LATER] == []


@pytest.mark.parametrize("name", LATER)
def test_what_can_wait_is_there(name):
    # A module that is renamed would be missing above for ever.
    assert find_spec(name) is not None


def test_help_loads_nothing_heavy():
    shown = printed(HELP)
    assert "genset.cli.commands.serve" in shown
    assert [name for name in shown if name in HEAVY] == []


def test_a_command_that_asks_a_server_loads_none(endpoint, api):
    # The table is there because of `api`.
    loaded = printed(GET, endpoint, "strings")
    assert "botocore.client" in loaded
    assert [name for name in loaded if name in OF_SERVERS_AND_TERMINALS] == []


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_heavy_is_there(name):
    assert find_spec(name) is not None


def test_nothing_is_left_to_load_for_operations_and_background_work():
    assert printed(AT_WORK) == []


def test_modules_of_the_server_import_each_other_in_no_circle():
    # Two threads may import at once: in a circle, one of them could meet half a module.
    modules = {name: path for name, path in all_modules() if name.split(".")[1] in THREADED}
    imports = {
        name: {each for each in imported_at_once(path.read_text()) if each in modules} - {name}
        for name, path in modules.items()
    }
    assert "genset.wire.shapes" in imports["genset.wire.api"]
    TopologicalSorter(imports).prepare()


@pytest.mark.parametrize(
    "source",
    [
        "import genset.a",
        "from genset import a",
        "from genset.a import x",
        "try:\n import genset.a\nfinally: ...",
    ],
)
def test_an_import_at_once_is_found(source):
    assert "genset.a" in imported_at_once(source)


@pytest.mark.parametrize(
    "source",
    ["def f():\n from genset import a", "if TYPE_CHECKING:\n from genset import a"],
)
def test_an_import_that_waits_is_no_import_at_once(source):
    assert imported_at_once(source) == set()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_found_by_its_name(name):
    assert OPERATIONS[name].name == name


def test_the_collector_works_again_after_a_start_that_was_refused(tmp_path):
    missing = tmp_path / "credentials"
    assert main(["serve", "--auth", "sigv4", "--credentials", str(missing), "--port", "0"]) == 2
    assert gc.isenabled()
