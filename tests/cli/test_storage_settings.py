"""Where the data is to be: `--storage` and its kin, from all three places, and never a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from genset.cli.commands import migrate
from genset.cli.main import main
from genset.cli.serving.settings import SettingsError
from genset.cli.stores.database_url import shown_database
from genset.cli.stores.store import InDirectory, InMemory, InPostgres, settings_store, store_at
from support.settings import serve_settings, top_context

CERTIFICATES = __file__
URL = "postgresql://genset:s3cret@db1:5432,db2:5433/app?sslmode=verify-full&sslrootcert="
URL += CERTIFICATES
REPLICA = "postgres://genset:s3cret@replica/app"


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "genset.toml"
    config.write_text(f'storage = "postgresql://file"\nread-replica = "{REPLICA}"\n')
    variables = {"GENSET_STORAGE": "postgresql://variable"}
    assert serve_settings(config=config).storage == "postgresql://file"
    found = serve_settings(environment=variables, config=config)
    assert (found.storage, found.read_replica) == ("postgresql://variable", REPLICA)
    found = serve_settings("--storage", URL, environment=variables, config=config)
    assert settings_store(found) == InPostgres(URL, REPLICA)


def test_without_it_the_data_is_in_a_directory_or_in_memory() -> None:
    assert settings_store(serve_settings()) == InDirectory(Path("genset-data"))
    assert settings_store(serve_settings("--memory")) == InMemory()


@pytest.mark.parametrize(
    "url",
    [
        URL,
        REPLICA,
        "postgresql://",
        "postgresql:///app",
        "postgresql://db",
        "postgresql://[::1]:5432/app",
        "postgresql://genset:p%40ss%2Fw%3A%23@db/app",
        "postgresql:///app?host=/run/postgresql&user=genset",
        "postgresql:///app?host=db1,db2&port=5432,5433",
        "postgresql://db/app?application_name=genset&target_session_attrs=read-write",
    ],
)
def test_what_the_driver_takes_is_taken(url: str) -> None:
    assert serve_settings("--storage", url).storage == url
    words = ["--from", "data", "--to", url]
    given = migrate.command.make_context("migrate", words, parent=top_context()).params
    assert given == {"source": "data", "target": url}


BAD = {
    "mysql://genset:s3cret@db/app": "must begin with postgresql:// ",
    "db/app": "must begin with postgresql:// ",
    "postgresql:/db/app": "must begin with postgresql:// ",
    "postgresql://[::1/app": "must begin with postgresql:// ",
    "postgresql://genset:s3@cret@db/app": "%40",
    "postgresql://genset:s3/cret@db/app": "%2F",
    "postgresql://genset:3/s3cret@db/app": "%2F",
    "postgresql://genset:s3?cret@db/app": "%3F",
    "postgresql://genset:3?s3cret@db/app": "?name=value",
    "postgresql://genset:3#s3cret@db/app": "%23",
    "postgresql://genset:s3 cret@db/app": "%20",
    "postgresql://genset:s3cret@db:port/app": "host:port",
    "postgresql://genset:s3cret@db:65536/app": "host:port",
    "postgresql://genset:s3cret@db:0/app": "host:port",
    "postgresql://genset:s3cret@db/app?sslmode=s3cret": "sslmode",
    "postgresql://genset:s3cret@db/app?s3cret": "?name=value",
    "postgresql://genset:s3cret@/app?host=db1,db2&port=s3cret": "has a port that is no number",
    "postgresql://genset:s3cret@db/app?sslrootcert=/s3cret": "has an sslrootcert that is no file",
}


@pytest.mark.parametrize("url", BAD)
def test_a_wrong_address_is_one_line_without_any_of_it(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--storage", url]) == 2
    monkeypatch.setenv("GENSET_READ_REPLICA", url)
    assert main(["serve", "--storage", URL]) == 2
    monkeypatch.delenv("GENSET_READ_REPLICA")
    Path("genset.toml").write_text(f'storage = "{url}"')
    assert main(["serve"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    for line, place in zip(said, ("--storage", "GENSET_READ_REPLICA", "storage"), strict=True):
        assert line.startswith("genset: ")
        assert place in line
        assert BAD[url] in line
        assert "s3" not in line
        assert "cret" not in line


@pytest.mark.parametrize("arguments", [
    ["serve", URL],
    ["serve", "--no-such-option", URL],
    ["serve", "--port", URL],
    ["serve", "--latency", "other://genset:s3cret@db"],
    ["migrate", "--from", "data", "--to", "data", "postgresql://u:s3cret and@db"],
    [URL],
    ["serve", "--help", "--storage", URL],
])  # fmt: skip
def test_a_misplaced_address_is_not_repeated(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENSET_STORAGE", URL)
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == (0 if "--help" in arguments else 2)
    said = capsys.readouterr()
    assert said.err or said.out
    assert "s3cret" not in said.err + said.out


def test_no_value_that_holds_a_password_shows_it() -> None:
    settings = serve_settings("--storage", URL, "--read-replica", REPLICA)
    store = settings_store(settings)
    for text in (repr(settings), repr(store), str(store)):
        assert "s3cret" not in text
    assert shown_database(URL) == "postgresql://db1:5432,db2:5433/app"
    assert str(store_at("postgresql:///?host=/run&database=app&password=s3cret")) == (
        "postgresql:///run/app"
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--storage", URL, "--memory"], "--memory and --storage"),
        (["--storage", URL, "--data-dir", "genset-data"], "--storage and --data-dir"),
        (["--read-replica", REPLICA], "--read-replica needs --storage"),
        (["--memory", "--read-replica", REPLICA], "--read-replica needs --storage"),
    ],
)
def test_the_data_is_in_one_place(flags: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        serve_settings(*flags)
    # A place is as much given in the file.
    if "--data-dir" in flags:
        config = tmp_path / "genset.toml"
        config.write_text('data-dir = "kept"')
        with pytest.raises(SettingsError, match=message):
            serve_settings("--storage", URL, config=config)


def test_workers_and_durability_go_with_it() -> None:
    settings = serve_settings("--storage", URL, "--workers", "4", "--durability", "relaxed")
    assert (settings.workers, settings.durability) == (4, "relaxed")


@pytest.mark.parametrize(
    "arguments",
    [["migrate"], ["migrate", "--from", "data"], ["migrate", "--from", "", "--to", "data"],
     ["migrate", "--from", "data", "--to", "mysql://db/app"],
     ["migrate", "--from", "data", "--to", "other", "--port", "1"]],
)  # fmt: skip
def test_migrate_has_two_places_and_nothing_else(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
