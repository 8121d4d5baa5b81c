"""Writing records: nothing is lost or told twice, whatever the server does and whenever it ends."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from genset.transfer.loading.batch_writer import BatchWriter, patient_writer
from genset.transfer.loading.ledger import Ledger, Ticket
from genset.transfer.loading.loader import load
from genset.transfer.loading.patience import Patience
from genset.transfer.loading.rate_limit import Rate, RateLimiter, parse_rate
from genset.transfer.loading.state import LoadState, SourceState, StateFile, initial_state
from genset.transfer.records import Fault, Place, Reading, Record, TransferError
from genset.transfer.sources import Source
from genset.transfer.tables import TableShape
from transfer.table_client import Request, TableClient, error

SHAPE = TableShape("t", ("pk",), {"pk": "S"}, 0)


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def record(key: str, number: int = 0, *, deletes: bool = False, **more: Any) -> Record:
    item = {"pk": {"S": key}, **({} if deletes else {"n": {"N": str(number)}, **more})}
    return Record(place=Place("f", number + 1), item=item, text=key, deletes=deletes)


def writer(
    client: TableClient, clock: Clock | None = None, rate: Rate | None = None
) -> BatchWriter:
    still = clock or Clock()
    return BatchWriter(
        client,
        SHAPE,
        RateLimiter(rate, clock=still, sleep=still.sleep),
        lambda: Patience(clock=still, sleep=still.sleep, jitter=lambda: 1.0),
        threading.Event(),
    )


class Book:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.done: list[int] = []
        self.saved: list[int] = []

    def refused(self, fault: Fault, state: LoadState) -> None:
        self.faults.append(str(fault))

    def advanced(self, state: LoadState) -> None:
        self.done.append(state.done)

    def save(self, state: LoadState) -> None:
        self.saved.append(state.done)


def tickets(readings: Iterable[Reading]) -> Iterator[tuple[Ticket, Reading]]:
    for number, each in enumerate(readings):
        yield Ticket(number, 0), each


def load_all(
    client: TableClient, readings: Iterable[Reading], book: Book, threads: int = 4
) -> LoadState:
    state = LoadState("t", [SourceState("f", None, None)])
    load(tickets(readings), writer(client), Ledger(state, book), keys=("pk",), threads=threads)
    return state


def test_what_is_left_unprocessed_is_sent_again() -> None:
    left = iter([3, 2, 0])
    client = TableClient(lambda batch: next(left))
    assert writer(client).write([record(f"k{number}") for number in range(5)]) == []
    assert [len(batch) for batch in client.batches] == [5, 3, 2]
    assert len(client.items) == 5


def test_deletions_left_unprocessed_are_sent_again_as_deletions() -> None:
    left = iter([1, 0])
    client = TableClient(lambda batch: next(left))
    client.items = {"a": {}, "b": {}}
    assert writer(client).write([record("a", deletes=True), record("b", deletes=True)]) == []
    assert client.items == {}


@pytest.mark.parametrize(
    "passing",
    [
        error("ProvisionedThroughputExceededException"),
        error("ThrottlingException"),
        error("InternalServerError", status=500),
        error("SomethingElse", status=503),
        ConnectTimeoutError(endpoint_url="http://x"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_passing_error_is_waited_out_with_pauses_that_grow(passing: Exception) -> None:
    failures = iter([passing] * 4)
    clock = Clock()
    pauses = []

    def fail(batch: list[Request]) -> None:
        pauses.append(clock.now)
        for each in failures:
            raise each

    client = TableClient(fail)
    assert writer(client, clock).write([record("a")]) == []
    assert "a" in client.items
    assert [later - earlier for earlier, later in itertools.pairwise(pauses)] == pytest.approx(
        [0.05, 0.1, 0.2, 0.4]
    )


def test_it_gives_up_when_nothing_is_taken_for_long() -> None:
    clock = Clock()

    def fail(batch: list[Request]) -> None:
        raise error("ThrottlingException", "too fast")

    with pytest.raises(TransferError, match=r"nothing was taken for 60 s: .*too fast"):
        writer(TableClient(fail), clock).write([record("a")])
    assert 60 < clock.now < 70


def test_another_error_ends_it_at_once() -> None:
    def fail(batch: list[Request]) -> None:
        raise error("AccessDeniedException")

    client = TableClient(fail)
    with pytest.raises(Exception, match="AccessDeniedException"):
        writer(client).write([record("a"), record("b")])
    assert len(client.batches) == 1


def test_of_a_batch_that_is_refused_only_the_bad_items_are() -> None:
    client = TableClient()
    records = [record(f"k{number}", number) for number in range(25)]
    for number in (3, 4, 24):
        records[number] = record(f"k{number}", number, bad={"S": ""})
    refused = writer(client).write(records)
    assert {str(fault) for _, fault in refused} == {
        "f:4: it is bad",
        "f:5: it is bad",
        "f:25: it is bad",
    }
    assert {each.item["pk"]["S"] for each, _ in refused} == {"k3", "k4", "k24"}
    assert len(client.items) == 22


@pytest.mark.parametrize(
    ("text", "rate"), [("500", Rate(500, "items")), (" 2.5 WCU", Rate(2.5, "wcu"))]
)
def test_a_rate_is_of_items_or_of_units(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0", "-1", "5 items", "wcu"])
def test_another_text_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        parse_rate(text)


@pytest.mark.parametrize(("unit", "seconds"), [("items", 30.0), ("wcu", 60.0)])
def test_a_rate_is_kept_by_waiting_for_what_was_written_before(unit: Any, seconds: float) -> None:
    # The client counts two units an item.
    clock = Clock()
    limited = writer(TableClient(), clock, Rate(5, unit))
    for number in range(7):
        limited.write([record(f"k{number}-{each}") for each in range(25)])
    assert clock.now == pytest.approx(seconds)


def test_the_last_record_of_a_key_is_the_one_that_stays() -> None:
    client = TableClient()
    readings = [record(f"k{number % 3}", number) for number in range(500)]
    load_all(client, readings, Book())
    assert {key: item["n"]["N"] for key, item in client.items.items()} == {
        "k0": "498",
        "k1": "499",
        "k2": "497",
    }


def test_a_put_after_a_deletion_stays_and_a_deletion_after_a_put_deletes() -> None:
    client = TableClient()
    load_all(client, [record("a", deletes=True), record("a", 1), record("b", 2)], Book())
    load_all(client, [record("b", deletes=True)], Book())
    assert list(client.items) == ["a"]


def test_batches_are_full_when_keys_differ() -> None:
    client = TableClient()
    load_all(client, [record(f"k{number}") for number in range(100)], Book(), threads=1)
    assert [len(batch) for batch in client.batches] == [25] * 4


def test_long_records_do_not_make_a_request_that_is_too_long() -> None:
    client = TableClient()
    readings = [
        Record(place=Place("f", 1), item={"pk": {"S": f"{number}"}}, text="x" * 3_000_000)
        for number in range(5)
    ]
    load_all(client, readings, Book(), threads=1)
    assert [len(batch) for batch in client.batches] == [2, 2, 1]


def test_faults_are_told_once_and_in_the_order_of_the_file() -> None:
    readings: list[Reading] = [record(f"k{number}", number) for number in range(300)]
    for number in (5, 90, 210):
        readings[number] = record(f"k{number}", number, bad={"S": ""})
    for number in (7, 91, 299):
        readings[number] = Fault(Place("f", number + 1), "unreadable", "")
    book = Book()
    state = load_all(TableClient(), readings, book)
    assert book.faults == [
        "f:6: it is bad",
        "f:8: unreadable",
        "f:91: it is bad",
        "f:92: unreadable",
        "f:211: it is bad",
        "f:300: unreadable",
    ]
    assert (state.written, state.refused, state.done) == (294, 6, 300)
    assert book.saved[-1] == 300


def test_nothing_counts_as_done_before_all_that_is_in_front_of_it() -> None:
    book = Book()
    state = LoadState("t", [SourceState("f", None, None), SourceState("g", None, None)])
    ledger = Ledger(state, book)
    for number, source in ((1, 0), (2, 1), (4, 1)):
        ledger.settle(Ticket(number, source))
    assert state.done == 0
    ledger.settle(Ticket(0, 0))
    assert [each.done for each in state.sources] == [2, 1]
    ledger.settle(Ticket(3, 1), Fault(Place("g", 2), "no", ""))
    assert [each.done for each in state.sources] == [2, 3]
    assert (state.written, state.refused) == (4, 1)


def test_what_stops_a_thread_stops_all_and_what_was_acknowledged_is_kept() -> None:
    book = Book()

    def fail_later(batch: list[Request]) -> None:
        if book.done and book.done[-1] > 0:
            raise error("ResourceNotFoundException", "it is gone")

    endless = (record(f"k{number}", number) for number in itertools.count())
    client = TableClient(fail_later)
    with pytest.raises(Exception, match="it is gone"):
        load_all(client, endless, book)
    done = book.saved[-1]
    assert done > 0
    assert all(f"k{number}" in client.items for number in range(done))


def test_what_ends_the_reading_is_raised_after_what_was_read_is_settled() -> None:
    def broken() -> Iterator[Reading]:
        yield from (record(f"k{number}", number) for number in range(60))
        raise TransferError("f is damaged")

    book = Book()
    client = TableClient()
    with pytest.raises(TransferError, match="f is damaged"):
        load_all(client, broken(), book)
    assert all(f"k{number}" in client.items for number in range(book.saved[-1]))


def test_a_state_is_read_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text("x")
    initial = initial_state("t", [Source(str(path)), Source("-")])
    file = StateFile(tmp_path / "state")
    assert file.read(initial) is None
    saved = initial_state("t", [Source(str(path)), Source("-")])
    saved.sources[0].done, saved.written, saved.errors_bytes = 7, 6, 5
    file.save(saved)
    assert file.read(initial) == saved
    file.remove()
    file.remove()
    assert file.read(initial) is None


def test_a_state_of_another_load_is_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "f.jsonl", tmp_path / "g.jsonl"
    path.write_text("x")
    other.write_text("x")
    file = StateFile(tmp_path / "state")
    file.save(initial_state("t", [Source(str(path))]))
    for wrong in (
        initial_state("u", [Source(str(path))]),
        initial_state("t", [Source(str(other))]),
        initial_state("t", [Source(str(path)), Source(str(other))]),
    ):
        with pytest.raises(TransferError, match=r"is of a load of .* to t"):
            file.read(wrong)
    path.write_text("xy")
    with pytest.raises(TransferError, match="has changed since its load began"):
        file.read(initial_state("t", [Source(str(path))]))
    file.path.write_text("{}")
    with pytest.raises(TransferError, match="is no state of a load"):
        file.read(initial_state("t", [Source(str(path))]))


def test_what_stops_ends_pauses_at_once() -> None:
    waiting = patient_writer(TableClient(), SHAPE, Rate(0.001, "items"))
    waiting.write([record("a")])
    threading.Timer(0.05, waiting.stopping.set).start()
    started = time.monotonic()
    # It was allowed before it had to wait.
    waiting.write([record("b")])
    with pytest.raises(TransferError, match="ended before all was written"):
        waiting.write([record("c")])
    assert time.monotonic() - started < 5
