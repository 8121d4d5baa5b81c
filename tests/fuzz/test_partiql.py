"""Statements nobody would write: never a 500, never a traceback."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fuzz.test_bodies import ensure_table, judge, own
from genset.expressions.partiql.statements import compile_statement
from genset.model.errors import DynamoDBError
from support.client import Api
from support.values import N, S

__all__ = ["own"]

EXAMPLES = int(os.environ.get("GENSET_FUZZ_EXAMPLES", "150"))
WORDS = [
    "SELECT", "*", "FROM", "fuzzed", '"fuzzed"', '"fuzzed"."gsi"', "WHERE", "pk", "sk", "a", "g",
    "=", "<>", "<", ">=", "AND", "OR", "NOT", "IN", "BETWEEN", "IS", "MISSING", "NULL", "STRING",
    "'x'", "'it''s'", "1", "-1", "1e400", "1e99999999999", "?", "(", ")", "[", "]", "{", "}", "<<",
    ">>", ",", ":", ".", ";", "INSERT", "INTO", "VALUE", "UPDATE", "SET", "REMOVE", "DELETE",
    "RETURNING", "ALL", "OLD", "NEW", "MODIFIED", "ORDER", "BY", "DESC", "size(a)", "set_add(a, ?)",
    "list_append(a, [1])", "begins_with(a, 'x')", "EXISTS", "COUNT(*)", "CASE", "\"", "'", "`1`",
    "/*", "*/", "--", "\n", "é", "\x00", "@a", "||", "true", "!=", "a.b[0]", "a[-1]", "#",
]  # fmt: skip
GOOD = [
    "SELECT * FROM fuzzed WHERE pk = ? AND sk = ?",
    'SELECT a, m.x[0] FROM "fuzzed"."gsi" WHERE g = \'x\' ORDER BY g DESC',
    "SELECT * FROM \"fuzzed\".\"lsi\" WHERE pk = 'x' AND l BETWEEN 'a' AND 'b'",
    "SELECT * FROM fuzzed WHERE pk IN ['a', 'b'] AND (sk > 1 OR sk < 0) AND NOT a IS MISSING",
    "INSERT INTO fuzzed VALUE {'pk': 'x', 'sk': ?, 'a': <<1, 2>>, 'm': {'x': [1, null]}}",
    "UPDATE fuzzed SET a = set_add(a, ?) SET n = n + 1 REMOVE m.x WHERE pk = 'x' AND sk = 1",
    "DELETE FROM fuzzed WHERE pk = 'x' AND sk = 1 AND size(a) > 1 RETURNING ALL OLD *",
    "EXISTS(SELECT * FROM fuzzed WHERE pk = 'x' AND sk = 1 AND a = ?)",
]
parameters = st.lists(
    st.sampled_from([S("x"), S(""), N(1), {"SS": ["a"]}, {"NULL": True}, {"M": {}}, {"L": []}]),
    max_size=3,
)
soups = st.lists(st.sampled_from(WORDS), min_size=1, max_size=25).map(" ".join)


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A good statement with some of its words taken out, doubled or replaced."""
    words = draw(st.sampled_from(GOOD)).split(" ")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(words) - 1))
        words[at : at + draw(st.integers(0, 1))] = draw(
            st.lists(st.sampled_from([*WORDS, words[at]]), max_size=2)
        )
        words = words or [";"]
    return " ".join(words)


statements = st.one_of(soups, mutants(), st.sampled_from(GOOD), st.text(min_size=1, max_size=40))
fuzzing = settings(
    settings.get_profile("genset"), max_examples=EXAMPLES, phases=(Phase.generate, Phase.shrink)
)


@settings(fuzzing, max_examples=8 * EXAMPLES)
@given(statements, parameters)
def test_any_text_compiles_or_is_refused(text: str, given_parameters: list[object]) -> None:
    try:
        compile_statement(text).bind(given_parameters)  # type: ignore[arg-type]
    except DynamoDBError as error:
        assert error.message  # noqa: PT017 - it is either refused, with words, or compiled


@pytest.mark.parametrize("operation", ["ExecuteStatement", "BatchExecuteStatement",
                                       "ExecuteTransaction"])  # fmt: skip
def test_any_statements_are_answered(own: Api, operation: str) -> None:
    ensure_table(own)

    @fuzzing
    @given(st.lists(st.tuples(statements, parameters), min_size=1, max_size=3), st.data())
    def fuzz(members: list[tuple[str, list[object]]], data: st.DataObject) -> None:
        requests = [
            {"Statement": text, **({"Parameters": given} if given else {})}
            for text, given in members
        ]
        if operation == "ExecuteStatement":
            body = requests[0] | data.draw(
                st.sampled_from([{}, {"Limit": 1}, {"NextToken": "AAAA"}])
            )
        else:
            name = "Statements" if operation.startswith("Batch") else "TransactStatements"
            body = {name: requests}
        answer = own.send(operation, body)
        judge(answer)
        if operation == "ExecuteStatement" and answer.status == 200:
            assert isinstance(json.loads(answer.body)["Items"], list)

    fuzz()
