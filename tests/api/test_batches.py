"""BatchGetItem and BatchWriteItem: what they do, what they refuse, what they leave undone."""

from __future__ import annotations

import pytest

from support import tables
from support.cases import INVALID, Cases, check_refused
from support.sizes import item_of
from support.values import NULL, B, L, N, S, nested, normal

V1 = "1 validation error detected: "


def test_a_batch_reads_from_several_tables(api, fresh):
    one, two = {"pk": S(fresh())}, {"pk": S(fresh())}
    ranged = {"pk": S(fresh()), "sk": S("s")}
    for table, item in (("strings", one), ("strings", two), ("ranged", ranged)):
        api("PutItem", TableName=table, Item={**item, "v": N(1)})
    got = api(
        "BatchGetItem",
        RequestItems={
            "strings": {"Keys": [one, {"pk": S(fresh())}, two]},
            "ranged": {"Keys": [ranged], "ConsistentRead": True},
        },
    )
    assert got["UnprocessedKeys"] == {}
    found = {item["pk"]["S"]: item for item in got["Responses"]["strings"]}
    assert found == {key["pk"]["S"]: {**key, "v": N(1)} for key in (one, two)}
    assert got["Responses"]["ranged"] == [{**ranged, "v": N(1)}]


def test_a_table_without_a_hit_has_an_empty_list(api, fresh):
    got = api("BatchGetItem", RequestItems={"strings": {"Keys": [{"pk": S(fresh())}]}})
    assert got == {"Responses": {"strings": []}, "UnprocessedKeys": {}}


def test_each_table_of_a_batch_has_its_own_projection(api, fresh):
    one, ranged = {"pk": S(fresh())}, {"pk": S(fresh()), "sk": S("s")}
    api("PutItem", TableName="strings", Item={**one, "a": N(1), "b": N(2)})
    api("PutItem", TableName="ranged", Item={**ranged, "a": N(1), "b": N(2)})
    got = api(
        "BatchGetItem",
        RequestItems={
            "strings": {
                "Keys": [one],
                "ProjectionExpression": "#a",
                "ExpressionAttributeNames": {"#a": "a"},
            },
            "ranged": {"Keys": [ranged], "ProjectionExpression": "b"},
        },
    )
    assert got["Responses"] == {"strings": [{"a": N(1)}], "ranged": [{"b": N(2)}]}


def test_a_hundred_keys_are_allowed(api, fresh):
    keys = [{"pk": S(fresh())} for _ in range(100)]
    got = api("BatchGetItem", RequestItems={"strings": {"Keys": keys}})
    assert got["Responses"] == {"strings": []}


def test_a_batch_writes_and_deletes(api, fresh):
    kept, gone = {"pk": S(fresh())}, {"pk": S(fresh())}
    ranged = {"pk": S(fresh()), "sk": S("1")}
    api("PutItem", TableName="strings", Item=gone)
    got = api(
        "BatchWriteItem",
        RequestItems={
            "strings": [{"PutRequest": {"Item": kept}}, {"DeleteRequest": {"Key": gone}}],
            "ranged": [{"PutRequest": {"Item": ranged}}],
        },
    )
    assert got == {"UnprocessedItems": {}}
    assert api("GetItem", TableName="strings", Key=kept)["Item"] == kept
    assert "Item" not in api("GetItem", TableName="strings", Key=gone)
    assert api("GetItem", TableName="ranged", Key=ranged)["Item"] == ranged


@pytest.mark.parametrize("first", ["PutRequest", "DeleteRequest"])
def test_a_table_may_be_named_twice(api, create, first):
    """By its name and its ARN, for the same item: what comes second sees what came first."""
    name = create(tables.table("pk", types={"pk": "S"}))
    arn = api("DescribeTable", TableName=name)["Table"]["TableArn"]
    key = {"pk": S("a")}
    api("PutItem", TableName=name, Item={**key, "old": N(1)})
    requests = [{"PutRequest": {"Item": key}}, {"DeleteRequest": {"Key": key}}]
    if first == "DeleteRequest":
        requests.reverse()
    # One more, for several are read together.
    other = {"DeleteRequest": {"Key": {"pk": S("b")}}}
    api("BatchWriteItem", RequestItems={name: [requests[0], other], arn: [requests[1]]})
    left = [] if first == "PutRequest" else [key]
    assert api("Scan", TableName=name)["Items"] == left
    assert api("DescribeTable", TableName=name)["Table"]["ItemCount"] == len(left)


