"""Every static error of the five expression kinds: its wording, its prefix, and on every operation.

"parser" as evidence: the parser that AWS ships in DynamoDB Local answers so; where a capture from
the service exists as well, it agrees.
"""

from __future__ import annotations

import re

import pytest

from support.cases import DETECTED, ids, says
from support.values import BOOL, NULL, SS, L, M, N, S

VALUES = {
    ":v": N(5),
    ":w": N(1),
    ":s": S("x"),
    ":m": M(),
    ":l": L(),
    ":t": BOOL(True),
    ":z": NULL,
    ":ss": SS("a"),
}


def syntax(token: str, near: str) -> str:
    return f'Syntax error; token: "{token}", near: "{near}"'


def operand(operator: str, kind: str) -> str:
    return (
        "Incorrect operand type for operator or function; "
        f"operator or function: {operator}, operand type: {kind}"
    )


def count(function: str, number: int) -> str:
    return (
        "Incorrect number of operands for operator or function; "
        f"operator or function: {function}, number of operands: {number}"
    )


def reserved(word: str) -> str:
    return f"Attribute name is a reserved keyword; reserved keyword: {word}"


PATH_WANTED = "Operator or function requires a document path; operator or function: "
NOT_THIS_WAY = "The function is not allowed to be used this way in an expression; function: "
NOT_IN_CONDITION = "The function is not allowed in a condition expression; function: "
DISTINCT = (
    "The first operand must be distinct from the remaining operands for this operator or function; "
    "operator: contains, first operand: "
)
EMPTY = "The expression can not be empty;"
PARENTHESES = "The expression has redundant parentheses;"
NO_NAME = "An expression attribute name used in the document path is not defined; attribute name: "
NO_VALUE = "An expression attribute value used in expression is not defined; attribute value: "
BOUNDS = "lower bound operand: AttributeValue: {%s}, upper bound operand: AttributeValue: {%s}"
SAME_TYPE = "The BETWEEN operator requires same data type for lower and upper bounds; "
ORDERED = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "

