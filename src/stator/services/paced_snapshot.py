"""A snapshot that is read slowly while requests are being answered.

Whoever copies a table reads page after page, and compresses and stores in between: threads that want the interpreter
and the disk as much as the requests do. While there are any, pages are small, and after each the copier rests for
REST times as long as it worked since the one before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from stator.services.traffic import Traffic
from stator.storage.store import Page, Position, Snapshot

REST = 3.0
REST_SECONDS_MAX = 1.0  # a machine that stood still is no reason to stand still
BUSY_ROWS_MAX = 250


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
        self._clock = clock
        self._pause = pause
        self._since: float | None = None  # when the last page was asked for

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page:
        if self._traffic.busy:
            rows_max = min(rows_max, BUSY_ROWS_MAX)
            if self._since is not None:
                worked = self._clock() - self._since
                await self._pause(min(worked * REST, REST_SECONDS_MAX))
        self._since = self._clock()
        return await self._snapshot.scan(space, after, rows_max, bytes_max)

    async def last(self, journal: int, shard: int) -> int:
        return await self._snapshot.last(journal, shard)

    async def close(self) -> None:
        await self._snapshot.close()
