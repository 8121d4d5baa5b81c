"""The credentials file: formats, errors, reloading."""

from __future__ import annotations

import json
import os

import pytest

from genset.wire.credentials import (
    Credential,
    CredentialsError,
    CredentialsFile,
    parse_credentials,
)

INI = """
[default]
aws_access_key_id = AKID1
aws_secret_access_key = top%secret

# another
[profile two]
aws_access_key_id=AKID2
aws_secret_access_key=hidden
aws_session_token = token==
aws_account_id = 123456789012
expiration = 2030-01-01T00:00:00Z
region = eu-west-1

[elsewhere]
role_arn = arn:aws:iam::1:role/x
"""

FIRST = Credential(access_key="AKID1", secret_key="top%secret")
SECOND = Credential(
    access_key="AKID2",
    secret_key="hidden",
    session_token="token==",
    account="123456789012",
    expires_at=1893456000.0,
)
BOTH = {"AKID1": FIRST, "AKID2": SECOND}

OURS = [
    {"access_key_id": "AKID1", "secret_access_key": "top%secret"},
    {
        "aws_access_key_id": "AKID2",
        "aws_secret_access_key": "hidden",
        "session_token": "token==",
        "account_id": "123456789012",
        "expiration": "2030-01-01T00:00:00+00:00",
    },
]
STS = {
    "AccessKeyId": "AKID2",
    "SecretAccessKey": "hidden",
    "SessionToken": "token==",
    "AccountId": "123456789012",
    "Expiration": "2030-01-01T00:00:00",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (INI, BOTH),
        (json.dumps(OURS), BOTH),
        (json.dumps({"credentials": OURS}), BOTH),
        (json.dumps({"Credentials": STS}), {"AKID2": SECOND}),
        (
            json.dumps({**STS, "SessionToken": None, "Expiration": None, "AccountId": None}),
            {"AKID2": Credential(access_key="AKID2", secret_key="hidden")},
        ),
        (json.dumps([OURS[0], OURS[0]]), {"AKID1": FIRST}),
    ],
)
def test_both_formats_are_read(text, expected):
    assert parse_credentials(text, "f") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f: no credentials in this file"),
        ("[default]\nregion = x\n", "f: no credentials in this file"),
        ("SECRET\n", "f: line 1: not the INI format"),
        ("[a]\nSECRET\n", "f: line 2: not the INI format"),
        ("[a]\naws_access_key_id=a\naws_access_key_id=SECRET", "f: line 3: not the INI format"),
        ("[a]\naws_access_key_id=a\n", "f: profile a: aws_secret_access_key is missing"),
        ("[a]\naws_secret_access_key=SECRET\n", "f: profile a: aws_access_key_id is missing"),
        (
            "[a]\naws_access_key_id=a\naws_secret_access_key=SECRET\naws_account_id=1\n",
            "f: profile a: aws_account_id must have 12 digits",
        ),
        (
            "[a]\naws_access_key_id=a\naws_secret_access_key=SECRET\nexpiration=soon\n",
            "f: profile a: expiration is not an ISO 8601 time",
        ),
        (
            "[a]\naws_access_key_id=a\naws_secret_access_key=SECRET\n"
            "[b]\naws_access_key_id=a\naws_secret_access_key=SECRET2\n",
            "f: profile b: the access key has other values elsewhere",
        ),
        ('{"a": SECRET}', "f: line 1: "),
        ('["SECRET"]', "f: credentials must be JSON objects"),
        ('{"credentials": 3}', "f: credentials must be JSON objects"),
        ('[{"AccessKeyId": "a", "SecretAccessKey": 5}]', "f: entry 1: SecretAccessKey must be"),
        ("[" * 100_000, "f: "),
    ],
)
def test_a_bad_file_is_explained_without_its_secrets(text, message):
    with pytest.raises(CredentialsError) as caught:
        parse_credentials(text, "f")
    assert str(caught.value).startswith(message)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_secrets_are_not_shown():
    assert "hidden" not in repr(SECOND)
    assert "token" not in repr(SECOND).replace("session_token", "")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(CredentialsError, match="No such file"):
        CredentialsFile(tmp_path / "none")
    (tmp_path / "latin").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CredentialsError, match="not UTF-8"):
        CredentialsFile(tmp_path / "latin")


def entry(key: str) -> str:
    return f"[a]\naws_access_key_id={key}\naws_secret_access_key=SECRET\n"


def test_a_changed_file_is_read_again_within_a_second(tmp_path):
    path = tmp_path / "credentials"
    path.write_text(entry("one"))
    file = CredentialsFile(path)
    assert file.find("one", 100.0)
    path.write_text(entry("three"))
    assert file.find("one", 100.9)
    assert file.find("three", 101.1)
    assert file.find("one", 101.2) is None
    # A clock that is set back does not stop it.
    path.write_text(entry("fourth"))
    assert file.find("fourth", 50.0)


def test_a_file_that_goes_bad_leaves_the_last_good_one(tmp_path, caplog):
    path = tmp_path / "credentials"
    path.write_text(entry("one"))
    file = CredentialsFile(path)
    path.write_text("SECRET without a section")
    for second in range(1, 5):
        assert file.find("one", second * 2.0)
    os.remove(path)
    for second in range(5, 9):
        assert file.find("one", second * 2.0)
    assert len(caplog.records) == 2
    assert "SECRET" not in caplog.text
    path.write_text(entry("two"))
    assert file.find("two", 100.0)
    assert file.find("one", 100.0) is None