CONDITIONS = [
    ("empty", "", EMPTY),
    ("no right side", "a = ", syntax("<EOF>", "= ")),
    ("two signs", "a == :v", syntax("=", "== :v")),
    ("trailing AND", "a = :v AND", syntax("<EOF>", "AND")),
    ("no closing parenthesis", "(a = :v", syntax("<EOF>", ":v")),
    ("no opening parenthesis", "a = :v)", syntax(")", ":v)")),
    ("a bare path", "a", syntax("<EOF>", "a")),
    ("only NOT", "NOT", syntax("<EOF>", "NOT")),
    ("two ANDs", "a = :v AND AND a = :v", syntax("AND", "AND AND a")),
    ("a path after AND", "a = :v OR b", syntax("<EOF>", "b")),
    ("paths with AND", "a AND b", syntax("AND", "a AND b")),
    ("chained comparison", "a=b=c", syntax("=", "b=c")),
    ("IN nothing", "a IN ()", syntax(")", "()")),
    ("IN without parentheses", "a IN :v", syntax(":v", "IN :v")),
    ("IN with a trailing comma", "a IN (:v,)", syntax(")", ",)")),
    ("BETWEEN one", "a BETWEEN :v", syntax("<EOF>", ":v")),
    ("BETWEEN and nothing", "a BETWEEN :v AND", syntax("<EOF>", "AND")),
    ("arithmetic", "a + :v = :v", syntax("+", "a + :v")),
    ("a trailing dot", "a.b. = :v", syntax("=", ". = :v")),
    ("an index that is a name", "a[b] = :v", syntax("b", "[b]")),
    ("an unknown character", "!!!", syntax("!", "!!")),
    ("a literal number", "a = 5", syntax("5", "= 5")),
    ("a semicolon", "a = :v; b", syntax(";", ":v; b")),
    ("a leading underscore", "_a = :v", syntax("_", "_a")),
    ("a leading digit", "1a = :v", syntax("1", "1a")),
    ("a hyphen", "a-b = :v", syntax("-", "a-b")),
    ("a first word that is no path", "= :v", syntax("=", "= :v")),
    ("redundant parentheses", "((a = :v))", PARENTHESES),
    ("redundant parentheses on the right", "a = :v OR ((a = :v))", PARENTHESES),
    ("redundant parentheses inside", "(((a = :v) AND a = :v))", PARENTHESES),
    ("redundant parentheses under NOT", "NOT ((a = :v))", PARENTHESES),
    ("reserved word", "name = :v", reserved("name")),
    ("reserved word in capitals", "ALL = :v", reserved("ALL")),
    ("reserved word nested", "a.status = :v", reserved("status")),
    ("reserved word on the right", "a > NULL", reserved("NULL")),
    ("reserved word in a function", "attribute_exists(size)", reserved("size")),
    ("reserved true", "true = :v", reserved("true")),
    ("undefined name", "#nope = :v", NO_NAME + "#nope"),
    ("undefined name nested", "a.#nope = :v", NO_NAME + "#nope"),
    ("undefined value", "a = :nope", NO_VALUE + ":nope"),
    ("undefined value in a dead branch", "a = :v OR a = :nope", NO_VALUE + ":nope"),
    ("unknown function", "foo(a)", "Invalid function name; function: foo"),
    ("function in capitals", "BEGINS_WITH(a, :s)", "Invalid function name; function: BEGINS_WITH"),
    ("a function of updates", "list_append(a, b) = :v", NOT_IN_CONDITION + "list_append"),
    ("a function of updates on the right", "a = if_not_exists(a, :v)",
     NOT_IN_CONDITION + "if_not_exists"),
    ("size alone", "size(a)", NOT_THIS_WAY + "size"),
    ("size alone after AND", "a = :v AND size(a)", NOT_THIS_WAY + "size"),
    ("a condition as an operand", "attribute_exists(a) = :v", NOT_THIS_WAY + "attribute_exists"),
    ("a condition on the right", "a = attribute_exists(b)", NOT_THIS_WAY + "attribute_exists"),
    ("begins_with of one", "begins_with(a)", count("begins_with", 1)),
    ("begins_with of three", "begins_with(a, :s, :s)", count("begins_with", 3)),
    ("contains of one", "contains(a)", count("contains", 1)),
    ("attribute_exists of two", "attribute_exists(a, b)", count("attribute_exists", 2)),
    ("attribute_not_exists of two", "attribute_not_exists(a, b)",
     count("attribute_not_exists", 2)),
    ("attribute_type of one", "attribute_type(a)", count("attribute_type", 1)),
    ("size of two", "size(a, b) = :v", count("size", 2)),
    ("attribute_exists of a value", "attribute_exists(:v)", PATH_WANTED + "attribute_exists"),
    ("attribute_not_exists of a value", "attribute_not_exists(:v)",
     PATH_WANTED + "attribute_not_exists"),
    ("attribute_exists of a function", "attribute_exists(size(a))",
     PATH_WANTED + "attribute_exists"),
    ("begins_with a number", "begins_with(a, :v)", operand("begins_with", "N")),
    ("begins_with a set", "begins_with(a, :ss)", operand("begins_with", "SS")),
    ("begins_with a boolean", "begins_with(a, :t)", operand("begins_with", "BOOL")),
    ("contains itself", "contains(a, a)", DISTINCT + "[a]"),
    ("contains itself nested", "contains(a.b[1], a.b[1])", DISTINCT + "[a, b, [1]]"),
    ("type of a number", "attribute_type(a, :v)", operand("attribute_type", "N")),
    ("an unknown type", "attribute_type(a, :s)",
     re.compile(r"Invalid attribute type name found; type: x, valid types: \{[A-Z,]+\}")),
    ("type of a path", "attribute_type(a, b)",
     re.compile(re.escape(operand("attribute_type", "{")) + r"[A-Z,]+\}")),
    ("size of a number value", "size(:v) = :v", operand("size", "N")),
    ("size of a boolean value", "a = size(:t)", operand("size", "BOOL")),
    ("less than a map", "a < :m", operand("<", "M")),
    ("less than a boolean", "a <= :t", operand("<=", "BOOL")),
    ("greater than a set", "a > :ss", operand(">", "SS")),
    ("greater than null", ":z >= a", operand(">=", "NULL")),
    ("between maps", "a BETWEEN :m AND :m", operand("BETWEEN", "M")),
    ("between two types", "a BETWEEN :v AND :s", SAME_TYPE + BOUNDS % ("N:5", "S:x")),
    ("between backwards", "a BETWEEN :v AND :w", ORDERED + BOUNDS % ("N:5", "N:1")),
]  # fmt: skip


