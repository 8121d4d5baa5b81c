"""A forum on PynamoDB: threads with a local and a global index, versions, batches, transactions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import (
    DeleteError,
    DoesNotExist,
    PutError,
    TableDoesNotExist,
    TransactWriteError,
    UpdateError,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.indexes import LocalSecondaryIndex as LocalIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from clients.conftest import ACCESS_KEY_ID, REGION

MADE = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


class ByAuthor(GlobalSecondaryIndex[Any]):
    class Meta:
        index_name = "by-author"
        projection = AllProjection()

    author = UnicodeAttribute(hash_key=True)
    views = NumberAttribute(range_key=True)


class ByViews(LocalIndex[Any]):
    class Meta:
        index_name = "by-views"
        projection = KeysOnlyProjection()

    forum = UnicodeAttribute(hash_key=True)
    views = NumberAttribute(range_key=True)


class Poll(MapAttribute[str, Any]):
    question = UnicodeAttribute()
    votes = NumberAttribute(default=0)


class Thread(Model):
    class Meta:
        table_name = ""
        billing_mode = "PAY_PER_REQUEST"
        region = REGION
        host = ""
        aws_access_key_id = ACCESS_KEY_ID
        aws_secret_access_key = "secret"

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    author = UnicodeAttribute(null=True)
    views = NumberAttribute(default=0)
    closed = BooleanAttribute(default=False)
    tags = UnicodeSetAttribute(null=True)
    scores = NumberSetAttribute(null=True)
    picture = BinaryAttribute(null=True, legacy_encoding=False)
    made = UTCDateTimeAttribute(null=True)
    replies: ListAttribute[Any] = ListAttribute(default=list)
    poll = Poll(null=True)
    settings = JSONAttribute(null=True)
    version = VersionAttribute()
    by_author = ByAuthor()
    by_views = ByViews()


class Counter(Model):
    """Items of the same table without a version."""

    class Meta(Thread.Meta):
        pass

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    threads = NumberAttribute(default=0)


@pytest.fixture
def forum(endpoint: str, fresh: Any) -> Iterator[str]:
    """A table of one test; returns a forum's name in it."""
    for model in (Thread, Counter):
        model.Meta.table_name = f"threads-{fresh()}" if model is Thread else Thread.Meta.table_name
        model.Meta.host = endpoint
        model._connection = None
    Thread.create_table(wait=True)
    yield "python"
    Thread.delete_table()
    assert not Thread.exists()


def thread(forum: str, number: int) -> Thread:
    author = ("ann", "bob")[number % 2]
    return Thread(forum, f"subject-{number:02}", author=author, views=100 - number)


@pytest.mark.usefixtures("forum")
def test_the_table_is_made_from_the_model() -> None:
    described = Thread.describe_table()
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [i["IndexName"] for i in described["GlobalSecondaryIndexes"]] == ["by-author"]
    assert [i["IndexName"] for i in described["LocalSecondaryIndexes"]] == ["by-views"]


def test_attributes_come_back_as_they_were_saved(forum: str) -> None:
    saved = Thread(
        forum,
        "all",
        author="ann",
        tags={"a", "b"},
        scores={1, 2.5},
        picture=b"\x00\xff",
        made=MADE,
        replies=["first", 2, None, {"deep": [True]}],
        poll=Poll(question="yes?", votes=3),
        settings={"theme": ["dark"]},
    )
    saved.save()
    assert saved.version == 1
    got = Thread.get(forum, "all", consistent_read=True)
    assert got.attribute_values.keys() == saved.attribute_values.keys()
    assert (got.tags, got.scores, got.picture, got.made) == (
        {"a", "b"},
        {1, 2.5},
        b"\x00\xff",
        MADE,
    )
    assert [got.replies[0], got.replies[1], got.replies[2]] == ["first", 2, None]
    assert (got.poll.question, got.poll.votes, got.settings) == ("yes?", 3, {"theme": ["dark"]})
    with pytest.raises(DoesNotExist):
        Thread.get(forum, "none")


