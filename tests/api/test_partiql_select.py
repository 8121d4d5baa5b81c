"""ExecuteStatement with SELECT: what it reads, in which order, what it refuses, what it costs.

Texts and outcomes were observed on the service from July to October 2026.
"""

from __future__ import annotations

import pytest

from support import tables
from support.client import Refused
from support.values import BOOL, NULL, SS, L, M, N, S

MALFORMED = "Statement wasn't well formed, can't be processed: "
INVALID = "One or more parameter values were invalid: "
NAME = (
    "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', "
    "'_', '.'."
)
OVERLAPPING = "Overlapping conditions with range keys are not supported in where clause"


def run(api, statement, *parameters, **more):
    if parameters:
        more["Parameters"] = list(parameters)
    return api("ExecuteStatement", Statement=statement, **more)


def refusal(api, statement, *parameters, **more):
    with pytest.raises(Refused) as caught:
        run(api, statement, *parameters, **more)
    return caught.value


def keys(answer):
    return [(item["pk"]["S"], item["sk"]["S"]) for item in answer["Items"]]


ITEMS = [
    {"pk": S("a"), "sk": S(sk), "n": N(number), "flag": S(flag)}
    for sk, number, flag in (("1", 1, "x"), ("2", 2, "y"), ("3", 3, "x"))
] + [{"pk": S("b"), "sk": S("1"), "m": M(k=L(S("c"))), "nul": NULL, "yes": BOOL(True)}]


@pytest.fixture(scope="module")
def rows(session_api):
    """The name of a table that holds ITEMS."""
    name = "partiql-select"
    tables.create(session_api, name, tables.table("pk", "sk", types={"pk": "S", "sk": "S"}))
    for item in ITEMS:
        session_api("PutItem", TableName=name, Item=item)
    return f'"{name}"'


def where(api, rows, condition, *parameters):
    return sorted(keys(run(api, f"SELECT * FROM {rows} WHERE {condition}", *parameters)))


A1, A2, A3, B1 = ("a", "1"), ("a", "2"), ("a", "3"), ("b", "1")


def test_the_whole_key_reads_one_item(api, rows):
    statement = f"SELECT * FROM {rows} WHERE pk = ? AND sk = ?"
    assert run(api, statement, S("a"), S("2")) == {"Items": [ITEMS[1]]}
    assert run(api, statement, S("a"), S("9")) == {"Items": []}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pk = 'a'", [A1, A2, A3]),
        ("pk = 'a' AND sk > '1'", [A2, A3]),
        ("pk = 'a' AND '2' >= sk", [A1, A2]),
        ("pk = 'a' AND sk BETWEEN '2' AND '3'", [A2, A3]),
        ("pk = 'a' AND sk NOT BETWEEN '2' AND '3'", [A1]),
        ("pk = 'a' AND begins_with(sk, '3')", [A3]),
        ("pk = 'a' AND sk IN ['1', '3']", [A1, A3]),
        ("pk = 'a' AND sk IN ('1')", [A1]),
        ("pk IN ['a', 'b'] AND sk = '1'", [A1, B1]),
        ("pk = 'a' AND (sk = '1' OR sk = '2')", [A1, A2]),
        ("pk = 'a' AND (sk < '1' OR sk > '1' OR sk = '1')", [A1, A2, A3]),
        ("pk = 'a' AND sk = '1' AND sk > '0'", [A1]),
        ("pk = 'a' AND pk = 'b'", []),
        ("pk = 'a' AND NOT sk = '1'", [A2, A3]),
        ("pk = 'a' AND sk > '0' AND sk <> '1'", [A2, A3]),
        ("pk = 'a' AND NOT sk = '1' OR pk = 'a' AND sk = '2'", [A2, A3]),
        ("pk = 'a' OR pk = 'a' AND NOT sk = '1'", [A1, A2, A3]),
        ("pk = 'a' OR sk = '1'", [A1, A2, A3, B1]),
        ("pk = 'a' AND flag = 'x'", [A1, A3]),
        ("pk = 'a' AND flag != 'x'", [A2]),
        ("pk = 'a' AND n IN [1, 2] AND NOT n = 2", [A1]),
        ("pk = 'a' OR n = 1 AND pk = 'b'", [A1, A2, A3]),
        ("pk > 1", []),
        ("flag = 'x' AND n > -5", [A1, A3]),
        ("nul IS NULL", [B1]),
        ("absent IS NULL", []),
        ("nul IS NOT NULL", [A1, A2, A3]),
        ("flag IS MISSING", [B1]),
        ("flag IS NOT MISSING", [A1, A2, A3]),
        ("NOT flag = 'x'", [A2, B1]),
        ("flag <> 'x'", [A2]),
        ("yes IS BOOL", [B1]),
        ("flag IS STRING AND n IS NUMERIC", [A1, A2, A3]),
        ("m IS STRUCT AND m.k IS LIST", [B1]),
        ("m.k[0] = 'c'", [B1]),
        ("m.k = ['c'] AND m = {'k': ['c']}", [B1]),
        ("contains(m.k, 'c')", [B1]),
        ("size(flag) = 1", [A1, A2, A3]),
        ("attribute_type(m, 'M')", [B1]),
        ("ATTRIBUTE_EXISTS(m.k) AND attribute_not_exists(flag)", [B1]),
        ("attribute_exists(flag) = false", [B1]),
        ("true = attribute_exists(n)", [A1, A2, A3]),
        ("(n BETWEEN 2 AND 5) = true", [A2, A3]),
        ("attribute_exists(nope) IN [true, false]", [A1, A2, A3, B1]),
        ("NOT attribute_exists(n) = true", [B1]),
        ("attribute_exists(m) = yes", [B1]),
        ("attribute_exists(n) <> 1", [A1, A2, A3, B1]),
        ("n = - - 1", [A1]),
        ("n = 10e-1 OR n = .3e1", [A1, A3]),
        ("pk = 'a' -- a note\n AND sk = /* one */ '1';", [A1]),
    ],
)  # fmt: skip
def test_a_condition_selects(api, rows, condition, found):
    assert where(api, rows, condition) == found