def used(expression: str, values=VALUES) -> dict:
    found = {name: values[name] for name in re.findall(r":\w+", expression) if name in values}
    return {"ExpressionAttributeValues": found} if found else {}


KEY = {"pk": S("k")}
WITH_A_CONDITION = [
    ("PutItem", "ConditionExpression", {"Item": KEY}, True),
    ("DeleteItem", "ConditionExpression", {"Key": KEY}, True),
    ("UpdateItem", "ConditionExpression", {"Key": KEY}, True),
    ("Scan", "FilterExpression", {}, False),
]


def names_kind(member: str, text):
    """The reason behind `Invalid <kind>: `, as text or pattern."""
    if isinstance(text, re.Pattern):
        return re.compile(re.escape(f"Invalid {member}: ") + text.pattern)
    return f"Invalid {member}: {text}"


def prefixed(text):
    if isinstance(text, re.Pattern):
        return re.compile(re.escape(DETECTED) + text.pattern)
    return DETECTED + text


def check(answer, expected) -> None:
    assert answer.type == "ValidationException"
    assert says(expected, answer.message), f"\n expected: {expected}\n      got: {answer.message}"


@pytest.mark.parametrize(("operation", "member", "request_", "detected"), WITH_A_CONDITION)
@pytest.mark.parametrize(("expression", "reason"), ids(CONDITIONS))
def test_a_bad_condition(api, operation, member, request_, detected, expression, reason):
    """The single-item writes carry the prefix since July 2026 (observed 2 [A])."""
    answer = api.refused(
        operation, request_, TableName="strings", **{member: expression}, **used(expression)
    )
    expected = names_kind(member, reason)
    check(answer, prefixed(expected) if detected else expected)


@pytest.mark.parametrize(("expression", "reason"), ids(CONDITIONS))
def test_a_bad_condition_of_a_query_and_of_a_transaction_is_bare(api, expression, reason):
    values = used(expression).get("ExpressionAttributeValues", {})
    answer = api.refused(
        "Query",
        TableName="strings",
        KeyConditionExpression="pk = :key",
        FilterExpression=expression,
        ExpressionAttributeValues={**values, ":key": S("k")},
    )
    check(answer, names_kind("FilterExpression", reason))
    member = {"TableName": "strings", "Key": KEY, "ConditionExpression": expression}
    answer = api.refused(
        "TransactWriteItems",
        TransactItems=[{"ConditionCheck": {**member, **used(expression)}}],
    )
    check(answer, names_kind("ConditionExpression", reason))


@pytest.mark.parametrize(("expression", "reason"), ids(CONDITIONS))
def test_a_bad_condition_is_found_before_the_table_is(api, expression, reason):
    """observed 1 [A]: all input validation precedes the table lookup."""
    answer = api.refused(
        "PutItem",
        TableName="no-such-table",
        Item=KEY,
        ConditionExpression=expression,
        **used(expression),
    )
    check(answer, prefixed(names_kind("ConditionExpression", reason)))


