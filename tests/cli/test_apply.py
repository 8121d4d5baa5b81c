"""`genset apply`: what it says, what it asks, how it ends, and what is there then."""

from __future__ import annotations

import io
import signal
import subprocess
import time
from pathlib import Path

import pytest

from genset.cli.main import main
from support.process import genset_command

TEMPLATE = """
Parameters:
  Stage: {{Type: String, Default: dev}}
Resources:
  Music:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "{name}-${{Stage}}"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {{AttributeName: {key}, AttributeType: S}}
        - {{AttributeName: Song, AttributeType: S}}
      KeySchema: [{{AttributeName: {key}, KeyType: HASH}}]
      GlobalSecondaryIndexes:
        - IndexName: songs
          KeySchema: [{{AttributeName: Song, KeyType: HASH}}]
          Projection: {{ProjectionType: ALL}}
      Tags: [{{Key: genre, Value: {genre}}}]
"""
CREATED = """\
+ {name}-dev: create
    key: Artist HASH (S)
    capacity: on demand
    index songs: Song HASH (S); ALL
    tag genre: jazz
1 to create
"""
REPLACED = """\
! {name}-dev: replace
    all its items are deleted
    key: Artist HASH (S) -> Singer HASH (S)
    capacity: on demand
    index songs: Song HASH (S); ALL
    tag genre: jazz
1 to replace
"""


class Project:
    """A template in a folder, and the command that applies it to the tests' server."""

    def __init__(self, folder: Path, name: str, endpoint: str, capsys) -> None:
        self.path = folder / "tables.yaml"
        self.name = name
        self._endpoint = endpoint
        self._capsys = capsys
        self.write()

    def write(self, *, key: str = "Artist", genre: str = "jazz", change=lambda text: text) -> None:
        self.path.write_text(change(TEMPLATE.format(name=self.name, key=key, genre=genre)))

    def apply(self, *options: str) -> tuple[int, str, list[str]]:
        """The status, what is on stdout, and the lines on stderr."""
        status = main(["apply", str(self.path), "--endpoint-url", self._endpoint, *options])
        out, err = self._capsys.readouterr()
        return status, out, [line.replace(str(self.path), "tables.yaml") for line in
                             err.splitlines()]  # fmt: skip


