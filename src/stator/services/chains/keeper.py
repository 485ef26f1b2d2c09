"""Keep one table's chain: begin it, seal its journal into segments, copy the table, forget what is too old.

Two things make a state of the past exact. A chain begins at a time from which on the journal lacks nothing: what was
decided before the table had its journal is in a commit before the one that finds out that time. And a time counts as
covered only when a commit that came later than all writes of that time was seen through: what they left is read then.

What is sealed is known from a listing of the archive, so an upload that a crash made one forget is found again, or done
again with the same outcome. A chain that does not fit what the store has is broken off and begins anew.
"""

import asyncio
import logging
from collections.abc import Sequence

from msgspec.structs import replace

from stator.archive import full_copy, mark
from stator.archive.chains import abandoned, kept, segment, tenure
from stator.archive.chains import chain as chains
from stator.archive.chains.chain import Chain, ChainRecord, Head
from stator.archive.chains.kept import Kept
from stator.archive.chains.segment import Segment
from stator.archive.chains.tenure import Displaced, Foreign, Tenure
from stator.archive.chunk import CHUNK_BYTES
from stator.archive.places.failure import Missing
from stator.journal.journal import Journal
from stator.journal.record import LANES
from stator.model.table import Table
from stator.services.chains.barrier import pass_barrier
from stator.services.parts import JobParts
from stator.services.supervisor import retry_seconds
from stator.storage.store import Change, Record, Row, Snapshot

_log = logging.getLogger(__name__)

HEAD_SECONDS = 300.0  # at most between two heads of a table that nothing happens to
_READ_BYTES = 256 * 1024  # about so much of the journal is read at a time: the loop waits for it
_READ_RECORDS = 250


class Superseded(Exception):
    """The row of a chain is not what it was: its changes were wished for anew, or it is gone."""


class Trouble:
    """What fails now and is tried again, each time after a longer pause."""

    __slots__ = ("again", "failures")

    def __init__(self) -> None:
        self.failures = 0  # in a row
        self.again = 0.0

    def note(self, now: float) -> float:
        """One more failure; returns the seconds until the next try."""
        self.failures += 1
        seconds = retry_seconds(0.0, self.failures)
        self.again = now + seconds
        return seconds

    def is_over(self, now: float) -> bool:
        return self.again <= now

    def clear(self) -> None:
        self.failures, self.again = 0, 0.0


