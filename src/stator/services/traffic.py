"""Whether requests are being answered, for duties that make room for them, and the rests that they take."""

import asyncio
import time
from collections.abc import Awaitable, Callable

WINDOW_SECONDS = 0.5
REPLIES_MAX = 5  # in a window: who waits for an index asks a few times a second

REST = 12.0  # less, and the slowest in a hundred writes take twice as long
REST_SECONDS_MAX = 1.0  # a machine that stood still is no reason to stand still


class Traffic:
    """Watches a count of replies."""

    def __init__(self, replies: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._replies = replies
        self._clock = clock
        self._since = clock()
        self._count = replies()
        self._busy = True  # until it is known better

    @property
    def busy(self) -> bool:
        now = self._clock()
        if now - self._since >= WINDOW_SECONDS:
            count = self._replies()
            self._busy = count - self._count > REPLIES_MAX * (now - self._since) / WINDOW_SECONDS
            self._since, self._count = now, count
        return self._busy


class Rests:
    """Of a duty whose threads want the interpreter and the disk as much as the requests do: while there are any, it
    rests for REST times as long as it worked since the rest before."""

    def __init__(
        self,
        traffic: Traffic,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._traffic = traffic
        self._clock = clock
        self._pause = pause
        self._since: float | None = None  # when the last rest was over

    async def take(self) -> None:
        """Before each piece of work; there is none before the first."""
        if self._since is not None and self._traffic.busy:
            worked = self._clock() - self._since
            await self._pause(min(worked * REST, REST_SECONDS_MAX))
        self._since = self._clock()
