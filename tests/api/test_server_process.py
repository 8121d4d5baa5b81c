"""The server as a process: starting, stopping, its data directory, its options."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from support import tables
from support.client import Api
from support.process import genset_command, serve
from support.values import S

pytestmark = pytest.mark.skipif(
    "GENSET_TEST_ENDPOINT" in os.environ, reason="the endpoint is somebody else's process"
)
SIMPLE = tables.table("pk", types={"pk": "S"})


@pytest.mark.parametrize("workers", ["1", "2"])
def test_data_outlives_a_graceful_stop(durable_server, workers):
    first = durable_server("--workers", workers)
    with Api(first.url) as api:
        tables.create(api, "kept", SIMPLE)
        api("PutItem", TableName="kept", Item={"pk": S("a")})
        before = api("DescribeTable", TableName="kept")["Table"]
    assert first.stop() == 0
    second = durable_server("--workers", workers)
    with Api(second.url) as api:
        assert api("GetItem", TableName="kept", Key={"pk": S("a")})["Item"] == {"pk": S("a")}
        assert api("DescribeTable", TableName="kept")["Table"] == before


def test_a_token_is_remembered_across_a_restart(durable_server):
    """docs: ClientRequestToken: ten minutes, and nothing is said of the server's health."""
    request = {
        "TransactItems": [
            {"Update": {"TableName": "kept", "Key": {"pk": S("a")}, "UpdateExpression": "ADD n :n",
                        "ExpressionAttributeValues": {":n": {"N": "1"}}}}
        ],
        "ClientRequestToken": "once",
    }  # fmt: skip
    for _ in range(2):
        server = durable_server()
        with Api(server.url) as api:
            if "kept" not in api("ListTables")["TableNames"]:
                tables.create(api, "kept", SIMPLE)
            api("TransactWriteItems", request)
            item = api("GetItem", TableName="kept", Key={"pk": S("a")})["Item"]
            assert item["n"] == {"N": "1"}
        server.kill()


@pytest.mark.sqlite_only("any number of servers share a database")
def test_a_second_server_on_the_same_directory_is_refused(durable_server, tmp_path):
    durable_server()
    folder = str(tmp_path / "data")
    second = subprocess.run(
        [*genset_command(), "serve", "--port", "0", "--data-dir", folder],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode != 0
    assert folder in second.stderr
    assert "Traceback" not in second.stderr


def test_memory_leaves_nothing_behind(tmp_path):
    environment = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        with serve("--memory", environment=environment) as server, Api(server.url) as api:
            tables.create(api, "gone", SIMPLE)
            api("PutItem", TableName="gone", Item={"pk": S("a")})
    finally:
        os.chdir(before)
    assert not [name for name in os.listdir(tmp_path) if name != ".cache"]


def test_it_does_not_listen_beyond_loopback_unless_told(tmp_path):
    command = [*genset_command(), "serve", "--port", "0", "--memory", "--host", "0.0.0.0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode != 0
    assert "--insecure" in refused.stderr
    with serve("--memory", "--host", "0.0.0.0", "--insecure") as server, Api(server.url) as api:
        assert api("ListTables") == {"TableNames": []}


def test_options_come_from_the_environment(tmp_path):
    environment = {"GENSET_DATA_DIR": str(tmp_path / "from-environment")}
    with serve(environment=environment):
        assert (tmp_path / "from-environment").is_dir()


def test_the_command_line_wins_over_the_environment(tmp_path):
    environment = {"GENSET_DATA_DIR": str(tmp_path / "from-environment")}
    with serve("--data-dir", str(tmp_path / "said"), environment=environment):
        assert (tmp_path / "said").is_dir()
        assert not (tmp_path / "from-environment").exists()


def test_a_table_stays_in_its_states_as_long_as_is_asked_for(tmp_path):
    """From the file, from the environment over it, and from the command line over both."""
    (tmp_path / "genset.toml").write_text("transition-seconds = 300")
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        for options, variables, state in (
            ((), {}, "CREATING"),
            ((), {"GENSET_TRANSITION_SECONDS": "0"}, "ACTIVE"),
            (("--transition-seconds", "1e3"), {"GENSET_TRANSITION_SECONDS": "0"}, "CREATING"),
        ):
            server = serve("--memory", *options, environment=variables)
            with server, Api(server.url) as api:
                api("CreateTable", SIMPLE, TableName="slow")
                found = api("DescribeTable", TableName="slow")["Table"]
                assert found["TableStatus"] == state
    finally:
        os.chdir(before)


@pytest.mark.parametrize(
    "arguments",
    [["--workers", "0"], ["--workers", "x"], ["--port", "99999"], ["--durability", "some"],
     ["--auth", "none-such"], ["--log-level", "none-such"], ["--no-such-option"],
     ["--transition-seconds", "-1"], ["--transition-seconds", "nan"]],
)  # fmt: skip
def test_bad_options_are_refused_plainly(arguments):
    command = [*genset_command(), "serve", "--memory", *arguments]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode != 0
    assert refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_graceful_stop_finishes_what_was_accepted(durable_server):
    import threading

    server = durable_server()
    acknowledged = []
    with Api(server.url) as api:
        tables.create(api, "kept", SIMPLE)

    def write():
        try:
            with Api(server.url) as own:
                for n in range(100_000):
                    own("PutItem", TableName="kept", Item={"pk": S(str(n))})
                    acknowledged.append(n)
        except Exception:  # the connection ends with the server
            pass

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.3)
    assert server.stop() == 0
    thread.join()
    again = durable_server()
    with Api(again.url) as api:
        count = api("Scan", TableName="kept", Select="COUNT")["Count"]
        assert count in (len(acknowledged), len(acknowledged) + 1)


def test_signatures_are_verified_where_asked(tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = right\n"
    )
    options = ("--memory", "--auth", "sigv4", "--credentials-file", str(credentials))
    with serve(*options) as server, Api(server.url) as api:
        good = api.send_signed("ListTables", {}, "AKIAIOSFODNN7EXAMPLE", "right")
        assert good.status == 200
        wrong = api.send_signed("ListTables", {}, "AKIAIOSFODNN7EXAMPLE", "wrong")
        assert wrong.status == 400
        assert wrong.json["__type"].endswith("#InvalidSignatureException")
        unknown = api.send_signed("ListTables", {}, "AKIAUNKNOWN", "right")
        assert unknown.status == 400
        assert unknown.json["__type"].endswith("#UnrecognizedClientException")
        unsigned = api.send("ListTables", {})
        assert unsigned.status == 400
