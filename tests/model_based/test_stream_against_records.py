"""Random operations on a table with a stream, whose records are compared with a naive list.

Time goes on and shards roll over and split between the operations, in a server of this process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from genset.background.streams import ShardPolicy
from model_based.naive_table import NaiveTable
from model_based.test_table_against_dictionary import DEFINITION, INDEXES, Table, run
from support import tables
from support.still_server import StillServer
from support.stores import MEMORY
from support.streams import enabled, latest_arn, read_all
from support.values import normal

VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
EXAMPLES = {"sqlite": 40, "postgres": 15}
POLICY = ShardPolicy(roll_after_s=200, hot_records=5, hot_within_s=60, open_shards_max=4)


@dataclass
class RecordingTable(NaiveTable):
    """Keeps a list of what changed: the key, the item before and after."""

    records: list = field(default_factory=list)

    def put(self, item):
        old = super().put(item)
        self.record(item, old, item)
        return old

    def delete(self, key):
        old = super().delete(key)
        self.record(key, old, None)
        return old

    def update(self, key, change):
        old = self.get(key)
        new = super().update(key, change)
        self.record(key, old, new)
        return new

    def record(self, key, old, new):
        if normal(old) != normal(new):
            self.records.append((self.key(key), old, new))


class StreamedTable(Table):
    """As `Table`, with a stream."""

    naive_kind = RecordingTable
    store = MEMORY

    @initialize(view=st.sampled_from(VIEWS))
    def create(self, view):
        self.api, self.name, self.view = StillServer(self.store), "streamed", view
        tables.create(self.api, self.name, {**DEFINITION, **enabled(view)})
        self.arn = latest_arn(self.api, self.name)
        self.naive = self.naive_kind("pk", "sk", INDEXES)

    @rule(seconds=st.sampled_from([0, 1, 100]))
    def wait(self, seconds):
        self.api.wait(seconds)
        self.api.tend(POLICY)

    @rule()
    def read_the_stream(self):
        """Each item's records are its changes, in order; items of one call may come in any."""
        expected, found = {}, {}
        for key, old, new in self.naive.records:
            expected.setdefault(key, []).append(self.shown(old, new))
        for record in read_all(self.api, self.arn):
            change = record["dynamodb"]
            images = [normal(change.get(image)) for image in ("OldImage", "NewImage")]
            key = self.naive.key(change["Keys"])
            found.setdefault(key, []).append((record["eventName"], *images))
        assert found == expected

    def shown(self, old, new):
        name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        return (
            name,
            normal(old if "OLD" in self.view else None),
            normal(new if "NEW" in self.view else None),
        )

    def teardown(self):
        if hasattr(self, "name"):
            with self.api:
                self.read_the_stream()


@pytest.mark.timeout(120)
def test_the_records_of_random_operations_match_a_naive_list(store, engine_kind):
    machine = type("Machine", (StreamedTable,), {"store": store})
    run(machine, None, int(os.environ.get("GENSET_MODEL_EXAMPLES", EXAMPLES[engine_kind])))


class RepeatingTable(RecordingTable):
    """Broken on purpose: it records writes that change nothing."""

    def record(self, key, old, new):
        self.records.append((self.key(key), old, new))


@pytest.mark.sqlite_only("it is the comparison that is tested")
def test_the_comparison_finds_records_that_are_wrong_on_purpose():
    class Broken(StreamedTable):
        naive_kind = RepeatingTable

    with pytest.raises(AssertionError):
        run(Broken, None, 20)