def test_the_items_of_a_partition_come_in_order(api, rows):
    select = f"SELECT * FROM {rows} WHERE pk = 'a'"
    assert keys(run(api, select)) == [A1, A2, A3]
    assert keys(run(api, select + " ORDER BY sk DESC")) == [A3, A2, A1]
    assert keys(run(api, select + " ORDER BY sk ASC")) == [A1, A2, A3]
    # What is ordered by the partition key alone comes backwards.
    assert keys(run(api, select + " ORDER BY pk ASC")) == [A3, A2, A1]
    both = f"SELECT * FROM {rows} WHERE pk IN ['b', 'a'] ORDER BY pk DESC, sk ASC"
    assert keys(run(api, both)) == [B1, A1, A2, A3]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("WHERE pk = 'a' ORDER BY n",
         "Attribute n in ORDER BY clause must be part of the primary key"),
        ("WHERE pk > 'a' ORDER BY sk",
         "Must have at least one non-optional hash key condition in WHERE clause when using "
         "ORDER BY clause."),
        ("WHERE pk IN ['a', 'b'] ORDER BY sk",
         "Must have hash key in ORDER BY clause when more than one hash key condition specified "
         "in WHERE clause."),
        ("ORDER BY pk WHERE pk = 'a'", MALFORMED + "Unexpected token after expression"),
        ("WHERE pk IN ['a', 'a']", OVERLAPPING),
        ("WHERE pk = 'a' AND (sk > '0' OR sk < '5')", OVERLAPPING),
        ("WHERE pk = 'a' AND (sk = '1' OR flag = 'y')", OVERLAPPING),
        ("WHERE pk = 'a' AND flag <> '1' OR pk = 'a' AND sk = '2'", OVERLAPPING),
        ("WHERE pk = 1 OR pk = 'a'",
         "Key attribute's data type should match its data type in table's schema: Key pk"),
        ("WHERE pk = 'a' AND sk IN ['1', 2]",
         "Key attribute's data type should match its data type in table's schema: Key sk"),
        ("WHERE n < true",
         "Incorrect operand type for operator or function; operator or function: <, operand "
         "type: BOOL"),
        ("WHERE attribute_exists(n) > false",
         "Incorrect operand type for operator or function; operator or function: >, operand "
         "type: BOOL"),
        ("WHERE attribute_type(l, 1)",
         "Incorrect operand type for operator or function; operator or function: "
         "attribute_type, operand type: N"),
        ("WHERE attribute_type(n, 'X')",
         "Invalid attribute type name found; type: X, valid types: "
         "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"),
        ("WHERE attribute_exists('n')",
         "Operator or function requires a document path; operator or function: "
         "attribute_exists"),
        ("WHERE attribute_exists()",
         "Incorrect number of operands for operator or function; operator or function: "
         "attribute_exists, number of operands: 0"),
        ("WHERE n BETWEEN 2 AND 1",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
         "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"),
        ("WHERE flag IN [" + ", ".join(f"'{n}'" for n in range(101)) + "]",
         "The IN operator is provided with too many operands; number of operands: 101"),
        ("WHERE pk IN [" + ", ".join(f"'{n}'" for n in range(51)) + "]",
         "Too many decomposed read operations for a given query."),
        ("WHERE m.inner = 1", MALFORMED + "Invalid path dot component"),
        ("t WHERE pk = 'a'", "Aliasing is not supported"),
        ("AS t WHERE pk = 'a'", "Aliasing is not supported"),
        ("WHERE", MALFORMED + "Unexpected term"),
        ("WHERE pk = 'a' AND", MALFORMED + "Missing right-hand side expression of infix operator"),
        ("WHERE pk = 'a' foo", MALFORMED + "Unexpected token after expression"),
        ("WHERE pk = 'a' AND x IS FOO", MALFORMED + "Expected type name"),
        ("WHERE IS NULL", MALFORMED + "Unexpected operator"),
        ("WHERE ORDER BY pk", MALFORMED + "Unexpected keyword"),
        ("WHERE pk = 'a", MALFORMED),
        ("WHERE pk = 1 # note", MALFORMED),
        ("WHERE pk = 1 /* note", MALFORMED),
        ("WHERE n = 1e2147483648", MALFORMED),
        ("WHERE n = 1.5e-2147483647", MALFORMED),
        ("WHERE n = 1e126",
         "Number overflow. Attempting to store a number with magnitude larger than supported "
         "range under root"),
        ("WHERE n = 'a' || 'b'", "Unsupported operator in Condition Expression. Operator: ||"),
        ("WHERE n[1.5] = 1", "Unexpected path component at 1:40:3"),
        ("WHERE set_add(n, <<1>>)", "Unrecognized function: set_add at 1:38:7"),
        ("WHERE n", "WHERE clause must contain an expression that resolves to a boolean"),
        ("WHERE pk = ?", "Number of parameters in request and statement don't match."),
    ],
)  # fmt: skip
def test_refused(api, rows, rest, message):
    refused = refusal(api, f"SELECT * FROM {rows} {rest}")
    assert (refused.type, refused.message) == ("ValidationException", message)


