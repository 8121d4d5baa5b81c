"""ExecuteStatement with INSERT, UPDATE and DELETE.

Texts and outcomes were observed on the service from July to October 2026.
"""

from __future__ import annotations

import pytest

from support.client import Refused
from support.sizes import item_of
from support.values import BOOL, BS, NS, NULL, SS, B, L, M, N, S

MALFORMED = "Statement wasn't well formed, can't be processed: "
INVALID = "One or more parameter values were invalid: "
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
NESTING = "Nesting Levels have exceeded supported limits"


def run(api, statement, *parameters, **more):
    if parameters:
        more["Parameters"] = list(parameters)
    return api("ExecuteStatement", Statement=statement, **more)


def refusal(api, statement, *parameters, **more):
    with pytest.raises(Refused) as caught:
        run(api, statement, *parameters, **more)
    return caught.value


def stored(api, key, table="strings"):
    return api("GetItem", TableName=table, Key={"pk": S(key)}).get("Item")


@pytest.fixture
def item(api, fresh):
    """The key of an item with attributes of every kind."""
    key = fresh()
    attributes = {
        "pk": S(key),
        "n": N(5),
        "s": S("str"),
        "ss": SS("a", "b", "c"),
        "ns": NS(1, 2, 3),
        "bs": BS(b"1", b"2"),
        "l": L(S("x"), S("y"), S("z")),
        "m": M(k=M(d=N(1)), o=S("o")),
    }
    api("PutItem", TableName="strings", Item=attributes)
    return key


# INSERT


def test_insert_makes_an_item_of_every_literal(api, fresh):
    key = fresh()
    statement = (
        f"INSERT INTO strings value {{'pk': '{key}', 's': 'it''s', 'n': -1.50e1, 't': TRUE, "
        "'f': false, 'nul': null, 'l': [1, ['x', <<'b', 'a'>>], {}], 'm': {'x': {'y': []}}, "
        "'ns': <<34, 1, 4.50>>}"
    )
    assert run(api, statement) == {"Items": []}
    assert stored(api, key) == {
        "pk": S(key), "s": S("it's"), "n": N(-15), "t": BOOL(True), "f": BOOL(False),
        "nul": NULL, "l": L(N(1), L(S("x"), SS("a", "b")), M()), "m": M(x=M(y=L())),
        "ns": NS(1, "4.5", 34),
    }  # fmt: skip


def test_insert_takes_parameters(api, fresh):
    key = fresh()
    statement = "INSERT INTO \"strings\" VALUE {'pk': ?, 'b': ?, 'm': ?}"
    run(api, statement, S(key), B(b"raw"), M(x=N(1)))
    assert stored(api, key) == {"pk": S(key), "b": B(b"raw"), "m": M(x=N(1))}


