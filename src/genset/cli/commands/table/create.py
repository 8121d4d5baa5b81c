"""`genset tables create`."""

from __future__ import annotations

from typing import Any, Final

import click

from genset.cli.asking.remote import Remote, remote_options
from genset.cli.printing.saying import say
from genset.cli.statuses import CommandError, Status

_VIEWS: Final = {
    "new-and-old": "NEW_AND_OLD_IMAGES",
    "new": "NEW_IMAGE",
    "old": "OLD_IMAGE",
    "keys": "KEYS_ONLY",
}


@click.command()
@click.argument("name")
@click.option("--key", metavar="NAME:TYPE", help="The partition key; TYPE is S, N or B.")
@click.option("--sort", metavar="NAME:TYPE", help="The sort key.")
@click.option(
    "--index",
    "indexes",
    metavar="INDEX",
    multiple=True,
    help="A global index: NAME=KEY:TYPE[,SORT:TYPE][:PROJECTION]. PROJECTION is ALL (the "
    "default), KEYS_ONLY, or attributes with commas between them.",
)
@click.option(
    "--local-index",
    "local_indexes",
    metavar="INDEX",
    multiple=True,
    help="A local index, with the table's partition key: NAME=SORT:TYPE[:PROJECTION].",
)
@click.option(
    "--capacity",
    metavar="READ,WRITE",
    help="Provision so many units, for the table and each global index; by default on demand.",
)
@click.option(
    "--stream",
    type=click.Choice((*_VIEWS, *_VIEWS.values()), case_sensitive=False),
    metavar="VIEW",
    help="Have a stream of all changes: new-and-old, new, old or keys, or the API's words.",
)
@click.option("--ttl", metavar="ATTRIBUTE", help="Delete items at the time that this says.")
@click.option("--tag", "tags", metavar="NAME=VALUE", multiple=True, help="Tag the table.")
@click.option("--protect", is_flag=True, help="Refuse to delete the table.")
@click.option("--wait", is_flag=True, help="Return when the table is ACTIVE.")
@remote_options
def command(name: str, ttl: str | None, wait: bool, remote: Remote, **given: Any) -> int:
    """Create the table NAME.

    TYPE is S (string), N (number) or B (binary). The type of an attribute that is in several keys
    is needed once. `genset apply` creates tables from templates, and from what `genset tables
    describe` has written.

    \b
    genset tables create Notes --key Id:S
    genset tables create Music --key Artist:S --sort Song:S --stream new-and-old --wait \\
        --index ByYear=Year:N,Song --index ByGenre=Genre:S:KEYS_ONLY \\
        --local-index ByLabel=Label:S:Year,Genre
    """
    from genset.cli.tables.waiting import wait_until_active

    if given["key"] is None:
        raise CommandError("a table needs a partition key, like --key Id:S", Status.USAGE)
    request = {"TableName": name, **_request(given)}
    client = remote.client()
    made = client.create_table(**request)["TableDescription"]
    # Time to live is a setting of a table that is ACTIVE.
    if wait or ttl is not None:
        wait_until_active(client, name)
    if ttl is not None:
        specification = {"Enabled": True, "AttributeName": ttl}
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    state = "ACTIVE" if wait or ttl is not None else made["TableStatus"]
    say(f"created {name}; it is {state}")
    return Status.OK


def _request(given: dict[str, Any]) -> dict[str, Any]:
    """What the options say of a CreateTable request. Raises CommandError."""
    from genset.cli.tables import definition as defined

    capacity = given["capacity"] and defined.throughput(given["capacity"])
    request: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST"}
    if capacity:
        request = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": capacity}
    request |= _keys(given, capacity)
    if given["stream"]:
        view = _VIEWS.get(given["stream"], given["stream"])
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    if given["tags"]:
        request["Tags"] = defined.tags(given["tags"])
    if given["protect"]:
        request["DeletionProtectionEnabled"] = True
    return request


def _keys(given: dict[str, Any], capacity: dict[str, int] | None) -> dict[str, Any]:
    from genset.cli.tables import definition as defined

    attributes = defined.Attributes()
    keys = defined.table_keys(attributes, given["key"], given["sort"])
    hash_key = keys[0]["AttributeName"]
    request: dict[str, Any] = {"KeySchema": keys}
    if given["local_indexes"]:
        request["LocalSecondaryIndexes"] = [
            defined.local_index(attributes, each, hash_key) for each in given["local_indexes"]
        ]
    if given["indexes"]:
        request["GlobalSecondaryIndexes"] = [
            defined.global_index(attributes, each, capacity) for each in given["indexes"]
        ]
    return {**request, "AttributeDefinitions": attributes.definitions}
