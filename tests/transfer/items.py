"""Items as a botocore client has them, for the tests of what reads and writes them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from genset.transfer.canonical import canonical_item
from genset.transfer.formats.format import DEFAULT_OPTIONS, Format, Options
from genset.transfer.plain import Item, from_dynamodb_json
from genset.transfer.records import Fault, Reading, Record
from model import strategies

_names = st.text(min_size=1, max_size=5)


def items() -> st.SearchStrategy[list[Item]]:
    """Items of any attributes, with their numbers as servers answer them."""
    one = st.dictionaries(_names, strategies.values(), min_size=1, max_size=4)
    return st.lists(one.map(canonical_item).map(from_dynamodb_json), max_size=3)


def written(form: Format, all_items: Iterable[Item], options: Options = DEFAULT_OPTIONS) -> bytes:
    """What a format writes of the items."""
    out = io.BytesIO()
    form.write(all_items, out, options)
    return out.getvalue()


def read(form: Format, content: bytes, options: Options = DEFAULT_OPTIONS) -> list[Reading]:
    """What a format reads in a file named `f`."""
    return list(form.read(io.BytesIO(content), "f", options))


def put(readings: Iterable[Reading]) -> list[Item]:
    """The items to put, if there is nothing else."""
    found: list[Item] = []
    for each in readings:
        assert isinstance(each, Record), each
        assert not each.deletes
        found.append(each.item)
    return found


def told(readings: Iterable[Reading]) -> list[str]:
    """The faults, as users see them."""
    return [str(each) for each in readings if isinstance(each, Fault)]


def canonical(all_items: Sequence[Item]) -> list[dict[str, Any]]:
    """The items in a form in which equal ones are equal."""
    return [canonical_item(each) for each in all_items]