ONCE = 'The "%s" section can only be used once in an update expression;'
OVERLAP = (
    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: %s, path two: %s"
)
CONFLICT = (
    "Two document paths conflict with each other; must remove or rewrite one of these paths; "
    "path one: %s, path two: %s"
)


def section_operand(section: str, kind: str) -> re.Pattern[str]:
    """Answers since about 2021 name the set of allowed types as well; older reports do not."""
    start = "Incorrect operand type for operator or function; operator: "
    text = f"{start}{section}, operand type: {kind}"
    return re.compile(re.escape(text) + f"(, typeSet: ALLOWED_FOR_{section}_OPERAND)?")


UPDATES = [
    ("empty", "", EMPTY),
    ("no section", "a = :v", syntax("a", "a =")),
    ("words", "INVALID SYNTAX HERE", syntax("INVALID", "INVALID SYNTAX")),
    ("only SET", "SET", syntax("<EOF>", "SET")),
    ("two signs", "SET a = = :v", syntax("=", "= = :v")),
    ("a trailing comma", "SET a = :v,", syntax("<EOF>", ",")),
    ("a hyphen", "SET a-b = :v", syntax("-", "a-b")),
    ("no comma", "SET a = :v b", syntax("b", ":v b")),
    ("a number in a path", "SET a.0.b = :v", syntax("0", ".0.")),
    ("an unknown character", "SET a = !!!", syntax("!", "= !!")),
    ("three summands", "SET a = :v + :v + :v", syntax("+", ":v + :v")),
    ("a negative index", "SET a[-1] = :v", syntax("-", "[-1")),
    ("ADD a path", "ADD a b", syntax("b", "a b")),
    ("ADD a sum", "ADD a :v + :v", syntax("+", ":v + :v")),
    ("ADD with a sign", "ADD hits : incr", syntax(":", "hits : incr")),
    ("REMOVE a value", "REMOVE :v", syntax(":v", "REMOVE :v")),
    ("REMOVE without a comma", "REMOVE a b", syntax("b", "a b")),
    ("DELETE nothing", "DELETE a", syntax("<EOF>", "a")),
    ("a path in parentheses", "SET (a) = :v", syntax("(", "SET (a")),
    ("a literal", "SET a = 5", syntax("5", "= 5")),
    ("a quoted literal", 'SET a = "x"', syntax('"', '= "x')),
    ("an index too large", "SET a[99999999999] = :v",
     "List index is not within the allowable range; index: [99999999999]"),
    ("two SETs", "SET a = :v SET b = :v", ONCE % "SET"),
    ("two REMOVEs", "REMOVE a REMOVE b", ONCE % "REMOVE"),
    ("two ADDs", "ADD a :v ADD b :v", ONCE % "ADD"),
    ("two DELETEs", "DELETE a :ss DELETE b :ss", ONCE % "DELETE"),
    ("redundant parentheses", "SET a = ((:v))", PARENTHESES),
    ("reserved word", "SET name = :v", reserved("name")),
    ("reserved word nested", "SET a.status = :v", reserved("status")),
    ("reserved word read", "SET a = status", reserved("status")),
    ("undefined name", "SET #nope = :v", NO_NAME + "#nope"),
    ("undefined value", "SET a = :nope", NO_VALUE + ":nope"),
    ("undefined value of ADD", "ADD a :nope", NO_VALUE + ":nope"),
    ("unknown function", "SET a = foo(a, :v)", "Invalid function name; function: foo"),
    ("a condition's function", "SET a = size(b)",
     "The function is not allowed in an update expression; function: size"),
    ("list_append of one", "SET a = list_append(:l)", count("list_append", 1)),
    ("if_not_exists of one", "SET a = if_not_exists(a)", count("if_not_exists", 1)),
    ("if_not_exists of three", "SET a = if_not_exists(a, :v, :v)", count("if_not_exists", 3)),
    ("if_not_exists of a value", "SET a = if_not_exists(:v, a)", PATH_WANTED + "if_not_exists"),
    ("a string in a sum", "SET a = a + :s", operand("+", "S")),
    ("a set in a difference", "SET a = :ss - a", operand("-", "SS")),
    ("a boolean in a sum", "SET a = a + :t", operand("+", "BOOL")),
    ("list_append a string", "SET a = list_append(a, :s)", operand("list_append", "S")),
    ("list_append a set", "SET a = list_append(:ss, a)", operand("list_append", "SS")),
    ("ADD a string", "ADD a :s", section_operand("ADD", "STRING")),
    ("ADD a boolean", "ADD a :t", section_operand("ADD", "BOOLEAN")),
    ("ADD null", "ADD a :z", section_operand("ADD", "NULL")),
    ("ADD a list", "ADD a :l", section_operand("ADD", "LIST")),
    ("ADD a map", "ADD a :m", section_operand("ADD", "MAP")),
    ("DELETE a string", "DELETE a :s", section_operand("DELETE", "STRING")),
    ("DELETE a number", "DELETE a :v", section_operand("DELETE", "NUMBER")),
    ("DELETE a list", "DELETE a :l", section_operand("DELETE", "LIST")),
    ("one path twice", "SET a = :v, a = :v", OVERLAP % ("[a]", "[a]")),
    ("a path in two sections", "SET a = :v REMOVE a", OVERLAP % ("[a]", "[a]")),
    ("a path and its parent", "SET a.b.c = :v, a = :v", OVERLAP % ("[a, b, c]", "[a]")),
    ("a path and its child", "SET a = :v, a.b.c = :v", OVERLAP % ("[a]", "[a, b, c]")),
    ("an element twice", "SET a[1] = :v REMOVE a[1]", OVERLAP % ("[a, [1]]", "[a, [1]]")),
    ("map and list", "SET a.b = :v, a[1] = :v", CONFLICT % ("[a, b]", "[a, [1]]")),
    ("map and list deeper", "SET a[3].c = :v, a.c[3] = :v",
     CONFLICT % ("[a, [3], c]", "[a, c, [3]]")),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "reason"), ids(UPDATES))