class ChainKeeper:
    """`own` is the row that the store has. Any method may raise what the archive or the store does; the next call goes
    on from what was done."""

    def __init__(self, parts: JobParts, own: Kept, me: str) -> None:
        self.own = own
        self.prefix = chains.prefix_of(own.table)
        self.through = 0  # milliseconds: up to then everything is in segments
        self.copies: list[int] = []  # the moments of whole copies, in order
        self.copied: tuple[int, ...] | None = None  # the lanes of the newest of them
        self.lanes: list[list[Segment]] = [[] for _ in range(LANES)]
        self.superseded: dict[str, float] = {}  # segments that others have as well, and since when that is known
        self.trouble = Trouble()
        self.copy_trouble = Trouble()
        self.foreign = False  # whether another data directory has it
        self._parts = parts
        self._tenure = Tenure(parts.store, parts.archive, self.prefix, me)
        self._number = own.table.space  # of the journal
        self._journal = Journal(parts.store)
        self._record: ChainRecord | None = None  # as the archive has it, once the chain is open
        self._sealed = [0] * LANES
        self._head: Head | None = None
        self._head_at = 0.0
        self._lock = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        return self._record is not None

    @property
    def sealed(self) -> tuple[int, ...]:
        """Up to which sequence each lane is in the archive, nothing while that is not known."""
        return tuple(self._sealed) if self.is_open else (0,) * LANES

    async def open(self, table: Table | None) -> None:
        """Find out what the archive has, and begin what is yet to begin. `table` is as it is now; None: it is gone."""
        async with self._lock:
            if self._record is not None:
                return
            await mark.inscribe(self._parts.archive, self._parts.clock())
            granted = await self._enter()
            if not self.own.begun:
                await self._begin(table or self.own.table, self.own.since)
            chain = await self._read()
            if not granted:  # once more: what was put while it took over is seen now
                await self._check_known(chain)
            if table is not None and (chain is None or await self._is_other(chain)):
                _log.warning("the chain %s does not fit what the store has; it begins anew", self.prefix)
                await self._begin(table, None, anew=True)
                chain = await self._read()
            if chain is None:
                raise Missing(f"{self._parts.archive.url}/{self.prefix}/{chains.RECORD} is not there")
            self._take_up(chain)

    async def seal(self, through: int, age_seconds: float | None) -> bool:
        """Put the journal into segments as soon as its oldest record is so old, None for at once. `through` is what
        `pass_barrier` said. Returns whether there was anything."""
        async with self._lock:
            oldest = await self._oldest()
            now = self._parts.steady()
            due = oldest is not None and (age_seconds is None or now - oldest / 1000 >= age_seconds)
            if due:
                await self.check()
                held = [len(lane) for lane in self.lanes]
                work = (self._seal_lane(lane, through) for lane in range(LANES))
                # All end before one's failure is told: the next round must not meet what is left of this one.
                for failure in await asyncio.gather(*work, return_exceptions=True):
                    if failure is not None:
                        raise failure
                await self._check_sealed(held)
                oldest = None
            covered = through if oldest is None else min(through, oldest - 1)
            self.through = max(self.through, covered)
            # Until a head covers the chain's beginning, the archive alone leads to no time.
            news = due or self._head is None or self._head.through < round((self.own.since or 0.0) * 1000)
            if news or age_seconds is None or now - self._head_at >= HEAD_SECONDS:
                await self.check()
                await self._put_head(now)
            return due

    async def _check_sealed(self, held: Sequence[int]) -> None:
        """What was added to lanes of that length stays, unless another took over meanwhile: it knows nothing of it."""
        try:
            await self.check()
        except (Foreign, Displaced):
            for lane, length in zip(self.lanes, held, strict=True):
                for made in lane[length:]:
                    await self._parts.archive.delete(f"{self.prefix}/{made.path}")
                del lane[length:]
            raise

    async def note(self, table: Table) -> None:
        """Have the archive know the table as it is now."""
        async with self._lock:
            if self._record is not None and self._record.table != table:
                await self._put_record(replace(self._record, table=table))

    async def end(self, time: float) -> None:
        """The table was deleted, or its journal is not wanted any more. Everything must be sealed."""
        async with self._lock:
            if self._record is not None and self._record.ended is None:
                await self._put_record(replace(self._record, ended=time))
            await self._store_row(replace(self.own, ended=time))

    async def copy(self, table: Table) -> None:
        """Make a full copy now."""
        await pass_barrier(self._parts)
        snapshot = await self._parts.store.snapshot()
        try:
            moment = max(int(self._parts.steady() * 1000), round((self.own.since or 0.0) * 1000))
            await self._seal_all_of(snapshot)
            path = chains.copy_path(self.prefix, moment)
            made = await full_copy.write(self._parts.archive, path, snapshot, table, moment=moment / 1000)
        finally:
            await snapshot.close()
        try:
            await self.check()
        except (Foreign, Displaced):
            await full_copy.remove(self._parts.archive, path)
            raise
        self.copies.append(moment)
        self.copied = made.lanes

    async def _seal_all_of(self, snapshot: Snapshot) -> None:
        """A time before a copy is reached by undoing what it has: it must have nothing that is not sealed."""
        ends = [await snapshot.last(self._number, lane) for lane in range(LANES)]
        while any(sealed < end for sealed, end in zip(self._sealed, ends, strict=True)):
            if not await self.seal(await pass_barrier(self._parts), None):
                return

    async def read_copied(self) -> tuple[int, ...]:
        """The lanes of the newest copy."""
        if self.copied is None:
            path = chains.copy_path(self.prefix, self.copies[-1])
            self.copied = (await full_copy.read(self._parts.archive, path)).lanes
        return self.copied

    async def forget(self) -> None:
        """Remove the whole chain, then the row that told of it; that alone where another data directory has it."""
        try:
            await self._tenure.claim()
            await self._tenure.take()
        except Foreign:
            _log.warning("%s is another data directory's by now and stays in the archive", self.prefix)
        else:
            await abandoned.remove(self._parts.archive, self.prefix)
        key, own = kept.key_of(self.own.table.id), self.own

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None or kept.decode(rows[0].value) != own:
                return Change()  # wished for again meanwhile
            return Change(deletes=[key, self._tenure.key])

        await self._parts.store.transact([key], decide)

    async def _begin(self, table: Table, since: float | None, *, anew: bool = False) -> None:
        """Find out since when the journal is complete and where that is, and tell the archive and the store."""
        if since is None:
            # All that was decided by a table without its journal is committed before the barrier, by every router.
            since = (await pass_barrier(self._parts) + 2) / 1000
            if table.recovery is not None and not anew:
                since = table.recovery.since  # it was set after the journal was: see UpdateContinuousBackups
        instance = self._parts.catalog.instance
        # A backup of the instance may have come first: it needs what the journal has since it was asked for.
        first = since if instance is None else min(since, instance.since)
        start = [await self._before(lane, end, first) for lane, end in enumerate(await self._ends())]
        if anew:  # what the archive has of these sequences is something else
            for found in await self._parts.archive.list(f"{self.prefix}/"):
                if found.path != f"{self.prefix}/{tenure.NAME}":
                    await self._parts.archive.delete(found.path)
        empty = self.own.empty and not anew
        record = ChainRecord(table, since, tuple(start), empty)
        await self._parts.archive.put(f"{self.prefix}/{chains.RECORD}", chains.encode(record))
        await self._store_row(replace(self.own, since=since, start=record.start, empty=empty, ended=None))

    async def _before(self, lane: int, end: int, time: float) -> int:
        """The last sequence of a lane that is earlier than a time."""
        if not await self._parts.store.changes(self._number, lane, 0, 1):
            return end
        return await self._journal.before(self._number, lane, time)

    async def _ends(self) -> list[int]:
        """The last sequence of each lane there has been."""
        return [await self._parts.store.last(self._number, lane) for lane in range(LANES)]

    async def _read(self) -> Chain | None:
        try:
            return await chains.read(self._parts.archive, self.prefix)
        except Missing:
            return None

    async def _enter(self) -> bool:
        """Have the chain for this process, unless another data directory writes it; whether a person has decided for
        this one."""
        try:
            granted = await self._tenure.claim()
            if not granted:
                await self._check_known(await self._read())
            await self._tenure.take()
        except Foreign:
            self.foreign = True
            raise
        self.foreign = False
        return granted

    async def _check_known(self, chain: Chain | None) -> None:
        """The archive has no change that the store has not. Raises Foreign."""
        for number, end in enumerate(await self._ends()):
            newest = chain.lanes[number][-1] if chain is not None and chain.lanes[number] else None
            if newest is None:
                continue
            found = await self._parts.store.changes(self._number, number, newest.last - 1, 1)
            # A copy may have gone as far by itself, with other changes.
            other = found and found[0].sequence == newest.last
            if newest.last > end or (other and segment.milliseconds(found[0].record) != newest.last_ms):
                self.foreign = True
                raise await self._tenure.refuse("it has changes that this data directory, a copy or set back, has not")

    async def check(self) -> None:
        """That it is still this process's to add to and to prune. Raises Foreign or Displaced, or Missing when the
        chain is gone."""
        try:
            await self._tenure.check()
        except (Foreign, Displaced, Missing) as error:
            self.foreign = isinstance(error, Foreign)
            self._record = None  # to be opened anew
            raise

    async def _is_other(self, chain: Chain) -> bool:
        """Whether what the archive has does not belong to what the store has."""
        if (chain.record.since, chain.record.start) != (self.own.since, self.own.start):
            return True
        for lane, (reached, end) in enumerate(zip(_reached(chain), await self._ends(), strict=True)):
            found = await self._parts.store.changes(self._number, lane, 0, 1)
            first = found[0].sequence if found else end + 1
            if not first - 1 <= reached <= end:  # one past the end: the store was set back to an older state
                return True
        return False

    def _take_up(self, chain: Chain) -> None:
        self._sealed = list(_reached(chain))
        self._head = chain.head
        self.through = 0 if chain.head is None else chain.head.through
        self.copies = list(chain.copies)
        self.copied = None
        self.lanes = [list(lane) for lane in chain.lanes]
        self._record = chain.record

    async def _oldest(self) -> int | None:
        """The time of the oldest record that is not sealed."""
        times = []
        for lane, sealed in enumerate(self._sealed):
            found = await self._parts.store.changes(self._number, lane, sealed, 1)
            times += [segment.milliseconds(record.record) for record in found]
        return min(times, default=None)

    async def _seal_lane(self, lane: int, through: int) -> None:
        """Everything up to `through`, and what comes with it."""
        more = True
        while more:
            records, more = await self._next(lane)
            if not records:
                return
            if records[0].sequence != self._sealed[lane] + 1:
                self._record = None  # to be opened anew
                raise LookupError(f"the journal lacks what comes after {self._sealed[lane]} in lane {lane}")
            made, body = await asyncio.to_thread(segment.pack, records)
            await self._parts.archive.put(f"{self.prefix}/{made.path}", body)
            self._sealed[lane] = made.last
            self.lanes[lane].append(made)
            more = more and made.last_ms <= through

    async def _next(self, lane: int) -> tuple[list[Record], bool]:
        """Records of one segment, and whether there may be more."""
        records: list[Record] = []
        size, wanted = 0, 8
        while size < CHUNK_BYTES:
            after = records[-1].sequence if records else self._sealed[lane]
            found = await self._parts.store.changes(self._number, lane, after, wanted)
            records += found
            if len(found) < wanted:
                return records, False
            read = sum(len(record.record) for record in found)
            size += read
            wanted = max(1, min(_READ_RECORDS, _READ_BYTES * wanted // max(read, 1)))
            await asyncio.sleep(0)
        return records, True

    async def _put_head(self, now: float) -> None:
        head = Head(self.through, tuple(self._sealed))
        if head != self._head:
            await self._parts.archive.put(f"{self.prefix}/{chains.HEAD}", chains.encode_head(head))
            self._head = head
        self._head_at = now

    async def _put_record(self, record: ChainRecord) -> None:
        await self.check()
        await self._parts.archive.put(f"{self.prefix}/{chains.RECORD}", chains.encode(record))
        self._record = record

    async def _store_row(self, wanted: Kept) -> None:
        """Raises Superseded."""
        key, known = kept.key_of(wanted.table.id), self.own

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None or kept.decode(rows[0].value) != known:
                return Change(result=False)
            return Change(puts=[kept.put(wanted)], result=True)

        if not await self._parts.store.transact([key], decide):
            raise Superseded(self.prefix)
        self.own = wanted


def _reached(chain: Chain) -> list[int]:
    """By lane, up to which sequence segments follow each other."""
    reached = []
    for start, lane in zip(chain.record.start, chain.lanes, strict=True):
        end = start
        for number, each in enumerate(lane):
            if number and each.first > end + 1:
                break
            end = max(end, each.last)
        reached.append(end)
    return reached