def test_insert_does_not_replace(api, item):
    refused = refusal(api, f"INSERT INTO strings VALUE {{'pk': '{item}'}}")
    assert refused.body == {
        "__type": "com.amazonaws.dynamodb.v20120810#DuplicateItemException",
        "message": "Duplicate primary key exists in table",
    }
    assert stored(api, item)["n"] == N(5)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("VALUE {'pk': 'x'} foo", MALFORMED + "Unexpected token after expression"),
        ("t VALUE {'pk': 'x'}", MALFORMED + "Unexpected token after expression"),
        ("VALUE", MALFORMED + "Unexpected term"),
        ("{'pk': 'x'}", "Unsupported operation: InsertOp"),
        ("VALUE [1]", "Unsupported format in item expression. Please use struct format {...} to "
         "express item values for insert statement. at 1:27:1"),
        ("VALUE {'pk': 'x'} RETURNING ALL OLD *", "RETURNING is not supported in INSERT"),
        ("VALUE {'a': 1}", "Key attribute should be present in the item: Key pk"),
        ("VALUE {'pk': 1}",
         "Key attribute's data type should match its data type in table's schema: Key pk"),
        ("VALUE {'pk': ''}",
         "One or more parameter values are not valid. The AttributeValue for a key attribute "
         "cannot contain an empty string value. Key: pk"),
        ("VALUE {'pk': 'x', 'pk': 'y'}",
         "Duplicate keys in tuple. Key: pk under root at 1:39:4"),
        ("VALUE {pk: 'x'}",
         "Tuple keys must be of type String. Actual type: VariableReference under root at 1:28:2"),
        ("VALUE {'pk': 'x', '': 1}", "Path component cannot be an empty string"),
        ("VALUE {'pk': 'x', 'a': <<>>}", "Empty bags are not supported"),
        ("VALUE {'pk': 'x', 'a': <<1, 'a'>>}",
         "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
        ("VALUE {'pk': 'x', 'a': <<'a', 'a'>>}",
         INVALID + "Input collection [a, a] contains duplicates."),
        ("VALUE {'pk': 'x', 'a': <<2, 2.0>>}",
         INVALID + "Input collection [2, 2.0] contains duplicates! under root"),
        ("VALUE {'pk': 'x', 'm': {'x': 1e126}}",
         "Number overflow. Attempting to store a number with magnitude larger than supported "
         "range under root.x"),
        ("VALUE {'pk': 'x', 'l': [1, 1e-131]}",
         "Number underflow. Attempting to store a number with magnitude smaller than supported "
         "range under root[1]"),
        ("VALUE {'pk': 'x', 'n': 123456789012345678901234567890123456789}",
         "Attempting to store more than 38 significant digits in a Number under root"),
        ("VALUE {'pk': 'x', 'a': set_add(<<'a'>>, <<'b'>>)}",
         "Unsupported data type: set_add under key root at 1:44:7"),
        ("VALUE {'pk': 'x', 'm': {'k': ?}}",
         "Unsupported data type: Parameter under key root.k at 1:50:1"),
    ],
)  # fmt: skip
def test_insert_refused(api, rest, message):
    parameters = [S("v")] if "?" in rest else []
    assert refusal(api, f"INSERT INTO strings {rest}", *parameters).message == message


def test_insert_names_a_table_alone(api):
    refused = refusal(api, "INSERT INTO \"indexed\".\"global-all\" VALUE {'pk': 'x'}")
    assert refused.message == (
        "FROM clause may only contain a single table name in data manipulation statements at 1:13:9"
    )


def test_items_have_their_size_and_depth(api, fresh):
    key = fresh()
    largest = item_of({"pk": S(key)}, 409_600)["filler"]
    statement = "INSERT INTO strings VALUE {'pk': ?, 'filler': ?}"
    run(api, statement, S(key), largest)
    larger = S(largest["S"] + "x")
    refused = refusal(api, statement, S(key), larger)
    assert refused.message == "Item size has exceeded the maximum allowed size"
    deep = "{'a':" * 31 + "1" + "}" * 31
    run(api, f"INSERT INTO strings VALUE {{'pk': '{fresh()}', 'd': {deep}}}")
    deeper = "[" * 32 + "1" + "]" * 32
    refused = refusal(api, f"INSERT INTO strings VALUE {{'pk': '{key}', 'd': {deeper}}}")
    assert refused.message == f"{NESTING} under root{'[0]' * 32}"


# UPDATE


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ("SET n = 1", {"n": N(1)}),
        ("SET n = n + 1 SET s = 'new'", {"n": N(6), "s": S("new")}),
        ("SET n=n-1, x = s", {"n": N(4), "x": S("str")}),
        ("SET n = n - - 2", {"n": N(7)}),
        ("SET n = n + n - 1 + 2", {"n": N(11)}),
        ("SET n = (n + 1)", {"n": N(6)}),
        ("SET m.k.d = m.k.d + 1", {"m": M(k=M(d=N(2)), o=S("o"))}),
        ("SET m.added = [1] REMOVE m.k", {"m": M(o=S("o"), added=L(N(1)))}),
        ("REMOVE n REMOVE l[1]", {"n": None, "l": L(S("x"), S("z"))}),
        ("SET l[1] = 'new'", {"l": L(S("x"), S("new"), S("z"))}),
        ("SET l[99] = 'new'", {"l": L(S("x"), S("y"), S("z"), S("new"))}),
        ("SET l = list_append(l, [1])", {"l": L(S("x"), S("y"), S("z"), N(1))}),
        ("SET l = LIST_APPEND([1], l)", {"l": L(N(1), S("x"), S("y"), S("z"))}),
        ("SET ss = set_add(ss, <<'0', 'a'>>)", {"ss": SS("0", "a", "b", "c")}),
        ("SET nss = SET_ADD(nss, <<'x'>>)", {"nss": SS("x")}),
        ("SET ns = set_delete(ns, <<2>>)", {"ns": NS(1, 3)}),
        ("SET ss = set_delete(ss, <<'zz'>>)", {}),
        ("SET ss = set_delete(ss, <<'a', 'b', 'c'>>)", {"ss": None}),
        ("SET nss = set_delete(nss, <<'a'>>)", {}),
        ("SET x = if_not_exists(x, 1) SET n = if_not_exists(n, 1)", {"x": N(1)}),
        ("SET ns = <<1, 10>>", {"ns": NS(1, 10)}),
    ],
)  # fmt: skip
def test_update_changes(api, item, changes, changed):
    before = stored(api, item)
    assert run(api, f"UPDATE strings {changes} WHERE pk = '{item}'") == {"Items": []}
    expected = {**before, **changed}
    assert stored(api, item) == {
        name: value for name, value in expected.items() if value is not None
    }


