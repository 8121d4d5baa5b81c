"""A server is killed with SIGKILL while tables with a stream are written.

After each start every acknowledged write has exactly one record, and every record has its write.
"""

from __future__ import annotations

import http.client
import os
import random
import threading
import time

import pytest

from support import tables
from support.client import Api
from support.engines import with_one_and_two_workers
from support.streams import enabled, latest_arn, read_all
from support.values import N, S

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

ROUNDS = int(os.environ.get("GENSET_CRASH_ROUNDS", "3"))
KEYED = tables.table("pk", types={"pk": "S"})
GONE = (ConnectionError, http.client.HTTPException, OSError)


class Writer(threading.Thread):
    """Counts up in two items of its own: alone, in batches, in transactions.

    `steps` is the number of the last acknowledged step, `sent` that of the last one sent.
    """

    def __init__(self, name, url, steps):
        super().__init__(name=name)
        self.url = url
        self.steps = self.sent = steps
        self.failure = None

    def run(self):
        try:
            with Api(self.url, timeout=10) as api:
                while True:
                    self.sent = self.steps + 1
                    self.step(api)
                    self.steps = self.sent
        except GONE:
            pass
        except BaseException as error:
            self.failure = error

    def step(self, api):
        puts = [{"pk": S(f"{self.name}-{side}"), "n": N(self.sent)} for side in "ab"]
        if self.sent % 3 == 0:
            api("TransactWriteItems", TransactItems=[
                {"Put": {"TableName": "counted", "Item": item}} for item in puts])  # fmt: skip
        elif self.sent % 3 == 1:
            api("BatchWriteItem", RequestItems={
                "counted": [{"PutRequest": {"Item": item}} for item in puts]})  # fmt: skip
        else:
            for item in puts:
                api("PutItem", TableName="counted", Item=item)


def verify(api, arn, writers):
    """Check the records against the items; returns each writer's last step that happened."""
    records = read_all(api, arn)
    assert len({record["eventID"] for record in records}) == len(records)
    seen = {}
    for record in records:
        image = record["dynamodb"]["NewImage"]
        seen.setdefault(image["pk"]["S"], []).append(int(image["n"]["N"]))
    happened = {}
    for writer in writers:
        for side in "ab":
            key = f"{writer.name}-{side}"
            item = api("GetItem", TableName="counted", Key={"pk": S(key)}).get("Item")
            last = int(item["n"]["N"]) if item else 0
            assert seen.get(key, []) == list(range(1, last + 1))
            assert last in (writer.steps, writer.sent)
            happened[key] = last
    assert set(seen) <= set(happened)
    return happened


@with_one_and_two_workers
def test_every_acknowledged_write_has_one_record_and_every_record_its_write(
    durable_server, workers
):
    chance = random.Random(workers)
    writers, arn = [Writer(f"w{n}", "", 0) for n in range(4)], None
    for number in range(ROUNDS + 1):
        server = durable_server("--workers", workers, "--durability", "full")
        with Api(server.url) as api:
            if number == 0:
                tables.create(api, "counted", {**KEYED, **enabled("NEW_IMAGE")})
                arn = latest_arn(api, "counted")
            happened = verify(api, arn, writers)
            # What was under way may have happened by half: both items go on from one number.
            for writer in writers:
                last = max(happened[f"{writer.name}-{side}"] for side in "ab")
                for side in "ab":
                    key = f"{writer.name}-{side}"
                    if happened[key] < last:
                        api("PutItem", TableName="counted", Item={"pk": S(key), "n": N(last)})
                writer.steps = last
        if number == ROUNDS:
            assert server.stop() == 0
            break
        writers = [Writer(writer.name, server.url, writer.steps) for writer in writers]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.2, 0.6))
        server.kill()
        for writer in writers:
            writer.join(timeout=30)
            assert not writer.is_alive()
        assert [writer.failure for writer in writers if writer.failure] == []
    assert min(writer.steps for writer in writers) > 10