def test_fifty_reads_are_fine_and_so_are_more_that_need_no_keys(api, rows):
    listed = ", ".join(f"'v{n}'" for n in range(50))
    assert where(api, rows, f"pk IN [{listed}] AND flag = 'x'") == []
    assert where(api, rows, f"pk IN [{listed}, 'w'] OR flag = 'y'") == [A2]


@pytest.mark.parametrize(
    ("columns", "what", "length"),
    [("COUNT(*)", "COUNT", 5), ("size(n)", "size", 4), ("attribute_exists(n)", "attribute", 16),
     ("1", "1", 1), ("'a'", "'a'", 3), ("n + 1", "+", 1)],
)  # fmt: skip
def test_a_column_is_a_path(api, columns, what, length):
    statement = f'SELECT {columns} FROM "no-such-table"'
    refused = refusal(api, statement)
    column = statement.index(what) + 1
    assert refused.message == f"Unexpected path component at 1:{column}:{length}"


def test_columns_are_called_by_their_last_name(api, rows):
    statement = f"SELECT m.k[0], m.k, \"sk\", absent FROM {rows} WHERE pk = 'b' AND sk = '1'"
    assert run(api, statement) == {"Items": [{"k[0]": S("c"), "k": L(S("c")), "sk": S("1")}]}
    assert run(api, f"SELECT m.k FROM {rows} WHERE pk = 'a'")["Items"] == [{}, {}, {}]


