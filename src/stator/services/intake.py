"""Bring the records of a bucket's objects into a table: what imports and bulk puts have in common.

Records are read and checked in a thread, a batch ahead of what is written. A commit puts the items of some records,
notes those that were refused, and says in the job's row which record comes next: all of it happens or nothing does, so
a crash neither counts a record twice nor misses one, and a condition is never held against what its own put wrote.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeVar

from stator.archive import job as jobs
from stator.archive.failure import ArchiveError, Denied, Unreachable
from stator.archive.intake import ERRORS, REFUSALS, Tally, parse_tally
from stator.archive.job import Job, decode
from stator.archive.jobs import LEASE_SECONDS, JobFailed, LeaseLost
from stator.archive.location import Location
from stator.archive.report import Report, add_lines, row_keys
from stator.archive.source import Entry, Format, NoManifest, Object, find_objects, read
from stator.archive.splitter import BEGINNING, Place
from stator.errors import (
    ConditionalCheckFailedException,
    ResourceNotFoundException,
    ThrottlingException,
    ValidationException,
)
from stator.items.capacity import write_units
from stator.items.decide import PutWrite
from stator.items.indexes import ITEM_TOO_LARGE, check_item
from stator.items.keys import item_key
from stator.limits import ITEM_BYTES_MAX
from stator.model.table import Table
from stator.services.parts import JobParts
from stator.services.traffic import Traffic
from stator.storage.store import Append, Change, Key, Put, Row
from stator.values.attribute import Item
from stator.values.parse import parse_item

# How long the loop is held up at a time: where requests wait for it, and where there are none.
BUSY_SECONDS = 0.001
CALM_SECONDS = 0.005
SLICE_RECORDS_MIN = 8
SLICE_RECORDS_MAX = 500
SLICE_BYTES_MAX = 512 * 1024
_APPLY_TIMES = 2.0  # what a commit takes on the loop, in times of deciding it
BURST_SECONDS = 0.1  # of a rate, in one commit
_BUSY_PAUSE_SECONDS = 0.05

T = TypeVar("T")
Record = Entry[PutWrite]


class Kind(Protocol):
    """What an import and a bulk put do each in its own way."""

    def table(self) -> Table:
        """The table as it is. Raises JobFailed when it is gone."""

    def prepare(self, members: dict[str, Any]) -> PutWrite:
        """The put of a record. Called in a thread. Raises WireError."""

    def bind(self, write: PutWrite) -> str | None:
        """Give the put its condition, or say what is wrong with that. Called on the loop."""

    def error(self, tally: Tally, one: Object, record: Record, text: str) -> bytes | None:
        """The line about a record that could not be put; None when it is not to be told."""

    def refusal(self, one: Object, record: Record, existing: Item | None) -> bytes | None:
        """The line about a record whose condition did not hold; None when it is not to be told."""

    async def committed(self, work: "Intake") -> None:
        """Called after each commit."""


class _Stale(Exception):
    """The table's definition changed on the way: a write by the old one could miss an index or the journal."""


class Step(NamedTuple):
    """What a commit did."""

    job: Job
    tally: Tally
    units: int  # of the table and its local indexes
    seconds: float  # that deciding it took


