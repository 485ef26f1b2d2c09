"""Make a data directory of what an instance had at a time: a backup from before, then every change until then.

Tables are made anew in a store that is empty, filled from their copies, and then changed as their journals say. The
catalog's own journal says which tables there were and what they were like.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from stator.archive import catalog_journal, chain, full_copy, instance
from stator.archive.failure import ArchiveError, Missing
from stator.archive.instance import InstanceBackup, NotCovered
from stator.archive.location import Location
from stator.archive.rebirth import count_spaces, reborn, tables_at, watched
from stator.archive.replay import changes
from stator.clock import Clock
from stator.items.commit import Writer
from stator.items.load import Loaded, absent, load, loaded, loaded_row
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.history import Edition


@dataclass(frozen=True, slots=True)
class Plan:
    at: float
    exact: bool  # it is the moment of the backup itself: no change is needed
    backup: InstanceBackup
    tables: list[Table]  # as they were
    left_out: list[Table]  # being restored or imported at that time


@dataclass(slots=True)
class Course:
    """How far it is, for whoever shows it."""

    table: str = ""
    tables: int = 0
    items: int = 0
    changes: int = 0
    bytes: int = 0
    told: Callable[[], None] = field(default=lambda: None)


async def plan(archive: Location, to: float | str, now: float, owner: str | None = None) -> Plan:
    """How to get back to a time, or to the moment of the backup of that id. `owner` is an instance, or None for the
    only one that reaches there. Raises NotCovered, which says what to do; else ArchiveError."""
    backups = await instance.read_all(archive, owner)
    backup = _choose(backups, to, now, archive)
    exact = isinstance(to, str) or backup.moment == to
    at = backup.moment if isinstance(to, str) else to
    editions: list[Edition] = []
    if not exact:
        after = min((each for each in backups if each.moment >= at and each.instance == backup.instance), key=_moment)
        editions = await catalog_journal.editions(
            archive, backup.instance, after=backup.sequence, until=after.sequence, at=at
        )
    past = tables_at(backup, editions, at)
    return Plan(at, exact, backup, past.tables, past.left_out)


def _choose(backups: list[InstanceBackup], to: float | str, now: float, archive: Location) -> InstanceBackup:
    if isinstance(to, str):
        for backup in backups:
            if backup.id == to:
                return backup
        raise NotCovered(f"there is no backup {to} in {archive.url}: see `stator backup list`")
    owners = {backup.instance for backup in backups}
    if not owners:
        raise NotCovered(f"there is no backup of an instance in {archive.url}; {instance.MAKE_ONE}")
    found: list[InstanceBackup] = []
    refusals: list[str] = []
    for owner in sorted(owners):
        try:
            found.append(instance.cover([each for each in backups if each.instance == owner], to, now))
        except NotCovered as error:
            refusals.append(str(error) if len(owners) == 1 else f"instance {owner}: {error}")
    if len(found) > 1:
        names = " or ".join(backup.instance for backup in found)
        raise ArchiveError(f"{archive.url} has several instances that reach there: choose one with --instance {names}")
    if not found:
        raise NotCovered("\n".join(refusals))
    return found[0]


def _moment(backup: InstanceBackup) -> float:
    return backup.moment


class Rollback:
    """Carries out a plan in an empty store."""

    def __init__(self, archive: Location, catalog: Catalog, writer: Writer, clock: Clock) -> None:
        self._archive = archive
        self._catalog = catalog
        self._writer = writer
        self._clock = clock
        self.course = Course()

    async def run(self, made: Plan) -> None:
        """Raises ArchiveError for what is missing or damaged; the store is of no use then."""
        copies = {each.table.id: each.path for each in made.backup.tables}
        for past in made.tables:
            self.course.table = past.name
            await self._make(past, copies.get(past.id), made)
            self.course.tables += 1
            self.course.told()

    async def _make(self, past: Table, path: str | None, made: Plan) -> None:
        spaces = await self._catalog.create_spaces(count_spaces(past))
        table = reborn(past, spaces)
        await self._store(lifecycle.create(table, self._clock()))
        async for batch in self._items(table, path):
            await load(self._writer, table, batch)
            self._count(batch)
        if not made.exact:
            async for batch in self._changes(table, past, path, made):
                await load(self._writer, table, batch)
                self.course.changes += len(batch)
                self.course.told()
        await self._store(watched(table, past, self._clock()))

    async def _items(self, table: Table, path: str | None) -> AsyncIterator[list[Loaded]]:
        if path is None:  # made after the backup: it began empty
            return
        copy = await full_copy.read(self._archive, path)
        async for _, lines in full_copy.items(self._archive, path, copy):
            yield [loaded_row(table, line) for line in lines]

    async def _changes(self, table: Table, past: Table, path: str | None, made: Plan) -> AsyncIterator[list[Loaded]]:
        copy = None if path is None else await full_copy.read(self._archive, path)
        try:
            known = await chain.read(self._archive, chain.prefix_of(past))
        except Missing as error:
            raise ArchiveError(f"the changes of table {past.name} are not in the archive: {error}") from error
        async for steps in changes(self._archive, known, copy, int(made.at * 1000)):
            yield [
                absent(table, step.keys) if step.image is None else loaded(table, step.image, step.size)
                for step in steps
            ]

    async def _store(self, table: Table) -> None:
        await self._catalog.change(table.account, table.region, table.name, lambda _: Edit(table))

    def _count(self, batch: list[Loaded]) -> None:
        self.course.items += len(batch)
        self.course.bytes += sum(each.size for each in batch)
        self.course.told()