def test_a_bad_update(api, expression, reason):
    answer = api.refused(
        "UpdateItem",
        TableName="strings",
        Key=KEY,
        UpdateExpression=expression,
        **used(expression),
    )
    check(answer, prefixed(names_kind("UpdateExpression", reason)))


@pytest.mark.parametrize(("expression", "reason"), ids(UPDATES))
def test_a_bad_update_in_a_transaction_is_bare(api, expression, reason):
    member = {"TableName": "strings", "Key": KEY, "UpdateExpression": expression}
    answer = api.refused(
        "TransactWriteItems", TransactItems=[{"Update": {**member, **used(expression)}}]
    )
    check(answer, names_kind("UpdateExpression", reason))


PROJECTIONS = [
    ("empty", "", EMPTY),
    ("unknown characters", "!!!", syntax("!", "!!")),
    ("a trailing comma", "a,", syntax("<EOF>", ",")),
    ("two paths without a comma", "a b", syntax("b", "a b")),
    ("a value", "a, :v", syntax(":v", ", :v")),
    ("a function", "size(a)", syntax("(", "size(a")),
    ("a trailing dot", "a.", syntax("<EOF>", ".")),
    ("an index that is a name", "a[b]", syntax("b", "[b]")),
    ("reserved word", "a, name", reserved("name")),
    ("undefined name", "a, #nope", NO_NAME + "#nope"),
    ("one path twice", "a, a", OVERLAP % ("[a]", "[a]")),
    ("a path and its child", "a, a.b", OVERLAP % ("[a]", "[a, b]")),
    ("a path and its parent", "a[0].b, a[0]", OVERLAP % ("[a, [0], b]", "[a, [0]]")),
    ("map and list", "a.b, a[0]", CONFLICT % ("[a, b]", "[a, [0]]")),
]
# A capture of August 2026 prefixes an overlap even on reads, one of July does not (observed 2).
DISPUTED = re.compile("Two document paths overlap")


