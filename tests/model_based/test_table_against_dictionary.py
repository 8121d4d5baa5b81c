"""Random operations on a table with indexes, compared with `naive_table` after each step."""

from __future__ import annotations

import itertools
import operator
import os
from decimal import Decimal

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from model_based.naive_table import Index, NaiveTable, alike, comparable
from support import tables
from support.client import Api, Refused
from support.values import N, S, normal

DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "l": "S", "g": "S", "h": "N"},
    local=[tables.index("lsi", "pk", "l", projection="KEYS_ONLY")],
    everywhere=[
        tables.index("gsi", "g", "h"),
        tables.index("gsi-keys", "h", projection="KEYS_ONLY"),
        tables.index("gsi-include", "g", "sk", projection=["v"]),
    ],
)
INDEXES = {
    "lsi": Index(("pk",), ("l",), frozenset()),
    "gsi": Index(("g",), ("h",), None),
    "gsi-keys": Index(("h",), (), frozenset()),
    "gsi-include": Index(("g",), ("sk",), frozenset({"v"})),
}

# Few values, so that operations meet; several spellings of numbers and odd strings among them.
partitions = st.sampled_from(["a", "b", "ab"]).map(S)
sorts = st.sampled_from(["0", "1", "2", "10", "-1", "0.5"]).map(N)
texts = st.sampled_from(["x", "y", "xy", "é", "Z"]).map(S)
numbers = st.sampled_from(["0", "7", "-7", "70", "0.07"]).map(N)
keys = st.fixed_dictionaries({"pk": partitions, "sk": sorts})


def key_text(item):
    return (item["pk"]["S"], item["sk"]["N"])


