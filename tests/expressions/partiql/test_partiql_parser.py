"""Statement text to statements and back."""

from __future__ import annotations

import pytest
from hypothesis import given

from genset.expressions.partiql.expression_parser import DEPTH_MAX
from genset.expressions.partiql.lexer import TokenKind, tokenize
from genset.expressions.partiql.printing import literal_text, print_statement
from genset.expressions.partiql.statements import compile_statement, parse_statement
from genset.expressions.partiql.tree import Delete, Exists, Insert, Select
from genset.expressions.tree import And, Comparison, Function, Not, Or, Path, Truth, Value
from genset.model.errors import ValidationException
from support.partiql_texts import statements

MALFORMED = "Statement wasn't well formed, can't be processed: "


def message_of(text: str) -> str:
    with pytest.raises(ValidationException) as caught:
        compile_statement(text)
    return caught.value.message


@given(statements)
def test_a_printed_statement_parses_to_itself(text: str) -> None:
    statement = parse_statement(text)
    printed = print_statement(statement)
    assert parse_statement(printed) == statement
    assert print_statement(parse_statement(printed)) == printed


def test_tokens_know_their_places() -> None:
    tokens = tokenize("SELECT\n  \"a b\", 'it''s' -- x\n?? <<1.5>>")
    placed = [(t.kind, t.text, f"{t.line}:{t.column}:{t.length}") for t in tokens]
    assert placed == [
        (TokenKind.KEYWORD, "select", "1:1:6"),
        (TokenKind.QUOTED_NAME, "a b", "2:3:5"),
        (TokenKind.PUNCTUATION, ",", "2:8:1"),
        (TokenKind.STRING, "it's", "2:10:7"),
        (TokenKind.PARAMETER, "?", "3:1:1"),
        (TokenKind.PARAMETER, "?", "3:2:1"),
        (TokenKind.PUNCTUATION, "<<", "3:4:2"),
        (TokenKind.NUMBER, "1.5", "3:6:3"),
        (TokenKind.PUNCTUATION, ">>", "3:9:2"),
        (TokenKind.END, "", "3:11:0"),
    ]


@pytest.mark.parametrize(
    "text",
    ["SELECT 'a", 'SELECT "a', "SELECT a /* b", "SELECT #", "SELECT 1a", "SELECT 1.5.5", "a\x00b",
     "SELECT ! a", "SELECT `1"],
)  # fmt: skip
def test_what_is_no_token_has_no_detail(text: str) -> None:
    assert message_of(text) == MALFORMED


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    statement = parse_statement("DELETE FROM ttt WHERE NOT a = 1 AND b = 2 OR c = 3 = true")
    assert isinstance(statement, Delete)

    def equals(name: str, literal: int) -> Comparison:
        return Comparison(operator="=", left=Path(steps=(name,)), right=Value(name=f"${literal}"))

    assert statement.where == Or(
        conditions=(
            And(conditions=(Not(condition=equals("a", 0)), equals("b", 1))),
            Comparison(operator="=", left=Truth(condition=equals("c", 2)), right=Value(name="$3")),
        )
    )


def test_is_becomes_what_it_stands_for() -> None:
    statement = parse_statement("SELECT * FROM ttt WHERE a IS NOT MISSING")
    assert isinstance(statement, Select)
    missing = Function(name="attribute_not_exists", arguments=(Path(steps=("a",)),))
    assert statement.where == Not(condition=missing)


def test_parameters_are_numbered_in_the_order_written() -> None:
    statement = parse_statement("INSERT INTO ttt VALUE {'a': ?, 'b': '?', 'c': ?}")
    assert isinstance(statement, Insert)
    assert statement.parameters == 2
    assert statement.item["c"] == Value(name="?1")
    assert isinstance(parse_statement("EXISTS(SELECT * FROM ttt WHERE a = ?)"), Exists)


def test_a_statement_is_compiled_once_unless_it_is_long() -> None:
    text = "SELECT * FROM ttt WHERE pk = ?"
    assert compile_statement(text) is compile_statement(text)
    text += " " * 2048
    assert compile_statement(text) is not compile_statement(text)


def test_binary_values_have_no_literal() -> None:
    with pytest.raises(ValueError, match="no literal"):
        literal_text({"B": "YQ=="})


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM ttt WHERE " + "(" * 4000, "SELECT * FROM ttt WHERE a = " + "[" * 4000,
     "SELECT * FROM ttt WHERE " + "NOT " * 2000 + "a = 1", "f(" * 4000, "(" * 8000,
     "SELECT * FROM ttt WHERE a = " + "{'a':" * 1600, "SELECT a" + "[a" * 4000,
     "SELECT * FROM " * 500],
)  # fmt: skip
def test_what_nests_too_deep_is_malformed(text: str) -> None:
    assert message_of(text) == MALFORMED


@pytest.mark.parametrize("levels", [32, 60, DEPTH_MAX - 10])
def test_values_nest_32_levels(levels: int) -> None:
    text = f"INSERT INTO ttt VALUE {{'pk': {'[' * levels}{']' * levels}}}"
    expected = "Nesting Levels have exceeded supported limits under root" + "[0]" * 32
    if levels > 32:
        assert message_of(text) == expected
    compile_statement(f"INSERT INTO ttt VALUE {{'pk': {'[' * 31}1{']' * 31}}}")


@pytest.mark.parametrize("word", ["AND", "OR"])
def test_there_are_300_operators_at_the_most(word: str) -> None:
    """The developer guide's limit of all expressions."""

    def text(comparisons: int) -> str:
        return "DELETE FROM ttt WHERE " + f" {word} ".join(["a = 1"] * comparisons)

    compile_statement(text(150))
    assert message_of(text(151)) == (
        "The expression contains too many operators; operator count: 301"
    )


def test_long_chains_are_no_trouble() -> None:
    assert "too many operators" in message_of("UPDATE ttt SET n = n" + " + 1" * 2000)
    assert "Unsupported operator" in message_of("DELETE FROM ttt WHERE n" + " + 1" * 2000)
    assert message_of("SELECT a" + ".a" * 4000) == MALFORMED + "Expected FROM after SELECT list"
    assert message_of("DELETE FROM ttt WHERE a = " + "- " * 4000 + "a").startswith("Unsupported")
