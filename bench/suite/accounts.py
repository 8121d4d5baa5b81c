"""Accounts of users: an application of the usual kind, on boto3's resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

Item = dict[str, Any]


class AlreadyThere(Exception):
    """There is an account of that id."""


class Accounts:
    """Registers, finds and changes accounts. `names` are the tables, by what they hold."""

    def __init__(self, resource: Any, names: Mapping[str, str]) -> None:
        self.resource = resource
        self.table = resource.Table(names["accounts"])

    def register(self, id_: str, email: str) -> None:
        """Make an account. Raises AlreadyThere."""
        item = {"id": id_, "email": email, "points": 0, "history": [], "settings": {"mail": True}}
        try:
            self.table.put_item(Item=item, ConditionExpression=Attr("id").not_exists())
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise AlreadyThere(id_) from error

    def find(self, id_: str) -> Item | None:
        """The account of an id."""
        return self.table.get_item(Key={"id": id_}, ConsistentRead=True).get("Item")

    def find_by_email(self, email: str) -> list[str]:
        """The ids of the accounts with that address."""
        answer = self.table.query(
            IndexName="by-email", KeyConditionExpression=Key("email").eq(email)
        )
        return sorted(item["id"] for item in answer["Items"])

    def change_email(self, id_: str, email: str) -> None:
        """Change the address of an account that exists. Raises ClientError."""
        self.table.update_item(
            Key={"id": id_},
            UpdateExpression="SET email = :email",
            ConditionExpression=Attr("id").exists(),
            ExpressionAttributeValues={":email": email},
        )

    def add_points(self, id_: str, points: int, reason: str) -> Decimal:
        """Add points and keep the reason; the points there are."""
        answer = self.table.update_item(
            Key={"id": id_},
            UpdateExpression="SET history = list_append(history, :entry) ADD points :points",
            ExpressionAttributeValues={
                ":points": points,
                ":entry": [{"reason": reason, "points": points}],
            },
            ReturnValues="ALL_NEW",
        )
        points_now: Decimal = answer["Attributes"]["points"]
        return points_now

    def tag(self, id_: str, *tags: str) -> None:
        """Add tags."""
        self.table.update_item(
            Key={"id": id_},
            UpdateExpression="ADD tags :tags",
            ExpressionAttributeValues={":tags": set(tags)},
        )

    def untag(self, id_: str, *tags: str) -> None:
        """Take tags away."""
        self.table.update_item(
            Key={"id": id_},
            UpdateExpression="DELETE tags :tags",
            ExpressionAttributeValues={":tags": set(tags)},
        )

    def set_option(self, id_: str, option: str, value: Any) -> Item:
        """Change one of the settings; all of them."""
        answer = self.table.update_item(
            Key={"id": id_},
            UpdateExpression="SET settings.#option = :value",
            ExpressionAttributeNames={"#option": option},
            ExpressionAttributeValues={":value": value},
            ReturnValues="ALL_NEW",
        )
        settings: Item = answer["Attributes"]["settings"]
        return settings

    def take_in(self, items: Iterable[Item]) -> None:
        """Store accounts that come from elsewhere."""
        with self.table.batch_writer() as batch:
            for item in items:
                batch.put_item(Item=item)

    def find_all(self, ids: Iterable[str]) -> list[Item]:
        """The accounts of these ids that there are, by their ids."""
        keys = [{"id": id_} for id_ in ids]
        answer = self.resource.batch_get_item(RequestItems={self.table.name: {"Keys": keys}})
        return sorted(answer["Responses"][self.table.name], key=lambda item: item["id"])

    def close(self, id_: str) -> Item | None:
        """Delete an account; what it was."""
        answer = self.table.delete_item(Key={"id": id_}, ReturnValues="ALL_OLD")
        return answer.get("Attributes")

    def rich(self, least: int) -> list[str]:
        """The ids of the accounts with so many points."""
        answer = self.table.scan(FilterExpression=Attr("points").gte(least))
        return sorted(item["id"] for item in answer["Items"])