def test_update_takes_parameters_in_the_order_written(api, item):
    statement = "UPDATE strings SET n = ? SET bs = set_add(bs, ?) WHERE pk = ? AND s = ?"
    run(api, statement, N(9), BS(b"2", b"3"), S(item), S("str"))
    assert (stored(api, item)["n"], stored(api, item)["bs"]) == (N(9), BS(b"1", b"2", b"3"))


@pytest.mark.parametrize("end", [" AND n = 6", " AND attribute_not_exists(pk)", " AND n <> 5",
                                 " AND zz <> 1", " AND NOT begins_with(s, 's')"])  # fmt: skip
def test_update_under_a_false_condition(api, item, end):
    refused = refusal(api, f"UPDATE strings SET n = 1 WHERE pk = '{item}'{end}")
    assert refused.type == "ConditionalCheckFailedException"
    assert refused.message == "The conditional request failed"
    assert stored(api, item)["n"] == N(5)


def test_a_failed_condition_returns_the_item_where_asked(api, item):
    refused = refusal(
        api,
        f"UPDATE strings SET n = 1 WHERE pk = '{item}' AND n = 6",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert refused.body["Item"]["n"] == N(5)


@pytest.mark.parametrize("end", ["", " AND attribute_not_exists(pk)", " AND x IS MISSING"])
def test_update_creates_nothing(api, fresh, end):
    key = fresh()
    refused = refusal(api, f"UPDATE strings SET n = 1 WHERE pk = '{key}'{end}")
    assert refused.type == "ConditionalCheckFailedException"
    assert stored(api, key) is None


@pytest.mark.parametrize(
    ("returning", "returned"),
    [
        ("ALL OLD", {"pk", "n", "s", "ss", "ns", "bs", "l", "m"}),
        ("ALL NEW", {"pk", "n", "ss", "ns", "bs", "l", "m", "x"}),
        ("MODIFIED OLD", {"n": N(5), "s": S("str"), "m": M(k=M(d=N(1))), "l": L(S("x"), S("z"))}),
        ("MODIFIED NEW", {"n": N(6), "m": M(k=M(d=N(2))), "x": N(1), "l": L(N(0), N(2))}),
    ],
)
def test_update_returns(api, item, returning, returned):
    changes = "SET n = n + 1 SET m.k.d = 2 SET x = 1 SET l[2] = 2 SET l[0] = 0 REMOVE s"
    (row,) = run(api, f"UPDATE strings {changes} WHERE pk = '{item}' RETURNING {returning} *")[
        "Items"
    ]
    assert (set(row) if isinstance(returned, set) else row) == returned


def test_nothing_to_return_is_no_row(api, item):
    statement = f"UPDATE strings REMOVE s WHERE pk = '{item}' RETURNING MODIFIED NEW *"
    assert run(api, statement) == {"Items": []}


def test_from_first(api, item):
    statement = f"from strings where pk = '{item}' AND n = 5 set n = 6 REMOVE s RETURNING ALL NEW *"
    (row,) = run(api, statement)["Items"]
    assert (row["n"], "s" in row) == (N(6), False)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE strings SET n = 1", NO_KEY),
        ("FROM strings SET n = 1", NO_KEY),
        ("FROM strings WHERE n = 1 SET n = 1", NO_KEY),
        ("UPDATE ranged SET n = 1 WHERE pk = 'x'", NO_KEY),
        ("UPDATE ranged SET n = 1 WHERE pk = 'x' AND sk > 'y'", NO_KEY),
        ("UPDATE ranged SET n = 1 WHERE pk = 'x' AND sk IN ['y']", NO_KEY),
        ("UPDATE ranged SET n = 1 WHERE pk = 'x' OR sk = 'y'", NO_KEY),
        ("DELETE FROM strings", NO_KEY),
        ("UPDATE strings SET n = 1 WHERE pk = 'x' AND pk = 'y'",
         "Multiple conditions on same key pk. Only single item Update/Insert/Delete are "
         "supported"),
        ("UPDATE strings SET n = 1 WHERE pk = 1",
         "Key attribute's data type should match its data type in table's schema: Key pk"),
        ("UPDATE strings SET n = 1 WHERE pk = true",
         "Key value must be of type S, N, or B. Key name: pk, Key type: BOOL"),
        ("UPDATE strings SET pk = 'y' WHERE pk = 'x'",
         INVALID + "Cannot update attribute pk. This attribute is part of the key"),
        ("UPDATE strings SET n = 1 SET n = 2 WHERE pk = 'x'",
         "Two document paths overlap with each other; must remove or rewrite one of these "
         "paths; path one: [n], path two: [n]"),
        ("UPDATE strings SET n = 'a' + 1 WHERE pk = 'x'",
         "Incorrect operand type for operator or function; operator or function: +, operand "
         "type: S"),
        ("UPDATE strings SET n = n - null WHERE pk = 'x'",
         "Incorrect operand type for operator or function; operator or function: -, operand "
         "type: NULL"),
        ("UPDATE strings SET n = n * 2 WHERE pk = 'x'",
         "Unsupported operator in Update Expression. Operator: *"),
        ("UPDATE strings SET n = -n WHERE pk = 'x'",
         "Incorrect number of operands for operator or function; operator or function: -, number "
         "of operands: 1"),
        ("UPDATE strings SET n = n IS NULL WHERE pk = 'x'",
         "IS operator is not supported in update expressions"),
        ("UPDATE strings SET n = size(s) WHERE pk = 'x'",
         "The function is not allowed in an update expression; function: size"),
        ("UPDATE strings SET t = set_add(ss, <<'x'>>) WHERE pk = 'x'",
         "The first argument to SET_ADD must equal the assignment value at 1:24:7"),
        ("UPDATE strings SET ss = set_add(<<'a'>>, <<'x'>>) WHERE pk = 'x'",
         "The first argument to SET_ADD must equal the assignment value at 1:25:7"),
        ("UPDATE strings\nSET ss = set_add(ss, 'x') WHERE pk = 'x'",
         "The second argument to SET_ADD must be a value with type SET at 2:18:2"),
        ("UPDATE strings SET \"ss\" = set_delete(\"ss\", ['x']) WHERE pk = 'x'",
         "The second argument to SET_DELETE must be a value with type SET at 1:38:4"),
        ("UPDATE strings SET ss = set_add(ss) WHERE pk = 'x'",
         "SET_ADD must have exactly two arguments at 1:25:7"),
        ("UPDATE strings SET m.inner = 1 WHERE pk = 'x'", MALFORMED + "Invalid path dot component"),
        ("UPDATE my-table SET n = 1 WHERE pk = 'x'", MALFORMED + "Expected data manipulation"),
        ("UPDATE strings SET n = 1 WHERE", MALFORMED + "Unexpected term"),
        ("UPDATE strings SET n = 1 WHERE pk = 'x' foo",
         MALFORMED + "Unexpected token after expression"),
        ("FROM strings SET c = 1 WHERE pk = 'x'", MALFORMED + "Unexpected token after expression"),
        ("UPDATE strings t SET n = 1 WHERE pk = 'x'", "Aliasing is not supported"),
        ("UPDATE \"indexed\".\"global-all\" SET n = 1 WHERE pk = 'x'",
         "This operation is not supported on an index"),
        ("DELETE FROM \"nope\".\"i\" WHERE pk = 'x'",
         "This operation is not supported on an index"),
        ("DELETE FROM", MALFORMED + "Expected identifier for simple path"),
        ("DELETE FROM WHERE pk = 'a'", MALFORMED + "Expected identifier for simple path"),
        ("DELETE FROM strings WHERE pk = 'x' ORDER BY pk",
         MALFORMED + "Unexpected token after expression"),
        ("DELETE FROM strings WHERE pk = 'x' RETURNING MODIFIED OLD *",
         "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed "
         "in DELETE statements."),
        ("DELETE FROM strings WHERE pk = 'x' RETURNING ALL NEW *",
         "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in "
         "DELETE statements."),
    ],
)  # fmt: skip
def test_refused(api, statement, message):
    refused = refusal(api, statement)
    assert (refused.type, refused.message) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("SET ss = set_add(ss, <<1>>)",
         "An operand in the update expression has an incorrect data type"),
        ("SET s = set_add(s, <<'x'>>)",
         "An operand in the update expression has an incorrect data type"),
        ("SET x = list_append(x, [1])",
         "The provided expression refers to an attribute that does not exist in the item"),
        ("SET x.y = 1",
         "The document path provided in the update expression is invalid for update"),
    ],
)  # fmt: skip
def test_what_only_the_item_shows(api, item, changes, message):
    assert refusal(api, f"UPDATE strings {changes} WHERE pk = '{item}'").message == message


