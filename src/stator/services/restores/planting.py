"""Put many rows into spaces that nobody reads or writes yet: those of a table that is being restored.

There is nothing to decide, so nothing is read: a slice of rows is one commit. The loop is held for as long as a slice
takes; how many rows that is, is measured.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from stator.services.traffic import Traffic
from stator.storage.failure import StoreBusy
from stator.storage.hold import Hold
from stator.storage.store import Change, Key, Put, Store

BUSY_SECONDS = 0.001
CALM_SECONDS = 0.003
SLICE_ROWS_MIN = 16
SLICE_ROWS_MAX = 2_000
SLICE_BYTES_MAX = 1024 * 1024
_BUSY_PAUSE_SECONDS = 0.05
_SLICES_UNDER_WAY = 2  # the next is put while the one before reaches the disk

Plant = tuple[int, bytes, bytes, int, bytes]
"""Space, partition and sort of a row, its size and its value. A plain tuple of plain values is none of the garbage
collector's business; a hundred thousand of any other class would hold up the loop."""


class Planter:
    """Learns from each slice how many rows the next may have."""

    def __init__(self, store: Store, traffic: Traffic) -> None:
        self._store = store
        self._traffic = traffic
        self._row_seconds = BUSY_SECONDS / SLICE_ROWS_MIN

    async def plant(self, plants: Iterable[Plant]) -> None:
        """Put them in their order; when this returns they are durable. Doing it twice does no harm.

        While the store has too much to do, it waits. Raises SpaceGone or StoreFailure; some of them may be put then.
        """
        rest = iter(plants)
        under_way: deque[asyncio.Task[None]] = deque()
        try:
            while slice := self._take(rest):
                if len(under_way) >= _SLICES_UNDER_WAY:
                    await under_way.popleft()
                under_way.append(asyncio.ensure_future(self._commit(slice)))
                await asyncio.sleep(0)
            while under_way:
                await under_way.popleft()
        finally:
            # After a failure: what was begun comes to its end before the caller goes on.
            await asyncio.gather(*under_way, return_exceptions=True)

    def _take(self, rest: Iterator[Plant]) -> list[Put]:
        seconds = BUSY_SECONDS if self._traffic.busy else CALM_SECONDS
        rows = max(SLICE_ROWS_MIN, min(int(seconds / self._row_seconds), SLICE_ROWS_MAX))
        puts: list[Put] = []
        size = 0
        for space, partition, sort, row_size, value in islice(rest, rows):
            puts.append(Put(Key(space, partition, sort), row_size, value))
            size += len(value)
            if size >= SLICE_BYTES_MAX:
                break
        return puts

    async def _commit(self, puts: Sequence[Put]) -> None:
        hold = Hold()
        decide = hold.around(lambda _: Change(puts=puts))
        while True:
            try:
                await self._store.transact((), decide)
                break
            except StoreBusy:  # the others' turn
                await asyncio.sleep(_BUSY_PAUSE_SECONDS)
        measured = max(hold.seconds, 1e-6) / len(puts)
        # Half of what was believed: one slice that others held up says little of the next.
        self._row_seconds = (self._row_seconds + measured) / 2
