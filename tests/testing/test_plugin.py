"""The fixtures of pytest, as tests of an application use them."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from testing.music import MUSIC

CONFTEST = f"""
    import json
    import pytest

    MUSIC = json.loads({json.dumps(MUSIC)!r})
    NINA = {{"Artist": {{"S": "Nina Simone"}}, "Song": {{"S": "Feeling Good"}}}}

    @pytest.fixture(scope="session")
    def dynamodb_tables():
        return [MUSIC]
"""


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Runs tests of an application whose conftest.py declares the table Music; all must pass."""
    pytester.makeini("[pytest]\naddopts = -p no:randomly\n")

    def run(tests: str, *options: str, conftest: str = CONFTEST, passed: int) -> pytest.RunResult:
        pytester.makeconftest(dedent(conftest))
        pytester.makepyfile(dedent(tests))
        result = pytester.runpytest_inprocess("--strict-markers", "-W", "error", *options)
        result.assert_outcomes(passed=passed)
        return result

    return run


def test_a_test_may_go_back_to_the_empty_database(run):
    run(
        """
        def test_it(dynamodb, dynamodb_session):
            dynamodb_session.rollback()
            assert dynamodb.list_tables()["TableNames"] == []

        def test_the_next_has_the_declared_tables(dynamodb):
            assert dynamodb.list_tables()["TableNames"] == ["Music"]

        def test_and_so_has_the_one_after_it(dynamodb):
            assert dynamodb.scan(TableName="Music")["Count"] == 0
        """,
        passed=3,
    )


def test_each_test_begins_with_the_declared_tables(run):
    run(
        """
        import pytest
        from conftest import MUSIC, NINA

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_it(dynamodb, number):
            assert dynamodb.list_tables()["TableNames"] == ["Music"]
            assert dynamodb.scan(TableName="Music")["Count"] == 0
            dynamodb.put_item(TableName="Music", Item=NINA)
            dynamodb.create_table(**{**MUSIC, "TableName": f"Other{number}"})

        def test_after_it_was_deleted(dynamodb):
            dynamodb.delete_table(TableName="Music")

        def test_it_is_there_again(dynamodb):
            assert dynamodb.list_tables()["TableNames"] == ["Music"]
        """,
        passed=5,
    )


def test_all_fixtures_have_the_same_tables(run):
    run(
        """
        from conftest import NINA

        def test_it(
            dynamodb, dynamodb_resource, dynamodb_streams, dynamodb_session, dynamodb_clock,
            dynamodb_switches,
        ):
            dynamodb.put_item(TableName="Music", Item=NINA)
            assert dynamodb_resource.Table("Music").scan()["Count"] == 1
            assert dynamodb_session.client("dynamodb").list_tables()["TableNames"] == ["Music"]
            assert dynamodb_streams.list_streams()["Streams"] == []
            assert dynamodb_session.clock is dynamodb_clock
            assert dynamodb_session.switches is dynamodb_switches
        """,
        passed=1,
    )


def test_clock_and_switches_are_as_at_first_in_the_next_test(run):
    run(
        """
        import time
        import pytest
        from botocore.exceptions import ClientError

        @pytest.mark.parametrize("_", [1, 2])
        def test_it(dynamodb, dynamodb_clock, dynamodb_switches, _):
            assert abs(dynamodb_clock.time() - time.time()) < 5
            dynamodb_clock.advance(days=2)
            dynamodb.scan(TableName="Music")
            dynamodb_switches.fail_next("Scan", "ResourceNotFoundException", times=9)
            with pytest.raises(ClientError):
                dynamodb.scan(TableName="Music")
        """,
        passed=2,
    )


def test_data_may_be_declared_too(run):
    run(
        """
        import pytest

        @pytest.mark.parametrize("_", [1, 2])
        def test_it(dynamodb, _):
            [item] = dynamodb.scan(TableName="Music")["Items"]
            dynamodb.delete_item(TableName="Music", Key=item)
        """,
        conftest=CONFTEST
        + """
    def seed(session):
        session.resource("dynamodb").Table("Music").put_item(Item={"Artist": "Nina", "Song": "x"})

    @pytest.fixture(scope="session")
    def dynamodb_tables():
        return [MUSIC, seed]
        """,
        passed=2,
    )


def test_packages_of_tests_may_declare_tables_of_their_own(run, pytester):
    for name in ("one", "two"):
        package = pytester.mkpydir(name)
        override = f"""
            import pytest
            from conftest import MUSIC

            @pytest.fixture(scope="session")
            def dynamodb_tables():
                return [{{**MUSIC, "TableName": "Of-{name}"}}]
        """
        test = f"""
            def test_it(dynamodb, dynamodb_server):
                for client in (dynamodb, dynamodb_server.client()):
                    assert client.list_tables()["TableNames"] == ["Of-{name}"]
        """
        (package / "conftest.py").write_text(dedent(override))
        (package / f"test_{name}.py").write_text(dedent(test))
    run(
        """
        def test_it(dynamodb):
            assert dynamodb.list_tables()["TableNames"] == ["Music"]
        """,
        passed=3,
    )


def test_time_to_live_is_part_of_a_declaration(run):
    run(
        """
        import time
        from conftest import NINA

        def test_it(dynamodb, dynamodb_clock):
            item = {**NINA, "Until": {"N": str(int(time.time()) + 60)}}
            dynamodb.put_item(TableName="Music", Item=item)
            dynamodb_clock.advance(minutes=2)
            assert dynamodb.scan(TableName="Music")["Count"] == 0
        """,
        conftest=CONFTEST.replace(
            "return [MUSIC]",
            'ttl = {"AttributeName": "Until", "Enabled": True}\n'
            '        return [{**MUSIC, "TimeToLiveSpecification": ttl}]',
        ),
        passed=1,
    )


