"""Back up the whole instance: a full copy of every table, all of one moment, then the manifest.

From the first backup on every table is journaled, and the catalog as well. A snapshot does not outlive its process: a
backup that was interrupted begins anew, at a later moment.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct, field

from stator.archive import full_copy, mark
from stator.archive.chains import catalog_journal
from stator.archive.instances import instance
from stator.archive.instances.instance import InstanceBackup, TableCopy
from stator.archive.instances.wish import JOB
from stator.archive.job import Job
from stator.archive.jobs import CancelledJob
from stator.archive.places.failure import Missing
from stator.model.table import Status, Table
from stator.services.chains.archivist import Archivist
from stator.services.chains.catalog_archive import CatalogArchive
from stator.services.paced_snapshot import PacedSnapshot
from stator.services.parts import JobParts
from stator.services.traffic import Traffic
from stator.storage.store import Snapshot
from stator.tables import history
from stator.tables.history import Instance
from stator.tables.snapshot import tables_of

_TELL_SECONDS = 0.5  # between two notes of how far a backup is
_FILLING = ("restore", "import")  # kinds of jobs that fill new tables


class _Course(Struct):
    """How far a backup is."""

    items: int = 0
    bytes: int = 0
    tables: int = 0
    of_bytes: int = 0
    of_tables: int = 0
    done: list[TableCopy] = field(default_factory=list)

    def told(self) -> dict[str, int]:
        return {
            "items": self.items,
            "bytes": self.bytes,
            "tables": self.tables,
            "of_bytes": self.of_bytes,
            "of_tables": self.of_tables,
        }


class InstanceBackups:
    """Runs jobs of the kind `instance`."""

    def __init__(self, parts: JobParts, catalog: CatalogArchive, archivist: Archivist) -> None:
        self._parts = parts
        self._archive = parts.archive
        self._catalog = catalog
        self._archivist = archivist
        self._looked = False

    async def run(self, job: Job) -> None:
        """Make the backup of a job. Raises ArchiveError, a StoreError, CancelledJob or LeaseLost."""
        owner = await self._parts.catalog.journal_all(uuid.uuid4().hex)
        await mark.inscribe(self._archive, self._parts.steady())
        if await self._is_made(job, owner):
            return
        await self._wait_for_fillings(owner)
        await instance.remove(self._archive, job.id)
        backup = await self._copy(job, owner)
        # What leads to the millisecond before, the last that needs any changes.
        await self._catalog.run_once()
        await self._archivist.seal(backup.moment - 0.001)
        await instance.write(self._archive, backup)
        await self.prune()

    async def prune(self) -> int:
        """Remove the backups that lead to no second of the period, and what is left of those that came to nothing.
        Returns how many."""
        if self._parts.catalog.instance is None:
            if not self._looked:  # a crash may have come while the journaling of everything ended
                await self._parts.catalog.unjournal_all()
            self._looked = True
            return 0
        self._looked = True
        own = await instance.read_all(self._archive, self._parts.catalog.instance.id)
        old = [backup.id for backup in instance.superfluous(own, self._parts.steady())]
        under_way = {job.id for job in self._parts.jobs.open() if job.kind == JOB}
        known = {job.id for job in self._parts.jobs.list(JOB, "", "")}
        # Another instance may be at work in the same archive: only what a job here began is ours to clear away.
        left = [each for each in await instance.unfinished(self._archive) if each in known - under_way]
        for backup_id in (*old, *left):
            await instance.remove(self._archive, backup_id)
        first = instance.base(own, self._parts.steady() - instance.PERIOD_SECONDS)
        if first is not None:
            await catalog_journal.forget(self._archive, first.instance, first.sequence)
        return len(old) + len(left)

    async def _wait_for_fillings(self, owner: Instance) -> None:
        """A restore or import that began before its table was journaled may put what the journal lacks: such a table is
        copied when it is complete."""
        while any(job.kind in _FILLING and job.created <= owner.since for job in self._parts.jobs.open()):  # noqa: ASYNC110
            await asyncio.sleep(_TELL_SECONDS)

    async def _is_made(self, job: Job, owner: Instance) -> bool:
        """Whether only the end of the job was missed."""
        try:
            return (await instance.read(self._archive, job.id)).instance == owner.id
        except Missing:
            return False

    async def _copy(self, job: Job, owner: Instance) -> InstanceBackup:
        begun = self._parts.steady()
        snapshot = await self._parts.store.snapshot()
        try:
            # No commit of the snapshot has a later millisecond.
            moment = int(self._parts.steady() * 1000) / 1000
            tables = [table for table in await tables_of(snapshot) if table.status is not Status.DELETING]
            sequence = await snapshot.last(history.JOURNAL, history.LANE)
            course = _Course(of_bytes=await self._measure(tables), of_tables=len(tables))
            paced = PacedSnapshot(snapshot, Traffic(self._parts.replies))
            async with self._telling(job, course):
                for table in tables:
                    await self._copy_table(job, paced, table, course, moment)
        finally:
            await snapshot.close()
        return InstanceBackup(
            id=job.id,
            instance=owner.id,
            comment=job.request["comment"],
            kept=job.request["keep"],
            begun=begun,
            moment=moment,
            ended=self._parts.steady(),
            sequence=sequence,
            tables=tuple(course.done),
        )

    async def _copy_table(self, job: Job, snapshot: Snapshot, table: Table, course: _Course, moment: float) -> None:
        items, size = course.items, course.bytes

        def tell(copied_items: int, copied_bytes: int) -> None:
            course.items, course.bytes = items + copied_items, size + copied_bytes

        path = instance.copy_path(job.id, table)
        copy = await full_copy.write(self._archive, path, snapshot, table, moment=moment, progress=tell)
        stored = sum(chunk.stored for chunk in copy.chunks)
        course.done.append(TableCopy(table, path, copy.items, copy.bytes, stored))
        course.tables += 1

    async def _measure(self, tables: Sequence[Table]) -> int:
        usages = [await self._parts.store.usage(table.space) for table in tables]
        return sum(usage.size for usage in usages)

    @asynccontextmanager
    async def _telling(self, job: Job, course: _Course) -> AsyncIterator[None]:
        """Write down now and then how far it is, and stop when that is wished."""
        working = asyncio.current_task()
        cancelled = False

        async def tell() -> None:
            nonlocal cancelled
            while True:
                saved = await self._parts.jobs.save(job, **course.told())
                if saved.cancelling and working is not None:
                    cancelled = True
                    working.cancel()
                    return
                await asyncio.sleep(_TELL_SECONDS)

        telling = asyncio.ensure_future(tell())
        try:
            yield
        except asyncio.CancelledError:
            if cancelled:
                raise CancelledJob from None
            raise
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
        await self._parts.jobs.save(job, **course.told())
