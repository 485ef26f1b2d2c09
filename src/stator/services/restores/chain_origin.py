"""Restore from a chain: the state of a table at a time, for RestoreTableToPointInTime."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from stator.archive.chains import chain as chains
from stator.archive.chains import replay
from stator.archive.chains.chain import Chain, NotCovered
from stator.archive.chains.replay import Step
from stator.archive.full_copy import FullCopy
from stator.archive.job import Job
from stator.archive.jobs import JobFailed
from stator.items.load import Loaded, absent, loaded
from stator.model.table import Table
from stator.services.chains.archivist import Archivist
from stator.services.parts import JobParts
from stator.services.restores.restore import Plan


class ChainOrigin:
    def __init__(self, parts: JobParts, archivist: Archivist) -> None:
        self._parts = parts
        self._archivist = archivist

    async def plan(self, job: Job) -> Plan:
        """Has what leads to the time sealed first. Raises JobFailed where nothing does."""
        prefix, table_id, time = (job.request[name] for name in ("prefix", "table_id", "time"))
        if job.request.get("latest"):  # where the clock was set back, changes have later times than it tells
            time = max(time, self._ahead())
        if await self._archivist.seal_table(table_id, time / 1000):
            await self._archivist.ensure_copy(table_id)
        try:
            chain = await self._read(prefix)
            moment = chains.plan(chain, time)
        except NotCovered as error:
            raise JobFailed("InvalidRestoreTime", str(error)) from error
        path = None if moment is None else chains.copy_path(prefix, moment)
        return {"path": path, "prefix": prefix, "time": time}

    async def changes(self, plan: Plan, copy: FullCopy | None, target: Table) -> AsyncIterator[Sequence[Loaded]]:
        try:
            chain = await self._read(plan["prefix"])
            async for steps in replay.changes(self._parts.archive, chain, copy, plan["time"]):
                yield await asyncio.to_thread(_loaded, target, steps)
        except NotCovered as error:
            raise JobFailed("ArchiveDamaged", str(error)) from error

    def _ahead(self) -> int:
        steady = self._parts.steady()
        return round(steady * 1000) if steady > self._parts.clock() else 0

    async def _read(self, prefix: str) -> Chain:
        return await chains.read(self._parts.archive, prefix)


def _loaded(target: Table, steps: Sequence[Step]) -> list[Loaded]:
    return [
        absent(target, step.keys) if step.image is None else loaded(target, step.image, step.size) for step in steps
    ]
