"""A hundred small tests of accounts, as their authors would write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from botocore.exceptions import ClientError

from bench.suite.accounts import AlreadyThere

number = pytest.mark.parametrize("number", range(5))


@number
def test_an_account_is_found(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    assert accounts.find(f"u{number}")["email"] == "ann@example.org"
    assert accounts.find("nobody") is None


@number
def test_an_account_is_registered_once(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    with pytest.raises(AlreadyThere):
        accounts.register(f"u{number}", "bob@example.org")
    assert accounts.find(f"u{number}")["email"] == "ann@example.org"


@number
def test_a_new_account_has_nothing(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    found = accounts.find(f"u{number}")
    assert (found["points"], found["history"], found["settings"]) == (0, [], {"mail": True})


@number
def test_accounts_are_found_by_email(accounts, number):
    accounts.register("u1", f"ann{number}@example.org")
    accounts.register("u2", "bob@example.org")
    assert accounts.find_by_email(f"ann{number}@example.org") == ["u1"]


@number
def test_accounts_may_share_an_email(accounts, number):
    for each in range(number + 1):
        accounts.register(f"u{each}", "ann@example.org")
    assert accounts.find_by_email("ann@example.org") == [f"u{each}" for each in range(number + 1)]


@number
def test_nobody_has_an_unknown_email(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    assert accounts.find_by_email("bob@example.org") == []


@number
def test_an_email_is_changed(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    accounts.change_email(f"u{number}", "ann@example.com")
    assert accounts.find_by_email("ann@example.com") == [f"u{number}"]
    assert accounts.find_by_email("ann@example.org") == []


@number
def test_the_email_of_nobody_cannot_be_changed(accounts, number):
    accounts.register("u", "ann@example.org")
    with pytest.raises(ClientError) as refused:
        accounts.change_email(f"u{number}", "bob@example.org")
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert accounts.find(f"u{number}") is None


@number
def test_points_are_added(accounts, number):
    accounts.register("u1", "ann@example.org")
    assert accounts.add_points("u1", 10, "welcome") == 10
    assert accounts.add_points("u1", number, "birthday") == 10 + number


@number
def test_points_have_reasons(accounts, number):
    accounts.register("u1", "ann@example.org")
    accounts.add_points("u1", number, "welcome")
    accounts.add_points("u1", 1, "birthday")
    history = accounts.find("u1")["history"]
    assert [entry["reason"] for entry in history] == ["welcome", "birthday"]
    assert history[0]["points"] == number


@number
def test_points_may_be_exact(accounts, number):
    amount = Decimal(f"0.{number}000000000000000000000000000000000001")
    accounts.take_in([{"id": "u1", "email": "ann@example.org", "points": amount}])
    assert accounts.find("u1")["points"] == amount


@number
def test_an_account_is_tagged(accounts, number):
    accounts.register("u1", "ann@example.org")
    accounts.tag("u1", "new", f"t{number}")
    accounts.tag("u1", "new", "old")
    assert accounts.find("u1")["tags"] == {"new", "old", f"t{number}"}


@number
def test_a_tag_is_taken_away(accounts, number):
    accounts.register("u1", "ann@example.org")
    accounts.tag("u1", "new", f"t{number}")
    accounts.untag("u1", "new")
    assert accounts.find("u1")["tags"] == {f"t{number}"}


@number
def test_an_option_is_set(accounts, number):
    accounts.register("u1", "ann@example.org")
    assert accounts.set_option("u1", "columns", number) == {"mail": True, "columns": number}
    assert accounts.set_option("u1", "mail", False) == {"mail": False, "columns": number}


@number
def test_an_option_of_nobody_is_refused(accounts, number):
    with pytest.raises(ClientError) as refused:
        accounts.set_option("u1", "columns", number)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert accounts.find("u1") is None


@number
def test_many_accounts_are_taken_in(accounts, number):
    accounts.take_in({"id": f"u{each}", "email": "a@example.org"} for each in range(10 + number))
    assert len(accounts.find_by_email("a@example.org")) == 10 + number


@number
def test_many_accounts_are_found(accounts, number):
    accounts.take_in({"id": f"u{each}", "email": "a@example.org"} for each in range(5))
    found = accounts.find_all([f"u{number}", "u0", "nobody"] if number else ["u0", "nobody"])
    assert [item["id"] for item in found] == sorted({f"u{number}", "u0"})


@number
def test_an_account_is_closed(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    assert accounts.close(f"u{number}")["email"] == "ann@example.org"
    assert accounts.close(f"u{number}") is None
    assert accounts.find_by_email("ann@example.org") == []


@number
def test_a_closed_account_may_be_registered_again(accounts, number):
    accounts.register(f"u{number}", "ann@example.org")
    accounts.close(f"u{number}")
    accounts.register(f"u{number}", "bob@example.org")
    assert accounts.find(f"u{number}")["email"] == "bob@example.org"


@number
def test_the_rich_are_found(accounts, number):
    accounts.take_in(
        {"id": f"u{each}", "email": "a@example.org", "points": each} for each in range(5)
    )
    assert accounts.rich(number) == [f"u{each}" for each in range(number, 5)]
