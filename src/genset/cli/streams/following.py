"""Following a table's stream: its shards, those that come after them, and their records.

Developer guide, "Change data capture for DynamoDB Streams": a shard is read after the one that it
came from, so that the changes of an item keep their order.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from genset.cli.statuses import CommandError

Record = Mapping[str, Any]

# A shard may be read five times a second (API reference, GetRecords).
_PAUSE_S: Final = 0.25
# A shard that has ended has a successor soon; otherwise there is seldom anything new.
_LISTING_S: Final = 10.0


@dataclass(slots=True)
class _Shard:
    iterator: str | None
    last_sequence: str | None = None


class Following:
    """The records of one stream from now on, or, with `since`, from that moment (a Unix time)."""

    def __init__(
        self,
        client: Any,
        arn: str,
        *,
        since: float | None,
        warn: Callable[[str], None],
    ) -> None:
        self._client = client
        self._arn = arn
        self._since = since
        self._warn = warn
        self._begun = time.time()
        self._reading: dict[str, _Shard] = {}
        # Shards that come after others, with those; they are read when those have been.
        self._waiting: dict[str, str | None] = {}
        self._known: set[str] = set()
        self._listed_at = 0.0
        self._on = True

    def begin(self) -> None:
        """Find the place from which the records are wanted: none after it is missed."""
        shards = self._list()
        for shard in shards:
            is_open = "EndingSequenceNumber" not in shard["SequenceNumberRange"]
            self._known.add(shard["ShardId"])
            if self._since is not None:
                self._waiting[shard["ShardId"]] = shard.get("ParentShardId")
            elif is_open:
                self._open(shard["ShardId"], "LATEST")
        self._open_waiting()

    def records(self) -> Iterator[Sequence[Record]]:
        """The records as they come, also after a time in which the server does not answer.

        Raises CommandError when the stream has ended for good.
        """
        from botocore import exceptions

        is_told = False
        while True:
            try:
                yield from self._round()
                is_told = False
            except (exceptions.ConnectionError, exceptions.HTTPClientError):
                if not is_told:
                    self._warn("the server does not answer; waiting for it, until Ctrl-C")
                is_told = True
                time.sleep(_PAUSE_S)

    def _round(self) -> Iterator[Sequence[Record]]:
        """What each shard has next; a pause if that is nothing."""
        found, ended = False, False
        for shard_id in list(self._reading):
            records = self._read(shard_id)
            found = found or bool(records)
            ended = ended or shard_id not in self._reading
            if records:
                yield records
        if ended or time.monotonic() - self._listed_at > _LISTING_S:
            self._find_new()
        if not self._reading and not self._on:
            raise CommandError("the stream was switched off; all of it was shown")
        if not found and not ended:
            time.sleep(_PAUSE_S)

    def _list(self) -> list[dict[str, Any]]:
        self._listed_at = time.monotonic()
        shards: list[dict[str, Any]] = []
        start: dict[str, str] = {}
        while True:
            found = self._client.describe_stream(StreamArn=self._arn, **start)["StreamDescription"]
            shards += found["Shards"]
            self._on = found["StreamStatus"] in ("ENABLING", "ENABLED")
            if "LastEvaluatedShardId" not in found:
                return shards
            start = {"ExclusiveStartShardId": found["LastEvaluatedShardId"]}

    def _find_new(self) -> None:
        for shard in self._list():
            if shard["ShardId"] not in self._known:
                self._known.add(shard["ShardId"])
                self._waiting[shard["ShardId"]] = shard.get("ParentShardId")
        self._open_waiting()

    def _open_waiting(self) -> None:
        """Begin with the shards whose predecessors have been read, or are there no more."""
        for shard_id, parent in list(self._waiting.items()):
            if parent not in self._reading and parent not in self._waiting:
                # It waits on if the server does not answer.
                self._open(shard_id, "TRIM_HORIZON")
                del self._waiting[shard_id]

    def _open(self, shard_id: str, kind: str, sequence: str | None = None) -> None:
        more = {} if sequence is None else {"SequenceNumber": sequence}
        answer = self._client.get_shard_iterator(
            StreamArn=self._arn, ShardId=shard_id, ShardIteratorType=kind, **more
        )
        self._reading[shard_id] = _Shard(answer["ShardIterator"], sequence)

    def _read(self, shard_id: str) -> list[Record]:
        shard = self._reading[shard_id]
        errors = self._client.exceptions
        try:
            answer = self._client.get_records(ShardIterator=shard.iterator)
        except errors.ExpiredIteratorException:
            self._resume(shard_id, shard)
            return []
        except errors.TrimmedDataAccessException:
            self._warn("some changes were older than a day and are gone")
            self._open(shard_id, "TRIM_HORIZON")
            return []
        records: list[Record] = answer["Records"]
        if records:
            shard.last_sequence = records[-1]["dynamodb"]["SequenceNumber"]
        shard.iterator = answer.get("NextShardIterator")
        if shard.iterator is None:
            del self._reading[shard_id]
        return [record for record in records if self._is_wanted(record)]

    def _resume(self, shard_id: str, shard: _Shard) -> None:
        """Go on where a shard was left, after a pause of more than the iterator's 15 minutes."""
        if shard.last_sequence is not None:
            self._open(shard_id, "AFTER_SEQUENCE_NUMBER", shard.last_sequence)
        else:
            self._since = self._begun if self._since is None else self._since
            self._open(shard_id, "TRIM_HORIZON")

    def _is_wanted(self, record: Record) -> bool:
        created = record["dynamodb"].get("ApproximateCreationDateTime")
        if self._since is None or not isinstance(created, datetime.datetime):
            return True
        # It is told in whole seconds.
        return created.timestamp() >= int(self._since)
