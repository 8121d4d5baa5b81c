"""What an endpoint has: a table as it is, as a definition that a wanted one is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from genset.schemas.building import build_table
from genset.schemas.calls import NOT_FOUND, UNKNOWN_OPERATION, Call, CallError
from genset.schemas.definitions import INSIGHTS, POLICY, TAGS, TIME_TO_LIVE, TableDefinition
from genset.schemas.described import described_node
from genset.schemas.nodes import node_of
from genset.schemas.problems import Place

_NO_POLICY: Final = "PolicyNotFoundException"
_AWS_TAGS: Final = "aws:"
_ENDPOINT: Final = Place("the endpoint", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTable:
    """A table of the endpoint, and its ARN, by which tags and policies are changed."""

    definition: TableDefinition
    arn: str


def describe(call: Call, name: str) -> dict[str, Any] | None:
    """The description of a table, or None if there is none. Raises CallError."""
    try:
        found: dict[str, Any] = call("DescribeTable", {"TableName": name})["Table"]
    except CallError as error:
        if error.code == NOT_FOUND:
            return None
        raise
    return found


def current_table(call: Call, wanted: TableDefinition) -> CurrentTable | None:
    """The table that has the name of `wanted`, in the aspects that `wanted` speaks of.

    None if there is none, or if it is being deleted. Raises CallError.
    """
    description = describe(call, wanted.name)
    if description is None or description["TableStatus"] == "DELETING":
        return None
    arn = description["TableArn"]
    node = described_node(node_of(description, _ENDPOINT), warm=True)
    built = build_table(node, [])
    said = {TIME_TO_LIVE, TAGS, POLICY, INSIGHTS} - wanted.unsaid
    found: dict[str, Any] = {}
    if TIME_TO_LIVE in said:
        found["time_to_live"] = _time_to_live(call, wanted.name)
    if TAGS in said:
        found["tags"] = _tags(call, arn)
    if POLICY in said:
        found["policy"] = _policy(call, arn)
    if INSIGHTS in said:
        modes = _insights(call, wanted.name)
        found["insights"] = modes.get(None)
        found["global_indexes"] = tuple(
            dataclasses.replace(index, insights=modes.get(index.name))
            for index in built.global_indexes
        )
    return CurrentTable(definition=dataclasses.replace(built, **found), arn=arn)


def _time_to_live(call: Call, name: str) -> str | None:
    answer = call("DescribeTimeToLive", {"TableName": name})["TimeToLiveDescription"]
    if answer["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        return None
    attribute: str = answer["AttributeName"]
    return attribute


def _tags(call: Call, arn: str) -> dict[str, str]:
    """The tags but those of AWS's own, which nobody else may change."""
    pages = _pages(call, "ListTagsOfResource", {"ResourceArn": arn})
    listed = [tag for page in pages for tag in page.get("Tags", ())]
    return {t["Key"]: t["Value"] for t in listed if not t["Key"].startswith(_AWS_TAGS)}


def _policy(call: Call, arn: str) -> str | None:
    try:
        policy: str = call("GetResourcePolicy", {"ResourceArn": arn})["Policy"]
    except CallError as error:
        # Who has no such operation has no policies.
        if error.code in (_NO_POLICY, UNKNOWN_OPERATION):
            return None
        raise
    return policy


def _insights(call: Call, name: str) -> dict[str | None, str]:
    """The modes of contributor insights by index, None being the table."""
    try:
        pages = list(_pages(call, "ListContributorInsights", {"TableName": name}))
    except CallError as error:
        if error.code == UNKNOWN_OPERATION:
            return {}
        raise
    return {
        each.get("IndexName"): each.get("ContributorInsightsMode", "")
        for page in pages
        for each in page.get("ContributorInsightsSummaries", ())
        if each["ContributorInsightsStatus"] in ("ENABLED", "ENABLING")
    }


def _pages(call: Call, operation: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        answer = call(operation, request)
        yield answer
        token = answer.get("NextToken")
        if not token:
            return
        request = {**request, "NextToken": token}
