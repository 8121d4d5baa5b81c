"""Orders and stock: an application of the usual kind, on boto3's client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Item = dict[str, Any]


class OutOfStock(Exception):
    """There is less of a product than was ordered."""


class Shop:
    """Places, finds and changes orders. `names` are the tables, by what they hold."""

    def __init__(self, client: Any, names: Mapping[str, str]) -> None:
        self.client = client
        self.orders = names["orders"]
        self.products = names["products"]

    def stock(self, sku: str, count: int, price: str = "9.99") -> None:
        """Put a product on the shelf."""
        item = {"sku": {"S": sku}, "count": {"N": str(count)}, "price": {"N": price}}
        self.client.put_item(TableName=self.products, Item=item)

    def in_stock(self, sku: str) -> int:
        """How many there are."""
        answer = self.client.get_item(
            TableName=self.products,
            Key={"sku": {"S": sku}},
            ProjectionExpression="#count",
            ExpressionAttributeNames={"#count": "count"},
            ConsistentRead=True,
        )
        return int(answer["Item"]["count"]["N"])

    def place(self, customer: str, order: str, sku: str, count: int, at: int = 0) -> None:
        """Take an order and the product at once. Raises OutOfStock."""
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self.orders,
                            "Item": order_item(customer, order, sku, count, at),
                            "ConditionExpression": "attribute_not_exists(customer)",
                        }
                    },
                    {
                        "Update": {
                            "TableName": self.products,
                            "Key": {"sku": {"S": sku}},
                            "UpdateExpression": "SET #count = #count - :count",
                            "ConditionExpression": "#count >= :count",
                            "ExpressionAttributeNames": {"#count": "count"},
                            "ExpressionAttributeValues": {":count": {"N": str(count)}},
                        }
                    },
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            reasons = error.response["CancellationReasons"]
            if reasons[1]["Code"] == "ConditionalCheckFailed":
                raise OutOfStock(sku) from error
            raise

    def order(self, customer: str, order: str) -> Item | None:
        """One order."""
        key = {"customer": {"S": customer}, "order": {"S": order}}
        return self.client.get_item(TableName=self.orders, Key=key).get("Item")

    def change_status(self, customer: str, order: str, before: str, after: str) -> Item:
        """Let an order go on; its attributes that have changed."""
        answer = self.client.update_item(
            TableName=self.orders,
            Key={"customer": {"S": customer}, "order": {"S": order}},
            UpdateExpression="SET #status = :after ADD changes :one",
            ConditionExpression="#status = :before",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":before": {"S": before},
                ":after": {"S": after},
                ":one": {"N": "1"},
            },
            ReturnValues="UPDATED_NEW",
        )
        return answer["Attributes"]

    def orders_of(self, customer: str, prefix: str = "", page: int = 100) -> list[str]:
        """The orders of a customer that begin so, in their order, by pages."""
        condition, names = "customer = :customer", dict[str, Any]()
        values = {":customer": {"S": customer}}
        if prefix:
            condition += " AND begins_with(#order, :prefix)"
            names["ExpressionAttributeNames"] = {"#order": "order"}
            values[":prefix"] = {"S": prefix}
        found: list[str] = []
        position: dict[str, Any] = {}
        while True:
            answer = self.client.query(
                TableName=self.orders,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                Limit=page,
                **names,
                **position,
            )
            found += [item["order"]["S"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            position = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def with_status(self, status: str, since: int = 0) -> list[str]:
        """The orders in that status, the newest first."""
        answer = self.client.query(
            TableName=self.orders,
            IndexName="by-status",
            KeyConditionExpression="#status = :status AND placed_at >= :since",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}, ":since": {"N": str(since)}},
            ScanIndexForward=False,
        )
        return [item["order"]["S"] for item in answer["Items"]]

    def take_in(self, items: Iterable[Item]) -> None:
        """Store orders that come from elsewhere."""
        requests = [{"PutRequest": {"Item": item}} for item in items]
        answer = self.client.batch_write_item(RequestItems={self.orders: requests})
        assert not answer["UnprocessedItems"]

    def forget(self, customer: str, order: str) -> Item | None:
        """Delete an order; what it was."""
        answer = self.client.delete_item(
            TableName=self.orders,
            Key={"customer": {"S": customer}, "order": {"S": order}},
            ReturnValues="ALL_OLD",
        )
        return answer.get("Attributes")

    def large_orders(self, least: int) -> list[str]:
        """The orders of at least so many pieces."""
        answer = self.client.scan(
            TableName=self.orders,
            FilterExpression="#count >= :least",
            ExpressionAttributeNames={"#count": "count"},
            ExpressionAttributeValues={":least": {"N": str(least)}},
        )
        return sorted(item["order"]["S"] for item in answer["Items"])


def order_item(
    customer: str, order: str, sku: str = "tea", count: int = 1, at: int = 0, status: str = "new"
) -> Item:
    """An order as it is stored."""
    return {
        "customer": {"S": customer},
        "order": {"S": order},
        "sku": {"S": sku},
        "count": {"N": str(count)},
        "placed_at": {"N": str(at)},
        "status": {"S": status},
        "address": {"M": {"street": {"S": "1 Main Street"}, "city": {"S": "Springfield"}}},
    }
