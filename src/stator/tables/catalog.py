"""Which tables exist: their definitions live in the store, and a copy of all of them in memory.

The rows are those of `tables.places`. Once the instance is backed up, the row `instance` says that every change is
journaled, see `tables.history`.

Where several routers share the store each has a copy, and `take` brings it up to date with what others changed. A
change is done when every router goes by it (`storage.routers.membership`); docs/decisions/0006-many-routers.md tells
what rests on that.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from stator.clock import Clock, SteadyClock
from stator.errors import ResourceNotFoundException, WireError
from stator.model.table import Build, Index, Status, Table
from stator.storage.routers.membership import Membership
from stator.storage.rows import rows_between
from stator.storage.store import Append, Change, Key, Put, Row, Store, Usage
from stator.tables import definition, history, places
from stator.tables.history import Instance
from stator.tables.journaling import ARCHIVE, release, require
from stator.tables.leavings import Dropped, find_orphans, forget, put_dropped, read_dropped
from stator.tables.lifecycle import settle
from stator.tables.name import resolve
from stator.tables.places import TABLES, TABLES_END, put, table_key, table_of

CATALOG_SPACE = places.CATALOG_SPACE
progress_key = places.progress_key
DROP_GRACE_SECONDS = 60
"""A request that found the table before it was deleted may still write to it: its space outlives it by so much."""

_NO_TABLES: dict[str, Table] = {}


class Edit(NamedTuple):
    """What a change does to a table: its new definition, the spaces that nothing refers to once it has settled, the
    spaces of indexes that are filled now, and other rows that belong in the same commit, such as a job's."""

    table: Table
    drops: tuple[int, ...] = ()
    filled: tuple[int, ...] = ()
    puts: Sequence[Put] = ()


Decide = Callable[[Table | None], Edit]
"""The table as it is now, or None, to what it shall be. Pure, may be called again; what it raises, `change` raises."""


Companion = Callable[[Table | None, Table], tuple[Sequence[Put], Sequence[Append]]]
"""What a floor above writes in the commit of a change: the table before, None for a new one, and after."""


