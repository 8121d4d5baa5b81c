"""The tables of the application under test, as its deployment would define them."""

from __future__ import annotations

from typing import Any

_ORDERS: dict[str, Any] = {
    "TableName": "orders",
    "KeySchema": [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "order", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "order", "AttributeType": "S"},
        {"AttributeName": "status", "AttributeType": "S"},
        {"AttributeName": "placed_at", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-status",
            "KeySchema": [
                {"AttributeName": "status", "KeyType": "HASH"},
                {"AttributeName": "placed_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
_PRODUCTS: dict[str, Any] = {
    "TableName": "products",
    "KeySchema": [{"AttributeName": "sku", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "sku", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
_ACCOUNTS: dict[str, Any] = {
    "TableName": "accounts",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "email", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-email",
            "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}

SHOP = (_ORDERS, _PRODUCTS)
"""What the tests of orders need."""
ACCOUNTS = (_ACCOUNTS,)
"""What the tests of accounts need."""
