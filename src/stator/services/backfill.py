"""Bring the items that a table had before into an index that was added to it.

Writes maintain the index from the moment its definition is there, so what is left are the items that nobody has
written since. They are brought in in slices. A slice goes through `transact` on the rows of its items, which are the
locks of all that is derived from them: it reads each item as it is then and puts the entry that it makes, so a write
comes wholly before it or wholly after it. How far it got is stored in the same commit, and a crash costs the slice.

Two things make "nobody has written since" true. A write is decided by the table as it is at that moment
(`items.commit`), so none decided after the change of the definition misses the index. And all that was decided before
that change is committed before the first slice looks: the commit that notes that filling begins comes after it.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import orjson

from stator.errors import ResourceNotFoundException
from stator.items.indexes import entry_of_row
from stator.model.table import Index, Table
from stator.services.parts import Parts
from stator.storage.store import Change, Key, Position, Put, Row
from stator.tables.catalog import Edit, is_filling, not_found, progress_key
from stator.tables.lifecycle import complete_index

RUN_SECONDS = 0.25  # then others have a look: the supervisor may be closing
# About half of what a slice takes on the loop, where requests wait for it.
DECIDE_SECONDS_MIN = 0.0005
DECIDE_SECONDS_MAX = 0.002
SLICE_ROWS_MIN = 16
SLICE_ROWS_MAX = 500
SLICE_BYTES_MAX = 1024 * 1024


async def run_once(parts: Parts) -> int:
    """Work for a while on each index that is to be filled; returns how many slices it did.

    Raises what one of them failed with, but only after the others had their turn.
    """
    slices = 0
    failure: Exception | None = None
    for table, index in parts.catalog.filling():
        fill = Fill(parts, table, index)
        until = time.monotonic() + RUN_SECONDS
        done = False
        try:
            while not done and time.monotonic() < until:
                slices += 1
                done = await fill.run_slice()
                await asyncio.sleep(0)  # a store in memory suspends nobody
        except Exception as error:  # noqa: BLE001  a table with a damaged row stops no other's index
            failure = error
    if failure is not None:
        raise failure
    return slices


class Fill:
    """The filling of one index, from where it stopped."""

    def __init__(self, parts: Parts, table: Table, index: Index) -> None:
        self._parts = parts
        self._table = table
        self._index = index
        self._progress = progress_key(index.space)
        self._begun = False
        self._after: Position | None = None
        self._rows = SLICE_ROWS_MIN
        self._spent = 0.0

    async def run_slice(self) -> bool:
        """Bring in the next items. True when there is no more to do."""
        if not self._begun:
            await self._begin()
        page = await self._parts.store.scan(
            self._table.space, self._after, lower=b"", upper=None, rows_max=self._rows, bytes_max=SLICE_BYTES_MAX
        )
        if page.rows and not await self._bring_in(page.rows):
            return True
        if page.more:
            return False
        await self._complete()
        return True

    async def _begin(self) -> None:
        """Find out where to go on, or write down that filling begins."""

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is not None:
                return Change(result=rows[0].value)
            return Change(puts=[self._note(None)], result=None)

        stored: bytes | None = await self._parts.store.transact([self._progress], decide)
        if stored is not None and stored != _render(None):
            partition, sort = orjson.loads(stored)
            self._after = Position(bytes.fromhex(partition), bytes.fromhex(sort))
        self._begun = True

    async def _bring_in(self, found: Sequence[Row]) -> bool:
        """Put the entries of the items in these rows. False when the index is not to be filled any more."""
        space = self._table.space
        last = Position(found[-1].partition, found[-1].sort)

        def decide(rows: Sequence[Row | None]) -> Change:
            began = time.perf_counter()
            table = self._parts.catalog.latest(self._table)
            if not is_filling(table, self._index.space):
                return Change(result=False)
            puts = [self._note(last)]
            for row in rows:
                if row is not None and (put := entry_of_row(table, self._index, row)) is not None:
                    puts.append(put)
            self._spent = time.perf_counter() - began
            return Change(puts=puts, result=True)

        keys = [Key(space, row.partition, row.sort) for row in found]
        began = time.perf_counter()
        done: bool = await self._parts.store.transact(keys, decide)
        self._pace(time.perf_counter() - began)
        self._after = last
        return done

    async def _complete(self) -> None:
        table, space = self._table, self._index.space

        def decide(now: Table | None) -> Edit:
            if now is None:
                raise not_found(table.name)
            if not is_filling(now, space):
                return Edit(now)
            return Edit(complete_index(now, space), filled=(space,))

        # Meanwhile the index may have been deleted, and then the table.
        with contextlib.suppress(ResourceNotFoundException):
            await self._parts.catalog.change(table.account, table.region, table.name, decide)

    def _note(self, last: Position | None) -> Put:
        text = _render(last)
        return Put(self._progress, len(text), text)

    def _pace(self, waited: float) -> None:
        """Choose the size of the next slice: longer ones where it is the disk that takes the time."""
        slow_disk = waited > 4 * self._spent
        if self._spent < DECIDE_SECONDS_MIN or (slow_disk and self._spent < DECIDE_SECONDS_MAX / 2):
            self._rows = min(self._rows * 2, SLICE_ROWS_MAX)
        elif self._spent > DECIDE_SECONDS_MAX:
            self._rows = max(self._rows // 2, SLICE_ROWS_MIN)


def _render(last: Position | None) -> bytes:
    return orjson.dumps([last.partition.hex(), last.sort.hex()] if last else None)
