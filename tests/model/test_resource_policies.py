"""The grammar of resource policies, for any text."""

from __future__ import annotations

import contextlib
import json
import re
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genset.model.errors import ValidationException
from genset.model.resource_policies import parse_policy, read_back, shuts_out

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/games"

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
words = st.sampled_from(["*", ROOT, ACCOUNT, "dynamodb:GetItem", "dynamodb:*", "Allow", "deny", ""])
members = st.one_of(
    words,
    st.lists(words, max_size=3),
    st.dictionaries(st.sampled_from(["AWS", "Service", "StringEquals"]), words, max_size=2),
    values,
)
names = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource")
plain = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "dynamodb:*", "Resource": "*"}
statements = st.dictionaries(
    st.sampled_from([*names, "NotResource", "Condition", "Other"]), members, max_size=3
).map(lambda changed: {**plain, **changed})
policies = st.one_of(
    values,
    st.fixed_dictionaries(
        {"Statement": st.one_of(statements, st.lists(statements, max_size=3), values)},
        optional={"Version": st.sampled_from(["2012-10-17", "2008-10-17", 1]), "Id": members},
    ),
)


@given(policies, st.booleans())
def test_any_document_is_a_policy_or_refused_and_its_canonical_form_is_its_own(
    document: Any, of_stream: bool
) -> None:
    try:
        canonical = parse_policy(json.dumps(document), of_stream=of_stream)
    except ValidationException:
        return
    assert parse_policy(canonical, of_stream=of_stream) == canonical
    assert json.loads(read_back(canonical))["Version"] in ("2012-10-17", "2008-10-17")
    assert shuts_out(canonical, ACCOUNT, ARN) in (True, False)


@given(st.text())
def test_any_text_is_refused_or_a_policy(text: str) -> None:
    with contextlib.suppress(ValidationException):
        parse_policy(text)


def denied(resource: str) -> bool:
    statement = {**plain, "Effect": "Deny", "Resource": resource}
    return shuts_out(json.dumps({"Statement": [statement]}), ACCOUNT, ARN)


@given(st.lists(st.sampled_from(["*", "?", "g", "games", "table/", ":", ARN]), max_size=8))
def test_resources_match_as_patterns(parts: list[str]) -> None:
    pattern = "".join(parts)
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert denied(pattern) == (re.fullmatch(regex, ARN) is not None)


def test_a_pattern_of_many_stars_does_not_take_long() -> None:
    begun = time.monotonic()
    assert not denied("*a" * 10_000 + "*b")
    assert time.monotonic() - begun < 1
