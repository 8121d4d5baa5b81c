"""Several connections, two workers, conditional updates and transactions on a few items."""

from __future__ import annotations

import itertools
import os

import pytest

from serializability.clients import Client, create_lists, read_lists
from serializability.history import check
from support.client import Api

CLIENTS = 6
OPERATIONS = int(os.environ.get("GENSET_HISTORY_OPERATIONS", "120"))


class PatientClient(Client):
    """Every one of its operations is answered."""

    def work(self):
        for _ in range(OPERATIONS):
            self.step()


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
def url(request, durable_server):
    external = os.environ.get("GENSET_TEST_ENDPOINT")
    if external:
        return external
    server = durable_server("--workers", str(request.param), "--durability", "relaxed")
    return server.url


def test_the_history_of_concurrent_clients_is_strictly_serializable(url):
    with Api(url) as api:
        create_lists(api)
        counter = itertools.count(1)
        clients = [PatientClient(api, seed, counter) for seed in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert [client.failure for client in clients if client.failure] == []
        final = read_lists(api)
    history = [operation for client in clients for operation in client.history]
    assert len(history) >= CLIENTS * OPERATIONS
    assert all(len(order) > OPERATIONS for order in final.values())
    check(history, final)