def test_a_stale_version_is_refused(forum: str) -> None:
    thread(forum, 0).save()
    mine, yours = Thread.get(forum, "subject-00"), Thread.get(forum, "subject-00")
    mine.update(
        actions=[
            Thread.views.add(5),
            Thread.replies.set(Thread.replies.append(["hello"])),
            Thread.tags.add({"hot"}),
            Thread.author.remove(),
        ],
        condition=Thread.closed == False,  # noqa: E712 - a condition, not a comparison
    )
    assert (mine.views, mine.version, mine.author) == (105, 2, None)
    for act in (yours.save, yours.delete, lambda: yours.update(actions=[Thread.views.set(1)])):
        with pytest.raises((PutError, DeleteError, UpdateError)) as refused:
            act()
        assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    yours.refresh()
    assert (list(yours.replies), yours.tags) == (["hello"], {"hot"})
    with pytest.raises(PutError):
        thread(forum, 0).save(condition=Thread.subject.does_not_exist())
    yours.delete(condition=Thread.views > 100)
    assert Thread.count(forum) == 0


def test_batches_and_queries(forum: str) -> None:
    with Thread.batch_write() as batch:
        for number in range(60):
            batch.save(thread(forum, number))
    keys = [(forum, f"subject-{number:02}") for number in range(120)]
    assert len(list(Thread.batch_get(keys))) == 60
    found = Thread.query(forum, Thread.subject.between("subject-10", "subject-39"), page_size=7)
    assert [each.subject for each in found] == [f"subject-{n}" for n in range(10, 40)]
    first = Thread.query(forum, limit=25)
    assert len(list(first)) == 25
    rest = Thread.query(forum, last_evaluated_key=first.last_evaluated_key)
    assert len(list(rest)) == 35
    top = Thread.by_author.query("bob", Thread.views > 60, scan_index_forward=False)
    assert [each.views for each in top] == list(range(99, 60, -2))
    least = Thread.by_views.query(forum, Thread.views < 50, limit=3)
    assert [each.views for each in least] == [41, 42, 43]
    filtered = Thread.scan((Thread.author == "ann") & Thread.views.between(90, 95), page_size=10)
    assert sorted(each.views for each in filtered) == [90, 92, 94]
    parts = [list(Thread.scan(segment=n, total_segments=3)) for n in range(3)]
    assert sum(map(len, parts)) == 60
    with Thread.batch_write() as batch:
        for each in Thread.query(forum):
            batch.delete(each)
    assert Thread.count(forum) == 0


def test_transactions(forum: str) -> None:
    thread(forum, 0).save()
    connection = Connection(region=REGION, host=Thread.Meta.host)
    connection.session.set_credentials(ACCESS_KEY_ID, "secret")

    def open_another(number: int, most: int) -> None:
        with TransactWrite(connection=connection, client_request_token=str(uuid.uuid4())) as write:
            write.save(thread(forum, number), condition=Thread.subject.does_not_exist())
            write.update(
                Counter(forum, "#counter"),
                actions=[Counter.threads.add(1)],
                condition=Counter.threads.does_not_exist() | (Counter.threads < most),
            )
            write.condition_check(
                Thread, forum, "subject-00", condition=Thread.closed == False  # noqa: E712
            )  # fmt: skip

    open_another(1, 1)
    with pytest.raises(TransactWriteError) as refused:
        open_another(2, 1)
    assert refused.value.cause_response_code == "TransactionCanceledException"
    codes = [reason and reason.code for reason in refused.value.cancellation_reasons]
    # PynamoDB sends checks first, then deletions, puts and updates.
    assert codes == [None, None, "ConditionalCheckFailed"]
    with TransactGet(connection=connection) as read:
        counter = read.get(Counter, forum, "#counter")
        missing = read.get(Thread, forum, "subject-02")
    assert counter.get().threads == 1
    with pytest.raises(DoesNotExist):
        missing.get()


def test_a_table_that_is_not_there(forum: str) -> None:
    class Lost(Model):
        class Meta(Thread.Meta):
            table_name = f"lost-{forum}"

        key = UnicodeAttribute(hash_key=True)

    assert not Lost.exists()
    with pytest.raises((TableDoesNotExist, PutError)):
        Lost("a").save()