@pytest.mark.parametrize(("expression", "reason"), ids(PROJECTIONS))
def test_a_bad_projection_on_every_read(api, expression, reason):
    expected = names_kind("ProjectionExpression", reason)
    if DISPUTED.match(reason):
        expected = (expected, DETECTED + expected)
    projected = {"ProjectionExpression": expression}
    requests = [
        ("GetItem", {"TableName": "strings", "Key": KEY, **projected}),
        ("Scan", {"TableName": "strings", **projected}),
        ("Query", {"TableName": "strings", "KeyConditionExpression": "pk = :p",
                   "ExpressionAttributeValues": {":p": S("k")}, **projected}),
        ("BatchGetItem", {"RequestItems": {"strings": {"Keys": [KEY], **projected}}}),
        ("TransactGetItems",
         {"TransactItems": [{"Get": {"TableName": "strings", "Key": KEY, **projected}}]}),
    ]  # fmt: skip
    for operation, request in requests:
        check(api.refused(operation, request), expected)


KEY_CONDITIONS = [
    ("empty", "", EMPTY),
    ("a bare path", "pk", syntax("<EOF>", "pk")),
    ("redundant parentheses", "((pk = :s))", PARENTHESES),
    ("undefined value", "pk = :nope", NO_VALUE + ":nope"),
    ("undefined name", "#nope = :s", NO_NAME + "#nope"),
    ("reserved word", "name = :s", reserved("name")),
    ("OR", "pk = :s OR pk = :s", "Invalid operator used in KeyConditionExpression: OR"),
    ("NOT", "NOT pk = :s", "Invalid operator used in KeyConditionExpression: NOT"),
    ("IN", "pk IN (:s)", "Invalid operator used in KeyConditionExpression: IN"),
    ("not equal", "pk <> :s", "Invalid operator used in KeyConditionExpression: <>"),
    ("contains", "pk = :s AND contains(sk, :s)",
     "Invalid operator used in KeyConditionExpression: contains"),
    ("attribute_exists", "attribute_exists(pk)",
     "Invalid operator used in KeyConditionExpression: attribute_exists"),
    ("size", "size(pk) = :v", "KeyConditionExpressions cannot contain nested operations"),
    ("a nested path", "pk = :s AND sk.a = :s",
     "KeyConditionExpressions cannot have conditions on nested attributes"),
    ("an indexed path", "pk[0] = :s",
     "KeyConditionExpressions cannot have conditions on nested attributes"),
    ("one key twice", "pk = :s AND pk = :s",
     "KeyConditionExpressions must only contain one condition per key"),
    ("two conditions on the sort key", "pk = :s AND sk > :s AND sk < :s",
     "KeyConditionExpressions must only contain one condition per key"),
    ("begins_with a number", "pk = :s AND begins_with(sk, :v)", operand("begins_with", "N")),
    ("between two types", "pk = :s AND sk BETWEEN :v AND :s",
     SAME_TYPE + BOUNDS % ("N:5", "S:x")),
    ("between backwards", "pk = :s AND sk BETWEEN :v AND :w",
     ORDERED + BOUNDS % ("N:5", "N:1")),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "reason"), ids(KEY_CONDITIONS))
def test_a_bad_key_condition(api, expression, reason):
    answer = api.refused(
        "Query", TableName="ranged", KeyConditionExpression=expression, **used(expression)
    )
    expected = names_kind("KeyConditionExpression", reason)
    if isinstance(reason, str) and reason.startswith(("Invalid operator", "KeyCondition")):
        # Second-hand sources and AWS's own parser give these without the expression's name.
        expected = (reason, expected)
    check(answer, expected)


