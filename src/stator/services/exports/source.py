"""What exports read: the rows that a table had at a time, and what became of items in a stretch of time.

The rows of a short time ago are those of the store as it is now, with what changed since undone: the table's journal
has it, and its old images are what was there before. Where the journal does not reach back so far, rows are those of a
full copy in the archive, with the changes between it and that time done or undone. Rows come in the order of their
places either way, and are the same ones, so an export may begin in one way and go on in the other.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import orjson

from stator.archive import full_copy
from stator.archive.chains import chain as chains
from stator.archive.chains import replay
from stator.archive.chains.chain import Chain
from stator.archive.chains.overlay import BYTES_MAX, ENTRIES_MAX, after, before, merged
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location
from stator.items.keys import item_key, request_key
from stator.journal.journal import Journal
from stator.journal.record import LANES, Boundary, decode, time_of
from stator.journal.record import Entry as Change
from stator.model.table import Table
from stator.storage.scratch import Entry, Scratch
from stator.storage.store import Position, Record, Row, Snapshot, Store
from stator.values.size import item_bytes

LIVE_SECONDS_MAX = 3600  # further back the archive is the shorter way

_PAGE_ROWS = 500
_PAGE_BYTES = 512 * 1024
_RECORDS_AT_ONCE = 200  # or as many as have about so many bytes; reading them holds up the loop
_RECORDS_BYTES = 256 * 1024
_LINES_AT_ONCE = 500
_SEAL_SECONDS_MAX = 120.0
_SEAL_PACE_SECONDS = 0.25


async def live_rows(
    store: Store, table: Table, time: float, start: Position | None, stack: AsyncExitStack
) -> AsyncIterator[list[Row]] | None:
    """Pages of the rows past `start` that the table had at `time`, None where the journal cannot tell. `stack` lets go
    of what they need.

    Every write until `time` must have been acknowledged, or refused, before the call.
    """
    async with AsyncExitStack() as held:
        snapshot = await store.snapshot()
        held.push_async_callback(snapshot.close)
        scratch = await Scratch.open()
        held.push_async_callback(scratch.close)
        for lane in range(LANES):
            last = await snapshot.last(table.space, lane)
            if not await _undo(store, table, lane, (time, last), scratch):
                return None
        stack.push_async_callback(held.pop_all().aclose)
    return merged(_pages(snapshot, table.space, start), scratch, start, before)


async def archived_rows(
    archive: Location, table: Table, time: float, start: Position | None, stack: AsyncExitStack
) -> AsyncIterator[list[Row]]:
    """The same from the table's chain in the archive. Raises NotCovered, or another ArchiveError."""
    until = round(time * 1000)
    chain = await sealed(archive, table, until)
    moment = chains.plan(chain, until)
    path = "" if moment is None else chains.copy_path(chain.prefix, moment)
    copy = None if moment is None else await full_copy.read(archive, path)
    scratch = await Scratch.open()
    stack.push_async_callback(scratch.close)
    async for steps in replay.changes(archive, chain, copy, until):
        await scratch.put(await asyncio.to_thread(_step_rows, table, steps))

    async def pages() -> AsyncIterator[list[Row]]:
        if copy is None:
            return
        async for _, lines in full_copy.items(archive, path, copy):
            for first in range(0, len(lines), _LINES_AT_ONCE):
                rows = await asyncio.to_thread(_line_rows, table, lines[first : first + _LINES_AT_ONCE], start)
                if rows:
                    yield rows

    return merged(pages(), scratch, start, after)


async def changed_items(
    archive: Location, table: Table, since: float, until: float, *, start: Position | None, stack: AsyncExitStack
) -> AsyncIterator[list[Entry]]:
    """Pages of what became of each item that changed with `since <= time < until`, past `start` and by place: as it
    was before, as it was after, and when it changed last. Raises NotCovered, or another ArchiveError."""
    first, end = round(since * 1000), round(until * 1000)
    chain = await sealed(archive, table, end - 1)
    scratch = await Scratch.open()
    stack.push_async_callback(scratch.close)
    async for entries in replay.entries(archive, chain, max(first, chain.earliest), end):
        await scratch.put(await asyncio.to_thread(changed_rows, table, entries))

    async def pages() -> AsyncIterator[list[Entry]]:
        place, more = start, True
        while more:
            found, more = await scratch.page(place, ENTRIES_MAX, BYTES_MAX)
            if found:
                yield found
                place = Position(found[-1].partition, found[-1].sort)

    return pages()