class Intake:
    """One run of a job. `rate_max`: write units a second."""

    def __init__(self, parts: JobParts, job: Job, kind: Kind, *, rate_max: int | None = None) -> None:
        self.job = job
        self.tally = parse_tally(job.progress)
        self._parts = parts
        self._kind = kind
        self._rate_max = rate_max
        self._earliest = 0.0  # when the rate allows the next commit
        self._traffic = Traffic(parts.replies)
        self._record_seconds = 0.0  # what deciding one record took

    async def run(self, bucket: Location, prefix: str, format: Format) -> None:
        """Read what is left. Stops early when the job is to be cancelled: see `job`. Raises JobFailed."""
        objects = await find(bucket, prefix, format)
        if self.tally.total is None:
            self.tally = replace(self.tally, total=sum(one.size for one in objects))
            await self.save()
        for one in objects:
            if self.job.cancelling:
                return
            if not self.tally.has_read(one.path):
                await self._read(bucket, one, format)
        await self.save()

    async def save(self) -> None:
        """Write down the tally as it is."""
        self.job = await self._parts.jobs.save(self.job, **self.tally.render())

    async def close_report(self, name: str, md5: str = "") -> None:
        """Its lines are in a file now: take them out of the store."""
        report = self.tally.reports[name]
        tally = replace(self.tally, reports={**self.tally.reports, name: report.emptied(md5)})
        gone = row_keys(self.job, name, report)

        def decide(rows: Sequence[Row | None]) -> Change:
            job = self._mine(rows[0])
            after = replace(job, progress=job.progress | tally.render())
            return Change([jobs.put(after)], gone, (), after)

        self.job = self._parts.jobs.note(await self._parts.store.transact([self.job.key], decide))
        self.tally = tally

    async def _read(self, bucket: Location, one: Object, format: Format) -> None:
        place = self.tally.place if one.path == self.tally.path else BEGINNING
        self.tally = self.tally.begun(one.path)
        try:
            async with aclosing(_ahead(read(bucket, one, format, self._kind.prepare, place))) as batches:
                async for batch in batches:
                    for records in self._slices(batch.entries):
                        await self._commit(one, records, batch.stored)
                        await self._kind.committed(self)
                        if self.job.cancelling:
                            return
        except ArchiveError as error:
            raise failed(error) from error
        self.tally = replace(self.tally, done=True, stored=one.size)

    def _slices(self, records: Sequence[Record]) -> Iterator[list[Record]]:
        """Records for one commit each: few enough for the loop and for the rate, and no two of one item."""
        taken: list[Record] = []
        keys: set[Key] = set()
        size = units = 0
        for record in records:
            write = record.content
            more = 0 if write is None else write.size
            full = len(taken) >= self._records_max() or size + more > SLICE_BYTES_MAX
            if self._rate_max is not None:
                full = full or units + write_units(more) > self._rate_max * BURST_SECONDS
            if taken and (full or (write is not None and write.key in keys)):
                yield taken
                taken, keys, size, units = [], set(), 0, 0
            taken.append(record)
            if write is not None:
                keys.add(write.key)
                size += more
                units += write_units(more)
        if taken:
            yield taken

    def _records_max(self) -> int:
        if not self._record_seconds:
            return SLICE_RECORDS_MIN
        seconds = BUSY_SECONDS if self._traffic.busy else CALM_SECONDS
        records = int(seconds / (self._record_seconds * _APPLY_TIMES))
        return max(SLICE_RECORDS_MIN, min(records, SLICE_RECORDS_MAX))

    async def _commit(self, one: Object, records: Sequence[Record], stored: int) -> None:
        # Until the rate allows it; others have the loop meanwhile in any case.
        await asyncio.sleep(max(self._earliest - time.monotonic(), 0))
        records = [self._bound(record) for record in records]
        table = self._kind.table()
        writes = [record.content for record in records if record.content is not None]
        for write in writes:
            write.table = table
        last = records[-1]
        base = replace(self.tally, place=Place(last.end, last.number + 1), stored=stored)

        def decide(rows: Sequence[Row | None]) -> Change:
            began = time.perf_counter()
            if self._kind.table() is not table:
                raise _Stale
            slice_ = _Slice(self._mine(rows[0]), base, one, self._kind)
            slice_.decide(records, rows[1:])
            return slice_.change(began)

        try:
            step = await self._persist(writes, decide, table)
        except _Stale:
            await self._commit(one, records, stored)
            return
        self.job = self._parts.jobs.note(step.job)
        self.tally = step.tally
        self._record_seconds = step.seconds / len(records)
        if self._rate_max is not None:
            self._earliest = max(self._earliest, time.monotonic()) + step.units / self._rate_max

    async def _persist(self, writes: Sequence[PutWrite], decide: Any, table: Table) -> Step:
        while True:
            try:
                step: Step = await self._parts.writer.commit_with([self.job.key], writes, decide)
            except ThrottlingException:  # others have the store to themselves for a moment
                await asyncio.sleep(_BUSY_PAUSE_SECONDS)
            except ResourceNotFoundException:
                raise table_gone(table.name) from None
            else:
                return step

    def _bound(self, record: Record) -> Record:
        if record.content is None:
            return record
        fault = self._kind.bind(record.content)
        return record if fault is None else record._replace(content=None, fault=fault)

    def _mine(self, row: Row | None) -> Job:
        """The job as it is now, its lease renewed. Raises LeaseLost."""
        job = None if row is None else decode(row.value)
        if job is None or job.finished or job.owner != self._parts.jobs.owner:
            raise LeaseLost(self.job.name)
        now = self._parts.clock()
        return replace(job, until=now + LEASE_SECONDS, updated=now)


