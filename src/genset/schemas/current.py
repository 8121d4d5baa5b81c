"""What an endpoint has: a table as it is, as a definition that a wanted one is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from genset.schemas.building import build_table
from genset.schemas.calls import NOT_FOUND, UNKNOWN_OPERATION, Call, CallError
from genset.schemas.definitions import INSIGHTS, POLICY, TAGS, TIME_TO_LIVE, TableDefinition
from genset.schemas.described import described_node
from genset.schemas.nodes import node_of
from genset.schemas.problems import Place

Read = Callable[[Call, TableDefinition, str], dict[str, Any]]
"""Reads one aspect of a table, of which its description and ARN are known: members by name."""

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
    found: dict[str, Any] = {}
    for aspect, read in _ASPECTS.items():
        if aspect not in wanted.unsaid:
            found |= _read_unless_unknown(read, call, built, arn, wanted)
    return CurrentTable(definition=dataclasses.replace(built, **found), arn=arn)


def _read_unless_unknown(
    read: Read, call: Call, built: TableDefinition, arn: str, wanted: TableDefinition
) -> dict[str, Any]:
    """What `read` finds; of an endpoint that has no such thing, that it is as wanted."""
    try:
        return read(call, built, arn)
    except CallError as error:
        if error.code != UNKNOWN_OPERATION:
            raise
    if read is not _insights:
        return {name: getattr(wanted, name) for name in _MEMBERS[read]}
    modes: dict[str | None, str | None] = {None: wanted.insights}
    modes |= {index.name: index.insights for index in wanted.global_indexes}
    return _with_modes(built, modes)


def _time_to_live(call: Call, built: TableDefinition, _: str) -> dict[str, Any]:
    answer = call("DescribeTimeToLive", {"TableName": built.name})["TimeToLiveDescription"]
    enabled = answer["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
    return {"time_to_live": answer["AttributeName"] if enabled else None}


def _tags(call: Call, _: TableDefinition, arn: str) -> dict[str, Any]:
    """The tags but those of AWS's own, which nobody else may change."""
    pages = _pages(call, "ListTagsOfResource", {"ResourceArn": arn})
    listed = [tag for page in pages for tag in page.get("Tags", ())]
    tags = {t["Key"]: t["Value"] for t in listed if not t["Key"].startswith(_AWS_TAGS)}
    return {"tags": tags}


def _policy(call: Call, _: TableDefinition, arn: str) -> dict[str, Any]:
    try:
        return {"policy": call("GetResourcePolicy", {"ResourceArn": arn})["Policy"]}
    except CallError as error:
        if error.code != _NO_POLICY:
            raise
    return {"policy": None}


def _insights(call: Call, built: TableDefinition, _: str) -> dict[str, Any]:
    pages = _pages(call, "ListContributorInsights", {"TableName": built.name})
    modes: dict[str | None, str | None] = {
        each.get("IndexName"): each.get("ContributorInsightsMode", "")
        for page in pages
        for each in page.get("ContributorInsightsSummaries", ())
        if each["ContributorInsightsStatus"] in ("ENABLED", "ENABLING")
    }
    return _with_modes(built, modes)


def _with_modes(built: TableDefinition, modes: Mapping[str | None, str | None]) -> dict[str, Any]:
    """The modes of contributor insights, which are given by index, None being the table."""
    indexes = tuple(
        dataclasses.replace(index, insights=modes.get(index.name)) for index in built.global_indexes
    )
    return {"insights": modes.get(None), "global_indexes": indexes}


def _pages(call: Call, operation: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        answer = call(operation, request)
        yield answer
        token = answer.get("NextToken")
        if not token:
            return
        request = {**request, "NextToken": token}


_ASPECTS: Final[Mapping[str, Read]] = {
    TIME_TO_LIVE: _time_to_live,
    TAGS: _tags,
    POLICY: _policy,
    INSIGHTS: _insights,
}
_MEMBERS: Final[Mapping[Read, tuple[str, ...]]] = {
    _time_to_live: ("time_to_live",),
    _tags: ("tags",),
    _policy: ("policy",),
}
