"""The rows that a table had at a time, for a full export: from the store as it is now, with what changed since undone.

What changed since is in the table's journal, whose old images are what was there before. Only where the journal does
not reach back so far are rows brought together from the archive.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import orjson

from stator.archive.overlay import before, merged
from stator.items.keys import request_key
from stator.journal.journal import Journal
from stator.journal.record import LANES, decode, time_of
from stator.journal.record import Entry as Change
from stator.model.table import Table
from stator.storage.scratch import Entry, Scratch
from stator.storage.store import Position, Row, Snapshot, Store

LIVE_SECONDS_MAX = 3600  # further back the archive is the shorter way

_PAGE_ROWS = 500
_PAGE_BYTES = 512 * 1024
_RECORDS_AT_ONCE = 200


async def live_rows(
    store: Store, table: Table, time: float, start: Position | None, stack: AsyncExitStack
) -> AsyncIterator[list[Row]] | None:
    """Pages of the rows past `start` that the table had at `time`, None where the journal cannot tell. `stack` lets go
    of what they need.

    Every write until `time` must have been acknowledged, or refused, before the call.
    """
    snapshot = await store.snapshot()
    stack.push_async_callback(snapshot.close)
    scratch = await Scratch.open()
    stack.push_async_callback(scratch.close)
    for lane in range(LANES):
        last = await snapshot.last(table.space, lane)
        if not await _undo(store, table, lane, (time, last), scratch):
            return None
    return merged(_pages(snapshot, table.space, start), scratch, start, before)


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
    cursor = await Journal(store).before(table.space, lane, time + 0.001)
    (oldest,) = await store.changes(table.space, lane, 0, 1) or (None,)
    if oldest is None or (oldest.sequence > 1 and time_of(oldest) > time):
        return False  # what came before it may have been later than `time`, too
    while cursor < last:
        records = await store.changes(table.space, lane, cursor, min(_RECORDS_AT_ONCE, last - cursor))
        if not records or records[0].sequence != cursor + 1:
            return False
        cursor = records[-1].sequence
        entries = await asyncio.to_thread(lambda found=records: [*map(decode, found)])
        changes = [entry for entry in entries if isinstance(entry, Change)]
        await scratch.put(await asyncio.to_thread(changed_rows, table, changes))
    return True


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
