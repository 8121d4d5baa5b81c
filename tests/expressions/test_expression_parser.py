"""Text to tree: grammar, the near window of syntax errors, limits, and text of every kind."""

from __future__ import annotations

import pytest
from expression_trees import (
    CONDITION,
    conditions,
    message_of,
    projections,
    updates,
)
from hypothesis import given
from hypothesis import strategies as st

from genset.expressions.errors import ExpressionKind
from genset.expressions.lexer import TokenKind, tokenize
from genset.expressions.parser import (
    parse_condition_tree,
    parse_projection_tree,
    parse_update_tree,
)
from genset.expressions.tree import And, Comparison, Function, Not, Or, Path, Value, print_tree
from genset.model.errors import ValidationException


def parse(text: str):
    return parse_condition_tree(text, CONDITION)


def tree_or_none(parser, text: str):
    """The tree of `text`, or None if it is refused; any other exception is a failure."""
    try:
        return parser(text)
    except ValidationException:
        return None


def comparison(name: str, operator: str = "=") -> Comparison:
    return Comparison(operator=operator, left=Path(steps=(name,)), right=Value(name=":v"))


# Precedence and grouping


def test_and_binds_tighter_than_or_and_not_tighter_than_and():
    assert parse("a = :v OR NOT b = :v AND c = :v") == Or(
        conditions=(
            comparison("a"),
            And(conditions=(Not(condition=comparison("b")), comparison("c"))),
        )
    )


def test_a_chain_is_one_node_and_parentheses_make_another():
    assert parse("a = :v AND b = :v AND c = :v") == And(
        conditions=(comparison("a"), comparison("b"), comparison("c"))
    )
    assert parse("(a = :v AND b = :v) AND c = :v") == And(
        conditions=(And(conditions=(comparison("a"), comparison("b"))), comparison("c"))
    )


def test_keywords_are_case_insensitive():
    assert parse("not a = :v oR b BeTwEeN :x aNd :y") == parse("NOT a = :v OR b BETWEEN :x AND :y")


def test_the_and_of_between_belongs_to_it():
    assert print_tree(parse("a BETWEEN :x AND :y AND b BETWEEN :x AND :y")) == (
        "a BETWEEN :x AND :y AND b BETWEEN :x AND :y"
    )


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("(a) = (:v)", "a = :v"),
        ("(a = :v)", "a = :v"),
        ("((a = :v) AND (b = :v))", "a = :v AND b = :v"),
        ("(size(a)) > :v", "size(a) > :v"),
        ("(size(a) > :v)", "size(a) > :v"),
        ("(attribute_exists(a))", "attribute_exists(a)"),
        ("NOT (attribute_exists(a))", "NOT attribute_exists(a)"),
        ("a IN ((:v), b)", "a IN (:v, b)"),
        ("contains((a), (:v))", "contains(a, :v)"),
        ("NOT NOT a = :v", "NOT NOT a = :v"),
        ("NOT (NOT a = :v)", "NOT NOT a = :v"),
        ("a [ 0 ] . b = :v", "a[0].b = :v"),
        ("\ta\r\n=\n:v ", "a = :v"),
        ("(NOT (size(a)) < :v)", "NOT size(a) < :v"),
    ],
)
def test_layout_and_needless_single_parentheses_leave_no_trace(text, same):
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    "text",
    [
        "((a = :v))",
        "((a)) = :v",
        "a = ((:v))",
        "((size(a))) > :v",
        "((attribute_exists(a)))",
        "((a = :v AND b = :v))",
        "(((a = :v)) AND b = :v)",
        "a IN (((:v)))",
        "((c=:c) AND ((p=:p)))",
        "(" * 2046 + "a<b" + ")" * 2046,
        # Found where the outer one closes, before what follows is read.
        "((a = :v)) AND",
    ],
)
def test_a_group_whose_whole_content_is_a_group_is_redundant(text):
    # Evidence: the service's own answers, recorded for `((a = :b))` and for 2,046 of them.
    assert message_of(parse, text) == (
        "Invalid ConditionExpression: The expression has redundant parentheses;"
    )