async def sealed(archive: Location, table: Table, through: int) -> Chain:
    """The table's chain once it has every change up to `through`, in milliseconds. Raises ArchiveError when that
    takes too long."""
    prefix = chains.prefix_of(table)
    deadline = asyncio.get_running_loop().time() + _SEAL_SECONDS_MAX
    while True:
        try:
            chain = await chains.read(archive, prefix)
            if chain.latest is not None and chain.latest >= through:
                return chain
        except Missing:  # recovery was turned on a moment ago
            pass
        if asyncio.get_running_loop().time() >= deadline:
            raise ArchiveError(f"{archive.url}/{prefix} does not have the changes up to {through} ms yet")
        await asyncio.sleep(_SEAL_PACE_SECONDS)


async def _pages(snapshot: Snapshot, space: int, start: Position | None) -> AsyncIterator[list[Row]]:
    more = True
    while more:
        rows, more = await snapshot.scan(space, start, _PAGE_ROWS, _PAGE_BYTES)
        if rows:
            yield rows
            start = Position(rows[-1].partition, rows[-1].sort)


async def _undo(store: Store, table: Table, lane: int, until: tuple[float, int], scratch: Scratch) -> bool:
    """Tell the scratch table what a lane's changes after a time, up to a sequence, came upon. False where some of them
    are gone."""
    time, last = until
    if not last:
        return True
    cursor = await Journal(store).before(table.space, lane, time + 0.0005)
    (oldest,) = await store.changes(table.space, lane, 0, 1) or (None,)
    if oldest is None or (oldest.sequence > 1 and time_of(oldest) > time):
        return False  # what came before it may have been later than `time`, too
    wanted = 8
    while cursor < last:
        records = await store.changes(table.space, lane, cursor, min(wanted, last - cursor))
        if not records or records[0].sequence != cursor + 1:
            return False
        cursor = records[-1].sequence
        size = sum(len(record.record) for record in records)
        wanted = max(1, min(_RECORDS_AT_ONCE, 2 * wanted, len(records) * _RECORDS_BYTES // size))
        entries = await asyncio.to_thread(_decoded, records)
        changes = [entry for entry in entries if isinstance(entry, Change)]
        await scratch.put(await asyncio.to_thread(changed_rows, table, changes))
    return True


def _decoded(records: Sequence[Record]) -> list[Change | Boundary]:
    return [*map(decode, records)]


def changed_rows(table: Table, changes: list[Change]) -> list[Entry]:
    """What a scratch table is to know of changes, in their order."""
    return [
        Entry(
            *request_key(table, change.keys)[1:],
            None if change.old_image is None else orjson.dumps(change.old_image),
            change.old_size,
            None if change.new_image is None else orjson.dumps(change.new_image),
            change.new_size,
            round(change.time * 1000),
        )
        for change in changes
    ]


def _step_rows(table: Table, steps: Sequence[replay.Step]) -> list[Entry]:
    return [
        Entry(
            *request_key(table, step.keys)[1:],
            None,
            0,
            None if step.image is None else orjson.dumps(step.image),
            step.size,
            0,
        )
        for step in steps
    ]


def _line_rows(table: Table, lines: Sequence[bytes], start: Position | None) -> list[Row]:
    """The rows of items as they were stored, but for those that are not past `start`."""
    rows = []
    for line in lines:
        item = orjson.loads(line)
        place = Position(*item_key(table, item)[1:])
        if start is None or place > start:
            rows.append(Row(*place, 0, item_bytes(item), line))
    return rows
