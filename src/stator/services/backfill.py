"""Bring the items that a table had before into an index that was added to it.

Writes maintain the index from the moment its definition is there, so what is left are the items that nobody has
written since. They are brought in in slices. A slice goes through `transact` on the rows of its items, which are the
locks of all that is derived from them: it reads each item as it is then and puts the entry that it makes, so a write
comes wholly before it or wholly after it. How far it got is stored in the same commit, and a crash costs the slice and
another look at the stretch of the table that it was of.

Two things make "nobody has written since" true. A write is decided by the table as it is at that moment
(`items.commit`), so none decided after the change of the definition misses the index. And all that was decided before
that change is committed before anything is looked at: the commit that notes that filling begins comes after it. Where
several routers write, each decides by its copy of the table. So there are two steps, and before each of them the work
waits until all copies have the index as it was left, with no write under way that was decided by an older one
(`Catalog.settle`): at first writes only take entries out, and once all routers do that, they put them as well. An entry
that one router puts is never left behind by another that does not know of the index.

A write that leaves an item's entry as it was puts none, so an item that was written after it was looked at still wants
its own. An item whose entry moved behind what is done needs nothing: the write that moved it has put it.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

import orjson

from stator.errors import ResourceNotFoundException
from stator.items.indexes import entry_of_row, placer
from stator.model.table import Build, Index, Table
from stator.services.parts import Parts
from stator.services.stretch import Due, Progress, Stretch, gather
from stator.services.traffic import Traffic
from stator.storage.store import Change, Key, Position, Put, Row, Store
from stator.tables.catalog import Edit, is_filling, not_found, progress_key
from stator.tables.lifecycle import begin_filling, complete_index
from stator.values.key import HASH_BYTES

RUN_SECONDS = 0.25  # then others have a look: the supervisor may be closing
# How long the loop is held up at a time: where requests wait for it, and where there are none.
BUSY_SECONDS = 0.0005
CALM_SECONDS = 0.01
SLICE_ROWS_MIN = 16
SLICE_ROWS_MAX = 1000
SLICE_BYTES_MAX = 1024 * 1024
_PUT_READS = 2.0  # what bringing in an entry takes, in times of reading its item


class Backfill:
    """The duty. Remembers the stretches under way from one run to the next; what counts is in the store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._fills: dict[int, Fill] = {}

    async def run_once(self) -> int:
        """Work for a while on each index that is to be filled; returns how many slices it did.

        Raises what one of them failed with, but only after the others had their turn.
        """
        slices = 0
        failure: Exception | None = None
        fills, self._fills = self._fills, {}
        for table, index in self._parts.catalog.filling():
            fill = fills.get(index.space) or Fill(self._parts, table, index)
            until = time.monotonic() + RUN_SECONDS
            done = False
            try:
                while not done and time.monotonic() < until:
                    slices += 1
                    done = await fill.run_slice()
                    await asyncio.sleep(0)  # a store in memory suspends nobody
            except Exception as error:  # noqa: BLE001  a table with a damaged row stops no other's index
                failure = error
            else:
                if not done:
                    self._fills[index.space] = fill
        if failure is not None:
            raise failure
        return slices


async def run_once(parts: Parts) -> int:
    """One run of a duty that remembers nothing."""
    return await Backfill(parts).run_once()