def test_a_parameter_that_is_no_set_cannot_be_added(api, item):
    statement = f"UPDATE strings SET ss = set_add(ss, ?) WHERE pk = '{item}'"
    assert refusal(api, statement, N(1)).message == (
        "The second argument to SET_ADD must be a value with type SET at 1:33:2"
    )


def test_an_update_may_not_nest_too_deep(api, item):
    deep = S("x")
    for _ in range(31):
        deep = M(a=deep)
    statement = f"UPDATE strings SET m.deep = ? WHERE pk = '{item}'"
    assert refusal(api, statement, deep).message == NESTING


def test_an_update_is_measured_by_what_it_makes(api, fresh):
    """Unlike UpdateItem, which is charged for its expression too."""
    key = fresh()
    api("PutItem", TableName="strings", Item={"pk": S(key)})
    filler = item_of({"pk": S(key)}, 409_600)["filler"]
    statement = "UPDATE strings SET filler = ? WHERE pk = ?"
    run(api, statement, filler, S(key))
    refused = refusal(api, statement, S(filler["S"] + "x"), S(key))
    assert refused.message == "Item size to update has exceeded the maximum allowed size"


# DELETE


def test_delete(api, item):
    assert run(api, f"DELETE FROM strings WHERE pk = '{item}' AND n = 5") == {"Items": []}
    assert stored(api, item) is None
    # What is not there is deleted, whatever is asked of it.
    assert run(api, f"DELETE FROM strings WHERE pk = '{item}' AND n = 5") == {"Items": []}
    returning = f"DELETE FROM strings WHERE pk = '{item}' RETURNING ALL OLD *"
    assert run(api, returning) == {"Items": []}