optional = {
    "l": texts,
    "g": texts,
    "h": numbers,
    "v": st.one_of(
        texts, numbers, st.just({"SS": ["q", "r"]}), st.just({"L": [N(1), {"M": {"k": S("d")}}]})
    ),
    "n": numbers,
}
items = st.builds(
    lambda key, rest: {**key, **rest}, keys, st.fixed_dictionaries({}, optional=optional)
)
changes = st.lists(
    st.one_of(
        *(st.tuples(st.just("SET"), st.just(name), values) for name, values in optional.items()),
        *(st.tuples(st.just("REMOVE"), st.just(name), st.none()) for name in optional),
        st.tuples(st.just("ADD"), st.just("n"), numbers),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda change: change[1],
)
COMPARISONS = {
    "=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
SORT_OF = {None: ("sk", sorts), "lsi": ("l", texts), "gsi": ("h", numbers),
           "gsi-include": ("sk", sorts)}  # fmt: skip
PARTITION_OF = {None: ("pk", partitions), "lsi": ("pk", partitions), "gsi": ("g", texts),
                "gsi-include": ("g", texts)}  # fmt: skip

# An operation takes some times as long where it goes to another process.
EXAMPLES = {"sqlite": 40, "postgres": 20}

_names = itertools.count(1)
_api: list[Api] = []


def plain(number: Decimal) -> str:
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def expression_of(chosen):
    """The update expression of some changes, with its names and values."""
    names, values, sections = {}, {}, {"SET": [], "REMOVE": [], "ADD": []}
    for place, (section, name, value) in enumerate(chosen):
        names[f"#n{place}"] = name
        text = f"#n{place}"
        if value is not None:
            values[f":v{place}"] = value
            text += f"{' =' if section == 'SET' else ''} :v{place}"
        sections[section].append(text)
    expression = " ".join(
        f"{section} {', '.join(parts)}" for section, parts in sections.items() if parts
    )
    request = {"UpdateExpression": expression, "ExpressionAttributeNames": names}
    if values:
        request["ExpressionAttributeValues"] = values
    return request


def applied(item, chosen):
    for section, name, value in chosen:
        if section == "SET":
            item[name] = value
        elif section == "REMOVE":
            item.pop(name, None)
        else:
            old = Decimal(item.get(name, N(0))["N"])
            item[name] = N(plain(old + Decimal(value["N"])))
    return item


class Table(RuleBasedStateMachine):
    """The server's table and the naive one, kept in step."""

    naive_kind = NaiveTable

    @initialize()
    def create(self):
        self.api = _api[0]
        self.name = f"machine-{next(_names)}"
        tables.create(self.api, self.name, DEFINITION)
        self.naive = self.naive_kind("pk", "sk", INDEXES)

    def teardown(self):
        if hasattr(self, "name"):
            self.api.send("DeleteTable", {"TableName": self.name})

    def call(self, operation, **request):
        return self.api(operation, TableName=self.name, **request)

    @rule(item=items)
    def put(self, item):
        old = self.naive.put(item)
        answer = self.call("PutItem", Item=item, ReturnValues="ALL_OLD")
        assert normal(answer.get("Attributes")) == normal(old)

    @rule(item=items, absent=st.booleans())
    def put_on_condition(self, item, absent):
        word = "not_exists" if absent else "exists"
        holds = (self.naive.get(item) is None) == absent
        try:
            self.call("PutItem", Item=item, ConditionExpression=f"attribute_{word}(pk)")
            assert holds
            self.naive.put(item)
        except Refused as refused:
            refused.must_be("ConditionalCheckFailedException")
            assert not holds

    @rule(key=keys)
    def delete(self, key):
        old = self.naive.delete(key)
        answer = self.call("DeleteItem", Key=key, ReturnValues="ALL_OLD")
        assert normal(answer.get("Attributes")) == normal(old)

    @rule(key=keys, chosen=changes)
    def update(self, key, chosen):
        if self.naive.get(key) is None and all(section == "REMOVE" for section, *_ in chosen):
            self.call("UpdateItem", Key=key, **expression_of(chosen))
            assert "Item" not in self.call("GetItem", Key=key)
            return
        new = self.naive.update(key, lambda item: applied(item, chosen))
        answer = self.call("UpdateItem", Key=key, ReturnValues="ALL_NEW", **expression_of(chosen))
        assert normal(answer["Attributes"]) == normal(new)

    @rule(key=keys, chosen=changes, wanted=numbers)
    def update_on_condition(self, key, chosen, wanted):
        old = self.naive.get(key)
        holds = old is not None and old.get("n") == wanted
        request = expression_of(chosen)
        request.setdefault("ExpressionAttributeValues", {})[":wanted"] = wanted
        try:
            self.call("UpdateItem", Key=key, ConditionExpression="n = :wanted", **request)
            assert holds
            self.naive.update(key, lambda item: applied(item, chosen))
        except Refused as refused:
            refused.must_be("ConditionalCheckFailedException")
            assert not holds

    @rule(
        puts=st.lists(items, max_size=4, unique_by=key_text),
        deletes=st.lists(keys, max_size=3, unique_by=key_text),
    )
    def batch(self, puts, deletes):
        taken = {self.naive.key(item) for item in puts}
        deletes = [key for key in deletes if self.naive.key(key) not in taken]
        requests = [{"PutRequest": {"Item": item}} for item in puts]
        requests += [{"DeleteRequest": {"Key": key}} for key in deletes]
        if not requests:
            return
        answer = self.api("BatchWriteItem", RequestItems={self.name: requests})
        assert answer["UnprocessedItems"] == {}
        for item in puts:
            self.naive.put(item)
        for key in deletes:
            self.naive.delete(key)

    @rule(
        puts=st.lists(items, min_size=1, max_size=3,
                      unique_by=key_text),
        check=keys,
        present=st.booleans(),
    )  # fmt: skip
    def transact(self, puts, check, present):
        if self.naive.key(check) in {self.naive.key(item) for item in puts}:
            return
        word = "exists" if present else "not_exists"
        actions = [{"Put": {"TableName": self.name, "Item": item}} for item in puts]
        actions.append(
            {"ConditionCheck": {"TableName": self.name, "Key": check,
                                "ConditionExpression": f"attribute_{word}(pk)"}}
        )  # fmt: skip
        holds = (self.naive.get(check) is not None) == present
        try:
            self.api("TransactWriteItems", TransactItems=actions)
            assert holds
            for item in puts:
                self.naive.put(item)
        except Refused as refused:
            refused.must_be("TransactionCanceledException")
            assert not holds

    @rule(key=keys, consistent=st.booleans())
    def get(self, key, consistent):
        answer = self.call("GetItem", Key=key, ConsistentRead=consistent)
        assert normal(answer.get("Item")) == normal(self.naive.get(key))

    @rule(
        where=st.sampled_from([None, "lsi", "gsi", "gsi-include"]),
        comparison=st.sampled_from(["", "BETWEEN", *COMPARISONS]),
        forward=st.booleans(),
        limit=st.sampled_from([None, 1, 2, 3]),
        data=st.data(),
    )
    def query(self, where, comparison, forward, limit, data):
        name, values = PARTITION_OF[where]
        partition = data.draw(values)
        sort_name, sort_values = SORT_OF[where]
        low, high = sorted((data.draw(sort_values), data.draw(sort_values)), key=comparable)
        request = {
            "KeyConditionExpression": f"{name} = :p",
            "ExpressionAttributeValues": {":p": partition},
            "ScanIndexForward": forward,
        }

        def wanted(_):
            return True

        if comparison == "BETWEEN":
            request["KeyConditionExpression"] += f" AND {sort_name} BETWEEN :a AND :b"
            request["ExpressionAttributeValues"].update({":a": low, ":b": high})

            def wanted(value):
                return comparable(low) <= value <= comparable(high)
        elif comparison:
            request["KeyConditionExpression"] += f" AND {sort_name} {comparison} :a"
            request["ExpressionAttributeValues"][":a"] = low

            def wanted(value):
                return COMPARISONS[comparison](value, comparable(low))

        if where:
            request["IndexName"] = where
        if limit:
            request["Limit"] = limit
        got = self.pages("Query", request)
        expected = self.naive.query(where, partition, wanted, forward=forward)
        assert alike(got, expected)
        order = [comparable(item[sort_name]) for item in got]
        assert order == [comparable(item[sort_name]) for item in expected]

    @rule(where=st.sampled_from([None, *INDEXES]), limit=st.sampled_from([None, 1, 3]),
          segments=st.sampled_from([1, 2, 5]))  # fmt: skip
    def scan(self, where, limit, segments):
        got = []
        for segment in range(segments):
            request = {"Segment": segment, "TotalSegments": segments}
            if where:
                request["IndexName"] = where
            if limit:
                request["Limit"] = limit
            got += self.pages("Scan", request)
        assert alike(got, self.naive.rows(where))

    def pages(self, operation, request):
        found, key = [], None
        for _ in range(200):
            more = {"ExclusiveStartKey": key} if key else {}
            page = self.call(operation, **request, **more)
            found += page["Items"]
            key = page.get("LastEvaluatedKey")
            if key is None:
                return found
        raise AssertionError("the pages do not end")

    @rule(wanted=st.lists(keys, min_size=1, max_size=5, unique_by=key_text))
    def batch_get(self, wanted):
        answer = self.api("BatchGetItem", RequestItems={self.name: {"Keys": wanted}})
        expected = [item for key in wanted if (item := self.naive.get(key)) is not None]
        assert alike(answer["Responses"][self.name], expected)

    @rule(wanted=st.lists(keys, min_size=1, max_size=5, unique_by=key_text))
    def transact_get(self, wanted):
        answer = self.api(
            "TransactGetItems",
            TransactItems=[{"Get": {"TableName": self.name, "Key": key}} for key in wanted],
        )
        expected = [normal(self.naive.get(key)) for key in wanted]
        assert [normal(each.get("Item")) for each in answer["Responses"]] == expected

    @invariant()
    def counts_are_exact(self):
        if not hasattr(self, "name") or os.environ.get("GENSET_TEST_ENDPOINT"):
            return
        described = self.call("DescribeTable")["Table"]
        assert described["ItemCount"] == len(self.naive.items)
        for index in described["GlobalSecondaryIndexes"] + described["LocalSecondaryIndexes"]:
            assert index["ItemCount"] == len(self.naive.rows(index["IndexName"]))


def run(machine, api, examples):
    _api[:] = [api]
    run_state_machine_as_test(
        machine,
        settings=settings(
            settings.get_profile("genset"),
            max_examples=examples,
            stateful_step_count=40,
            # Shrinking a failure replays it hundreds of times: ask for it where it is wanted.
            phases=(Phase.generate, *((Phase.shrink,) if "GENSET_SHRINK" in os.environ else ())),
        ),
    )


@pytest.mark.timeout(120)
def test_random_operations_match_the_naive_table(api, engine_kind):
    run(Table, api, int(os.environ.get("GENSET_MODEL_EXAMPLES", EXAMPLES[engine_kind])))


class ForgetfulTable(NaiveTable):
    """Broken on purpose: a delete leaves the item where it stood."""

    def delete(self, key):
        return self.get(key)


@pytest.mark.sqlite_only("it is the comparison that is tested")
def test_the_comparison_finds_a_table_that_is_broken_on_purpose(api):
    class Broken(Table):
        naive_kind = ForgetfulTable

    with pytest.raises(AssertionError):
        run(Broken, api, 20)
