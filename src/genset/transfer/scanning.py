"""Reading all items of a table: a Scan, in segments side by side if that is wanted."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from genset.transfer.plain import Item
from genset.transfer.side_by_side import side_by_side

Page = Sequence[Item]


def scan_segment(
    client: Any, request: Mapping[str, Any], segment: int = 0, segments: int = 1
) -> Generator[Page, None, None]:
    """The pages of one segment of a Scan; `request` is what it has besides."""
    asked = {**request}
    if segments > 1:
        asked |= {"Segment": segment, "TotalSegments": segments}
    while True:
        answer = client.scan(**asked)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def scan_items(client: Any, request: Mapping[str, Any], segments: int = 1) -> Iterator[Item]:
    """All items of a Scan; the segments are read by a thread each, and come mixed."""
    if segments == 1:
        for page in scan_segment(client, request):
            yield from page
        return
    parts = [scan_segment(client, request, number, segments) for number in range(segments)]
    with closing(side_by_side(parts)) as pages:
        for page in pages:
            yield from page
