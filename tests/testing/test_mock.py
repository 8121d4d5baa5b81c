"""`mock_dynamodb`: every client of the process, whoever makes it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import unittest
from importlib.util import find_spec
from textwrap import dedent

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.httpsession import URLLib3Session

from genset.testing import LocalSession, TestServer, current_session, local, mock_dynamodb
from testing.music import MUSIC, NINA, count, put

ONE_TRY = Config(retries={"max_attempts": 0})


def create() -> None:
    """As the code under test does, which knows nothing of genset."""
    boto3.client("dynamodb").create_table(**MUSIC)


def songs() -> int:
    return count(boto3.client("dynamodb"))


@pytest.fixture(autouse=True, scope="module")
def bare_environment():
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("AWS_"):
                patch.delenv(name)
        yield


# Ways to say it.


@mock_dynamodb
def test_a_function():
    create()
    assert songs() == 0


@mock_dynamodb(region="eu-west-1", account="123456789012")
def test_a_function_with_region_and_account():
    create()
    arn = boto3.client("dynamodb").describe_table(TableName="Music")["Table"]["TableArn"]
    assert arn == "arn:aws:dynamodb:eu-west-1:123456789012:table/Music"


def test_a_block():
    with mock_dynamodb() as session:
        create()
        assert isinstance(session, LocalSession)
        put(session.client("dynamodb"))
        assert songs() == 1


def test_start_and_stop():
    mock = mock_dynamodb()
    mock.start()
    try:
        create()
    finally:
        mock.stop()
    with pytest.raises(RuntimeError, match="without start"):
        mock.stop()


@mock_dynamodb
@pytest.mark.parametrize("number", [1, 2])
def test_each_call_begins_with_nothing(number):
    create()
    for each in range(number):
        put(boto3.client("dynamodb"), {**NINA, "Song": {"S": str(each)}})
    assert songs() == number


def test_a_decorated_function_keeps_its_name_and_result():
    @mock_dynamodb
    def answer(value: int) -> int:
        """Of life."""
        return value

    assert (answer.__name__, answer.__doc__, answer(42)) == ("answer", "Of life.", 42)


def test_a_coroutine_function():
    @mock_dynamodb
    async def main() -> int:
        create()
        await asyncio.sleep(0)
        return songs()

    assert asyncio.run(main()) == 0


def test_generator_functions():
    @mock_dynamodb
    def fixture():
        create()
        yield songs()

    @mock_dynamodb
    async def async_fixture():
        create()
        yield songs()

    assert list(fixture()) == [0]
    assert asyncio.run(anext(async_fixture())) == 0


def test_the_clock_and_switches_can_be_had_anywhere():
    @mock_dynamodb
    def test() -> LocalSession:
        current_session().clock.advance(days=2)
        return current_session()

    assert isinstance(test(), LocalSession)
    with pytest.raises(RuntimeError, match="no mock_dynamodb"):
        current_session()


def test_an_inner_mock_shares_the_database():
    with mock_dynamodb():
        create()
        with mock_dynamodb():
            put(boto3.client("dynamodb"))
        assert songs() == 1


# Classes.


@mock_dynamodb
class TestOfPytest:
    def setup_method(self):
        create()

    def teardown_method(self, method):
        assert songs() == 1
        assert method.__name__.startswith("test_")

    @pytest.mark.parametrize("_", [1, 2])
    def test_begins_with_what_its_setup_made(self, _):
        assert songs() == 0
        put(boto3.client("dynamodb"))


@mock_dynamodb
class TestWithoutSetup:
    @pytest.mark.parametrize("_", [1, 2])
    def test_has_a_database_for_itself(self, _):
        create()


@mock_dynamodb
class TestWithAClassInside:
    class TestInside:
        @pytest.mark.parametrize("_", range(2))
        def test_has_a_database_for_itself(self, _):
            create()


@mock_dynamodb
class TestOfUnittest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create()

    def setUp(self):
        put(boto3.client("dynamodb"))

    def tearDown(self):
        assert songs() == 2

    def test_one(self):
        self.add()

    def test_other(self):
        self.add()

    def add(self):
        assert songs() == 1
        put(boto3.client("dynamodb"), {**NINA, "Song": {"S": "Sinnerman"}})


class TestOfASubclass(TestOfUnittest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        boto3.client("dynamodb").create_table(**{**MUSIC, "TableName": "More"})

    def test_what_the_subclass_has_made_is_there(self):
        self.add()
        assert boto3.client("dynamodb").list_tables()["TableNames"] == ["More", "Music"]


class TestOfASubclassWithItsOwnStart(TestOfUnittest):
    @classmethod
    def setUpClass(cls):
        """Without that of the class above, and so without its mock."""

    def setUp(self):
        create()
        super().setUp()


def test_a_failing_set_up_class_ends_its_mock():
    @mock_dynamodb
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise ZeroDivisionError

        def test_it(self): ...

    result = unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(unittest.TestResult())
    assert len(result.errors) == 1
    with pytest.raises(RuntimeError):
        current_session()


def test_an_asynchronous_test_case():
    @mock_dynamodb
    class Case(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            create()

        async def test_it(self):
            assert songs() == 0

    result = unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(unittest.TestResult())
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


# Whose clients.


def test_clients_that_were_made_before():
    session = boto3.Session("id", "secret", region_name="us-east-1")
    client, table = session.client("dynamodb"), session.resource("dynamodb").Table("Music")
    streams = session.client("dynamodbstreams")
    with mock_dynamodb():
        client.create_table(**MUSIC)
        assert table.scan()["Count"] == 0
        assert streams.list_streams()["Streams"] == []


def test_sessions_of_ones_own():
    with mock_dynamodb():
        create()
        made = boto3.Session(region_name="us-east-1").client("dynamodb")
        core = botocore.session.get_session().create_client("dynamodb")
        assert (count(made), count(core)) == (0, 0)


def test_whatever_address_they_have():
    with mock_dynamodb():
        create()
        assert count(boto3.client("dynamodb", endpoint_url="http://localhost:8000")) == 0


def test_a_client_without_credentials_sends_nothing(monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.Session(region_name="us-east-1").client("dynamodb")
    with mock_dynamodb(), pytest.raises(NoCredentialsError):
        client.list_tables()


def test_a_session_token_is_passed_on():
    with mock_dynamodb():
        session = boto3.Session("id", "secret", "token", region_name="us-east-1")
        assert session.client("dynamodb").list_tables()["TableNames"] == []


def test_pynamodb():
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.models import Model

    class Song(Model):
        class Meta:
            table_name = "Music"
            region = "us-east-1"
            billing_mode = "PAY_PER_REQUEST"

        Artist = UnicodeAttribute(hash_key=True)
        Song = UnicodeAttribute(range_key=True)

    with mock_dynamodb():
        Song.create_table(wait=True)
        Song("Nina Simone", "Feeling Good").save()
        assert [song.Song for song in Song.query("Nina Simone")] == ["Feeling Good"]
        assert songs() == 1


def test_a_real_server_beside_the_tests_still_gets_its_requests():
    with TestServer() as server, mock_dynamodb():
        create()
        assert server.client().list_tables()["TableNames"] == []


def test_an_address_that_begins_like_a_real_servers_is_another(monkeypatch):
    monkeypatch.setattr("genset.testing.interception.real_servers", {"http://127.0.0.1:400"})
    with mock_dynamodb():
        create()
        client = boto3.client("dynamodb", endpoint_url="http://127.0.0.1:4000", config=ONE_TRY)
        assert client.list_tables()["TableNames"] == ["Music"]


def test_a_session_of_its_own_keeps_its_database():
    with local() as session, mock_dynamodb():
        create()
        assert session.client("dynamodb").list_tables()["TableNames"] == []


def test_a_client_with_a_short_timeout_meets_it():
    from botocore.exceptions import ReadTimeoutError

    with mock_dynamodb() as session:
        session.switches.set(latency="20s")
        once = Config(read_timeout=2, retries={"max_attempts": 0})
        with pytest.raises(ReadTimeoutError):
            boto3.client("dynamodb", config=once).list_tables()


# What else there is.


def test_credentials_and_region_are_found_and_real_ones_are_not(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_PROFILE", "production")
    with mock_dynamodb():
        found = boto3.Session().get_credentials()
        assert (found.access_key, found.secret_key, found.token) == ("0" * 12, "local", None)
        assert os.environ["AWS_DEFAULT_REGION"] == "us-east-1"
        assert "AWS_PROFILE" not in os.environ


def test_a_region_that_is_set_stays(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    with mock_dynamodb() as session:
        assert session.region_name == boto3.Session().region_name == "eu-north-1"


def test_afterwards_all_is_as_before(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", object())

    def state() -> list[object]:
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        core = botocore.session
        made = [boto3.DEFAULT_SESSION, core.create_loader, core.get_session]
        return [aws, URLLib3Session.send, list(BUILTIN_HANDLERS), *made]

    before = state()
    with mock_dynamodb():
        assert all(one != other for one, other in zip(before, state(), strict=True))
    assert state() == before


def test_it_ends_when_the_test_fails():
    @mock_dynamodb
    def test() -> None:
        raise ZeroDivisionError

    send = URLLib3Session.send
    with pytest.raises(ZeroDivisionError):
        test()
    assert URLLib3Session.send is send


# In a process of its own: moto changes botocore when it is imported, for as long as that lives.
BESIDE_MOTO = """
    import boto3
    from genset.testing import local, mock_dynamodb
    from testing.music import MUSIC

    def motos_tables(region):
        from moto.backends import get_backend
        return list(get_backend("dynamodb")["123456789012"][region].tables)

    def use():
        s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
        s3.create_bucket(Bucket="bucket")
        dynamodb.create_table(**MUSIC)
        assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["bucket"]
        assert dynamodb.list_tables()["TableNames"] == ["Music"]
        assert motos_tables("us-east-1") == [], "moto was asked too"

    with mock_dynamodb():
        # Imported meanwhile, as a fixture may do.
        from moto import mock_aws
        mock_aws(use)()
    with mock_aws(), mock_dynamodb():
        use()
    with mock_dynamodb(), mock_aws():
        use()
    with mock_aws(), local() as session:
        session.client("dynamodb").create_table(**MUSIC)
        assert motos_tables("us-east-1") == [], "moto was asked too"
        # Without genset, moto has DynamoDB again.
        boto3.client("dynamodb", region_name="us-east-1").create_table(**MUSIC)
        assert motos_tables("us-east-1") == ["Music"]
    print("fine")
"""


def test_moto_has_the_other_services():
    if find_spec("moto") is None:
        pytest.skip("needs moto")
    done = subprocess.run(
        [sys.executable, "-c", dedent(BESIDE_MOTO)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("fine\n", 0), done.stderr


@pytest.mark.parametrize("key", ["AKIAEXAMPLE", "fake"])
def test_clients_with_whatever_keys_are_of_the_mocks_account(key):
    with mock_dynamodb(account="123456789012") as session:
        session.client("dynamodb").create_table(**MUSIC)
        client = boto3.client("dynamodb", aws_access_key_id=key, aws_secret_access_key="x")
        assert client.list_tables()["TableNames"] == ["Music"]


def test_only_the_number_of_an_account_means_another_one():
    with mock_dynamodb(account="123456789012") as session:
        create()
        default = session.elsewhere(account="000000000000")
        assert default.client("dynamodb").list_tables()["TableNames"] == []