class Catalog:
    def __init__(
        self, store: Store, clock: Clock, transition_seconds: float, steady: Clock, routers: Membership | None = None
    ) -> None:
        self._store = store
        self._routers = routers
        self._clock = clock
        self._steady = steady
        self.transition_seconds = transition_seconds
        self._tables: dict[tuple[str, str], dict[str, Table]] = {}
        # What data operations use, under one key and settled, so that they pay for one look-up and no clock.
        self._usable: dict[tuple[str, str, str], Table] = {}
        self._changing = asyncio.Lock()
        self._companion: Companion | None = None
        self._watchers: list[Callable[[Table], None]] = []
        # Spaces that were there at `open` and that nothing refers to: a crash came between making and using them.
        self.orphans: tuple[int, ...] = ()
        # Once it is there, every table is journaled, and every change of a definition as well.
        self.instance: Instance | None = None

    @classmethod
    async def open(
        cls,
        store: Store,
        clock: Clock,
        transition_seconds: float = 0.0,
        *,
        steady: Clock | None = None,
        routers: Membership | None = None,
    ) -> Self:
        """Load every definition. `transition_seconds` is how long CREATING, UPDATING and DELETING last. `steady` is the
        clock of whoever else writes to journals; it must never fall. `routers`: others share the store."""
        catalog = cls(store, clock, transition_seconds, steady or SteadyClock(clock), routers)
        await catalog._load(store)
        if routers is None:  # else those of others look the same
            catalog.orphans = await catalog.find_orphans()
        return catalog

    def get(self, account: str, region: str, name: str) -> Table:
        """The table for data operations. Raises ResourceNotFoundException when absent, CREATING or DELETING."""
        table = self._usable.get((account, region, name))
        return self._use(account, region, name) if table is None else table

    def latest(self, table: Table) -> Table:
        """A table that was handed out some time ago, as writes see it now. One that is gone stays as it was."""
        now = self._usable.get((table.account, table.region, table.name))
        if now is None:  # a job fills one that is being created
            now = self._tables.get((table.account, table.region), _NO_TABLES).get(table.name)
        return table if now is None or now.id != table.id or now.status is Status.DELETING else now

    def watch(self, watcher: Callable[[Table], None]) -> None:
        """Call `watcher` with the new definition after each change."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[Table], None]) -> None:
        """Call it no more."""
        self._watchers = [each for each in self._watchers if each != watcher]

    def accompany(self, companion: Companion) -> None:
        """Have `companion` asked in every change what else belongs in its commit."""
        self._companion = companion

    def find(self, account: str, region: str, name: str) -> Table | None:
        """The table as it is now, in any status; None when there is none. `name` may be an ARN."""
        name = resolve(account, region, name)
        table = self._tables.get((account, region), _NO_TABLES).get(name)
        if table is None or table.settles_at is None:
            return table
        settled = settle(table, self._clock())
        if settled is not table:
            self._remember(account, region, name, settled)
        return settled

    def require(self, account: str, region: str, name: str) -> Table:
        """Like `find`, but raises ResourceNotFoundException as control operations word it."""
        table = self.find(account, region, name)
        if table is None:
            raise not_found(resolve(account, region, name))
        return table

    def names(self, account: str, region: str) -> list[str]:
        """Names of the tables of an account and region, in any status, sorted."""
        tables = self._tables.get((account, region), _NO_TABLES)
        now = self._clock()
        # Names are ASCII, so code point order is byte order.
        return sorted(name for name, table in tables.items() if settle(table, now) is not None)

    def tables(self) -> list[Table]:
        """Every table of every account as data operations see it, save those on their way out."""
        now = self._clock()
        settled = [settle(table, now) for tables in self._tables.values() for table in tables.values()]
        return [table.becomes or table for table in settled if table and table.status is not Status.DELETING]

    async def wait_until_active(self, account: str, region: str, name: str, seconds_max: float) -> None:
        """Return once a change makes the table ACTIVE, or when the time is over."""
        table = self.find(account, region, name)
        if table is None or table.status is Status.ACTIVE:
            return
        awaited = table.id
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            if not future.done():
                future.set_result(None)

        def look(changed: Table) -> None:
            if changed.id == awaited and changed.status is Status.ACTIVE:
                end()

        timer = loop.call_later(seconds_max, end)
        self._watchers.append(look)
        try:
            await future
        finally:
            self._watchers.remove(look)
            timer.cancel()

    def filling(self) -> list[tuple[Table, Index]]:
        """Every index that is to be filled now, and its table."""
        now = self._clock()
        tables = [settle(table, now) for tables in self._tables.values() for table in tables.values()]
        return [
            (table, index)
            for table in tables
            if table is not None and table.status is Status.UPDATING
            for index in table.indexes
            if (index.build is Build.FILLING or (index.build and table.becomes is None))
            and is_filling(table.becomes or table, index.space)
        ]

    async def change(self, account: str, region: str, name: str, decide: Decide) -> Table:
        """Read the table, decide, store; returns the new definition once it is durable and every router goes by it."""
        # A change whose client goes away goes on: the copy in memory has to follow what the store did.
        table = await asyncio.shield(asyncio.ensure_future(self._change(account, region, name, decide)))
        await self.settle()
        return table

    async def journal_all(self, instance_id: str, *, anew: bool = False) -> Instance:
        """From now on journal every table, those to come among them, and every change of a definition. Asking twice
        changes nothing, unless the instance is to begin `anew` under another id. When this returns, no write that the
        journals lack is still on its way."""
        async with self._changing:
            begun = self.instance
            if begun is None or anew:
                begun = Instance(instance_id, self._steady())
                await self._store.transact((), lambda _: Change(puts=[history.put(begun)]))
                self.instance = begun
        for table in self.tables():
            if ARCHIVE not in table.journal_readers:
                with contextlib.suppress(ResourceNotFoundException):
                    await self._change(table.account, table.region, table.name, _as_it_is)
        await self.settle()
        # What was decided by a table that was not journaled yet is in a commit before this one.
        await self._store.transact((), lambda _: Change(puts=[history.put(begun)]))
        return begun

    async def unjournal_all(self) -> None:
        """End what `journal_all` began. Tables with recovery to a point in time stay journaled."""
        async with self._changing:
            if self.instance is not None:
                await self._store.transact((), lambda _: Change(deletes=[history.KEY]))
                self.instance = None
        for table in self.tables():
            if ARCHIVE in table.journal_readers and table.recovery is None:
                with contextlib.suppress(ResourceNotFoundException):
                    await self._change(table.account, table.region, table.name, _unread)
        await self.settle()

    async def create_spaces(self, count: int) -> list[int]:
        return await asyncio.gather(*(self._store.create_space() for _ in range(count)))

    async def drop_spaces(self, spaces: list[int]) -> None:
        """Give back spaces that no definition refers to."""
        for space in spaces:
            await self._store.drop_space(space)

    async def usages(self, table: Table) -> Mapping[int, Usage]:
        """By space: what the table and each of its indexes hold."""
        spaces = [table.space, *(index.space for index in table.indexes)]
        return dict(zip(spaces, await asyncio.gather(*map(self._store.usage, spaces)), strict=True))

    async def dropped(self, rows_max: int) -> list[Dropped]:
        """Spaces that are due to be given back."""
        return await read_dropped(self._store, self._clock(), rows_max)

    async def forget_dropped(self, dropped: Dropped) -> None:
        """After the space was given back: forget it, and the definition of its table if that is gone."""
        await forget(self._store, self._clock, dropped)

    async def find_orphans(self) -> tuple[int, ...]:
        """Spaces that nothing refers to, those of changes under way among them."""
        return await find_orphans(self._store, (each for tables in self._tables.values() for each in tables.values()))

    async def settle(self) -> None:
        """Return once every router goes by what was changed before this call, and no write is left that was decided by
        less. With one router every commit comes after those that were decided before it, and there is nothing to do."""
        if self._routers is not None:
            await self._routers.settle()

    async def take(self, store: Store, keys: Sequence[Key] | None) -> None:
        """Bring the copy up to date with what others did to these rows; None: to any. Reads from `store`."""
        places = {key: place for key in keys or () if (place := table_of(key)) is not None}
        if keys is not None and not places and history.KEY not in keys:
            return
        async with self._changing:
            if keys is None:
                changed = await self._load(store)
            else:
                *rows, row = await store.get([*places, history.KEY])
                self.instance = history.read(row)
                changed = [table for table in map(self._take_up, places.values(), rows) if table is not None]
        for table in changed:
            self._tell(table)

    async def _change(self, account: str, region: str, name: str, decide: Decide) -> Table:
        done = await self._commit(account, region, name, decide, None)
        while isinstance(done, int):
            # A table of that name was deleted a moment ago: no router may still take the one to come for it.
            await self.settle()
            done = await self._commit(account, region, name, decide, done)
        self._tell(done)
        return done

    async def _commit(self, account: str, region: str, name: str, decide: Decide, known: int | None) -> Table | int:
        """What the change made of the table; or the version of the row of a deleted table of that name, when others
        may not know of its deletion yet: all versions but that which is `known`."""
        place = table_key(account, region, name)
        now = self._clock()

        def decide_rows(rows: Any) -> Change:
            row: Row | None = rows[0]
            old = settle(definition.decode(row.value), now) if row else None
            if self._routers is not None and row is not None and old is None and row.version != known:
                return Change(result=row.version)
            edit = decide(old)
            appends: list[Append] = []
            if history.read(rows[1]) is not None:
                if edit.table.status is not Status.DELETING:
                    edit = edit._replace(table=require(edit.table, ARCHIVE))
                appends.append(history.append(edit.table, self._steady()))
            due = (edit.table.settles_at or now) + DROP_GRACE_SECONDS
            puts = [put(place, definition.encode(edit.table)), *edit.puts]
            puts += [put_dropped(Dropped(space, due, account, region, name)) for space in edit.drops]
            if self._companion is not None:
                more, more_appends = self._companion(old, edit.table)
                puts += more
                appends += more_appends
            return Change(
                puts=puts,
                deletes=[progress_key(space) for space in edit.filled],
                appends=appends,
                result=edit.table,
            )

        # One at a time, so that the copy in memory changes in the order of the commits.
        async with self._changing:
            try:
                done: Table | int = await self._store.transact([place, history.KEY], decide_rows)
            except WireError:
                raise
            except Exception:  # the outcome is unknown: see what the store has; out of touch, the news will tell
                with contextlib.suppress(WireError):
                    (row,) = await self._store.get([place])
                    self._take_up((account, region, name), row)
                raise
            if isinstance(done, Table):
                self._remember(account, region, name, done)
        return done

    def _tell(self, table: Table) -> None:
        for watcher in tuple(self._watchers):
            watcher(table)

    async def _load(self, store: Store) -> list[Table]:
        rows = await rows_between(store, CATALOG_SPACE, TABLES, TABLES_END)
        (row,) = await store.get([history.KEY])
        self.instance = history.read(row)
        known, self._tables = self._tables, {}
        self._usable.clear()
        changed = []
        for row in rows:
            table = definition.decode(row.value)
            self._remember(table.account, table.region, table.name, settle(table, self._clock()))
            if known.get((table.account, table.region), _NO_TABLES).get(table.name) != table:
                changed.append(table)
        return changed

    def _take_up(self, place: tuple[str, str, str], row: Row | None) -> Table | None:
        """Remember a table as the store has it. Returns it if that is news."""
        table = definition.decode(row.value) if row else None
        settled = settle(table, self._clock()) if table else None
        account, region, name = place
        before = self._tables.get((account, region), _NO_TABLES).get(name)
        self._remember(account, region, name, settled)
        return None if settled == before else table

    def _use(self, account: str, region: str, name: str) -> Table:
        table = self.find(account, region, name)
        if table is None or table.status in (Status.CREATING, Status.DELETING):
            raise ResourceNotFoundException
        return table.becomes or table

    def _remember(self, account: str, region: str, name: str, table: Table | None) -> None:
        key = (account, region, name)
        tables = self._tables.setdefault((account, region), {})
        self._usable.pop(key, None)
        if table is None:
            tables.pop(name, None)
            return
        tables[name] = table
        if table.status is Status.ACTIVE:
            self._usable[key] = table
        elif table.status is Status.UPDATING:
            # Data operations go by the table to come at once: an index on its way out answers no query, and one on its
            # way in is maintained.
            self._usable[key] = table.becomes or table


def _as_it_is(table: Table | None) -> Edit:
    if table is None or table.status is Status.DELETING:
        raise ResourceNotFoundException
    return Edit(table)


def _unread(table: Table | None) -> Edit:
    edit = _as_it_is(table)
    return edit if edit.table.recovery is not None else Edit(release(edit.table, ARCHIVE))


def is_filling(table: Table, space: int) -> bool:
    """Whether an index is to be filled, or is being filled."""
    return any(index.space == space and index.build for index in table.indexes)


def not_found(name: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