def test_list_indexes_have_a_range(api, rows):
    statement = f"SELECT l[-1] FROM {rows} WHERE pk = 'a'"
    assert refusal(api, statement).message == (
        "List index is not within the allowable range; index: [-1] at 1:11:1"
    )
    assert refusal(api, statement.replace("-1", "2147483648")).message == (
        "List index is not within the allowable range; index: [2147483648] at 1:10:10"
    )
    assert run(api, statement.replace("-1", "-0"))["Items"] == [{}, {}, {}]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT {} FROM {}",
        "SELECT * FROM {1} WHERE {0} = 1",
        "UPDATE {1} SET {0} = 1 WHERE pk = 'a' AND sk = '1'",
        "UPDATE {1} REMOVE {0} WHERE pk = 'a' AND sk = '1'",
        "DELETE FROM {1} WHERE pk = 'a' AND sk = '1' AND {0} = 1",
    ],
)
def test_paths_have_at_most_32_levels(api, rows, statement):
    """As the local edition of the service has it; the limit is that of all expressions."""
    path = ".".join(["m"] * 33)
    assert refusal(api, statement.format(path, rows)).message == (
        "The document path has too many nesting levels; nesting levels: 33"
    )
    deepest = "m" + "[0]" * 31
    assert run(api, f"SELECT {deepest} FROM {rows} WHERE {deepest} = 1") == {"Items": []}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('"t"."i"."more"', "A path may contain at most 2 components in the FROM clause"),
        ('"".x', "Path component cannot be an empty string"),
        ('"table".""', "Path component cannot be an empty string"),
        ("'table'", "Unexpected from source"),
        ("one, two", "Only select from a single table or index is supported."),
        ("ab", NAME),
        (f'"{"x" * 256}"', NAME),
        ('"a b"', NAME),
        ('"arn:x"', NAME),
        ('"arn:aws:dynamodb:us-east-1"', NAME),
        ('"arn:aws:s3:us-east-1:000000000000:table/table"', NAME),
        ("", MALFORMED + "Unexpected term"),
    ],
)
def test_one_table_or_index_is_read(api, source, message):
    assert refusal(api, f"SELECT * FROM {source}").message == message


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SLECT * FROM \"t\" WHERE pk = 'a'", MALFORMED + "Expected data manipulation"),
        ("SELECTT * FROMM \"t\"", MALFORMED + "Unexpected token after expression"),
        ("x IS INT4", "Unsupported operation: IsType"),
        ("foo", "Unsupported operation: VariableReference"),
        ("DROP TABLE ttt", "Unsupported operation: DropTable"),
        (";", MALFORMED + "Unexpected term"),
        ("SELECT * FROM ttt;;", MALFORMED + "Unexpected token after expression"),
        ("SELECT DISTINCT a FROM ttt", "Unsupported token in expression: DISTINCT"),
        ("SELECT * FROM ttt GROUP BY a", "Unsupported clause: GROUP BY"),
        ("SELECT * FROM ttt LIMIT 1", "Unsupported clause: LIMIT at 1:25:1"),
        ("SELECT a, a FROM ttt", "Duplicate identifiers in select clause: a"),
        ("EXISTS(SELECT * FROM ttt WHERE pk = 'a')",
         "EXISTS can only be used in ExecuteTransaction write requests."),
    ],
)  # fmt: skip
def test_what_is_no_select(api, statement, message):
    assert refusal(api, statement).message == message


def test_a_table_may_be_named_by_its_arn(api, rows):
    arn = api("DescribeTable", TableName=rows.strip(chr(34)))["Table"]["TableArn"]
    assert run(api, f"SELECT sk FROM \"{arn}\" WHERE pk = 'b'") == {"Items": [{"sk": S("1")}]}


