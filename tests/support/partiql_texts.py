"""Random statements as text, and conditions in PartiQL's words and in a condition expression's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from genset.expressions.partiql.printing import literal_text

Value = dict[str, Any]

strings = st.sampled_from(["", "a", "ab", "b", "it's", 'say "x"', "é", "-- no", "/* no */", "?"])
numbers = st.sampled_from(["0", "1", "-1", "2.5", "10", "0.001", "-12345678901234567890"])
scalars: st.SearchStrategy[Value] = st.one_of(
    strings.map(lambda text: {"S": text}),
    numbers.map(lambda text: {"N": text}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
)
sets: st.SearchStrategy[Value] = st.sampled_from(
    [{"SS": ["a"]}, {"SS": ["a", "b"]}, {"NS": ["1"]}, {"NS": ["1", "2.5"]}]
)
values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(scalars, sets),
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from(["x", "y", "it's"]), below, max_size=2).map(
            lambda members: {"M": members}
        ),
    ),
    max_leaves=5,
)
literals = st.one_of(values.map(literal_text), st.just("?"))

paths = st.sampled_from(
    ["a", "b", '"n"', '"two words"', '"#a"', "m.x", 'm."y"[0]', "l[0]", "l[1].x", '"say ""x"""']
)
operands = st.one_of(paths, literals, paths.map(lambda path: f"size({path})"))


