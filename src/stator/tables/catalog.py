"""Which tables exist: their definitions live in the store, and a copy of all of them in memory.

The rows are in space 0, which every store has. Their partitions begin with eight zero bytes where other rows have a
hash, then a kind: `tables/<account>/<region>` (sort: the table name; value: its definition), `dropped` (sort: the
number of a space in eight bytes; value: see `Dropped`) and `filled` (sort: the number of the space of an index that is
being filled; value: how far, see `services.backfill`). Once the instance is backed up, `instance` says that every
change is journaled, see `tables.history`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import orjson

from stator.clock import Clock, SteadyClock
from stator.errors import ResourceNotFoundException, WireError
from stator.model.table import Build, Index, Status, Table
from stator.storage.store import Append, Bound, Change, Key, Position, Put, Row, Store, Usage
from stator.tables import definition, history
from stator.tables.history import Instance
from stator.tables.journaling import ARCHIVE, release, require
from stator.tables.lifecycle import settle
from stator.tables.name import resolve

CATALOG_SPACE = 0
_KIND = bytes(8)
TABLES = _KIND + b"tables/"
TABLES_END = _KIND + b"tables0"  # "0" follows "/"
_DROPPED = _KIND + b"dropped"
_FILLED = _KIND + b"filled"

DROP_GRACE_SECONDS = 60
"""A request that found the table before it was deleted may still write to it: its space outlives it by so much."""

_LOAD_ROWS = 1000
_LOAD_BYTES = 8 * 1024 * 1024
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


class Dropped(NamedTuple):
    """A space to give back, and the table whose definition may go with it."""

    space: int
    due: float
    account: str
    region: str
    name: str


class Catalog:
    def __init__(self, store: Store, clock: Clock, transition_seconds: float, steady: Clock) -> None:
        self._store = store
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
        cls, store: Store, clock: Clock, transition_seconds: float = 0.0, *, steady: Clock | None = None
    ) -> Self:
        """Load every definition. `transition_seconds` is how long CREATING, UPDATING and DELETING last. `steady` is the
        clock of whoever else writes to journals; it must never fall."""
        catalog = cls(store, clock, transition_seconds, steady or SteadyClock(clock))
        await catalog._load()
        (row,) = await store.get([history.KEY])
        catalog.instance = history.read(row)
        catalog.orphans = await catalog._find_orphans()
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
            if is_filling(table, index.space) and is_filling(table.becomes or table, index.space)
        ]

    async def change(self, account: str, region: str, name: str, decide: Decide) -> Table:
        """Read the table, decide, store; returns the new definition once it is durable."""
        # A change whose client goes away goes on: the copy in memory has to follow what the store did.
        return await asyncio.shield(asyncio.ensure_future(self._change(account, region, name, decide)))

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
                    await self.change(table.account, table.region, table.name, _as_it_is)
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
                    await self.change(table.account, table.region, table.name, _unread)

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
        page = await self._store.range(
            CATALOG_SPACE, _DROPPED, None, None, reverse=False, rows_max=rows_max, bytes_max=_LOAD_BYTES
        )
        now = self._clock()
        found = [Dropped(*orjson.loads(row.value)) for row in page.rows]
        return [dropped for dropped in found if dropped.due <= now]

    async def forget_dropped(self, dropped: Dropped) -> None:
        """After the space was given back: forget it, and the definition of its table if that is gone."""
        place = _place(dropped.account, dropped.region, dropped.name)
        marker = Key(CATALOG_SPACE, _DROPPED, dropped.space.to_bytes(8, "big"))
        progress = progress_key(dropped.space)
        now = self._clock()

        def decide(rows: Any) -> Change:
            row = rows[0]
            gone = row is not None and settle(definition.decode(row.value), now) is None
            return Change(deletes=[marker, progress, place] if gone else [marker, progress])

        await self._store.transact([place], decide)

    async def _change(self, account: str, region: str, name: str, decide: Decide) -> Table:
        place = _place(account, region, name)
        now = self._clock()

        def decide_rows(rows: Any) -> Change:
            row: Row | None = rows[0]
            old = settle(definition.decode(row.value), now) if row else None
            edit = decide(old)
            appends: list[Append] = []
            if self.instance is not None:
                if edit.table.status is not Status.DELETING:
                    edit = edit._replace(table=require(edit.table, ARCHIVE))
                appends.append(history.append(edit.table, self._steady()))
            due = (edit.table.settles_at or now) + DROP_GRACE_SECONDS
            puts = [_put(place, definition.encode(edit.table)), *edit.puts]
            for space in edit.drops:
                marker = Key(CATALOG_SPACE, _DROPPED, space.to_bytes(8, "big"))
                puts.append(_put(marker, orjson.dumps([space, due, account, region, name])))
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
                table: Table = await self._store.transact([place], decide_rows)
            except WireError:
                raise
            except Exception:
                await self._reload(account, region, name)  # the outcome is unknown: see what the store has
                raise
            self._remember(account, region, name, table)
        for watcher in tuple(self._watchers):
            watcher(table)
        return table

    async def _find_orphans(self) -> tuple[int, ...]:
        # Only a space made before this process can be an orphan: those made since belong to changes under way.
        spaces = set(await self._store.spaces())
        for tables in self._tables.values():
            for table in tables.values():
                for each in (table, table.becomes or table):
                    spaces.difference_update(each.spaces)
        after: Bound | None = None
        more = bool(spaces)
        while more:
            page = await self._store.range(
                CATALOG_SPACE, _DROPPED, after, None, reverse=False, rows_max=_LOAD_ROWS, bytes_max=_LOAD_BYTES
            )
            for row in page.rows:
                spaces.discard(int.from_bytes(row.sort, "big"))
                after = Bound(row.sort, inclusive=False)
            more = page.more
        return tuple(sorted(spaces))

    async def _load(self) -> None:
        after: Position | None = None
        more = True
        while more:
            page = await self._store.scan(
                CATALOG_SPACE, after, lower=TABLES, upper=TABLES_END, rows_max=_LOAD_ROWS, bytes_max=_LOAD_BYTES
            )
            for row in page.rows:
                table = definition.decode(row.value)
                self._remember(table.account, table.region, table.name, settle(table, self._clock()))
                after = Position(row.partition, row.sort)
            more = page.more

    async def _reload(self, account: str, region: str, name: str) -> None:
        (row,) = await self._store.get([_place(account, region, name)])
        table = settle(definition.decode(row.value), self._clock()) if row else None
        self._remember(account, region, name, table)

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
    return any(index.space == space and index.build is Build.FILLING for index in table.indexes)


def progress_key(space: int) -> Key:
    """Where it is written down how far the index of that space is filled."""
    return Key(CATALOG_SPACE, _FILLED, space.to_bytes(8, "big"))


def not_found(name: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")


def _place(account: str, region: str, name: str) -> Key:
    return Key(CATALOG_SPACE, TABLES + f"{account}/{region}".encode(), name.encode())


def _put(key: Key, value: bytes) -> Put:
    return Put(key, len(value), value)