def test_twenty_five_requests_are_allowed(api, fresh):
    items = [{"pk": S(fresh())} for _ in range(25)]
    requests = [{"PutRequest": {"Item": item}} for item in items]
    api("BatchWriteItem", RequestItems={"strings": requests})
    got = api("BatchGetItem", RequestItems={"strings": {"Keys": items}})
    assert len(got["Responses"]["strings"]) == 25


def test_one_bad_member_writes_nothing(api, fresh):
    """observed 9 [A]: the whole request is checked before anything is written."""
    good = {"pk": S(fresh())}
    for bad in ({"pk": N(1)}, {"pk": S("")}, {"pk": S("x"), "v": {"NS": ["a"]}}, {"a": S("x")}):
        requests = [{"PutRequest": {"Item": good}}, {"PutRequest": {"Item": bad}}]
        api.refused("BatchWriteItem", RequestItems={"strings": requests})
        assert "Item" not in api("GetItem", TableName="strings", Key=good)


def test_a_large_answer_leaves_the_rest_unprocessed(api, fresh):
    """docs: BatchGetItem: up to 16 MB; the rest comes back with the request's own members."""
    keys = [{"pk": S(fresh())} for _ in range(45)]
    for key in keys:
        api("PutItem", TableName="strings", Item=item_of(key, 400_000, name="fat"))
    request = {
        "ConsistentRead": True,
        "ProjectionExpression": "#p, fat",
        "ExpressionAttributeNames": {"#p": "pk"},
    }
    seen, left, rounds = [], keys, 0
    while left:
        got = api("BatchGetItem", RequestItems={"strings": {"Keys": left, **request}})
        seen += [item["pk"]["S"] for item in got["Responses"]["strings"]]
        rest = got["UnprocessedKeys"].get("strings")
        if rest is not None:
            assert {name: rest[name] for name in request} == request
        left = rest["Keys"] if rest else []
        rounds += 1
    assert sorted(seen) == sorted(key["pk"]["S"] for key in keys)
    assert rounds == 2
    for start in range(0, 45, 25):
        requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
        api("BatchWriteItem", RequestItems={"strings": requests})


DUPLICATES = "Provided list of item keys contains duplicates"
SCHEMA = "The provided key element does not match the schema"

reads = Cases("BatchGetItem")
NO_ITEMS = (
    V1 + "Value at 'RequestItems' failed to satisfy constraint: "
    "Member must have length greater than or equal to 1"
)
reads("empty", {"RequestItems": {}}, NO_ITEMS, "observed 9 [A]: us-east-1, September 2026")
reads("empty, and an unknown enum", {"RequestItems": {}, "ReturnConsumedCapacity": "x"}, NO_ITEMS,
      "constraints told without the value are told alone")  # fmt: skip
reads("101 keys", {"RequestItems": {"strings": {"Keys": [{"pk": S(str(n))} for n in range(101)]}}},
      V1 + "Value at 'RequestItems.strings.member.Keys' failed to satisfy constraint: "
      "Member must have length less than or equal to 100", "observed 9 [A]")  # fmt: skip
reads("101 keys in two tables",
      {"RequestItems": {"strings": {"Keys": [{"pk": S(str(n))} for n in range(60)]},
                        "numbers": {"Keys": [{"pk": N(n)} for n in range(41)]}}},
      "Too many items requested for the BatchGetItem call", "observed 9: the older text, "
      "for no one list is over")  # fmt: skip
reads("no keys", {"RequestItems": {"strings": {"Keys": []}}},
      V1 + "Value at 'RequestItems.strings.member.Keys' failed to satisfy constraint: "
      "Member must have length greater than or equal to 1",
      "observed in two Regions, October 2026")  # fmt: skip
reads("keys missing", {"RequestItems": {"strings": {}}},
      tuple(V1 + f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
            for path in ("requestItems.strings.member.keys", "RequestItems.strings.member.Keys")),
      "observed 1 and 9: the case of the path differs")  # fmt: skip
reads("duplicates", {"RequestItems": {"strings": {"Keys": [{"pk": S("a")}, {"pk": S("a")}]}}},
      DUPLICATES, "observed 9 [S]")  # fmt: skip