@pytest.fixture
def project(tmp_path, endpoint, fresh, capsys, client, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    name = fresh()
    yield Project(tmp_path, name, endpoint, capsys)
    for each in client.list_tables()["TableNames"]:
        if each.startswith(f"{name}-"):
            client.delete_table(TableName=each)


@pytest.fixture
def tables(client, project):
    """The names of the project's tables that there are."""
    return lambda: [
        name for name in client.list_tables()["TableNames"] if name.startswith(f"{project.name}-")
    ]


def test_it_shows_the_plan_creates_the_table_and_finds_nothing_to_do_then(project, tables):
    plan = CREATED.format(name=project.name)
    assert project.apply() == (
        0,
        plan + "done: 1 created\n",
        [f"genset: {project.name}-dev: being created"],
    )
    assert tables() == [f"{project.name}-dev"]
    unchanged = f"= {project.name}-dev: unchanged\nnothing to do: 1 table is as defined\n"
    assert project.apply() == (0, unchanged, [])


def test_a_dry_run_does_nothing(project, tables):
    assert project.apply("--dry-run") == (0, CREATED.format(name=project.name), [])
    assert project.apply("--plan-only")[1] == CREATED.format(name=project.name)
    assert tables() == []


def test_a_change_is_shown_and_made(project):
    project.apply()
    project.write(genre="soul")
    name = project.name
    assert project.apply() == (
        0,
        f"~ {name}-dev: update\n    tag genre: jazz -> soul\n1 to update\ndone: 1 updated\n",
        [f"genset: {name}-dev: tag genre: jazz -> soul"],
    )


def test_a_parameter_names_another_table_and_leaves_the_first_alone(project, tables):
    project.apply()
    assert project.apply("--parameter", "Stage=prod")[0] == 0
    assert tables() == [f"{project.name}-dev", f"{project.name}-prod"]


def test_what_would_be_lost_is_refused_where_nobody_can_be_asked(project, client):
    project.apply()
    project.write(key="Singer")
    name = project.name
    assert project.apply() == (
        1,
        REPLACED.format(name=name),
        [
            f"genset: tables.yaml:5: the table {name}-dev would be deleted with its items and made "
            "anew",
            "genset: --yes allows that",
            "genset: nothing was done",
        ],
    )
    described = client.describe_table(TableName=f"{name}-dev")["Table"]
    assert described["KeySchema"][0]["AttributeName"] == "Artist"


def test_yes_allows_it(project, client):
    project.apply()
    project.write(key="Singer")
    name = project.name
    assert project.apply("--yes") == (
        0,
        REPLACED.format(name=name) + "done: 1 replaced\n",
        [f"genset: {name}-dev: being deleted", f"genset: {name}-dev: being created"],
    )
    described = client.describe_table(TableName=f"{name}-dev")["Table"]
    assert described["KeySchema"][0]["AttributeName"] == "Singer"


class Terminal(io.StringIO):
    """Somebody at a keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "status", "key"), [("y", 0, "Singer"), ("n", 1, "Artist")])
def test_at_a_terminal_it_asks(project, client, monkeypatch, answer, status, key):
    project.apply()
    project.write(key="Singer")
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    ended, _, lines = project.apply()
    assert (ended, "Go on? [y/N]" in "".join(lines)) == (status, True)
    described = client.describe_table(TableName=f"{project.name}-dev")["Table"]
    assert described["KeySchema"][0]["AttributeName"] == key


def test_every_error_of_the_files_is_a_line_and_nothing_is_done(project, tables):
    more = "  More: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: [x]}}"
    wrong = lambda text: text.replace("KeyType: HASH", "KeyType: HSAH", 1) + more  # noqa: E731
    project.write(change=wrong)
    assert project.apply() == (
        2,
        "",
        [
            "genset: tables.yaml:13: the KeyType of Artist must be one of HASH, RANGE, not HSAH",
            "genset: tables.yaml:19: TableName must be a text, not a list",
        ],
    )
    assert tables() == []


def test_a_file_that_is_not_there_and_one_that_is_none(project, tmp_path, capsys):
    assert main(["apply", "none.yaml"]) == 2
    assert capsys.readouterr().err == (
        "genset: none.yaml: cannot be read: No such file or directory\n"
    )
    path = tmp_path / "other.yaml"
    path.write_text("a: 1")
    assert main(["apply", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"genset: {path}:1: is no kind of file that tables are read from; --format names them\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILE...'"),
        (["x", "--format", "xml"], "'xml' is not one of"),
        (["x", "--parameter", "a"], "must be NAME=VALUE, not a"),
    ],
)
def test_a_wrong_command_line_is_told(capsys, arguments, message):
    assert main(["apply", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.endswith("see genset apply --help\n")


def test_an_endpoint_where_nobody_is_is_told(project, capsys):
    assert main(["apply", str(project.path), "--endpoint-url", "http://127.0.0.1:1"]) == 1
    assert "nothing answers at http://127.0.0.1:1" in capsys.readouterr().err


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_watches_files_until_ctrl_c(project, tables, client, endpoint):
    def genre():
        arn = client.describe_table(TableName=f"{project.name}-dev")["Table"]["TableArn"]
        return client.list_tags_of_resource(ResourceArn=arn)["Tags"][0]["Value"]

    command = [*genset_command(), "apply", str(project.path), "--endpoint-url", endpoint, "--watch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            wait_for(tables)
            project.path.write_text("Resources: [")
            told = iter(process.stderr.readline, b"")
            assert any(b"is no YAML" in line for line in told)
            project.write(genre="soul")
            wait_for(lambda: genre() == "soul")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
