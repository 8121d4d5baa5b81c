"""However a WHERE clause is read, it finds what a scan with the same filter finds.

Random conditions on a table with a few items under each of a few keys: by key, by ranges, by IN, in
disjunctions, negated, on an index, in pages of any size.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from support import tables
from support.client import Refused
from support.partiql_texts import twin_conditions
from support.values import N, S

EXAMPLES = int(os.environ.get("GENSET_PARTIQL_EXAMPLES", "150"))
REFUSED = (
    "Overlapping conditions with range keys are not supported in where clause",
    "Too many decomposed read operations for a given query.",
)
TABLE = "partiql-planning"
ITEMS = [
    {"pk": S(pk), "sk": N(sk), "g": S(g), "v": N(v)}
    for pk in "ab"
    for sk, g, v in ((1, "x", 1), (2, "y", 1), (3, "x", 2), (4, "z", 2))
] + [{"pk": S("c"), "sk": N(1)}]

ATTRIBUTES = {
    "pk": st.sampled_from([S("a"), S("b"), S("c")]),
    "sk": st.sampled_from([N(1), N(2), N(3), N(9)]),
    "g": st.sampled_from([S("x"), S("y")]),
    "v": st.sampled_from([N(1), N(2)]),
}
twins = twin_conditions(ATTRIBUTES)
# Mostly conditions that name a key, alone or in a disjunction.
conditions = st.one_of(
    twins,
    st.builds(
        lambda key, rest: (f"pk = '{key}' AND ({rest.partiql})", rest, key),
        st.sampled_from("ab"),
        twins,
    ),
    st.builds(
        lambda key, rest: (f"pk IN ['{key}', 'c'] AND {rest.partiql}", rest, key + "c"),
        st.sampled_from("ab"),
        twins,
    ),
)


@pytest.fixture(scope="module")
def filled(session_api):
    definition = tables.table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "N", "g": "S", "v": "N"},
        everywhere=[tables.index("by-g", "g", "v")],
    )
    tables.create(session_api, TABLE, definition)
    for item in ITEMS:
        session_api("PutItem", TableName=TABLE, Item=item)
    return session_api


def order(item):
    return item["pk"]["S"], int(item["sk"]["N"])


def scanned(api, twin, keys, index):
    """What a scan with the same filter finds, under those partition keys if there are some."""
    expression, values = twin.expression, dict(twin.values)
    if keys:
        values |= {f":k{n}": S(key) for n, key in enumerate(keys)}
        names = ", ".join(f":k{n}" for n in range(len(keys)))
        expression = f"pk IN ({names}) AND {expression}"
    request = {"TableName": TABLE, "FilterExpression": expression}
    if values:
        request["ExpressionAttributeValues"] = values
    if index:
        request["IndexName"] = index
    return sorted(api("Scan", request)["Items"], key=order)


def selected(api, statement, limit):
    items, token = [], {}
    while True:
        answer = api("ExecuteStatement", Statement=statement, Limit=limit, **token)
        items += answer["Items"]
        if "NextToken" not in answer:
            return sorted(items, key=order)
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize("index", [None, "by-g"])
def test_any_condition_finds_what_a_scan_finds(filled, index):
    api = filled

    @settings(
        settings.get_profile("genset"),
        max_examples=EXAMPLES,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(conditions, st.sampled_from([1, 2, 100]))
    def compare(condition, limit):
        text, twin, keys = (
            condition if isinstance(condition, tuple) else (condition.partiql, condition, "")
        )
        source = f'"{TABLE}"' + (f'."{index}"' if index else "")
        try:
            found = selected(api, f"SELECT * FROM {source} WHERE {text}", limit)
        except Refused as refused:
            if refused.message in REFUSED:
                return
            raise
        assert found == scanned(api, twin, keys, index), text

    compare()