def test_a_missing_table(api):
    refused = refusal(api, "SELECT * FROM \"no-such-table\" WHERE pk = 'a'")
    assert refused.type == "ResourceNotFoundException"
    assert refused.message == "Requested resource not found"
    # What is wrong with the operands needs no table.
    refused = refusal(api, 'SELECT * FROM "no-such-table" WHERE a < ?', BOOL(True))
    assert refused.message.startswith("Incorrect operand type")


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        (N("abc"), "The parameter cannot be converted to a numeric value: abc"),
        (N("1e99999999999"), "The parameter cannot be converted to a numeric value: 1e99999999999"),
        (N(""), "The parameter cannot be converted to a numeric value"),
        (N("1e2147483647"),
         "Number underflow. Attempting to store a number with magnitude smaller than supported "
         "range"),
        ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
        ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    ],
)  # fmt: skip
def test_parameters_are_checked_before_the_statement_is_read(api, parameter, message):
    assert refusal(api, "UPDATE nonsense", parameter).message == message


# Pages


def pages(api, statement, *parameters, limit, **more):
    found, token = [], {}
    while True:
        answer = run(api, statement, *parameters, Limit=limit, **token, **more)
        assert len(answer["Items"]) <= limit
        found.append(keys(answer))
        if "NextToken" not in answer:
            assert "LastEvaluatedKey" not in answer
            return found
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
@pytest.mark.parametrize(
    "rest",
    ["", " WHERE pk = 'a'", " WHERE pk IN ['a', 'b']", " WHERE pk IN ['a', 'b'] AND n > 1",
     " WHERE pk = 'a' ORDER BY sk DESC", " WHERE pk IN ['a', 'b'] ORDER BY pk DESC"],
)  # fmt: skip
def test_pages_hold_together_what_one_answer_would(api, rows, rest, limit):
    statement = f"SELECT * FROM {rows}{rest}"
    found = pages(api, statement, limit=limit)
    assert [key for page in found for key in page] == keys(run(api, statement))


def test_a_page_holds_1_mb(api):
    tables.create(api, "partiql-large", tables.table("pk", "sk", types={"pk": "S", "sk": "S"}))
    for sk in "123456":
        item = {"pk": S("a" if sk < "4" else "b"), "sk": S(sk), "filler": S("x" * 300_000)}
        api("PutItem", TableName="partiql-large", Item=item)
    for rest in ("", " WHERE pk IN ['a', 'b'] AND sk IS NOT MISSING", " WHERE pk IN ['a', 'b']"):
        statement = f'SELECT pk, sk FROM "partiql-large"{rest}'
        first = run(api, statement)
        rest_of_it = run(api, statement, NextToken=first["NextToken"])
        assert len(first["Items"]) == 4
        assert sorted(keys(first) + keys(rest_of_it)) == [
            ("a" if sk < "4" else "b", sk) for sk in "123456"
        ]


def test_more_parameters_than_the_statement_has_are_let_pass(api, rows):
    assert len(run(api, f"SELECT * FROM {rows} WHERE pk = ?", S("a"), S("b"))["Items"]) == 3


def test_limit_counts_what_is_read_and_a_page_says_where_it_ended(api, rows):
    answer = run(api, f"SELECT * FROM {rows} WHERE pk = 'a' AND flag = 'y'", Limit=1)
    assert answer["Items"] == []
    assert answer["LastEvaluatedKey"] == {"pk": S("a"), "sk": S("1")}


def test_a_token_belongs_to_its_statement_and_parameters(api, rows):
    statement = f"SELECT * FROM {rows} WHERE pk = ?"
    token = run(api, statement, S("a"), Limit=1)["NextToken"]
    other = refusal(api, statement, S("b"), NextToken=token)
    assert other.message == "NextToken does not match request"
    other = refusal(api, f"SELECT * FROM {rows}", NextToken=token)
    assert other.message == "NextToken does not match request"
    # Neither Limit nor ConsistentRead is part of it.
    rest = run(api, statement, S("a"), NextToken=token, ConsistentRead=True)
    assert keys(rest) == [A2, A3]


@pytest.mark.parametrize("token", ["x", "AAAA", "=" * 20, "A" * 64])
def test_what_is_no_token(api, rows, token):
    refused = refusal(api, f"SELECT * FROM {rows}", NextToken=token)
    assert refused.message in ("Invalid NextToken", "NextToken does not match request")


