"""Small real programs on the clients that applications use, each run against a real server.

- ``test_boto3_*``, ``test_aws_cli_*``, ``test_pynamodb_*``: the Python clients;
- ``test_javascript``: runs the programs in ``javascript/`` (``features/``: one feature of a table
  each), which end with status 0 if all their assertions held.

GENSET_TEST_ENDPOINT points them at another server, as it does for all tests.
"""
