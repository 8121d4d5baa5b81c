"""Answers that are held back, while the server goes on."""

from __future__ import annotations

import threading
import time

from support.client import Api


def seconds(api):
    started = time.monotonic()
    status = api.send("ListTables", {}).status
    return status, time.monotonic() - started


def test_an_answer_is_held_back_and_others_are_not_behind_it(durable_server):
    """Eight clients wait at once: a server that slept would need eight times as long."""
    server = durable_server("--latency", "250ms")
    found = []

    def ask():
        with Api(server.url) as api:
            found.append(seconds(api))

    started = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 8 * 0.25
    assert [status for status, _ in found] == [200] * 8
    assert min(taken for _, taken in found) >= 0.25


def test_an_error_is_held_back_too(durable_server):
    server = durable_server("--latency", "100ms", "--faults", "InternalServerError=1")
    with Api(server.url) as api:
        status, taken = seconds(api)
    assert status == 500
    assert taken >= 0.1


def test_a_held_back_answer_is_sent_before_the_server_ends(durable_server):
    server = durable_server("--latency", "300ms")
    found = []

    def ask():
        with Api(server.url) as api:
            found.append(seconds(api)[0])

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.15)
    assert server.stop() == 0
    thread.join()
    assert found == [200]
