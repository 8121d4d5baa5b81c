"""What PynamoDB asks of a table as it makes one: time to live, a stream, tags."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from pynamodb.attributes import TTLAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from clients.conftest import ACCESS_KEY_ID, REGION

EXPIRY_SECONDS_MAX = 30


def test_a_model_with_a_lifetime_a_stream_and_tags(endpoint: str, fresh: Any, connect: Any) -> None:
    class Session(Model):
        class Meta:
            table_name = f"sessions-{fresh()}"
            billing_mode = "PAY_PER_REQUEST"
            stream_view_type = "NEW_IMAGE"
            tags = {"team": "web"}  # noqa: RUF012 - PynamoDB's form
            region = REGION
            host = endpoint
            aws_access_key_id = ACCESS_KEY_ID
            aws_secret_access_key = "secret"

        token = UnicodeAttribute(hash_key=True)
        expires = TTLAttribute(default_for_new=timedelta(hours=1))

    Session.create_table(wait=True)
    client = connect("dynamodb")
    name = Session.Meta.table_name
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl["AttributeName"] == "expires"
    table = client.describe_table(TableName=name)["Table"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "web"}]

    Session("lasting").save()
    lasting = Session.get("lasting").expires
    assert abs(lasting - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)
    Session("short", expires=datetime.now(UTC) - timedelta(seconds=5)).save()
    deadline = time.monotonic() + EXPIRY_SECONDS_MAX
    while is_there(Session, "short"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert is_there(Session, "lasting")
    Session.delete_table()


def is_there(model: type[Model], key: str) -> bool:
    try:
        model.get(key)
    except DoesNotExist:
        return False
    return True