class _Slice:
    """What a commit of some records adds up to. Made anew whenever it is decided."""

    def __init__(self, job: Job, base: Tally, one: Object, kind: Kind) -> None:
        self._job = job
        self._base = base
        self._one = one
        self._kind = kind
        self._puts: list[Put] = []
        self._deletes: list[Key] = []
        self._appends: list[Append] = []
        self._lines: dict[str, list[bytes]] = {}
        self._usage = dict(base.usage)
        table = kind.table()
        self._local = [index.name for index in table.indexes if index.local]
        self._names = {index.space: index.name for index in table.indexes} | {table.space: ""}
        self._written = self._failed = self._refused = self._units = 0

    def decide(self, records: Sequence[Record], rows: Sequence[Row | None]) -> None:
        there = iter(rows)
        for record in records:
            if record.content is None:
                self._failed += 1
                self._tell(ERRORS, self._kind.error(self._so_far(), self._one, record, record.fault or ""))
            else:
                self._put(record, record.content, next(there))

    def change(self, began: float) -> Change:
        tally = self._so_far()
        reports: dict[str, Report] = dict(tally.reports)
        for name, lines in self._lines.items():
            reports[name], put = add_lines(self._job, name, reports.get(name, Report()), lines)
            self._puts.append(put)
        tally = replace(tally, reports=reports, usage=self._usage)
        job = replace(self._job, progress=self._job.progress | tally.render())
        self._puts.append(jobs.put(job))
        step = Step(job, tally, self._units, time.perf_counter() - began)
        return Change(self._puts, self._deletes, self._appends, step)

    def _put(self, record: Record, write: PutWrite, row: Row | None) -> None:
        try:
            change = write.change(row)
        except ConditionalCheckFailedException as error:
            self._refused += 1
            self._units += write_units(max(write.size, 0 if row is None else row.size))
            self._tell(REFUSALS, self._kind.refusal(self._one, record, error.fields.get("Item")))
            return
        self._written += 1
        self._puts += change.puts
        self._deletes += change.deletes
        self._appends += change.appends
        self._count(change)

    def _count(self, change: Change) -> None:
        outcome = change.result
        self._units += write_units(outcome.size)
        for name in self._local:
            self._units += outcome.index_units.get(name, 0)
        for put in change.puts:
            index = self._names.get(put.key.space)
            if index is not None:  # no entry that says when the item expires
                self._usage[index] = self._usage.get(index, 0) + put.size

    def _so_far(self) -> Tally:
        base = self._base
        return replace(
            base,
            processed=base.processed + self._written + self._failed + self._refused,
            written=base.written + self._written,
            failed=base.failed + self._failed,
            refused=base.refused + self._refused,
        )

    def _tell(self, report: str, line: bytes | None) -> None:
        if line is not None:
            self._lines.setdefault(report, []).append(line)


P = TypeVar("P", bound=PutWrite)


def put_of(make: type[P], table: Table, raw: dict[str, Any]) -> P:
    """The put of an item whose types were looked at. Raises ValidationException."""
    item, size = parse_item(raw)
    if size > ITEM_BYTES_MAX:
        raise ValidationException(ITEM_TOO_LARGE)
    key = item_key(table, item)
    if table.indexes:
        check_item(table, item)
    return make(table, key, item, size)


def bucket_of(parts: JobParts, name: str) -> Location:
    """The bucket of that name. Raises JobFailed."""
    try:
        return parts.buckets(name)
    except ArchiveError as error:
        raise failed(error) from error


async def find(bucket: Location, prefix: str, format: Format) -> list[Object]:
    """The objects to read. Raises JobFailed where there are none to be had."""
    try:
        if not await bucket.there():
            raise no_bucket()
        objects = await find_objects(bucket, prefix, format.compression)
    except NoManifest as error:
        raise JobFailed("InvalidManifest", str(error)) from None
    except ArchiveError as error:
        raise failed(error) from error
    if not objects:
        raise JobFailed("S3NoSuchKey", f"No object's key begins with {prefix!r}" if prefix else "The bucket is empty")
    return objects


def no_bucket() -> JobFailed:
    return JobFailed("S3NoSuchBucket", "The specified bucket does not exist")


def table_gone(name: str) -> JobFailed:
    return JobFailed("TableNotFound", f"The table {name} was deleted")


def failed(error: ArchiveError) -> Exception:
    """What a failure of a bucket means to a job: one that may pass is tried again."""
    if isinstance(error, Denied):
        return JobFailed("S3AccessDenied", str(error))
    return error if isinstance(error, Unreachable) else JobFailed("S3Error", str(error))


async def _ahead(batches: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The same, the next one made while the one before is used."""
    async with aclosing(batches):
        pending = asyncio.ensure_future(anext(batches, None))
        try:
            while (batch := await pending) is not None:
                pending = asyncio.ensure_future(anext(batches, None))
                yield batch
        finally:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await pending
