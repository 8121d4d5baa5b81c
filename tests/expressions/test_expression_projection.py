"""What projections pick of items."""

from __future__ import annotations

import pytest
from expression_trees import to_item
from hypothesis import given
from hypothesis import strategies as st

from genset.expressions.paths import lookup
from genset.expressions.projection import compile_projection, parse_projection

ITEM = {
    "a": {"b": 1, "c": 2, "d": {"e": 3, "f": 4}},
    "l": ["x", {"a": 1, "b": 2, "c": 3}, ["p", "q", "r"]],
    "alt": "o",
    "bare": {},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alt", {"alt": "o"}),
        ("alt, absent", {"alt": "o"}),
        ("absent", {}),
        ("a.c, l[2], l[0], #o", {"a": {"c": 2}, "l": ["x", ["p", "q", "r"]], "alt": "o"}),
        ("a.b, a.d.e, a.d.f", {"a": {"b": 1, "d": {"e": 3, "f": 4}}}),
        # Elements are packed in ascending order; paths below one element merge.
        ("l[2][2], l[2][0]", {"l": [["p", "r"]]}),
        ("l[1].a, l[1].b", {"l": [{"a": 1, "b": 2}]}),
        ("l[9], l[1].c", {"l": [{"c": 3}]}),
        ("l[0].a", {}),
        ("a[0]", {}),
        ("a.absent", {}),
        ("bare", {"bare": {}}),
        ("bare.x", {}),
    ],
)
def test_projections(text, expected):
    names = {"#o": "alt"} if "#o" in text else None
    plan = parse_projection(text, names)
    assert plan.project(to_item(ITEM)) == to_item(expected)


def test_it_names_the_attributes_it_picks():
    plan = parse_projection("#a.b, c, #a.d[0]", {"#a": "x"})
    assert plan.top_level_names == {"x", "c"}
    assert plan.paths == (("x", "b"), ("c",), ("x", "d", 0))
    assert plan.names_used == {"#a"}


documents = st.recursive(
    st.sampled_from([{"N": "1"}, {"S": "x"}]),
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from("ab"), below, max_size=2).map(
            lambda attributes: {"M": attributes}
        ),
    ),
    max_leaves=8,
)
paths = st.tuples(
    st.sampled_from("ab"),
    st.lists(st.one_of(st.sampled_from("ab"), st.integers(0, 2)), max_size=3),
).map(lambda parts: (parts[0], *parts[1]))


@given(st.dictionaries(st.sampled_from("ab"), documents), paths)
def test_one_path_picks_what_it_leads_to(item, path):
    picked = compile_projection([path])(item)
    found = lookup(path)(item)
    if found is None:
        assert picked == {}
        return
    # Lists hold only the element picked, wherever it was.
    packed = tuple(0 if isinstance(step, int) else step for step in path)
    assert lookup(packed)(picked) == found
