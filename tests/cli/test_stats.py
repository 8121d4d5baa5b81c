"""`genset stats`, `version` and `completion`."""

from __future__ import annotations

import http.server
import json
import platform
import signal
import subprocess
import threading
from collections.abc import Iterator

import apsw
import pytest

from cli.console import Console
from genset import __version__
from genset.cli.main import main
from support.client import Api
from support.process import genset_command, serve


@pytest.fixture
def filled(console: Console, music: str) -> str:
    """The table with one item."""
    console.ok("put", music, '{"Artist": "A", "Song": "s", "Year": 1}')
    return music


def test_each_table_and_the_server(console: Console, filled: str):
    (found,) = console.ok("stats").json
    assert (found["place"], found["region"]) == (console.endpoint, "us-east-1")
    server = found["server"]
    assert (server["genset"], server["workers"]) == (__version__, 1)
    assert (server["storage"], server["place"], server["bytes"]) == ("memory", None, None)
    assert server["uptime_s"] >= 0
    (table,) = [table for table in found["tables"] if table["table"] == filled]
    assert table == {
        "table": filled, "status": "ACTIVE", "items": 1, "bytes": 18, "indexes": ["ByYear"],
        "billing": "on demand", "stream": "NEW_AND_OLD_IMAGES", "ttl": None,
    }  # fmt: skip


def test_for_a_person_it_is_a_page(console: Console, filled: str):
    console.terminal = True
    out = console.ok("stats").out
    assert f"genset    {__version__}, " in out
    assert "storage   memory\n" in out
    assert filled[:6] in out


def test_a_server_on_disk_tells_where_and_how_much(console: Console, tmp_path):
    with serve("--data-dir", str(tmp_path / "data"), "--workers", "2") as server:
        (found,) = console.ok("stats", "--endpoint-url", server.url).json
    about = found["server"]
    assert (about["storage"], about["place"]) == ("SQLite", str(tmp_path / "data"))
    assert about["bytes"] > 0
    assert (about["workers"], about["durability"], about["auth"]) == (2, "full", "open")


def test_a_server_that_verifies_signatures_tells_who_signs(
    console: Console, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    keys = tmp_path / "keys"
    keys.write_text("[me]\naws_access_key_id = AKIDME\naws_secret_access_key = s\n")
    with serve("--memory", "--auth", "sigv4", "--credentials", str(keys)) as server:
        place = ("--endpoint-url", server.url)
        assert "UnrecognizedClient" in console.refused("stats", *place, status=1)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDME")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        (found,) = console.ok("stats", *place).json
        with Api(server.url) as api:
            assert api.http("GET", "/_genset/server").status in (400, 403)
    assert found["server"]["auth"] == "sigv4"


def test_the_page_of_a_server_can_only_be_read(endpoint: str):
    with Api(endpoint) as api:
        answer = api.http("PUT", "/_genset/server", b"{}")
        assert (answer.status, answer.headers["allow"]) == (405, "GET")
        page = {"origin": "http://example.com"}
        assert api.http("GET", "/_genset/server", headers=page).status == 403


class _Other(http.server.BaseHTTPRequestHandler):
    """A DynamoDB that has no tables, and pages of its own."""

    def do_GET(self) -> None:
        self._answer(b"<html>")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b'{"TableNames": []}')

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other() -> Iterator[str]:
    """The address of a DynamoDB that is no genset."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Other) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_another_dynamodb_is_told_about_all_the_same(console: Console, other: str):
    (found,) = console.ok("stats", "--endpoint-url", other).json
    assert (found["server"], found["tables"]) == (None, [])


def test_it_can_be_shown_again_and_again(music: str, endpoint: str):
    process = subprocess.Popen(
        [*genset_command(), "stats", "--watch", "0.1", "--endpoint-url", endpoint],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(2):
            found = json.loads(process.stdout.readline())
            assert music in [table["table"] for table in found["tables"]]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""


def test_the_versions(console: Console):
    (found,) = console.ok("version").json
    assert found == {
        "genset": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": apsw.sqlite_lib_version(),
        "platform": platform.platform(),
    }
    console.terminal = True
    assert console.ok("version").out.splitlines()[0] == f"genset    {__version__}"
    assert console.ok("--version").out == f"genset {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(console: Console, shell: str):
    script = console.ok("completion", shell).out
    assert f"_GENSET_COMPLETE={shell}_complete" in script
    assert "_genset_completion" in script


def test_no_other_shell_has_one(console: Console):
    assert "'tcsh' is not one of" in console.refused("completion", "tcsh", status=2)


@pytest.fixture
def bash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Says what a bash would offer for a line whose last word is being typed."""

    def completed(line: str) -> list[str]:
        with monkeypatch.context() as patch:
            patch.setenv("_GENSET_COMPLETE", "bash_complete")
            patch.setenv("COMP_WORDS", line)
            patch.setenv("COMP_CWORD", str(line.count(" ")))
            with pytest.raises(SystemExit) as ended:
                main([])
        assert ended.value.code == 0
        return [each.removeprefix("plain,") for each in capsys.readouterr().out.split()]

    return completed


def test_commands_and_options_are_completed(bash):
    assert bash("genset ta") == ["tables", "tail"]
    assert bash("genset tables de") == ["describe", "delete"]
    assert "--endpoint-url" in bash("genset scan --e")


def test_tables_are_completed_by_the_server(console: Console, music: str, bash):
    names = console.ok("tables", "list", music[:-1]).out.split()
    assert bash(f"genset get {music[:-1]}") == names
    assert music in bash(f"genset tables delete other {music[:-1]}")


def test_indexes_are_completed_by_the_server(console: Console, music: str, bash):
    assert bash(f"genset scan {music} --index B") == ["ByYear"]
    assert bash("genset scan Absent --index B") == []


def test_without_a_server_there_is_nothing_to_complete(bash, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert bash("genset get Mu") == []