# Syntax errors: token and near


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        # Recorded from the service: users' reports quote these answers.
        ("SET _123 = :val1", "_", "SET _123"),
        ("ADD hits : incr", ":", "hits : incr"),
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("SET a = :val1,", "<EOF>", ","),
        # By the same rule.
        ("SET a = b + c + d", "+", "c + d"),
        ("SET a = if_not_exists(c, :v+:w)", "+", ":v+:w"),
        ("SET a = (a + :b) + :c", "+", ") + :c"),
        ("SET a[:xyz] = :v", ":xyz", "[:xyz]"),
        ("SET a[#xyz] = :v", "#xyz", "[#xyz]"),
        ("SET hi-there = :v", "-", "hi-there"),
        ("SET", "<EOF>", "SET"),
        ("REMOVE a b", "b", "a b"),
        ("ADD a b", "b", "a b"),
        ("SET a :v", ":v", "a :v"),
        ("SET 123a = :v", "123", "SET 123a"),
    ],
)
def test_update_syntax_errors_show_the_tokens_round_the_first_bad_one(text, token, near):
    assert message_of(parse_update_tree, text) == (
        f'Invalid UpdateExpression: Syntax error; token: "{token}", near: "{near}"'
    )


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        # Recorded from the service, as above.
        ("tenantAgent:abc123-1", ":abc123", "tenantAgent:abc123-"),
        (
            "#articleId attribute_not_exists :ckpst",
            "attribute_not_exists",
            "#articleId attribute_not_exists :ckpst",
        ),
        ("begins_with()", ")", "()"),
        (":v1", "<EOF>", ":v1"),
        ("attribute_exists([1])", "[", "([1"),
        # By the same rule.
        ("a = = :v", "=", "= = :v"),
        ("_hidden = :v", "_", "_hidden"),
        ("(a = b) = c", "=", ") = c"),
        ("a = (b = c)", "=", "b = c"),
        ("(NOT size(a)) < :v", "<", ") < :v"),
        ("(a = b AND (size(a))) < c", "<", ") < c"),
        ("a and b", "and", "a and b"),
        ("(", "<EOF>", "("),
        ("(((", "<EOF>", "("),
        ("a = b)", ")", "b)"),
        ("(a) AND b = c", "AND", ") AND b"),
        ("a", "<EOF>", "a"),
        ("a IN :v", ":v", "IN :v"),
        ("a IN ()", ")", "()"),
        ("a = 5", "5", "= 5"),
        ("a != :v", "!", "a !="),
        ("p = :p AND c!=:c", "!", "c!="),
        ("a[01] = :v", "1", "01]"),
        ("a[0 = :v", "=", "0 = :v"),
        ("a. = :v", "=", ". = :v"),
        ("a.:v = :v", ":v", ".:v ="),
        ("  ", "<EOF>", ""),
        ("a = :v set", "set", ":v set"),
        ("size = :v AND remove = :v", "remove", "AND remove ="),
        ("a = # b", "#", "= # b"),
        ("€ = :v", "€", "€ ="),
    ],
)
def test_condition_syntax_errors_show_the_tokens_round_the_first_bad_one(text, token, near):
    assert message_of(parse, text) == (
        f'Invalid ConditionExpression: Syntax error; token: "{token}", near: "{near}"'
    )


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("!!!", "!", "!!"),  # recorded from the service
        ("a, ", "<EOF>", ", "),
        ("a b", "b", "a b"),
        ("a[0", "<EOF>", "0"),
        ("a, :v", ":v", ", :v"),
        ("size(a)", "(", "size(a"),
    ],
)
def test_projection_syntax_errors(text, token, near):
    assert message_of(parse_projection_tree, text) == (
        f'Invalid ProjectionExpression: Syntax error; token: "{token}", near: "{near}"'
    )