def test_a_token_opens_nothing_but_what_the_statement_reads(api, rows):
    """Whoever makes tokens up cannot leave the partition."""
    import base64
    import json

    statement = f"SELECT * FROM {rows} WHERE pk = 'b'"
    mine = run(api, f"SELECT * FROM {rows} WHERE pk = 'b'", Limit=1)["NextToken"]
    data = base64.urlsafe_b64decode(mine)
    for start in ([0, {"pk": S("a"), "sk": S("1")}], [7, None], [0, {"pk": N(1)}], [-1, None],
                  ["0", None], [0, {"pk": S("b"), "sk": {"N": "x"}}]):  # fmt: skip
        forged = base64.urlsafe_b64encode(data[:16] + json.dumps(start).encode()).decode()
        assert refusal(api, statement, NextToken=forged).message == "Invalid NextToken"


# Indexes


@pytest.fixture(scope="module")
def indexed(session_api):
    """The name of a table with indexes: l is not projected by gsi-inc and lsi-keys."""
    name = "partiql-indexed"
    definition = tables.table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "S", "g": "S", "l": "S"},
        local=[tables.index("lsi-keys", "pk", "l", projection="KEYS_ONLY")],
        everywhere=[
            tables.index("gsi-all", "g"),
            tables.index("gsi-inc", "g", projection=["kept"]),
        ],
    )
    tables.create(session_api, name, definition)
    for sk, g in (("1", "x"), ("2", "y"), ("3", "x")):
        item = {"pk": S("p"), "sk": S(sk), "g": S(g), "l": S(f"l{sk}"), "kept": S(f"k{sk}"),
                "other": S(f"o{sk}")}  # fmt: skip
        session_api("PutItem", TableName=name, Item=item)
    session_api("PutItem", TableName=name, Item={"pk": S("p"), "sk": S("4"), "other": S("o4")})
    return name


def test_an_index_is_read_by_its_own_key(api, indexed):
    assert sorted(keys(run(api, f'SELECT * FROM "{indexed}"."gsi-all" WHERE g = \'x\''))) == [
        ("p", "1"),
        ("p", "3"),
    ]
    # An item without its key attributes is not in it.
    everything = run(api, f'SELECT * FROM "{indexed}"."gsi-all" WHERE pk = \'p\'')
    assert len(everything["Items"]) == 3
    kept = run(api, f'SELECT * FROM "{indexed}"."gsi-inc" WHERE g = \'y\'')
    assert kept["Items"] == [{"pk": S("p"), "sk": S("2"), "g": S("y"), "kept": S("k2")}]
    ordered = run(api, f'SELECT l FROM "{indexed}"."lsi-keys" WHERE pk = \'p\' ORDER BY l DESC')
    assert ordered["Items"] == [{"l": S("l3")}, {"l": S("l2")}, {"l": S("l1")}]


def test_an_index_is_paged(api, indexed):
    statement = f'SELECT * FROM "{indexed}"."gsi-all" WHERE g = \'x\''
    found = pages(api, statement, limit=1)
    assert sorted(key for page in found for key in page) == [("p", "1"), ("p", "3")]


def test_a_local_index_fetches_what_it_does_not_hold(api, indexed):
    statement = f'SELECT other FROM "{indexed}"."lsi-keys" WHERE pk = \'p\''
    answer = run(api, statement, ReturnConsumedCapacity="INDEXES")
    assert answer["Items"] == [{"other": S("o1")}, {"other": S("o2")}, {"other": S("o3")}]
    assert answer["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 2.0,
        "Table": {"CapacityUnits": 1.5},
        "LocalSecondaryIndexes": {"lsi-keys": {"CapacityUnits": 0.5}},
    }


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ('."gsi-inc" WHERE g = \'y\' AND other = \'1\'',
         INVALID + "Secondary index gsi-inc does not project one or more filter attributes: "
         "[other]"),
        ('."lsi-keys" WHERE pk = \'p\' AND l BETWEEN \'a\' AND \'z\' AND other IS MISSING',
         INVALID + "Secondary index lsi-keys does not project one or more filter attributes: "
         "[other]"),
        ('."gsi-inc" WHERE g IN [\'y\', \'z\'] AND NOT (zz = 1 OR kept = \'x\')',
         INVALID + "Secondary index gsi-inc does not project one or more filter attributes: [zz]"),
        ('."gsi-inc" WHERE g = \'y\' AND b = 1 AND (a = 2 OR kept = \'3\')',
         INVALID + "Secondary index gsi-inc does not project one or more filter attributes: "
         "[a, b]"),
        ('."gsi-inc" WHERE g = \'y\' AND (zz = 1 OR aa = 2 OR mm = 3)',
         INVALID + "Secondary index gsi-inc does not project one or more filter attributes: "
         "[zz, aa, mm]"),
        ('."gsi-inc" WHERE (g = \'b\' AND u1 = 1) OR (g = \'q\' AND u2 = 1)',
         INVALID + "Secondary index gsi-inc does not project one or more filter attributes: [u2]"),
        ('."nope" WHERE g = \'y\'', "The table does not have the specified index"),
    ],
)  # fmt: skip
def test_refused_of_an_index(api, indexed, rest, message):
    assert refusal(api, f'SELECT pk FROM "{indexed}"{rest}').message == message


