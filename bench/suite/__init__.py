"""Two hundred small tests of an application, for the comparison of what such tests run against.

`shop` and `accounts` are the application, `tables` its tables, `test_orders` and `test_accounts`
its tests. They take what they need from the fixtures `shop` and `accounts` (`conftest`), which
stand on four others: `dynamodb`, `dynamodb_resource`, `shop_tables` and `account_tables`. A module
of `peers` has these as users of that tool would write them, and is chosen by `pytest -p`. `timing`
notes how long each test takes.

pytest finds this package only when it is named: see `bench.suites`, which runs it.
"""
