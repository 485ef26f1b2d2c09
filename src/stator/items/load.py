"""Load items in bulk: puts and deletes without conditions, many in a commit, for restores and imports.

What is derived from items is kept as with any write: entries of indexes, entries that say when items expire, and the
journal where somebody reads it. The loop is held for BUSY_SECONDS at a time: how many items that is, is measured.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from stator.errors import ThrottlingException
from stator.items.commit import Writer
from stator.items.decide import DeleteWrite, PutWrite, Write
from stator.items.keys import item_key
from stator.model.table import Table
from stator.storage.store import Key
from stator.values.attribute import Item
from stator.values.size import item_bytes

BUSY_SECONDS = 0.002
SLICE_ITEMS_MIN = 4
SLICE_ITEMS_MAX = 500
SLICE_BYTES_MAX = 1024 * 1024
_BUSY_PAUSE_SECONDS = 0.05
_SLICES_UNDER_WAY = 2  # the next is decided while the one before reaches the disk


class Loaded(NamedTuple):
    """What becomes of one item. `item` is canonical, None for one that is to be gone; `size` is its bytes as DynamoDB
    counts them."""

    key: Key
    item: Item | None
    size: int


def loaded(table: Table, item: Item, size: int | None = None) -> Loaded:
    """An item to put. Raises ValidationException for one without the table's key."""
    return Loaded(item_key(table, item), item, item_bytes(item) if size is None else size)


def loaded_row(table: Table, value: bytes) -> Loaded:
    """The same for an item as it was stored: its JSON."""
    return loaded(table, orjson.loads(value))


def absent(table: Table, key: Item) -> Loaded:
    """An item that is to be gone, from its key attributes or all of it."""
    return Loaded(item_key(table, key), None, 0)


class _Pace:
    """How many items hold the loop for as long as they may. Learns from each slice; begins small."""

    def __init__(self) -> None:
        self.items = SLICE_ITEMS_MIN * 4

    def learn(self, items: int, seconds: float) -> None:
        wanted = int(items * BUSY_SECONDS / max(seconds, 1e-6))
        # No faster than doubling: a slice that found its rows in the cache says little of the next.
        self.items = max(SLICE_ITEMS_MIN, min(wanted, self.items * 2, SLICE_ITEMS_MAX))


async def load(writer: Writer, table: Table, changes: Sequence[Loaded]) -> None:
    """Make the changes, in their order and not all at once; when this returns they are durable. Of several of one item
    the last one counts. Doing it twice does no harm. While the store has too much to do, it waits.

    Raises ResourceNotFoundException when the table is gone and InternalServerError when the store failed; some of the
    changes may have been made then.
    """
    pace = _Pace()
    position: int | None = 0
    while position is not None:
        position = await _load_from(writer, table, changes, position, pace=pace)
        if position is not None:
            await asyncio.sleep(_BUSY_PAUSE_SECONDS)


async def _load_from(
    writer: Writer, table: Table, changes: Sequence[Loaded], position: int, *, pace: _Pace
) -> int | None:
    """Load from a position on. Returns where to begin again when the store had too much to do, else None."""
    under_way: deque[tuple[int, asyncio.Task[None]]] = deque()
    begun = position
    try:
        while position < len(changes) or under_way:
            if len(under_way) >= _SLICES_UNDER_WAY or position >= len(changes):
                begun, task = under_way.popleft()
                await task
                continue
            end = _end(changes, position, pace.items)
            slice_ = changes[position:end]
            under_way.append((position, asyncio.ensure_future(_commit(writer, table, slice_, pace))))
            position = end
            await asyncio.sleep(0)
    except ThrottlingException:
        return begun  # what came after it is made again too, so that the order is right in the end
    finally:
        # After a failure: what was begun comes to its end before the caller goes on.
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
    return None


def _end(changes: Sequence[Loaded], start: int, items_max: int) -> int:
    """Where the slice from `start` ends: after so many items, or with the one that fills it."""
    end, size = start, 0
    limit = min(len(changes), start + items_max)
    while end < limit and size < SLICE_BYTES_MAX:
        size += changes[end].size
        end += 1
    return end


async def _commit(writer: Writer, table: Table, changes: Sequence[Loaded], pace: _Pace) -> None:
    last = {change.key: change for change in changes}
    writes: list[Write] = [
        DeleteWrite(table, key) if item is None else PutWrite(table, key, item, size)
        for key, item, size in last.values()
    ]
    pace.learn(len(writes), await writer.commit_timed(writes))