def sized(start: str, size: int) -> str:
    """An expression of `size` bytes: white space in its middle, so that it still parses."""
    head, tail = start.split(" ", 1)
    return head + " " * (size - len(head) - len(tail)) + tail


TOO_LONG = "Expression size has exceeded the maximum allowed size; expression size: 4097"
LONG = [
    ("PutItem", "ConditionExpression", "a <> :v", {"Item": {"pk": S("long")}}, True),
    ("DeleteItem", "ConditionExpression", "a <> :v", {"Key": {"pk": S("long")}}, True),
    ("UpdateItem", "UpdateExpression", "SET a = :v", {"Key": {"pk": S("longer")}}, True),
    ("Scan", "FilterExpression", "a <> :v", {}, False),
    ("Scan", "ProjectionExpression", "a, b", {}, False),
    ("GetItem", "ProjectionExpression", "a, b", {"Key": {"pk": S("long")}}, False),
    ("Query", "KeyConditionExpression", "pk = :s", {}, False),
]


@pytest.mark.parametrize(("operation", "member", "text", "request_", "detected"), LONG)
def test_an_expression_has_at_most_4096_bytes(api, operation, member, text, request_, detected):
    request = {"TableName": "strings", **request_, **used(text)}
    api(operation, request, **{member: sized(text, 4096)})
    # Observed in ten Regions, October 2026: the size of an update is not told.
    told = TOO_LONG.removesuffix(" expression size: 4097" if member == "UpdateExpression" else "")
    answer = api.refused(operation, request, **{member: sized(text, 4097)})
    check(answer, (DETECTED if detected else "") + f"Invalid {member}: {told}")
    # observed 5 [A]: the size is judged before the text is parsed.
    answer = api.refused(operation, request, **{member: "!" * 4097})
    check(answer, (DETECTED if detected else "") + f"Invalid {member}: {told}")


def test_the_size_of_an_expression_is_counted_in_bytes(api):
    answer = api.refused("Scan", TableName="strings", ProjectionExpression="é" * 2049)
    check(
        answer,
        "Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size; "
        "expression size: 4098",
    )


NESTED = [
    ("parentheses", "(" * 1500 + "a = :v" + ")" * 1500),
    ("NOTs", "NOT " * 1000 + "a = :v"),
    ("groups in groups", "(a=:v OR " * 300 + "a=:v" + ")" * 300),
    ("indexes", "a" + "[0]" * 1300 + " = :v"),
    ("maps", "a" + ".b" * 2000 + " = :v"),
    ("functions", "size(" * 700 + "a" + ")" * 700 + " = :v"),
    ("open parentheses", "(" * 4000),
]


@pytest.mark.parametrize("expression", ids(NESTED))
def test_a_deeply_nested_expression_gets_its_error_and_never_a_crash(api, expression):
    answer = api.refused(
        "Scan", TableName="strings", FilterExpression=expression, **used(expression)
    )
    assert answer.status == 400
    assert answer.type == "ValidationException"


@pytest.mark.parametrize(
    "expression",
    ids(
        [
            ("if_not_exists", "SET a = " + "if_not_exists(b, " * 220 + ":v" + ")" * 220),
            ("list_append", "SET a = " + "list_append(:l, " * 220 + ":l" + ")" * 220),
            ("parentheses", "SET a = " + "(" * 1900 + ":v" + ")" * 1900),
        ]
    ),
)
def test_a_deeply_nested_update_never_crashes(api, fresh, expression):
    answer = api.send(
        "UpdateItem",
        {
            "TableName": "strings",
            "Key": {"pk": S(fresh())},
            "UpdateExpression": expression,
            **used(expression),
        },
    )
    assert answer.status in (200, 400)
    assert b"InternalServerError" not in answer.body


