"""Restore tables: fill what RestoreTableFromBackup, or a restore to a point in time, has made.

Items come from a full copy, chunk by chunk, and then from what has happened since, or is to be undone. Where they come
from an origin knows: it makes a plan, which is written down with the job so that after a crash the same one is gone on
with, and hands out the changes of that plan in the same batches each time.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from stator.archive import full_copy, mark
from stator.archive.full_copy import FullCopy
from stator.archive.job import FAILED, Job
from stator.archive.jobs import JobFailed
from stator.archive.places.failure import ArchiveError, Damaged, Missing
from stator.archive.places.location import Location
from stator.errors import ResourceNotFoundException
from stator.items.load import Loaded, load
from stator.model.table import Status, Table
from stator.services.parts import JobParts
from stator.services.restores.copy_loading import CopyLoading
from stator.tables import lifecycle
from stator.tables.catalog import Edit, not_found

_log = logging.getLogger(__name__)

_SAVE_BATCHES = 16  # batches of changes between two notes of how far it is

Plan = dict[str, Any]
"""JSON. `path`: where in the archive the full copy is to begin with, None to begin with no items. What else there is
the origin knows."""


class Origin(Protocol):
    """Where the items of a kind of restore come from."""

    async def plan(self, job: Job) -> Plan:
        """Asked once for a job. Raises JobFailed where nothing can come of it."""

    def changes(self, plan: Plan, copy: FullCopy | None, target: Table) -> AsyncIterator[Sequence[Loaded]]:
        """What to put in the target and delete from it after the items of the copy, in order: the same batches
        whenever it is asked."""


class BackupOrigin:
    """An on-demand or system backup: its full copy, and nothing else."""

    async def plan(self, job: Job) -> Plan:
        return {"path": job.request["path"]}

    async def changes(self, plan: Plan, copy: FullCopy | None, target: Table) -> AsyncIterator[Sequence[Loaded]]:
        nothing: tuple[Sequence[Loaded], ...] = ()
        for batch in nothing:
            yield batch


class RestoreRunner:
    """`origins` by the member `from` of a job's request."""

    def __init__(self, parts: JobParts, location: Location, origins: Mapping[str, Origin]) -> None:
        self._parts = parts
        self._location = location
        self._origins = origins

    async def run(self, job: Job) -> None:
        """Fill the target and make it ACTIVE. Where the archive is damaged the target is taken away again."""
        table = self._parts.catalog.find(job.account, job.region, job.table)
        if table is None or table.id != job.id or table.status is not Status.CREATING:
            raise JobFailed("TableGone", f"the table {job.table} is not being restored any more")
        try:
            await self._fill(job, table)
        except Damaged as error:
            await self._give_up(job, JobFailed("ArchiveDamaged", str(error)))
        except Missing as error:
            if not await mark.check(self._location):
                raise ArchiveError(f"{self._location.url} is no archive; is it mounted? {error}") from error
            await self._give_up(job, JobFailed("ArchiveDamaged", str(error)))
        except JobFailed as failure:
            await self._give_up(job, failure)
        else:
            await self._complete(job)

    async def _fill(self, job: Job, table: Table) -> None:
        origin = self._origins[job.request["from"]]
        plan = job.progress.get("plan")
        if plan is None:
            plan = await origin.plan(job)
            await self._parts.jobs.save(job, plan=plan)
        path: str | None = plan["path"]
        copy = None if path is None else await full_copy.read(self._location, path)
        if path is not None and copy is not None:
            loading = CopyLoading(self._parts, self._location, table)
            done: int = job.progress.get("chunks", 0)
            await loading.run(path, copy, done, lambda chunks: self._parts.jobs.save(job, chunks=chunks))
        await self._load_changes(job, table, origin.changes(plan, copy, table))

    async def _load_changes(self, job: Job, table: Table, changes: AsyncIterator[Sequence[Loaded]]) -> None:
        done: int = job.progress.get("batches", 0)
        number = 0
        async for batch in changes:
            number += 1
            if number <= done:
                continue
            await load(self._parts.writer, table, batch)
            if number % _SAVE_BATCHES == 0:
                await self._parts.jobs.save(job, batches=number)

    async def _complete(self, job: Job) -> None:
        jobs = self._parts.jobs
        finished = jobs.finishing(job)

        def decide(now: Table | None) -> Edit:
            if now is None or now.id != job.id:
                raise not_found(job.table)
            return Edit(lifecycle.complete_creation(now), puts=(jobs.put(finished),))

        await self._parts.catalog.change(job.account, job.region, job.table, decide)
        jobs.note(finished)

    async def _give_up(self, job: Job, failure: JobFailed) -> None:
        """Take the target away, and end the job with it."""
        _log.error("the table %s cannot be restored and is taken away again: %s", job.table, failure)
        jobs, now = self._parts.jobs, self._parts.clock()
        finished = jobs.finishing(job, FAILED, failure=(failure.code, failure.message))

        def decide(table: Table | None) -> Edit:
            if table is None or table.id != job.id:
                raise not_found(job.table)
            return Edit(lifecycle.delete(table, now), drops=table.spaces, puts=(jobs.put(finished),))

        try:
            await self._parts.catalog.change(job.account, job.region, job.table, decide)
        except ResourceNotFoundException:
            raise failure from None
        jobs.note(finished)