TEMPLATE = """
Resources:
  Notes:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: Notes
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: Id, AttributeType: S}]
      KeySchema: [{AttributeName: Id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: Until, Enabled: true}
"""


def test_files_of_schemas_declare_tables(run, pytester):
    pytester.makefile(".yaml", template=TEMPLATE, more=TEMPLATE.replace("Notes", "More"))
    run(
        """
        def test_it(dynamodb, dynamodb_server):
            for client in (dynamodb, dynamodb_server.client()):
                assert client.list_tables()["TableNames"] == ["More", "Notes"]
                found = client.describe_time_to_live(TableName="Notes")["TimeToLiveDescription"]
                assert found == {"TimeToLiveStatus": "ENABLED", "AttributeName": "Until"}
        """,
        "-o",
        "dynamodb_schema=template.yaml",
        conftest="""
            import pytest

            @pytest.fixture(scope="session")
            def dynamodb_tables():
                return ["more.yaml"]
        """,
        passed=1,
    )


def test_a_marker_declares_more_tables(run):
    run(
        """
        import pytest
        from conftest import MUSIC

        pytestmark = pytest.mark.dynamodb_tables({**MUSIC, "TableName": "OfModule"})

        @pytest.mark.dynamodb_tables({**MUSIC, "TableName": "OfTest"})
        def test_more(dynamodb):
            assert dynamodb.list_tables()["TableNames"] == ["Music", "OfModule", "OfTest"]

        def test_less(dynamodb):
            assert dynamodb.list_tables()["TableNames"] == ["Music", "OfModule"]
        """,
        passed=2,
    )


def test_without_a_declaration_there_are_no_tables(run):
    run(
        """
        def test_it(dynamodb):
            assert dynamodb.list_tables()["TableNames"] == []
            assert dynamodb.meta.region_name == "eu-west-1"
        """,
        "-o",
        "dynamodb_region=eu-west-1",
        conftest="",
        passed=1,
    )


def test_a_wrong_declaration_is_told(pytester):
    pytester.makeconftest(dedent(CONFTEST.replace("return [MUSIC]", "return [42]")))
    pytester.makepyfile("def test_it(dynamodb): ...")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*TypeError: tables are declared by*not by 42"])


def test_the_mock_gives_the_codes_own_clients_the_tables(run):
    run(
        """
        import boto3, os
        from conftest import NINA

        def test_it(dynamodb_mock, dynamodb):
            boto3.client("dynamodb").put_item(TableName="Music", Item=NINA)
            assert dynamodb.scan(TableName="Music")["Count"] == 1

        def test_again(dynamodb_mock):
            assert boto3.resource("dynamodb").Table("Music").scan()["Count"] == 0
            assert os.environ["AWS_ACCESS_KEY_ID"] == "000000000000"
        """,
        passed=2,
    )


def test_the_decorator_works_beside_the_fixtures(run):
    run(
        """
        import boto3
        from genset.testing import mock_dynamodb

        @mock_dynamodb
        def test_it(dynamodb):
            assert boto3.client("dynamodb").list_tables()["TableNames"] == []
            assert dynamodb.list_tables()["TableNames"] == ["Music"]
        """,
        passed=1,
    )


def test_a_server_begins_with_the_declared_tables_too(run):
    run(
        """
        import os, subprocess, sys
        import pytest
        from conftest import MUSIC, NINA

        @pytest.mark.parametrize("_", [1, 2])
        def test_it(dynamodb_server, _):
            client = dynamodb_server.client()
            assert client.list_tables()["TableNames"] == ["Music"]
            assert client.scan(TableName="Music")["Count"] == 0
            client.put_item(TableName="Music", Item=NINA)
            client.create_table(**{**MUSIC, "TableName": "Kept", "DeletionProtectionEnabled": True})
            dynamodb_server.switch(latency="1ms")

        def test_another_process_finds_it(dynamodb_server):
            program = "import boto3; print(boto3.client('dynamodb').list_tables()['TableNames'])"
            environment = {**os.environ, **dynamodb_server.environment}
            shown = subprocess.check_output([sys.executable, "-c", program], env=environment)
            assert shown == b"['Music']\\n"
        """,
        passed=3,
    )


def test_workers_of_xdist_have_a_database_each(pytester, monkeypatch):
    # Their other plugins take long to load.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(dedent(CONFTEST))
    pytester.makepyfile(
        dedent(
            """
            import pytest
            from conftest import NINA

            @pytest.mark.parametrize("_", range(6))
            def test_it(dynamodb, _):
                assert dynamodb.scan(TableName="Music")["Count"] == 0
                dynamodb.put_item(TableName="Music", Item=NINA)
            """
        )
    )
    plugins = ("-p", "xdist", "-p", "genset.testing.plugin")
    pytester.runpytest_inprocess(*plugins, "-n", "2").assert_outcomes(passed=6)


def test_it_can_be_left_out(pytester):
    pytester.makepyfile("def test_it(dynamodb): ...")
    pytester.runpytest_inprocess("-p", "no:genset").assert_outcomes(errors=1)


def test_its_fixtures_are_explained(pytester):
    shown = pytester.runpytest_inprocess("--fixtures", "-q").stdout.str()
    for name in ("dynamodb", "dynamodb_resource", "dynamodb_clock", "dynamodb_server"):
        assert f"{name} -- " in shown or f"{name} [session scope] -- " in shown
    assert "_dynamodb_start" not in shown