def test_in_takes_100_operands(api):
    """docs: Comparison operator and function reference."""
    operands = ", ".join([":v"] * 100)
    api("Scan", TableName="strings", FilterExpression=f"a IN ({operands})", **used(":v"))
    answer = api.refused(
        "Scan", TableName="strings", FilterExpression=f"a IN ({operands}, :v)", **used(":v")
    )
    assert answer.type == "ValidationException"
    assert answer.message.startswith("Invalid FilterExpression: ")


def test_the_condition_of_a_transaction_reports_the_first_bad_expression(api):
    answer = api.refused(
        "TransactWriteItems",
        TransactItems=[
            {"Put": {"TableName": "strings", "Item": {"pk": S("a")}}},
            {"ConditionCheck": {"TableName": "strings", "Key": KEY, "ConditionExpression": "("}},
        ],
    )
    assert answer.type == "ValidationException"
    assert answer.message.startswith("Invalid ConditionExpression: Syntax error;")


UNUSED = "Value provided in ExpressionAttribute{} unused in expressions: keys: {{{}}}"
PLACEHOLDERS = [
    ("unused name", {"ExpressionAttributeNames": {"#x": "x"}}, UNUSED.format("Names", "#x")),
    ("unused value", {"ExpressionAttributeValues": {":v": N(5), ":x": N(1)}},
     UNUSED.format("Values", ":x")),
    ("empty names", {"ExpressionAttributeNames": {}},
     "ExpressionAttributeNames must not be empty"),
    ("empty values", {"ExpressionAttributeValues": {}},
     "ExpressionAttributeValues must not be empty"),
    ("a name without #", {"ExpressionAttributeNames": {"x": "x"}},
     'ExpressionAttributeNames contains invalid key: Syntax error; key: "x"'),
    ("a lone #", {"ExpressionAttributeNames": {"#": "x"}},
     'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
    ("a name with a hyphen", {"ExpressionAttributeNames": {"#a-b": "x"}},
     'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'),
    ("a value without a colon", {"ExpressionAttributeValues": {"x": N(1)}},
     'ExpressionAttributeValues contains invalid key: Syntax error; key: "x"'),
    ("a value with a dot", {"ExpressionAttributeValues": {":a.b": N(1)}},
     'ExpressionAttributeValues contains invalid key: Syntax error; key: ":a.b"'),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), ids(PLACEHOLDERS))
@pytest.mark.parametrize(("operation", "member", "request_", "detected"), WITH_A_CONDITION)
def test_a_bad_placeholder(api, operation, member, request_, detected, members, message):
    request = {"TableName": "strings", **request_, member: "a = :v", **used(":v"), **members}
    answer = api.refused(operation, request)
    # Only the later of two captures has the prefix on all of these (observed 2).
    check(answer, (DETECTED + message, message) if detected else message)


@pytest.mark.parametrize(("operation", "member", "request_", "detected"), WITH_A_CONDITION)
def test_placeholders_want_an_expression(api, operation, member, request_, detected):
    for members, message in [
        ({"ExpressionAttributeNames": {"#x": "x"}}, "ExpressionAttributeNames can only be"),
        ({"ExpressionAttributeValues": {":x": N(1)}}, "ExpressionAttributeValues can only be"),
    ]:
        answer = api.refused(operation, request_, TableName="strings", **members)
        assert answer.message.removeprefix(DETECTED).startswith(
            f"{message} specified when using expressions"
        )
        # A capture of October 2026 has no suffix; older accounts name what is null.
        assert re.search(r"expressions(: .* is null)?$", answer.message), member


def test_a_placeholder_in_a_branch_never_taken_counts_as_used(api, fresh):
    """observed 1 [A]: use is judged when the expression is parsed."""
    api(
        "PutItem",
        TableName="strings",
        Item={"pk": S(fresh())},
        ConditionExpression="attribute_not_exists(pk) OR #never = :never",
        ExpressionAttributeNames={"#never": "x"},
        ExpressionAttributeValues={":never": N(1)},
    )