reads("duplicate numbers",
      {"RequestItems": {"numbers": {"Keys": [{"pk": N(1)}, {"pk": N("1.0")}]}}},
      DUPLICATES, "observed 9 [S]")  # fmt: skip
for name, key in [
    ("wrong type", {"pk": N(1)}), ("wrong name", {"x": S("a")}), ("no name", {}),
    ("one too many", {"pk": S("a"), "x": S("a")}), ("a list", {"pk": L()}), ("null", {"pk": NULL}),
]:  # fmt: skip
    reads(f"key of {name}", {"RequestItems": {"strings": {"Keys": [key]}}}, SCHEMA,
          "observed 4 [A]")  # fmt: skip
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
    "contain an empty {} value. Key: pk"
)
reads("empty string key", {"RequestItems": {"strings": {"Keys": [{"pk": S("")}]}}},
      EMPTY_KEY.format("string"), "observed 4 [A]")  # fmt: skip
reads("empty binary key", {"RequestItems": {"binaries": {"Keys": [{"pk": B(b"")}]}}},
      EMPTY_KEY.format("binary"), "observed 4 [A]")  # fmt: skip
reads("unknown table", {"RequestItems": {"no-such": {"Keys": [{"pk": S("a")}]}}},
      "Requested resource not found", "observed 4 [S]", type="ResourceNotFoundException"
)  # fmt: skip
reads("unused name",
      {"RequestItems": {"strings": {"Keys": [{"pk": S("a")}], "ProjectionExpression": "a",
                                    "ExpressionAttributeNames": {"#x": "x"}}}},
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
      "observed 2 [A]")  # fmt: skip
MIXED = (
    "Can not use both expression and non-expression parameters in the same request: "
    "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
)
reads("projection and attributes of one table",
      {"RequestItems": {"strings": {"Keys": [{"pk": S("a")}], "ProjectionExpression": "a",
                                    "AttributesToGet": ["a"]}}}, MIXED, "observed 1 [A]"
)  # fmt: skip
reads("projection of one table, attributes of another",
      {"RequestItems": {"strings": {"Keys": [{"pk": S("a")}], "ProjectionExpression": "a"},
                        "numbers": {"Keys": [{"pk": N(1)}], "AttributesToGet": ["a"]}}},
      MIXED, "observed 9 [A]")  # fmt: skip

writes = Cases("BatchWriteItem")
LIST_BOUNDS = (
    "Map value must satisfy constraint: [Member must have length less than or equal to 25, "
    "Member must have length greater than or equal to 1]"
)
NAME_BOUNDS = (
    "Map keys must satisfy constraint: [Member must have length less than or equal to 255, "
    "Member must have length greater than or equal to 3, "
    "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"
)


def echoed_put(key):
    """A request to put an item of that key alone, as the service prints it."""
    value = (
        f"AttributeValue(s={key}, n=null, b=null, iNT=null, dECIMAL=null, dOUBLE=null, sS=null, "
        "nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, m=null, l=null, "
        "nULL=null, bOOL=null)"
    )
    return (
        f"WriteRequest(putRequest=PutRequest(item={{pk={value}}}, workloadProfileName=null), "
        "deleteRequest=null)"
    )


writes("empty", {"RequestItems": {}},
       "The requestItems parameter is required for BatchWriteItem",
       "observed 9 [A]: us-east-1, October 2026")  # fmt: skip
writes("26 requests",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S(str(n))}}}
                                     for n in range(26)]}},
       V1 + "Value '{strings=["
       + ", ".join(echoed_put(str(n)) for n in range(26))
       + f"]}}' at 'requestItems' failed to satisfy constraint: {LIST_BOUNDS}",
       "observed 9 [A]: us-east-1, September 2026")  # fmt: skip
writes("26 requests in two tables",
       {"RequestItems": {"strings": [{"DeleteRequest": {"Key": {"pk": S(str(n))}}}
                                     for n in range(13)],
                         "numbers": [{"DeleteRequest": {"Key": {"pk": N(n)}}}
                                     for n in range(13)]}},
       "Too many items requested for the BatchWriteItem call", "observed 9: the older text"
)  # fmt: skip
writes("no requests", {"RequestItems": {"strings": []}},
       V1 + "Value '{strings=[]}' at 'requestItems' failed to satisfy constraint: " + LIST_BOUNDS,
       "observed in two Regions, October 2026")  # fmt: skip
