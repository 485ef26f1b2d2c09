"""A stretch of a table: the entries of its items, in the order of the index.

Items lie in the order of their own keys, and their entries in quite another one. Put as they come, nearly every entry
would fall on a page of its own, to be written whole; put in order, neighbours share pages. So the keys of many items
are gathered and sorted first. Values stay in the store: a stretch is small, and what it knows may grow old.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

from stator.items.indexes import placer
from stator.model.table import Index, Table
from stator.storage.store import Key, Position, Row, Store

# About 60 MB in memory at worst, and a second of work to do again after a crash.
STRETCH_ROWS_MAX = 100_000
STRETCH_BYTES_MAX = 16 * 1024 * 1024
_PIECE_ROWS_MIN = 16
_PIECE_ROWS_MAX = 4_000
_PIECE_BYTES_MAX = 1024 * 1024


Due = tuple[bytes, bytes, int, int, bytes, bytes]
"""An entry to put: its partition and sort, then the version, size, partition and sort of the row it is of, as that was
when it was looked at."""

# Plain tuples of plain values are let go of by the garbage collector when it first sees them. A hundred thousand of any
# other class would cost each of its great rounds a tenth of a second.


class Progress(NamedTuple):
    """How far an index is filled: all items up to `after`; of those up to `until` the entries up to `entry`."""

    after: Position | None = None
    until: Position | None = None
    entry: Position | None = None


class Stretch:
    """What was gathered between `after` and `until` (None where nothing is left). `more`: the table goes on."""

    def __init__(self, after: Position | None) -> None:
        self.after = after
        self.until: Position | None = None
        self.more = True
        self.left = 0
        self.row_seconds = 0.0  # what reading a row and finding its entry took
        self._pieces: list[list[Due]] = []
        self._sorted: Iterator[Due] = iter(())

    def add(self, piece: list[Due]) -> None:
        piece.sort()
        self._pieces.append(piece)
        self.left += len(piece)

    def finish(self) -> None:
        # Sorted in pieces and merged as it is used up: sorting all at once would hold up the loop.
        self._sorted = merge(*self._pieces)
        self._pieces = []

    def take(self, rows_max: int, bytes_max: int) -> list[Due]:
        """The next entries in order."""
        taken: list[Due] = []
        size = 0
        for due in islice(self._sorted, rows_max):
            taken.append(due)
            size += due[3]
            if size >= bytes_max:
                break
        self.left -= len(taken)
        return taken


async def gather(store: Store, table: Table, index: Index, progress: Progress, seconds: Callable[[], float]) -> Stretch:
    """Read the next stretch, in pieces that hold up the loop for `seconds()` each. What `progress` says is done is
    left out."""
    stretch = Stretch(progress.after)
    place_of = placer(index)
    until, done = progress.until, progress.entry
    position = progress.after
    rows = looked = size = 0
    rows_max = _PIECE_ROWS_MIN
    spent = 0.0
    while stretch.more and rows < STRETCH_ROWS_MAX and size < STRETCH_BYTES_MAX:
        began = time.perf_counter()
        page = await store.scan(
            table.space, position, lower=b"", upper=None, rows_max=rows_max, bytes_max=_PIECE_BYTES_MAX
        )
        found, stretch.more = page.rows, page.more
        if until is not None and found and _position(found[-1]) >= until:
            found = [row for row in found if _position(row) <= until]
            stretch.more = True
            rows = STRETCH_ROWS_MAX  # the stretch ends where it ended before
        if found:
            position = stretch.until = _position(found[-1])
            piece = _entries(place_of, found)
            if done is not None:
                piece = [due for due in piece if due[:2] > done]
            stretch.add(piece)
            rows += len(found)
            size += sum(len(due[0]) + len(due[1]) + len(due[4]) + len(due[5]) for due in piece)
            spent += time.perf_counter() - began
            looked += len(found)
            stretch.row_seconds = spent / looked
            rows_max = max(_PIECE_ROWS_MIN, min(int(seconds() / stretch.row_seconds), rows_max * 2, _PIECE_ROWS_MAX))
        elif until is not None:
            break
        await asyncio.sleep(0)
    stretch.finish()
    return stretch


def _entries(place_of: Callable[[Row], Key | None], rows: list[Row]) -> list[Due]:
    piece: list[Due] = []
    for row in rows:
        place = place_of(row)
        if place is not None:
            piece.append((place[1], place[2], row.version, row.size, row.partition, row.sort))
    return piece


def _position(row: Row) -> Position:
    return Position(row.partition, row.sort)
