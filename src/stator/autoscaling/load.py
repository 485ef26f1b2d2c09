"""What was asked of a table or an index, second by second, as a policy looks at it."""

from collections.abc import Iterable
from math import ceil
from typing import Final, NamedTuple

LAG_SECONDS: Final = 1.2
"""How old what policies look at is: points of a second come when those that count it are drained, up to a second after
its end."""


class Second(NamedTuple):
    time: int  # since the epoch, when it began
    consumed: float  # units
    throttled: float  # requests that were refused for want of capacity


class Load:
    """The last seconds of one dimension. One that nothing is known of counts as idle. Times are since the epoch.

    `since` is from when on there was somebody to look: what was before is only known as far as it was told.
    """

    __slots__ = ("_horizon", "_seconds", "since")

    def __init__(self, since: float, horizon_seconds: int = 3600) -> None:
        self._seconds: dict[int, Second] = {}
        self._horizon = horizon_seconds
        self.since = since

    def tell(self, seconds: Iterable[Second]) -> None:
        """Take up what is known of some seconds, in place of what was known of them before."""
        for second in seconds:
            self._seconds[second.time] = second

    def forget(self, now: float) -> None:
        """Drop what is past the horizon, now and then."""
        if len(self._seconds) < self._horizon + 60:
            return
        oldest = int(now) - self._horizon
        for time in [time for time in self._seconds if time < oldest]:
            del self._seconds[time]

    def rate(self, now: float, seconds: int) -> float:
        """Units a second consumed in so many whole seconds before that of `now`."""
        end = int(now)
        return sum(self._consumed(time) for time in range(end - seconds, end)) / seconds

    def refused(self, now: float, since: float, seconds: int) -> float:
        """Requests a second refused in the whole seconds before that of `now`: those after `since`, and so many at
        most."""
        end = int(now)
        first = max(end - seconds, ceil(since))
        if first >= end:
            return 0.0
        refused = sum(self._seconds[time].throttled for time in range(first, end) if time in self._seconds)
        return refused / (end - first)

    def peak(self, now: float, seconds: int, over: int) -> float:
        """The highest rate over so many seconds that ended within the last `seconds`."""
        end = int(now)
        running = sum(self._consumed(time) for time in range(end - seconds - over, end - seconds))
        highest = 0.0
        for time in range(end - seconds, end):
            running += self._consumed(time) - self._consumed(time - over)
            highest = max(highest, running)
        return highest / over

    def _consumed(self, time: int) -> float:
        second = self._seconds.get(time)
        return 0.0 if second is None else second.consumed
