"""Time, so that tests can turn it by hand."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds since the epoch, UTC."""

system_clock: Clock = time.time


class SteadyClock:
    """A clock that stands still where another is set back. Call it to read it."""

    __slots__ = ("_clock", "_last")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0.0

    def __call__(self) -> float:
        self._last = max(self._last, self._clock())
        return self._last


class ManualClock:
    """A clock that stands still until it is moved. Call it to read it."""

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