class Fill:
    """The filling of one index, from where it stopped. After a failure another one goes on."""

    def __init__(self, parts: Parts, table: Table, index: Index) -> None:
        self._parts = parts
        self._table = table
        self._index = index
        self._place = placer(index)
        self._key = progress_key(index.space)
        self._begun = False
        self._progress = Progress()
        self._stretch: Stretch | None = None
        self._traffic = Traffic(parts.replies)

    async def run_slice(self) -> bool:
        """Bring in the next items. True when there is no more to do."""
        if not self._begun:
            await self._begin()
        if self._stretch is None:
            self._stretch = await gather(self._parts.store, self._table, self._index, self._progress, self._seconds)
        stretch = self._stretch
        due = stretch.take(self._rows(stretch), SLICE_BYTES_MAX)
        if stretch.left:
            progress = Progress(stretch.after, stretch.until, Position(*due[-1][:2]))
        else:
            progress = Progress(stretch.until or self._progress.until or stretch.after)
        if progress != self._progress and not await self._bring_in(due, progress):
            return True
        self._progress = progress
        if stretch.left:
            return False
        self._stretch = None
        if stretch.more:
            return False
        await self._change(complete_index, self._index.space)
        return True

    async def _begin(self) -> None:
        """Find out where to go on, or write down that filling begins."""
        await self._parts.catalog.settle()
        if self._index.build is Build.ALLOTTED:
            await self._change(begin_filling)  # which settles

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is not None:
                return Change(result=rows[0].value)
            return Change(puts=[self._note(Progress())], result=None)

        stored: bytes | None = await self._parts.store.transact([self._key], decide)
        if stored is not None:
            self._progress = _parse(stored)
        self._begun = True

    async def _bring_in(self, due: Sequence[Due], progress: Progress) -> bool:
        """Put these entries. False when the index is not to be filled any more."""
        space, index = self._table.space, self._index

        def decide(rows: Sequence[Row | None]) -> Change:
            table = self._parts.catalog.latest(self._table)
            if not is_filling(table, index.space):
                return Change(result=False)
            puts = [self._note(progress)]
            for row, (partition, sort, version, *_) in zip(rows, due, strict=False):
                if row is None:
                    continue
                place: Key | None = Key(index.space, partition, sort)
                if row.version != version:
                    place = self._place(row)
                if place is not None:
                    puts.append(entry_of_row(table, index, row, place))
            return Change(puts=puts, result=True)

        keys = [Key(space, partition, sort) for *_, partition, sort in due]
        # The progress comes last: it is read with them only so that there is always something to read.
        done: bool = await self._parts.store.transact([*keys, self._key], decide)
        return done

    async def _change(self, step: Callable[[Table, int], Table], *filled: int) -> None:
        table, space = self._table, self._index.space

        def decide(now: Table | None) -> Edit:
            if now is None:
                raise not_found(table.name)
            if not is_filling(now, space):
                return Edit(now)
            return Edit(step(now, space), filled=filled)

        # Meanwhile the index may have been deleted, and then the table.
        with contextlib.suppress(ResourceNotFoundException):
            await self._parts.catalog.change(table.account, table.region, table.name, decide)

    def _note(self, progress: Progress) -> Put:
        text = _render(progress)
        return Put(self._key, len(text), text)

    def _seconds(self) -> float:
        return BUSY_SECONDS if self._traffic.busy else CALM_SECONDS

    def _rows(self, stretch: Stretch) -> int:
        """How many entries hold up the loop for as long as they may."""
        if not stretch.row_seconds:
            return SLICE_ROWS_MIN
        rows = int(self._seconds() / (stretch.row_seconds * _PUT_READS))
        return max(SLICE_ROWS_MIN, min(rows, SLICE_ROWS_MAX))


async def read_percentage(store: Store, index: Index) -> float:
    """How much of an index is filled, 0 to 100, as it is written down: partitions begin with an even hash."""
    (row,) = await store.get([progress_key(index.space)])
    after, until, entry = Progress() if row is None else _parse(row.value)
    done = _share(after)
    if until is not None:
        done += (_share(until) - done) * _share(entry)
    return 100 * done


def _share(place: Position | None) -> float:
    """Of all hashes, those before this place."""
    return 0.0 if place is None else int.from_bytes(place.partition[:HASH_BYTES], "big") / 256**HASH_BYTES


def _render(progress: Progress) -> bytes:
    return orjson.dumps([place and [place.partition.hex(), place.sort.hex()] for place in progress])


def _parse(text: bytes) -> Progress:
    places = orjson.loads(text)
    return Progress(*(place and Position(bytes.fromhex(place[0]), bytes.fromhex(place[1])) for place in places))
