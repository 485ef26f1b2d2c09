"""Backups of the instance by the clock, where that is set."""

from stator.archive.instances import instance
from stator.archive.instances.wish import JOB, find_open, wish
from stator.services.parts import JobParts

COMMENT = "by schedule"


class Schedule:
    """Wishes for one as soon as the last is `seconds` old, whoever wished for that; 0 is never."""

    def __init__(self, parts: JobParts, seconds: float) -> None:
        self._parts = parts
        self._seconds = seconds
        self._last: float | None = None  # when the newest in the archive was begun; None before it was looked for

    async def run_once(self) -> int:
        if not self._seconds or find_open(self._parts.jobs) is not None:
            return 0
        now = self._parts.clock()
        if now - await self._newest() < self._seconds:
            return 0
        await wish(self._parts.jobs, now, comment=COMMENT)
        return 1

    async def _newest(self) -> float:
        """When the last one was wished for. One that somebody stopped counts, too: it is not to begin again at once."""
        if self._last is None:
            own = self._parts.catalog.instance
            made = [] if own is None else await instance.read_all(self._parts.archive, own.id)
            self._last = max((backup.begun for backup in made), default=float("-inf"))
        return max(self._last, *(job.created for job in self._parts.jobs.list(JOB, "", "")), float("-inf"))
