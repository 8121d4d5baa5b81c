"""A hundred small tests of orders and stock, as their authors would write them."""

from __future__ import annotations

import pytest

from bench.suite.shop import OutOfStock, order_item

number = pytest.mark.parametrize("number", range(5))


@number
def test_an_order_is_found(shop, number):
    shop.stock("tea", 10)
    shop.place("ann", f"o{number}", "tea", number + 1)
    order = shop.order("ann", f"o{number}")
    assert order["count"] == {"N": str(number + 1)}
    assert order["address"]["M"]["city"] == {"S": "Springfield"}


@number
def test_an_order_takes_the_product(shop, number):
    shop.stock("tea", 10)
    shop.place("ann", "o1", "tea", number)
    assert shop.in_stock("tea") == 10 - number


@number
def test_what_is_not_there_cannot_be_ordered(shop, number):
    shop.stock("tea", number)
    with pytest.raises(OutOfStock):
        shop.place("ann", "o1", "tea", number + 1)
    assert shop.order("ann", "o1") is None
    assert shop.in_stock("tea") == number


@number
def test_an_order_is_placed_once(shop, number):
    shop.stock("tea", 10)
    shop.place("ann", f"o{number}", "tea", 1)
    with pytest.raises(shop.client.exceptions.TransactionCanceledException) as refused:
        shop.place("ann", f"o{number}", "tea", 1)
    codes = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert codes == ["ConditionalCheckFailed", "None"]
    assert shop.in_stock("tea") == 9


@number
def test_there_is_no_other_order(shop, number):
    shop.stock("tea", 10)
    shop.place("ann", f"o{number}", "tea", 1)
    assert shop.order("bob", f"o{number}") is None


@number
def test_orders_are_listed_in_their_order(shop, number):
    orders = [f"o{number}{each}" for each in range(5)]
    shop.take_in(order_item("ann", order) for order in reversed(orders))
    assert shop.orders_of("ann") == orders


@number
def test_orders_are_listed_by_pages(shop, number):
    shop.take_in(order_item("ann", f"o{each}") for each in range(6))
    assert shop.orders_of("ann", page=number + 1) == [f"o{each}" for each in range(6)]


@number
def test_orders_are_listed_by_prefix(shop, number):
    shop.take_in(order_item("ann", f"202{year}-{day}") for year in range(5) for day in range(3))
    assert shop.orders_of("ann", f"202{number}") == [f"202{number}-{day}" for day in range(3)]


@number
def test_nobody_sees_the_orders_of_others(shop, number):
    shop.take_in([order_item("ann", "o1"), order_item("bob", "o2")])
    assert shop.orders_of(f"carl{number}") == []
    assert shop.orders_of("bob") == ["o2"]


@number
def test_new_orders_are_found_by_their_status(shop, number):
    shop.take_in(order_item(f"c{each}", f"o{each}", at=each) for each in range(number + 1))
    assert shop.with_status("new") == [f"o{each}" for each in reversed(range(number + 1))]
    assert shop.with_status("paid") == []


@number
def test_orders_are_found_since_a_time(shop, number):
    shop.take_in(order_item("ann", f"o{each}", at=each) for each in range(5))
    assert shop.with_status("new", since=number) == [
        f"o{each}" for each in reversed(range(number, 5))
    ]


@number
def test_an_order_goes_on(shop, number):
    shop.take_in([order_item("ann", "o1", at=number)])
    changed = shop.change_status("ann", "o1", "new", "paid")
    assert changed == {"status": {"S": "paid"}, "changes": {"N": "1"}}
    assert shop.with_status("paid") == ["o1"]
    assert shop.with_status("new") == []


@number
def test_an_order_goes_on_only_from_where_it_is(shop, number):
    shop.take_in([order_item("ann", "o1", count=number)])
    with pytest.raises(shop.client.exceptions.ConditionalCheckFailedException):
        shop.change_status("ann", "o1", "paid", "sent")
    assert shop.order("ann", "o1")["status"] == {"S": "new"}


@number
def test_changes_are_counted(shop, number):
    shop.take_in([order_item("ann", f"o{number}")])
    shop.change_status("ann", f"o{number}", "new", "paid")
    shop.change_status("ann", f"o{number}", "paid", "sent")
    assert shop.order("ann", f"o{number}")["changes"] == {"N": "2"}


@number
def test_an_order_is_forgotten(shop, number):
    shop.take_in([order_item("ann", "o1", count=number), order_item("ann", "o2")])
    assert shop.forget("ann", "o1")["count"] == {"N": str(number)}
    assert shop.forget("ann", "o1") is None
    assert shop.orders_of("ann") == ["o2"]


@number
def test_large_orders_are_found(shop, number):
    shop.take_in(order_item("ann", f"o{each}", count=each) for each in range(5))
    assert shop.large_orders(number) == [f"o{each}" for each in range(number, 5)]


@number
def test_a_product_is_stocked_again(shop, number):
    shop.stock("tea", 1)
    shop.stock("tea", number)
    assert shop.in_stock("tea") == number


@number
def test_products_do_not_share_stock(shop, number):
    shop.stock("tea", 5)
    shop.stock("coffee", 5)
    shop.place("ann", "o1", "tea", number)
    assert (shop.in_stock("tea"), shop.in_stock("coffee")) == (5 - number, 5)


@number
def test_many_orders_are_read_at_once(shop, number):
    shop.take_in(order_item("ann", f"o{each}") for each in range(5))
    keys = [{"customer": {"S": "ann"}, "order": {"S": f"o{each}"}} for each in range(number + 1)]
    answer = shop.client.batch_get_item(RequestItems={shop.orders: {"Keys": keys}})
    assert len(answer["Responses"][shop.orders]) == number + 1


@number
def test_a_wrong_request_is_refused(shop, number):
    with pytest.raises(shop.client.exceptions.ClientError) as refused:
        shop.client.get_item(TableName=shop.orders, Key={"customer": {"S": f"c{number}"}})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert shop.orders_of(f"c{number}") == []