@pytest.mark.parametrize(
    "condition",
    ["other = 'o1'", "(g = 'y' AND kept = '1') OR (g = 'z' AND aa = '1')",
     "g > 'a' AND zz = '1'", "g = 'y' AND (g = 'z' OR zz = '1')", "(g = 'y' AND zz = 1) OR aa = 1"],
)  # fmt: skip
def test_a_filter_on_what_the_index_does_not_hold_finds_nothing(api, indexed, condition):
    assert run(api, f'SELECT pk FROM "{indexed}"."gsi-inc" WHERE {condition}')["Items"] == []


def test_a_global_index_holds_no_more_and_is_never_consistent(api, indexed):
    source = f'"{indexed}"."gsi-inc"'
    assert refusal(api, f"SELECT other, l, pk FROM {source}").message == (
        INVALID + "Global secondary index gsi-inc does not project [other, l]"
    )
    assert refusal(api, f"SELECT * FROM {source}", ConsistentRead=True).message == (
        "Strongly consistent read is not supported on Global Secondary Indexes"
    )


def test_an_index_of_several_key_attributes_is_not_read(api):
    tables.create(api, "partiql-multi", tables.MULTI)
    refused = (
        "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or "
        "multi-attribute RANGE keys."
    )
    source = '"partiql-multi"."two-two"'
    for statement in (f"SELECT * FROM {source} WHERE a = 5", f"SELECT COUNT(*) FROM {source}"):
        assert refusal(api, statement).message == refused
    assert refusal(api, f"SELECT * FROM {source} WHERE").message == MALFORMED + "Unexpected term"
    assert run(api, "SELECT * FROM \"partiql-multi\" WHERE pk = 'x'")["Items"] == []


# Capacity


def test_reads_cost_what_getitem_query_and_scan_cost(api, rows):
    def units(statement, **more):
        answer = run(api, statement, ReturnConsumedCapacity="TOTAL", **more)
        return answer["ConsumedCapacity"]["CapacityUnits"]

    one = f"SELECT * FROM {rows} WHERE pk = 'a' AND sk = '1'"
    assert units(one) == 0.5
    assert units(one, ConsistentRead=True) == 1.0
    assert units(f"SELECT sk FROM {rows} WHERE pk = 'none' AND sk = '1'") == 0.5
    assert units(f"SELECT * FROM {rows} WHERE pk = 'a' AND flag = 'none'") == 0.5
    assert units(f"SELECT * FROM {rows}") == 0.5


def test_a_gsi_read_costs_the_index_alone(api, indexed):
    statement = f'SELECT pk FROM "{indexed}"."gsi-all" WHERE g = \'x\''
    answer = run(api, statement, ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"gsi-all": {"CapacityUnits": 0.5}},
    }


def test_boto3_and_sets(api, client, fresh):
    key = fresh()
    client.put_item(TableName="strings", Item={"pk": S(key), "tags": SS("a", "b"), "#": S("hash")})
    answer = client.execute_statement(
        Statement='SELECT "#", tags FROM strings WHERE pk = ? AND tags = ? AND "#" = \'hash\'',
        Parameters=[S(key), SS("b", "a")],
    )
    assert answer["Items"] == [{"#": S("hash"), "tags": SS("a", "b")}]