@pytest.mark.parametrize("kind", [kind for kind in ExpressionKind if kind.value])
def test_every_kind_names_itself_in_its_errors(kind):
    assert message_of(parse_condition_tree, "", kind) == (
        f"Invalid {kind.value}: The expression can not be empty;"
    )


def test_syntax_errors_are_of_the_prefixed_family():
    with pytest.raises(ValidationException) as caught:
        parse("a =")
    assert caught.value.detected


# Limits


def test_4096_bytes_are_accepted_and_one_more_is_not_whatever_the_text():
    text = "a = :" + "v" * 4091
    assert parse(text)
    assert message_of(parse, "!" + text) == (
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size;"
    )


def test_the_older_layer_tells_the_size_in_utf8():
    with pytest.raises(ValidationException) as caught:
        parse("€" * 1366)
    caught.value.take_older_words()
    assert caught.value.message.endswith("maximum allowed size; expression size: 4098")


def test_300_operators_are_accepted_and_301_are_not():
    # Parentheses and functions do not count: 149 nested groups have 299 operators.
    assert parse("a<b " + "or (a<b " * 149 + ")" * 149)
    assert parse("NOT " * 299 + "a<b")
    for text in ("NOT " * 300 + "a<b", "a<b " + "or (a<b " * 454 + ")" * 454):
        assert message_of(parse, text) == (
            "Invalid ConditionExpression: The expression contains too many operators; "
            "operator count: 301"
        )


def test_only_arithmetic_counts_as_an_operator_of_an_update():
    assert parse_update_tree("SET " + ",".join(["a=b"] * 400))
    assert message_of(parse_update_tree, "SET " + ",".join(["a=b+c"] * 301)).endswith(
        "The expression contains too many operators; operator count: 301"
    )


@pytest.mark.parametrize(
    ("opening", "closing", "inner"),
    [("(", ")", "a<b"), ("f(", ")", "a"), ("NOT (", ")", "a<b"), ("a<b OR (", ")", "a<b")],
)
@pytest.mark.parametrize("closed", [True, False])
def test_no_depth_of_nesting_overflows_the_stack(opening, closing, inner, closed):
    depth = (4096 - len(inner)) // (len(opening) + len(closing))
    text = opening * depth + inner + closing * depth * closed
    tree = tree_or_none(parse, text)
    assert tree is None or print_tree(tree)


# Printing


@given(conditions)
def test_printing_a_condition_and_parsing_it_gives_it_back(tree):
    text = print_tree(tree)
    assert parse(text) == tree
    assert print_tree(parse(text)) == text


@given(projections)
def test_printing_a_projection_and_parsing_it_gives_it_back(tree):
    assert parse_projection_tree(print_tree(tree)) == tree


@given(updates)
def test_printing_an_update_and_parsing_it_gives_it_back(tree):
    assert parse_update_tree(print_tree(tree)) == tree


# Any text


FRAGMENTS = st.sampled_from(
    [
        *("a", "b", "#n", ":v", "0", "12", "f", "size", "attribute_exists"),
        *("(", ")", "[", "]", ".", ",", "=", "<>", "<", ">=", "+", "-"),
        *("AND", "or", "NOT", "between", "IN", "SET", "remove", "ADD", "delete"),
        *("!", "_", "€", "🦊"),
    ]
)


@given(st.one_of(st.lists(FRAGMENTS, max_size=20).map(" ".join), st.text(max_size=30)))
def test_any_text_is_parsed_or_refused(text):
    for parser in (parse, parse_projection_tree, parse_update_tree):
        tree = tree_or_none(parser, text)
        assert tree is None or parser(print_tree(tree)) == tree


@given(st.text())
def test_tokens_cover_all_text_but_blanks_in_order(text):
    *tokens, end = tokenize(text)
    assert "".join(token.text for token in tokens) == "".join(
        character for character in text if character not in " \t\r\n"
    )
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert end.kind is TokenKind.END
    assert end.start == len(text)


def test_function_names_are_parsed_before_they_are_checked():
    assert parse("dog(a, :v)") == Function(
        name="dog", arguments=(Path(steps=("a",)), Value(name=":v"))
    )
