"""Make the backups that CreateBackup, and the deletion of a table that could be recovered, wished for.

A backup is a full copy of its table at one moment, taken without stopping writes, and slowly where there are requests.
That moment is when the work begins: at once, or after a crash when it begins anew.
"""

import asyncio

from stator.archive import backup as backups
from stator.archive import full_copy, mark
from stator.archive.backup import Backup
from stator.archive.backups import Backups
from stator.archive.job import Job
from stator.model.table import Status, Table
from stator.services.paced_snapshot import PacedSnapshot
from stator.services.parts import JobParts
from stator.services.traffic import Traffic

_TELL_SECONDS = 2.0


class _Course:
    """How far a copy is: items, and their bytes as DynamoDB counts them."""

    def __init__(self) -> None:
        self.items = 0
        self.bytes = 0

    def note(self, items: int, bytes: int) -> None:
        self.items, self.bytes = items, bytes


class BackupRunner:
    def __init__(self, parts: JobParts, known: Backups) -> None:
        self._parts = parts
        self._known = known

    async def run(self, job: Job) -> None:
        """Copy the table of a job into the archive. What an earlier attempt left there is written over."""
        backup = backups.of_job(job)
        location = self._known.location
        moment = self._parts.clock()
        await mark.inscribe(location, moment)
        snapshot = await self._parts.store.snapshot()
        course = _Course()
        telling = asyncio.ensure_future(self._tell(job, course))
        try:
            copy = await full_copy.write(
                location,
                backup.path,
                PacedSnapshot(snapshot, Traffic(self._parts.replies)),
                self._table(backup),
                moment=moment,
                extra=backups.members(backup),
                progress=course.note,
            )
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await snapshot.close()
        await self._known.add(backups.of_copy(copy))

    async def _tell(self, job: Job, course: _Course) -> None:
        """Write down now and then how far it is."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            await self._parts.jobs.save(job, items=course.items, bytes=course.bytes)

    def _table(self, backup: Backup) -> Table:
        """The table as it is, or as it was when the backup was wished for, if it is gone."""
        asked = backup.table
        now = self._parts.catalog.find(asked.account, asked.region, asked.name)
        return asked if now is None or now.id != asked.id or now.status is Status.DELETING else now
