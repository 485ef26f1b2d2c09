"""Make the exports that ExportTableToPointInTime wished for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol

from stator.archive.chains.chain import NotCovered
from stator.archive.exports import exports, selection
from stator.archive.exports.manifest import INCREMENTAL
from stator.archive.exports.selection import Selection
from stator.archive.job import Job
from stator.archive.jobs import JobFailed
from stator.archive.places.failure import ArchiveError, Denied
from stator.archive.places.location import Location
from stator.model.table import Table
from stator.services.exports.lines import lines_of_changes, lines_of_rows
from stator.services.exports.output import Output
from stator.services.exports.source import LIVE_SECONDS_MAX, archived_rows, changed_items, live_rows
from stator.services.parts import JobParts
from stator.services.traffic import Rests, Traffic
from stator.storage.store import Position, Row


class Sealer(Protocol):
    """Who puts the journals of tables into the archive."""

    async def seal_table(self, table_id: str, moment: float) -> bool: ...

    async def ensure_copy(self, table_id: str) -> None: ...


class ExportRunner:
    """Without a `sealer` it waits until the archive has what it needs."""

    def __init__(self, parts: JobParts, sealer: Sealer | None = None) -> None:
        self._parts = parts
        self._sealer = sealer

    async def run(self, job: Job) -> None:
        """Write the objects of one export, from where the last attempt stopped. Raises JobFailed."""
        output = Output(job, self._parts.jobs, self._bucket(job))
        await output.begin()
        table = exports.table_of(job)
        chosen = selection.select(job.request.get("FilterSpecification"), table)
        async with AsyncExitStack() as stack:
            write = self._changes if job.request["ExportType"] == INCREMENTAL else self._items
            try:
                await write(job, table, chosen, output, stack)
            except NotCovered as error:
                raise JobFailed("PointInTimeRecoveryUnavailable", str(error)) from error
            await output.finish(round(self._parts.clock(), 3))

    def _bucket(self, job: Job) -> Location:
        try:
            return self._parts.buckets(job.request["S3Bucket"])
        except Denied as error:
            raise JobFailed("S3AccessDenied", f"Access Denied: {error}") from error
        except ArchiveError as error:
            raise JobFailed("S3NoSuchBucket", f"The specified bucket does not exist: {error}") from error

    async def _items(self, job: Job, table: Table, chosen: Selection, output: Output, stack: AsyncExitStack) -> None:
        start = output.after or chosen.start()
        format = job.request["ExportFormat"]
        rests = Rests(Traffic(self._parts.replies))
        async for rows in await self._rows(job, table, start, stack):
            await rests.take()
            lines = await asyncio.to_thread(lines_of_rows, rows, chosen, format)
            last = Position(rows[-1].partition, rows[-1].sort)
            await output.add(lines, last)
            if chosen.past(*last):
                break

    async def _rows(
        self, job: Job, table: Table, start: Position | None, stack: AsyncExitStack
    ) -> AsyncIterator[list[Row]]:
        """The rows that the table had at the time of the export. What was written until then is in the store: the
        job's own row was, later."""
        moment: float = job.request["ExportTime"]
        if self._parts.clock() - moment <= LIVE_SECONDS_MAX:
            rows = await live_rows(self._parts.store, table, moment, start, stack)
            if rows is not None:
                return rows
        await self._seal(table, moment)
        return await archived_rows(self._parts.archive, table, moment, start, stack)

    async def _changes(self, job: Job, table: Table, chosen: Selection, output: Output, stack: AsyncExitStack) -> None:
        window = job.request["IncrementalExportSpecification"]
        times = window["ExportFromTime"], window["ExportToTime"]
        start = output.after or chosen.start()
        await self._seal(table, times[1] - 0.001)  # the end is not in it
        view, format = window["ExportViewType"], job.request["ExportFormat"]
        rests = Rests(Traffic(self._parts.replies))
        async for entries in await changed_items(self._parts.archive, table, *times, start=start, stack=stack):
            await rests.take()
            lines = await asyncio.to_thread(lines_of_changes, entries, table, chosen, view, format)
            last = Position(entries[-1].partition, entries[-1].sort)
            await output.add(lines, last)
            if chosen.past(*last):
                break

    async def _seal(self, table: Table, moment: float) -> None:
        """Have every change up to a moment in the archive, and a copy. A table that is gone has all it will have."""
        if self._sealer is not None and await self._sealer.seal_table(table.id, moment):
            await self._sealer.ensure_copy(table.id)
