"""Bring the records of a bucket's objects into a table: what imports and bulk puts have in common.

Records are read and checked in a thread, a batch ahead of what is written. A commit puts the items of some records,
notes those that were refused, and says in the job's row which record comes next: all of it happens or nothing does, so
a crash neither counts a record twice nor misses one, and a condition is never held against what its own put wrote.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from msgspec.structs import replace

from stator.archive import job as jobs
from stator.archive.intake.intake import parse_tally
from stator.archive.intake.report import Report, sweep
from stator.archive.intake.source import Format, NoManifest, Object, find_objects, read
from stator.archive.intake.splitter import BEGINNING
from stator.archive.job import Job, decode
from stator.archive.jobs import LEASE_SECONDS, JobFailed, LeaseLost
from stator.archive.places.failure import ArchiveError, Denied, Unreachable
from stator.archive.places.location import Location
from stator.errors import (
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
from stator.services.intake.intake_slice import Kind, Record, Slice, Step
from stator.services.parts import JobParts
from stator.services.traffic import Traffic
from stator.storage.store import Change, Decide, Key, Row
from stator.values.parse import parse_item

_log = logging.getLogger(__name__)

# How long the loop is held up at a time: where requests wait for it, and where there are none.
BUSY_SECONDS = 0.001
CALM_SECONDS = 0.005
SLICE_RECORDS_MIN = 8
SLICE_RECORDS_MAX = 200
SLICE_BYTES_MAX = 512 * 1024
_APPLY_TIMES = 2.0  # what a commit takes on the loop, in times of deciding it
BURST_SECONDS = 0.1  # of a rate, in one commit
_BUSY_PAUSE_SECONDS = 0.05

T = TypeVar("T")


AfterCommit = Callable[["Intake"], Awaitable[None]]


async def _nothing(work: "Intake") -> None:
    pass


class Intake:
    """One run of a job. `rate_max`: write units a second. `may_be_empty`: there need be no objects. `after_commit` is
    called after each commit."""

    def __init__(
        self,
        parts: JobParts,
        job: Job,
        kind: Kind,
        *,
        rate_max: int | None = None,
        may_be_empty: bool = False,
        after_commit: AfterCommit = _nothing,
    ) -> None:
        self.job = job
        self.tally = parse_tally(job.progress)
        self._parts = parts
        self._kind = kind
        self._rate_max = rate_max
        self._may_be_empty = may_be_empty
        self._after_commit = after_commit
        self._earliest = 0.0  # when the rate allows the next commit
        self._traffic = Traffic(parts.replies)
        self._record_seconds = 0.0  # what deciding one record took

    async def run(self, bucket: Location, prefix: str, format: Format) -> None:
        """Read what is left. Stops early when the job is to be cancelled: see `job`. Raises JobFailed."""
        objects = await find(bucket, prefix, format, may_be_empty=self._may_be_empty)
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
        """Its lines are in a file now, or are to be forgotten: take them out of the store."""
        await self._write_report(name, self.tally.reports[name].emptied(md5), [])
        await self.sweep()

    async def sweep(self) -> None:
        """Delete the rows of reports that are in files."""
        for name in self.tally.reports:
            while (report := self.tally.reports[name]).gone < report.first:
                await self._write_report(name, *sweep(self.job, name, report))

    async def _write_report(self, name: str, report: Report, gone: Sequence[Key]) -> None:
        tally = replace(self.tally, reports={**self.tally.reports, name: report})

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
                        done = 0
                        while done < len(records) and not self.job.cancelling:
                            done += await self._commit(one, records[done:], batch.stored)
                            await self._after_commit(self)
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
        records_max = self._records_max()
        for record in records:
            write = record.content
            more = 0 if write is None else write.size
            full = len(taken) >= records_max or size + more > SLICE_BYTES_MAX
            if self._rate_max is not None:
                full = full or units + write_units(more) > self._rate_max * BURST_SECONDS
            if taken and (full or (write is not None and write.key in keys)):
                yield taken
                taken, keys, size, units = [], set(), 0, 0
                records_max = self._records_max()
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

    async def _commit(self, one: Object, records: Sequence[Record], stored: int) -> int:
        """Deal with records, as many as there is room for; returns how many."""
        # Until the rate allows it; others have the loop meanwhile in any case.
        await asyncio.sleep(max(self._earliest - time.monotonic(), 0))
        records = [self._bound(record) for record in records]
        table = self._kind.table()
        writes = [record.content for record in records if record.content is not None]
        for write in writes:
            write.table = table
        base = replace(self.tally, stored=stored)

        def decide(rows: Sequence[Row | None]) -> Change:
            began = time.perf_counter()
            if self._kind.table() is not table:
                return Change()  # its definition changed: by the old one a write could miss an index or the journal
            slice_ = Slice(self._mine(rows[0]), base, one, self._kind)
            done = slice_.decide(records, rows[1:])
            return slice_.change(records[:done], began)

        step = await self._persist(writes, decide, table)
        if step is None:
            return 0
        self.job = self._parts.jobs.note(step.job)
        self.tally = step.tally
        self._record_seconds = step.seconds / step.records
        if self._rate_max is not None:
            self._earliest = max(self._earliest, time.monotonic()) + step.units / self._rate_max
        return step.records

    async def _persist(self, writes: Sequence[PutWrite], decide: Decide, table: Table) -> Step | None:
        while True:
            try:
                step: Step | None = await self._parts.writer.commit_with([self.job.key], writes, decide)
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


def format_of(plan: Mapping[str, Any], types: Mapping[str, str]) -> Format:
    """How a job's plan says that its objects are written. `types` are those of the attributes of keys."""
    header = plan["header"]
    return Format(
        plan["format"], plan["compression"], plan["delimiter"], None if header is None else tuple(header), types
    )


def bucket_of(parts: JobParts, name: str) -> Location:
    """The bucket of that name. Raises JobFailed."""
    try:
        return parts.buckets(name)
    except ArchiveError as error:
        raise failed(error) from error


async def find(bucket: Location, prefix: str, format: Format, *, may_be_empty: bool = False) -> list[Object]:
    """The objects to read. Raises JobFailed where there are none to be had, unless there may be none."""
    try:
        if not await bucket.there():
            raise no_bucket(bucket)
        objects = await find_objects(bucket, prefix, format)
    except NoManifest as error:
        raise JobFailed("InvalidManifest", str(error)) from None
    except ArchiveError as error:
        raise failed(error) from error
    if not objects and not may_be_empty:
        raise JobFailed("S3NoSuchKey", f"No object's key begins with {prefix!r}" if prefix else "The bucket is empty")
    return objects


def no_bucket(bucket: Location) -> JobFailed:
    """Says in the log, and to nobody else, where the bucket was looked for."""
    _log.warning("there is no bucket %s: make it, or let the setting `buckets` say where buckets are", bucket.url)
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
