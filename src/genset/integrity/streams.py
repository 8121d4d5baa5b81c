"""One stream: its shards, and the records in them."""

from __future__ import annotations

from typing import Any, Final

import orjson

from genset.integrity.catalog import Catalog, stream_place, table_place
from genset.integrity.findings import Findings
from genset.integrity.mends import CorrectCounters
from genset.integrity.reading import MALFORMED, Counters, Progress, pages
from genset.model.streams import Shard, Stream, sequence_number
from genset.operations.stream_records import record_jsons, recorded_at
from genset.storage import keyspace
from genset.storage.engine import Inspection

_HASHES: Final = 1 << (8 * keyspace.HASH_BYTES)


def check_writers(catalog: Catalog, findings: Findings) -> None:
    """Check that each table with a stream, and each enabled stream, has the other."""
    writers = {}
    for table in catalog.tables.values():
        if table.stream is not None:
            writers[table.stream.number] = table
            if table.stream.number not in catalog.streams:
                findings.add(table_place(table), "no record of its stream")
    for stream in catalog.streams.values():
        writer = writers.get(stream.number)
        if stream.enabled and (writer is None or writer.stream != stream.for_writers()):
            findings.add(stream_place(stream), "not what its table writes to")
        if not stream.enabled and writer is not None:
            findings.add(stream_place(stream), "disabled, and its table writes to it")


class StreamCheck:
    """The check of one stream, whose table may be there no more."""

    def __init__(
        self, view: Inspection, stream: Stream, findings: Findings, progress: Progress
    ) -> None:
        self._view = view
        self._stream = stream
        self._findings = findings
        self._progress = progress
        self._place = stream_place(stream)

    async def run(self) -> None:
        """Check its shards, and the records of each."""
        self._check_shards()
        for shard in self._stream.shards:
            await self._check_records(shard)

    def _check_shards(self) -> None:
        covered = 0
        for shard in self._stream.open_shards:
            if int(shard.start, 16) != covered:
                self._findings.add(self._place, "open shards with a gap or twice", shard.id)
            covered = int(shard.last, 16) + 1
        if covered != (_HASHES if self._stream.enabled else 0):
            self._findings.add(self._place, "open shards that do not take all keys")
        by_id = {shard.id: shard for shard in self._stream.shards}
        for shard in self._stream.shards:
            # The parent may have been removed, with all that was in it.
            parent = by_id.get(shard.parent or "")
            if parent is not None and (parent.ending is None or parent.ending >= shard.first):
                self._findings.add(self._place, "shards before their parents' end", shard.id)

    async def _check_records(self, shard: Shard) -> None:
        """Check that sequences have no gap, of which the oldest may be trimmed, and the counter."""
        following: int | None = None
        places = keyspace.records_range(self._stream.number, shard.number)
        async for page in pages(self._view, *places, self._progress):
            self._findings.totals.stream_records += len(page)
            for key, stored in page:
                sequence = keyspace.record_sequence(key)
                if following not in (None, sequence) or sequence <= shard.first:
                    self._findings.add(self._place, "gaps in the records", f"{sequence}")
                if not _is_record(stored, shard.number, sequence):
                    self._findings.add(self._place, "records that cannot be read", f"{sequence}")
                following = sequence + 1
        await self._check_counter(shard, following)

    async def _check_counter(self, shard: Shard, following: int | None) -> None:
        key = keyspace.sequence_key(self._stream.number, shard.number)
        counters = await self._view.scan_counters(key, key + b"\x00", limit=1)
        found: Counters = counters[0][1] if counters else ()
        if shard.ending is not None:
            if following not in (None, shard.ending):
                self._findings.add(self._place, "gaps in the records", f"{following}")
            following = shard.ending
        if following is None and found and found[0] > shard.first:
            # All records have been trimmed, so any number may be next.
            return
        actual = (following or shard.first + 1,)
        if found != actual:
            mend = CorrectCounters(key, found, actual)
            self._findings.add(self._place, "wrong counters of shards", shard.id, mend)


def _is_record(stored: bytes, shard: int, sequence: int) -> bool:
    """Whether it is the record that its key says."""
    try:
        recorded_at(stored)
        record: dict[str, Any] = orjson.loads(record_jsons([stored])[0])
        number = record["dynamodb"]["SequenceNumber"]
        return bool(number == str(sequence_number(shard, sequence)))
    except MALFORMED:
        return False
