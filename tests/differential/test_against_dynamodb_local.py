"""The same random requests to genset and to DynamoDB Local; the answers must agree.

Numbers are compared by value (Local keeps trailing zeros; the service does not, observed 3 [A]),
sets and scanned items without order, messages without the prefix of July 2026 (observed 2).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from differential.differences import OUTCOMES, WORDINGS
from differential.requests import DEFINITION, TABLE, requests
from support import local, tables
from support.client import Answer, Api

pytestmark = [pytest.mark.differential, pytest.mark.timeout(180)]
EXAMPLES = int(os.environ.get("GENSET_DIFFERENTIAL_EXAMPLES", "60"))
SOCKETS = [path for path in map(Path, ("/proc/net/tcp", "/proc/net/tcp6")) if path.exists()]
PREFIX = "1 validation error detected: "


@pytest.fixture(scope="module")
def peer() -> Iterator[Api]:
    reason = local.missing()
    if reason:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = local.DynamoDBLocal()
    try:
        with Api(server.url) as api:
            yield api
    finally:
        server.stop()


def normal(value: Any) -> Any:
    if isinstance(value, dict):
        if len(value) == 1:
            ((tag, inner),) = value.items()
            if tag == "N" and isinstance(inner, str):
                return {"N": decimal(inner)}
            if tag in ("SS", "BS", "NS") and isinstance(inner, list):
                return {tag: sorted(map(decimal, inner) if tag == "NS" else inner)}
        return {name: normal(inner) for name, inner in sorted(value.items())}
    return [normal(inner) for inner in value] if isinstance(value, list) else value


def decimal(text: str) -> Any:
    try:
        return Decimal(text).normalize() + 0
    except InvalidOperation:
        return text


def taken_apart(operation: str, answer: Answer) -> tuple[int, str, str, Any]:
    """Status, error type, message without the prefix, and the body as it is compared."""
    body = answer.json
    if answer.status == 200:
        if operation == "Scan":
            body["Items"] = sorted(body.get("Items", []), key=lambda item: repr(normal(item)))
        return 200, "", "", normal(body)
    kind = body["__type"].rpartition("#")[2]
    message = body.get("message", body.get("Message", ""))
    reasons = [
        {**reason, "Message": reason.get("Message", "").rstrip(".")}
        for reason in body.get("CancellationReasons", [])
    ]
    return answer.status, kind, message.removeprefix(PREFIX), normal(reasons)


def agree(operation: str, ours: Answer, theirs: Answer, *, capacity: bool) -> bool:
    status, kind, message, body = taken_apart(operation, ours)
    other_status, other_kind, other_message, other_body = taken_apart(operation, theirs)
    if not capacity and other_status == 200:
        # Local adds it unasked to a delete that finds nothing.
        other_body.pop("ConsumedCapacity", None)
    if (status, kind) == (other_status, other_kind):
        if message == other_message:
            return bool(body == other_body)
        return any(known.covers(other_message, message) for known in WORDINGS)
    told = f"{status} {kind}: {message}" if kind else str(status)
    other_told = f"{other_status} {other_kind}: {other_message}" if other_kind else "200"
    return any(
        re.fullmatch(known.operation, operation)
        and re.fullmatch(known.service, told, re.DOTALL)
        and re.fullmatch(known.local, other_told, re.DOTALL)
        for known in OUTCOMES
    )


def contents(api: Api) -> dict[str, Any]:
    rows = api("Scan", TableName=TABLE)["Items"]
    return {repr(normal([row["pk"], row["sk"]])): row for row in rows}


def brought_into_step(ours: Api, theirs: Api) -> bool:
    """Whether both hold the same items; afterwards they do."""
    mine, other = contents(ours), contents(theirs)
    same = normal(mine) == normal(other)
    for key in mine.keys() | other.keys():
        if normal(mine.get(key)) != normal(other.get(key)):
            if key in mine:
                theirs("PutItem", TableName=TABLE, Item=mine[key])
            else:
                row = other[key]
                theirs("DeleteItem", TableName=TABLE, Key={"pk": row["pk"], "sk": row["sk"]})
    return same


def only_removes(operation: str, request: dict[str, Any]) -> bool:
    """Local makes an item of its key; the service does not (issue; documented for REMOVE)."""
    text = str(request)
    return "Update" in operation + text and not re.search(r"\b(SET|ADD) ", text, re.IGNORECASE)


@pytest.mark.skipif(not SOCKETS, reason="only Linux lists the sockets in /proc")
def test_the_peer_listens_on_loopback_only(peer: Api) -> None:
    port, listens = f"{peer.port:04X}", "0A"
    rows = [line.split() for table in SOCKETS for line in table.read_text().splitlines()]
    listening = {row[1] for row in rows if row[3] == listens and row[1].endswith(f":{port}")}
    # 127.0.0.1, bare or as Java binds it: mapped into IPv6.
    assert listening <= {f"0100007F:{port}", f"0000000000000000FFFF00000100007F:{port}"}
    assert listening


def test_random_requests_are_answered_alike(api: Api, peer: Api) -> None:
    for each in (api, peer):
        tables.create(each, TABLE, DEFINITION)

    @settings(
        settings.get_profile("genset"),
        max_examples=EXAMPLES,
        phases=(Phase.generate, *((Phase.shrink,) if "GENSET_SHRINK" in os.environ else ())),
    )
    @given(st.lists(requests(), min_size=10, max_size=25))
    def compare(sequence: list[tuple[str, dict[str, Any]]]) -> None:
        for operation, request in sequence:
            ours, theirs = api.send(operation, request), peer.send(operation, request)
            asked = "ReturnConsumedCapacity" in request
            alike = agree(operation, ours, theirs, capacity=asked)
            same = brought_into_step(api, peer)
            forgiven = only_removes(operation, request) or ours.status != theirs.status
            assert alike or only_removes(operation, request), (
                f"\n{operation} {request}\n ours: {ours.status} {ours.body.decode()}"
                f"\n theirs: {theirs.status} {theirs.body.decode()}"
            )
            assert same or forgiven, f"{operation} {request} left different items"

    compare()