writes("a bad table name", {"RequestItems": {"bad!": [{"PutRequest": {"Item": {"pk": S("x")}}}]}},
       V1 + f"Value '{{bad!=[{echoed_put('x')}]}}' at 'requestItems' failed to satisfy constraint: "
       + NAME_BOUNDS, "observed in us-east-1, October 2026")  # fmt: skip
writes("put twice",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("a"), "v": N(n)}}}
                                     for n in range(2)]}}, DUPLICATES, "observed 9 [S]"
)  # fmt: skip
writes("put and delete",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("a")}}},
                                     {"DeleteRequest": {"Key": {"pk": S("a")}}}]}}, DUPLICATES,
       "observed 9 [S]")  # fmt: skip
writes("one number twice",
       {"RequestItems": {"numbers": [{"DeleteRequest": {"Key": {"pk": N("10")}}},
                                     {"DeleteRequest": {"Key": {"pk": N("1e1")}}}]}}, DUPLICATES,
       "observed 9 [S]")  # fmt: skip
for name, item in [
    ("number", {"pk": N(1)}), ("list", {"pk": L(S("x"))}), ("nothing", {"x": S("a")}),
]:  # fmt: skip
    writes(f"put with a key of {name}",
           {"RequestItems": {"strings": [{"PutRequest": {"Item": item}}]}},
           SCHEMA, "observed 9 [A]")  # fmt: skip
writes("delete with a key of one too many",
       {"RequestItems": {"strings": [{"DeleteRequest": {"Key": {"pk": S("a"), "x": S("a")}}}]}},
       SCHEMA, "observed 4 [A]")  # fmt: skip
writes("put with an empty key",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("")}}}]}},
       EMPTY_KEY.format("string"), "observed 4 [A]")  # fmt: skip
writes("put with an empty binary key",
       {"RequestItems": {"binaries": [{"PutRequest": {"Item": {"pk": B(b"")}}}]}},
       EMPTY_KEY.format("binary"), "observed 4 [A]")  # fmt: skip
writes("delete with an empty binary key",
       {"RequestItems": {"binaries": [{"DeleteRequest": {"Key": {"pk": B(b"")}}}]}},
       EMPTY_KEY.format("binary"), "observed 4 [A]")  # fmt: skip
writes("unknown table", {"RequestItems": {"no-such": [{"DeleteRequest": {"Key": {"pk": S("a")}}}]}},
       "Requested resource not found", "observed 4 [S]", type="ResourceNotFoundException"
)  # fmt: skip
writes("too large an item",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": item_of({"pk": S("a")}, 409_601)}}]}},
       "Item size has exceeded the maximum allowed size", "observed 3 [A]")  # fmt: skip
writes("too large an item for no table",
       {"RequestItems": {"no-such": [{"PutRequest": {"Item": item_of({"pk": S("a")}, 409_601)}}]}},
       "Item size has exceeded the maximum allowed size", "observed 3 [S]")  # fmt: skip
writes("too deep an item",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("a"), "v": nested(33)}}}]}},
       "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels "
       "beyond supported limit", "observed 3 [A]")  # fmt: skip
writes("an empty set",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("a"), "v": {"SS": []}}}}]}},
       INVALID + "An string set  may not be empty", "observed 3, bare on batches")  # fmt: skip
writes("a bad number",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("a"), "v": N("x")}}}]}},
       "The parameter cannot be converted to a numeric value: x", "observed 3 [S]")  # fmt: skip
writes("both a put and a delete in one member",
       {"RequestItems": {"strings": [{"PutRequest": {"Item": {"pk": S("a")}},
                                      "DeleteRequest": {"Key": {"pk": S("a")}}}]}},
       "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
       "supported datatypes", "second-hand: the service speaks of attribute values here"
)  # fmt: skip
writes("neither a put nor a delete", {"RequestItems": {"strings": [{}]}},
       "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
       "supported datatypes", "second-hand")  # fmt: skip


@pytest.mark.parametrize("case", [*reads.items, *writes.items])
def test_a_batch_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


def test_a_batch_put_replaces_the_whole_item(api, fresh):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "old": N(1)})
    api("BatchWriteItem", RequestItems={"strings": [{"PutRequest": {"Item": {**key, "n": N(2)}}}]})
    assert normal(api("GetItem", TableName="strings", Key=key)["Item"]) == {**key, "n": N(2)}
