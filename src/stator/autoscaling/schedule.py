"""When a scheduled action is due: `at(...)`, `rate(...)` and `cron(...)`, in a time zone, between two times. Pure.

Clocks that are set forward skip what falls into the hour that is not there; of an hour that is there twice, the first
one counts.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from stator.autoscaling.cron import Cron, CronError, parse_cron
from stator.limits import DAY_SECONDS

DEFAULT_ZONE: Final = "UTC"
YEARS: Final = (1970, 2199)
"""That schedules know, as cron expressions do."""

END: Final = 7_258_118_400.0
"""When the last of these years is over, in seconds since the epoch."""

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RATE = re.compile(r"rate\((\d{1,9}) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.*)\)")
_LOOK_BACK_SECONDS: Final = (3600, DAY_SECONDS, 31 * DAY_SECONDS, 366 * DAY_SECONDS)
_UNIT_SECONDS: Final = {"minute": 60, "hour": 3600, "day": DAY_SECONDS}


class ScheduleError(ValueError):
    """A schedule that is none; the text says why."""


class At(Struct, frozen=True):
    time: datetime  # as clocks on the wall show it


class Rate(Struct, frozen=True):
    seconds: int


Kind = At | Rate | Cron


class Schedule(Struct, frozen=True):
    """Times are seconds since the epoch. Recurring ones begin with `start`, and are over after `end`; a rate without a
    start counts from `created`."""

    kind: Kind
    zone: ZoneInfo
    start: float | None
    end: float | None
    created: float

    def next_after(self, time: float) -> float | None:
        """The first time it is due after `time`; None if never."""
        due = self._next(time)
        return None if due is None or (self.end is not None and due > self.end) else due

    def last_until(self, after: float, now: float) -> float | None:
        """The last time it was due after `after` and not later than `now`; None if it was not."""
        due = self.next_after(after)
        if due is None or due > now:
            return None
        for seconds in _LOOK_BACK_SECONDS:  # it may have been due every minute of a year that nobody was there
            newer = self.next_after(now - seconds) if now - seconds > due else None
            if newer is not None and newer <= now:
                due = newer
                break
        while (following := self.next_after(due)) is not None and following <= now:
            due = following
        return due

    def _next(self, time: float) -> float | None:
        if isinstance(self.kind, At):
            moment = _instant(self.kind.time, self.zone)
            return moment if moment is not None and moment > time else None
        if isinstance(self.kind, Rate):
            first = self.created + self.kind.seconds if self.start is None else self.start
            if first > time:
                return first
            return first + ((time - first) // self.kind.seconds + 1) * self.kind.seconds
        if self.start is not None and self.start > time:
            return self.start  # a start is an occasion of its own
        return next(self._instants(self.kind, time), None)

    def _instants(self, cron: Cron, after: float) -> Iterator[float]:
        for moment in cron.moments(datetime.fromtimestamp(after, self.zone)):
            instant = _instant(moment, self.zone)
            if instant is not None and instant > after:
                yield instant


def parse_schedule(
    text: str, zone: str | None = None, *, start: float | None = None, end: float | None = None, created: float = 0.0
) -> Schedule:
    """Raises ScheduleError for a text that is no schedule and for a zone that is not known."""
    return Schedule(parse_kind(text), parse_zone(zone or DEFAULT_ZONE), start, end, created)


@lru_cache(maxsize=1024)
def parse_kind(text: str) -> Kind:
    if match := _AT.fullmatch(text):
        try:
            time = datetime.fromisoformat(match[1])
        except ValueError:
            raise ScheduleError(f"{match[1]} is no time") from None
        if not YEARS[0] <= time.year <= YEARS[1]:
            raise ScheduleError(f"years go from {YEARS[0]} to {YEARS[1]}")
        return At(time)
    if match := _RATE.fullmatch(text):
        if int(match[1]) == 0:
            raise ScheduleError("a rate of 0 is none")
        return Rate(int(match[1]) * _UNIT_SECONDS[match[2]])
    if match := _CRON.fullmatch(text):
        try:
            return parse_cron(match[1])
        except CronError as error:
            raise ScheduleError(str(error)) from None
    raise ScheduleError("a schedule is at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(six fields)")


@lru_cache(maxsize=256)
def parse_zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise ScheduleError(f"{name} is no time zone")
    return ZoneInfo(name)


def _instant(moment: datetime, zone: ZoneInfo) -> float | None:
    """The time at which clocks show `moment`, for the first time; None if they never do."""
    instant = moment.replace(tzinfo=zone, fold=0)
    shown = instant.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return instant.timestamp() if shown == moment else None
