"""Time, so that tests can turn it by hand."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds since the epoch, UTC."""

system_clock: Clock = time.time


class SteadyClock:
    """A clock that never falls: where another is set back it goes on at half the speed, until that has caught up. Were
    it to stand still, nothing would grow old meanwhile, and what waits for a time would wait as long. Call it to read
    it.

    `since` is where it begins when the other is not as far yet.
    """

    __slots__ = ("_clock", "_last", "_seen")

    def __init__(self, clock: Clock, since: float = 0.0) -> None:
        self._clock = clock
        self._last = since
        self._seen = clock()  # what the other said last

    def __call__(self) -> float:
        now = self._clock()
        if now < self._last:
            self._last += max(0.0, min(now - self._seen, (self._last - now))) / 2
        else:
            self._last = now
        self._seen = now
        return self._last

    def reach(self, time: float) -> None:
        """Go on from a later time, because another clock is there already."""
        self._last = max(self._last, time)


class ManualClock:
    """A clock that stands still until it is moved. Call it to read it."""

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
