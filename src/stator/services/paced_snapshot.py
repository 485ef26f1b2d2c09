"""A snapshot that is read slowly while requests are being answered.

Whoever copies a table reads page after page, and compresses and stores in between. While there are requests, pages
are small, and there is a rest after each.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from stator.services.traffic import Rests, Traffic
from stator.storage.store import Page, Position, Snapshot

BUSY_ROWS_MAX = 100  # 250 make less work in all, but hold up a commit that is over for longer


class PacedSnapshot:
    """Closing it is the affair of whoever opened what it reads."""

    def __init__(
        self,
        snapshot: Snapshot,
        traffic: Traffic,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._snapshot = snapshot
        self._traffic = traffic
        self._rests = Rests(traffic, clock, pause)

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page:
        if self._traffic.busy:
            rows_max = min(rows_max, BUSY_ROWS_MAX)
        await self._rests.take()
        return await self._snapshot.scan(space, after, rows_max, bytes_max)

    async def last(self, journal: int, shard: int) -> int:
        return await self._snapshot.last(journal, shard)

    async def close(self) -> None:
        await self._snapshot.close()