def _leaves(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    truths = below.map(lambda condition: f"({condition})")
    sides = st.one_of(operands, operands, truths)
    return st.one_of(
        st.builds(
            lambda left, operator, right: f"{left} {operator} {right}",
            sides,
            st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="]),
            sides,
        ),
        st.builds(lambda a, b, c: f"{a} BETWEEN {b} AND {c}", operands, operands, operands),
        st.builds(lambda a, b, c: f"{a} NOT BETWEEN {b} AND {c}", operands, operands, operands),
        st.builds(
            lambda path, listed, word: f"{path} {word} [{', '.join(listed)}]",
            paths,
            st.lists(operands, min_size=1, max_size=3),
            st.sampled_from(["IN", "not in"]),
        ),
        st.builds(
            lambda path, word: f"{path} IS {word}",
            paths,
            st.sampled_from(["MISSING", "NOT MISSING", "NULL", "NOT NULL", "STRING", "not LIST"]),
        ),
        st.builds(lambda a, b: f"begins_with({a}, {b})", operands, operands),
        st.builds(lambda a, b: f"CONTAINS({a}, {b})", operands, operands),
        paths.map(lambda path: f"attribute_exists({path})"),
    )


def _joined(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _leaves(below),
        below.map(lambda condition: f"NOT {condition}"),
        below.map(lambda condition: f"({condition})"),
        st.builds(
            lambda word, parts: f" {word} ".join(parts),
            st.sampled_from(["AND", "OR"]),
            st.lists(below, min_size=2, max_size=3),
        ),
    )


conditions = st.recursive(_leaves(st.just("a = 1")), _joined, max_leaves=5)


def pairs(terms: list[str], operators: list[str]) -> Iterator[tuple[str, str]]:
    """Each term but the last, with the operator after it."""
    return zip(terms, operators, strict=False)


_wheres = st.one_of(st.just(""), conditions.map(lambda condition: f" WHERE {condition}"))
_changes = st.one_of(
    st.builds(lambda path, value: f"SET {path} = {value}", paths, st.one_of(paths, literals)),
    st.builds(
        lambda path, terms, operators: (
            f"SET {path} = " + "".join(f"{t} {o} " for t, o in pairs(terms, operators)) + terms[-1]
        ),
        paths,
        st.lists(st.one_of(paths, numbers, st.just("?")), min_size=3, max_size=3),
        st.lists(st.sampled_from(["+", "-"]), min_size=2, max_size=2),
    ),
    paths.map(lambda path: f"REMOVE {path}"),
    st.builds(
        lambda path, function: f"SET {path} = {function}({path}, <<'x', 'y'>>)",
        paths,
        st.sampled_from(["set_add", "SET_DELETE"]),
    ),
    paths.map(lambda path: f"SET {path} = list_append({path}, [1, 'a'])"),
)
statements: st.SearchStrategy[str] = st.one_of(
    st.builds(
        lambda columns, index, where, order: f"SELECT {columns} FROM ttt{index}{where}{order}",
        st.one_of(
            st.just("*"), st.lists(paths, min_size=1, max_size=3, unique=True).map(", ".join)
        ),
        st.sampled_from(["", ".gsi", '."an-index"']),
        _wheres,
        st.sampled_from(["", " ORDER BY a", ' ORDER BY "b" DESC, a ASC']),
    ),
    st.dictionaries(st.sampled_from(["pk", "it's", "x"]), literals, max_size=3).map(
        lambda item: (
            "INSERT INTO ttt VALUE {"
            + ", ".join(f"{literal_text({'S': name})}: {text}" for name, text in item.items())
            + "}"
        )
    ),
    st.builds(
        lambda changes, where, returning: f"UPDATE ttt {' '.join(changes)}{where}{returning}",
        st.lists(_changes, min_size=1, max_size=3),
        _wheres,
        st.sampled_from(["", " RETURNING ALL NEW *", " returning modified old *"]),
    ),
    st.builds(
        lambda where, returning: f"DELETE FROM ttt{where}{returning}",
        _wheres,
        st.sampled_from(["", " RETURNING ALL OLD *"]),
    ),
    conditions.map(lambda condition: f"EXISTS(SELECT * FROM ttt WHERE {condition})"),
)


@dataclass(frozen=True, kw_only=True)
class Twins:
    """One condition twice: in PartiQL, and as an expression with the values it names."""

    partiql: str
    expression: str
    values: dict[str, Value]


# What says a condition on an attribute, of the texts of the values or of their placeholders.
Say = Callable[[str, list[str]], str]
_counter = itertools.count()


def twin_conditions(attributes: dict[str, st.SearchStrategy[Value]]) -> st.SearchStrategy[Twins]:
    """Conditions on the attributes, which are compared with values of theirs."""

    def leaf(
        make: Callable[[str, list[str]], str], say: Callable[[str, list[str]], str], count: int
    ):
        def with_values(name: str) -> st.SearchStrategy[Twins]:
            def build(found: list[Value]) -> Twins:
                names = [f":v{next(_counter)}" for _ in found]
                return Twins(
                    partiql=make(name, [literal_text(value) for value in found]),
                    expression=say(name, names),
                    values=dict(zip(names, found, strict=True)),
                )

            return st.lists(attributes[name], min_size=count, max_size=count).map(build)

        return st.sampled_from(sorted(attributes)).flatmap(with_values)

    def compared(operator: str) -> st.SearchStrategy[Twins]:
        # Every group in parentheses has two parts at least: an expression refuses redundant ones.
        form = "{0} {1} {2}" if operator != "<>" else "(attribute_exists({0}) AND {0} {1} {2})"
        return leaf(
            lambda name, texts: f"{name} {operator} {texts[0]}",
            lambda name, names: form.format(name, operator, names[0]),
            1,
        )

    leaves = st.one_of(
        *(compared(operator) for operator in ("=", "=", "=", "<>", "<", "<=", ">", ">=")),
        leaf(
            lambda name, texts: f"{name} IN [{', '.join(texts)}]",
            lambda name, names: f"{name} IN ({', '.join(names)})",
            2,
        ),
        leaf(
            lambda name, _: f"{name} IS MISSING",
            lambda name, _: f"attribute_not_exists({name})",
            0,
        ),
        leaf(
            lambda name, _: f"attribute_exists({name}) = false",
            lambda name, _: f"NOT attribute_exists({name})",
            0,
        ),
    )

    def joined(below: st.SearchStrategy[Twins]) -> st.SearchStrategy[Twins]:
        def join(word: str, parts: list[Twins]) -> Twins:
            return Twins(
                partiql="(" + f" {word} ".join(part.partiql for part in parts) + ")",
                expression="(" + f" {word} ".join(part.expression for part in parts) + ")",
                values={name: value for part in parts for name, value in part.values.items()},
            )

        negated = below.map(
            lambda part: Twins(
                partiql=f"NOT {part.partiql}",
                expression=f"NOT {part.expression}",
                values=part.values,
            )
        )
        lists = st.lists(below, min_size=2, max_size=3)
        return st.one_of(st.builds(join, st.sampled_from(["AND", "AND", "OR"]), lists), negated)

    return st.recursive(leaves, joined, max_leaves=6)
