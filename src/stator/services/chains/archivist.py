"""Keep the chains of all tables whose changes go into the archive: three duties, and what jobs ask of them.

Sealing runs often and takes little; copying and pruning go on beside it. A chain in trouble holds up no other: it is
tried again after a pause that grows, and what is not sealed is not trimmed from the journal meanwhile.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable

from stator.archive.chains import chain as chains
from stator.archive.chains import kept
from stator.archive.chains.kept import Kept
from stator.archive.chains.reach import Reach
from stator.archive.exports import exports
from stator.archive.instances import instance
from stator.archive.job import Job
from stator.archive.places.failure import ArchiveError
from stator.archive.restores import recovering, restores
from stator.limits import DAY_SECONDS
from stator.metrics.metric import ARCHIVE_COPY_AGE, ARCHIVE_FAILURES, ARCHIVE_FOREIGN, ARCHIVE_SEGMENT_AGE, Figure
from stator.model.table import Table
from stator.services.chains.barrier import pass_barrier
from stator.services.chains.keeper import ChainKeeper, Superseded, Trouble
from stator.services.chains.merging import Merging
from stator.services.chains.pruning import Pruning
from stator.services.parts import JobParts
from stator.storage.store import Bound
from stator.tables.catalog import CATALOG_SPACE

_log = logging.getLogger(__name__)

ENDED_SECONDS = float(DAY_SECONDS)
"""What a table leaves that was deleted, or is not kept any more, stays so long: a job may still read it."""

_AT_ONCE = 8  # chains that are worked on at a time
_PAGE_ROWS = 50  # each is a definition to read: 2 ms
_PAGE_BYTES = 1 << 20
_SEAL_SECONDS = 0.005  # between two looks whether a time has passed


class Archivist:
    """`seal_once`, `copy_once` and `prune_once` are the duties."""

    def __init__(self, parts: JobParts, reach: Reach, *, segment_seconds: float, copy_seconds: float) -> None:
        self._parts = parts
        self._reach = reach
        self._segment_seconds = segment_seconds
        self._copy_seconds = copy_seconds
        self._keepers: dict[str, ChainKeeper] = {}  # by the ids of tables
        self._by_journal: dict[int, ChainKeeper] = {}
        self._changed = True  # whether the store may have other rows
        self._loaded = False
        self._unwanted: set[str] = set()  # tables that may be wished for anew
        self._copying = asyncio.Lock()
        self._failures = 0
        self._me = secrets.token_hex(8)  # as chains know this process
        parts.catalog.watch(self._note)

    async def seal_once(self) -> int:
        """Seal what is old enough; returns in how many chains there was something."""
        await self._load()
        if not self._keepers:
            return 0
        through = await pass_barrier(self._parts)
        sealed = 0

        async def seal(keeper: ChainKeeper) -> None:
            nonlocal sealed
            # Half of the age is gone when the next round comes: see `pace_seconds`.
            sealed += await self._seal(keeper, through, self._segment_seconds / 2)

        await self._each(seal)
        await self._reach.tell()
        return sealed

    @property
    def pace_seconds(self) -> float:
        """Of `seal_once`."""
        return self._segment_seconds / 2

    async def copy_once(self) -> int:
        """Copy the tables under recovery whose newest copy is old; returns how many."""
        made = 0
        for keeper in list(self._keepers.values()):
            if keeper.is_open and keeper.copy_trouble.is_over(self._parts.clock()):
                made += bool(await self._try(keeper, self._copy, keeper.copy_trouble))
        return made

    async def prune_once(self) -> int:
        """Forget what leads to no time that is covered, and whole chains of what is gone; merge what is small. Returns
        how many objects were forgotten."""
        now = self._parts.steady()
        read = {_read_by(job) for job in self._parts.jobs.open()}
        needed = await self._needed_by_instance(now)
        pruning = Pruning(self._parts.archive, now, needed)
        merging = Merging(self._parts.archive, now)

        async def prune(keeper: ChainKeeper) -> None:
            own = keeper.own
            if keeper.prefix in read:  # for as long as it takes: what would go may be needed
                return
            if own.ended is None and keeper.is_open:
                await keeper.check()
                await pruning.prune(keeper, self._table_of(keeper))
                await merging.merge(keeper)
            elif own.ended is not None and own.ended < min(now - ENDED_SECONDS, now if needed is None else needed):
                await keeper.forget()
                self._drop(keeper)

        await self._each(prune)
        return pruning.removed

    async def seal(self, moment: float) -> None:
        """Return once every change of every table that is kept, up to a moment, is in the archive. Raises what keeps
        one of them from it."""
        await self._load()
        await self._reach_time([keeper for keeper in self._keepers.values() if keeper.own.ended is None], moment)

    async def seal_table(self, table_id: str, moment: float) -> bool:
        """The same for one table. False where its changes are not kept here, or not any more."""
        await self._load()
        keeper = self._keepers.get(table_id)
        if keeper is None or keeper.own.ended is not None:
            return False
        await self._reach_time([keeper], moment)
        return True

    async def ensure_copy(self, table_id: str) -> None:
        """Return once a table under recovery has a copy."""
        keeper = self._keepers.get(table_id)
        if keeper is not None and not keeper.copies:
            await self._copy(keeper)

    def sealed(self, journal: int, lane: int) -> int | None:
        """Up to which sequence a journal may be trimmed. None: as far as its other readers let it."""
        if not self._loaded:
            return 0
        keeper = self._by_journal.get(journal)
        if keeper is None:
            return 0 if self._changed else None
        return None if keeper.own.ended is not None else keeper.sealed[lane]

    def close(self) -> None:
        """Look at changes no more."""
        self._parts.catalog.unwatch(self._note)

    def figures(self) -> Iterable[Figure]:
        now = self._parts.steady()
        figures = [Figure(ARCHIVE_FAILURES, (), self._failures)]
        for keeper in self._keepers.values():
            if keeper.own.ended is not None:
                continue
            table = keeper.own.table
            labels = (table.account, table.region, table.name)
            figures.append(Figure(ARCHIVE_FOREIGN, labels, int(keeper.foreign)))
            since = keeper.own.since or now
            figures.append(Figure(ARCHIVE_SEGMENT_AGE, labels, max(0.0, now - max(since, keeper.through / 1000))))
            if keeper.copies:
                figures.append(Figure(ARCHIVE_COPY_AGE, labels, max(0.0, now - keeper.copies[-1] / 1000)))
        return figures

    def _note(self, table: Table) -> None:
        if not kept.is_wanted(table):
            self._unwanted.add(table.id)
        elif table.id not in self._keepers or table.id in self._unwanted:
            self._unwanted.discard(table.id)
            self._changed = True  # the commit of this change wrote a row

    async def _load(self) -> None:
        """Take up the rows that are new or other ones."""
        if not self._changed:
            return
        self._changed = False
        try:
            rows = await self._rows()
        except BaseException:
            self._changed = True
            raise
        for table_id, own in rows.items():
            keeper = self._keepers.get(table_id)
            if keeper is None or keeper.own != own:
                keeper = self._keepers[table_id] = ChainKeeper(self._parts, own, self._me)
                self._by_journal[own.table.space] = keeper
        for table_id in self._keepers.keys() - rows.keys():
            self._drop(self._keepers[table_id])
        self._loaded = True

    async def _rows(self) -> dict[str, Kept]:
        found: dict[str, Kept] = {}
        after: Bound | None = None
        more = True
        while more:
            page = await self._parts.store.range(
                CATALOG_SPACE, kept.PARTITION, after, None, reverse=False, rows_max=_PAGE_ROWS, bytes_max=_PAGE_BYTES
            )
            for row in page.rows:
                found[row.sort.decode()] = kept.decode(row.value)
                after = Bound(row.sort, inclusive=False)
            more = page.more and bool(page.rows)
            await asyncio.sleep(0)
        return found

    def _drop(self, keeper: ChainKeeper) -> None:
        self._keepers.pop(keeper.own.table.id, None)
        self._by_journal.pop(keeper.own.table.space, None)
        self._reach.forget(keeper.own.table.id)

    def _table_of(self, keeper: ChainKeeper) -> Table | None:
        """The table as it is now; None when it is gone or its changes are not wanted any more."""
        own = keeper.own.table
        table = self._parts.catalog.find(own.account, own.region, own.name)
        return table if table is not None and table.id == own.id and kept.is_wanted(table) else None

    async def _each(self, work: Callable[[ChainKeeper], Awaitable[None]]) -> None:
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(keeper: ChainKeeper) -> None:
            async with limit:
                await self._try(keeper, work, keeper.trouble)
                await asyncio.sleep(0)

        now = self._parts.clock()
        await asyncio.gather(*(one(keeper) for keeper in list(self._keepers.values()) if keeper.trouble.is_over(now)))

    async def _try(
        self, keeper: ChainKeeper, work: Callable[[ChainKeeper], Awaitable[object]], trouble: Trouble
    ) -> object:
        """What the work answers; None when it failed."""
        try:
            answer = await work(keeper)
        except Superseded:
            self._changed = True
            return None
        except Exception as error:  # noqa: BLE001  others go on, and so will this one
            self._failures += 1
            seconds = trouble.note(self._parts.clock())
            expected = isinstance(error, ArchiveError)
            text = "%s is not up to date, %d failures in a row; again in %.0f s: %s"
            _log.warning(text, keeper.prefix, trouble.failures, seconds, error, exc_info=not expected)
            return None
        trouble.clear()
        return answer

    async def _seal(self, keeper: ChainKeeper, through: int, age_seconds: float | None) -> bool:
        """Open a chain if need be, seal it, and see to its end."""
        if keeper.own.ended is not None:
            return False
        table = self._table_of(keeper)
        if not keeper.is_open:
            await keeper.open(table)
        if table is not None:
            await keeper.note(table)
            sealed = await keeper.seal(through, age_seconds)
            self._reach.note(table.id, keeper.own.since or 0.0, keeper.through / 1000)
            return sealed
        # It may have been written to and deleted since that barrier; now it is not written to any more.
        await keeper.seal(await pass_barrier(self._parts) + 1, None)
        await keeper.end(self._parts.steady())
        self._reach.forget(keeper.own.table.id)
        return True

    async def _reach_time(self, keepers: list[ChainKeeper], moment: float) -> None:
        wanted = int(moment * 1000)
        through = await pass_barrier(self._parts)
        while through < wanted:
            await asyncio.sleep(_SEAL_SECONDS)
            through = await pass_barrier(self._parts)
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(keeper: ChainKeeper) -> None:
            async with limit:
                await self._seal(keeper, through, None)

        await asyncio.gather(*map(one, keepers))

    async def _is_copy_due(self, keeper: ChainKeeper) -> bool:
        if not keeper.copies:
            return True
        if self._parts.steady() - keeper.copies[-1] / 1000 < self._copy_seconds:
            return False
        return await keeper.read_copied() != keeper.sealed

    async def _copy(self, keeper: ChainKeeper) -> bool:
        """Copy the table if that is due."""
        async with self._copying:
            table = self._table_of(keeper)
            if table is None or table.recovery is None or not await self._is_copy_due(keeper):
                return False
            if not keeper.is_open:
                await keeper.open(table)
            await keeper.copy(table)
            return True

    async def _needed_by_instance(self, now: float) -> float | None:
        """From when on backups of the instance need all chains; minus infinity: whatever there is. None: not at all."""
        own = self._parts.catalog.instance
        if own is None:
            return None
        backups = await instance.read_all(self._parts.archive, own.id)
        since = instance.needed_since(backups, now)
        return float("-inf") if since is None else since


def _read_by(job: Job) -> str | None:
    """The prefix of the chain that a job reads; None for one that reads none."""
    if job.kind == exports.KIND:
        return chains.prefix_of(exports.table_of(job))
    if job.kind == restores.JOB and job.request["from"] == recovering.FROM:
        prefix: str = job.request["prefix"]
        return prefix
    return None
