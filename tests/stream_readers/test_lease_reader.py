"""Several workers with a lease table read a stream whose shards split while writers go on."""

from __future__ import annotations

import random
import threading
import time

from genset.background.streams import ShardPolicy
from stream_readers.lease_reader import LEASES, Worker, is_all_read
from support import tables
from support.client import Api
from support.streams import DISABLED, enabled, latest_arn, shards_of
from support.values import N, S

WRITTEN = tables.table("pk", types={"pk": "S"})
# What it takes a second for in memory takes ten in a database.
SEEDS = {"sqlite": range(5), "postgres": range(1)}
POLICY = ShardPolicy(roll_after_s=120, hot_records=40, hot_within_s=15, open_shards_max=4)


def first_deliveries(delivered):
    """What was delivered, of each record the first time, item by item."""
    seen, per_item = set(), {}
    for record in delivered:
        if record["eventID"] in seen:
            continue
        seen.add(record["eventID"])
        image = record["dynamodb"]["NewImage"]
        per_item.setdefault(image["pk"]["S"], []).append(int(image["n"]["N"]))
    return per_item


def test_every_record_is_read_and_in_order_although_a_worker_stops_in_the_middle(
    still, engine_kind
):
    for seed in SEEDS[engine_kind]:
        print("seed", seed)
        read_all_although_a_worker_stops(still(), seed)


def read_all_although_a_worker_stops(server, seed):
    chance = random.Random(seed)
    tables.create(server, "written", {**WRITTEN, **enabled("NEW_IMAGE")})
    tables.create(server, "leases", LEASES)
    arn = latest_arn(server, "written")
    delivered = []

    def deliver(record):
        delivered.append(record)
        if len(delivered) == stops_at:
            raise InterruptedError

    stops_at = chance.randint(100, 300)
    clock = lambda: server.now  # noqa: E731
    workers = [Worker(server, f"w{n}", arn, "leases", clock, deliver) for n in range(3)]
    written = {f"item{n}": 0 for n in range(24)}

    def write():
        for _ in range(chance.randint(0, 30)):
            name = chance.choice(list(written))
            written[name] += 1
            item = {"pk": S(name), "n": N(written[name])}
            server("PutItem", TableName="written", Item=item)

    def work():
        for worker in chance.sample(workers, len(workers)):
            try:
                worker.step()
            except InterruptedError:
                workers.remove(worker)
        server.wait(chance.uniform(0, 5))
        server.tend(POLICY)

    for _ in range(150):
        write()
        work()
    server("UpdateTable", TableName="written", **DISABLED)
    for _ in range(300):
        if is_all_read(server, arn, "leases"):
            break
        work()
    assert len(workers) == 2, "one was to stop in the middle"
    assert len(shards_of(server, arn)) > 6
    assert first_deliveries(delivered) == {
        name: list(range(1, count + 1)) for name, count in written.items() if count
    }


def test_workers_in_threads_share_a_stream_of_a_server_with_two_processes(durable_server):
    server = durable_server("--workers", "2")
    delivered = []
    with Api(server.url) as api:
        tables.create(api, "written", {**WRITTEN, **enabled("NEW_IMAGE")})
        tables.create(api, "leases", LEASES)
        arn = latest_arn(api, "written")

        def write(number):
            for n in range(1, 101):
                item = {"pk": S(f"item{number}"), "n": N(n)}
                api("PutItem", TableName="written", Item=item)

        def work(number):
            worker = Worker(api, f"w{number}", arn, "leases", time.monotonic, delivered.append)
            deadline = time.monotonic() + 30
            while not is_all_read(api, arn, "leases") and time.monotonic() < deadline:
                worker.step()

        writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
        readers = [threading.Thread(target=work, args=(n,)) for n in range(2)]
        for thread in (*writers, *readers):
            thread.start()
        for thread in writers:
            thread.join()
        api("UpdateTable", TableName="written", **DISABLED)
        for thread in readers:
            thread.join()
        assert is_all_read(api, arn, "leases")
    assert first_deliveries(delivered) == {f"item{n}": list(range(1, 101)) for n in range(3)}