def test_delete_returns_the_old_item(api, item):
    before = stored(api, item)
    answer = run(api, f"DELETE FROM strings WHERE pk = '{item}' RETURNING ALL OLD *")
    assert answer == {"Items": [before]}


def test_delete_under_a_false_condition(api, item):
    refused = refusal(api, f"DELETE FROM strings WHERE pk = '{item}' AND n = 6")
    assert refused.type == "ConditionalCheckFailedException"
    assert stored(api, item) is not None


# What follows from a write


def test_indexes_follow_and_cost(api, fresh):
    key, group = fresh(), fresh()
    statement = "INSERT INTO indexed VALUE {'pk': ?, 'sk': 's', 'g': ?, 'h': 1}"
    answer = run(api, statement, S(key), S(group), ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"]["Table"] == {"CapacityUnits": 1.0}
    assert set(answer["ConsumedCapacity"]["GlobalSecondaryIndexes"]) == {
        "global-all", "global-include", "global-keys"
    }  # fmt: skip
    rows = run(api, 'SELECT pk FROM "indexed"."global-all" WHERE g = ?', S(group))["Items"]
    assert rows == [{"pk": S(key)}]
    run(api, "UPDATE indexed REMOVE g WHERE pk = ? AND sk = 's'", S(key))
    assert run(api, 'SELECT pk FROM "indexed"."global-all" WHERE g = ?', S(group))["Items"] == []


def test_a_delete_of_nothing_costs_a_unit(api, fresh):
    answer = run(api, f"DELETE FROM strings WHERE pk = '{fresh()}'", ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": "strings", "CapacityUnits": 1.0}


def test_boto3_sees_duplicates(client, item):
    with pytest.raises(client.exceptions.DuplicateItemException):
        client.execute_statement(
            Statement="INSERT INTO strings VALUE {'pk': ?}", Parameters=[S(item)]
        )
