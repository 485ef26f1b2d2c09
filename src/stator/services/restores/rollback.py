"""Carry out a rollback in an empty store: make the tables anew, fill them from their copies, then do every change."""

from collections.abc import Callable

from msgspec import Struct

from stator.archive import full_copy
from stator.archive.chains import chain
from stator.archive.chains.replay import changes
from stator.archive.full_copy import FullCopy
from stator.archive.instances.rebirth import count_spaces, reborn, watched
from stator.archive.instances.rollback import Plan
from stator.archive.places.failure import ArchiveError, Missing
from stator.items.load import Loaded, absent, load, loaded
from stator.model.table import Table
from stator.services.parts import JobParts
from stator.services.restores.copy_loading import CopyLoading
from stator.storage.store import Key
from stator.tables import lifecycle
from stator.tables.catalog import Edit

_WAITING_BYTES_MAX = 16 * 1024 * 1024  # of items that changed; in memory they take several times as much
_STEP_BYTES = 500


class Course(Struct):
    """How far it is, for whoever shows it."""

    table: str = ""
    tables: int = 0
    items: int = 0
    changes: int = 0


class Rollback:
    """`tell` hears of each step. The store is of no use when `run` raises."""

    def __init__(self, parts: JobParts, plan: Plan, tell: Callable[[Course], None]) -> None:
        self._parts = parts
        self._plan = plan
        self._tell = tell
        self.course = Course()

    async def run(self) -> None:
        """Raises ArchiveError for what is missing or damaged."""
        copies = {each.table.id: each.path for each in self._plan.backup.tables}
        for past in self._plan.tables:
            self.course.table = past.name
            await self._make(past, copies.get(past.id))
            self.course.tables += 1
            self._tell(self.course)

    async def _make(self, past: Table, path: str | None) -> None:
        table = reborn(past, await self._parts.catalog.create_spaces(count_spaces(past)))
        await self._store(lifecycle.create(table, self._parts.clock()))
        copy = None  # of a table that was made after the backup: it began empty
        if path is not None:
            copy = await full_copy.read(self._parts.archive, path)
            await self._fill(table, path, copy)
        if not self._plan.exact:
            await self._change(table, past, copy)
        await self._store(watched(table, past, self._parts.clock()))

    async def _fill(self, table: Table, path: str, copy: FullCopy) -> None:
        before = self.course.items

        async def note(chunks: int) -> None:
            self.course.items = before + sum(chunk.lines for chunk in copy.chunks[:chunks])
            self._tell(self.course)

        await CopyLoading(self._parts, self._parts.archive, table).run(path, copy, 0, note)

    async def _change(self, table: Table, past: Table, copy: FullCopy | None) -> None:
        archive = self._parts.archive
        try:
            known = await chain.read(archive, chain.prefix_of(past))
        except Missing as error:
            raise ArchiveError(f"the changes of table {past.name} are not in the archive: {error}") from error
        last: dict[Key, Loaded] = {}  # of each item what it becomes: what it was in between is nobody's business
        size = 0
        async for steps in changes(archive, known, copy, round(self._plan.at * 1000)):
            for step in steps:
                made = absent(table, step.keys) if step.image is None else loaded(table, step.image, step.size)
                last[made.key] = made
                size += step.size + _STEP_BYTES
            self.course.changes += len(steps)
            self._tell(self.course)
            if size >= _WAITING_BYTES_MAX:
                await load(self._parts.writer, table, list(last.values()))
                last, size = {}, 0
        await load(self._parts.writer, table, list(last.values()))

    async def _store(self, table: Table) -> None:
        await self._parts.catalog.change(table.account, table.region, table.name, lambda _: Edit(table))
