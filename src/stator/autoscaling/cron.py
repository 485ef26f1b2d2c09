"""The cron expressions of AWS: minutes, hours, day of month, month, day of week, year. Pure.

They differ from those of Unix: six fields, days of the week are 1 (Sunday) to 7, `?` stands in one of the two fields
for days, and `L`, `W` and `#` pick days by where they stand in their month.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct

_MONTH_NAMES: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS: Final = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS: Final = {name: at for at, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_LENGTH_MAX: Final = 256  # of a field
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d{1,4}))?")


class CronError(ValueError):
    """An expression that is none."""


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    names: dict[str, int]


_MINUTES = _Field("minutes", 0, 59, {})
_HOURS = _Field("hours", 0, 23, {})
_DAYS = _Field("day of month", 1, 31, {})
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEK = _Field("day of week", 1, 7, _WEEKDAYS)
_YEARS = _Field("year", 1970, 2199, {})


class MonthDays(Struct, frozen=True):
    """Days by where they stand in their month."""

    days: frozenset[int]
    near: frozenset[int]  # the day from Monday to Friday that is nearest to these
    last: bool
    last_workday: bool

    def of(self, year: int, month: int, length: int) -> set[int]:
        chosen = {day for day in self.days if day <= length}
        chosen |= {_nearest(year, month, day, length) for day in self.near if day <= length}
        if self.last:
            chosen.add(length)
        if self.last_workday:
            chosen.add(_nearest(year, month, length, length))
        return chosen


class WeekDays(Struct, frozen=True):
    """Days by where they stand in their week. Sunday is 1."""

    days: frozenset[int]
    last: frozenset[int]  # the last such day of the month
    nth: frozenset[tuple[int, int]]  # (day of week, how manieth of the month)

    def of(self, year: int, month: int, length: int) -> set[int]:
        return {day for day in range(1, length + 1) if self._has(_weekday(year, month, day), day, length)}

    def _has(self, weekday: int, day: int, length: int) -> bool:
        if weekday in self.days or (weekday in self.last and day > length - 7):
            return True
        return (weekday, (day + 6) // 7) in self.nth


class Cron(Struct, frozen=True):
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: MonthDays | WeekDays | None  # None: any

    def moments(self, first: datetime) -> Iterator[datetime]:
        """Every minute that it names, from that of `first` on, in order, as clocks on the wall show it."""
        first = first.replace(second=0, microsecond=0, fold=0, tzinfo=None)
        for year in self.years:
            if year < first.year:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in self._days_of(year, month):
                    if (year, month, day) < (first.year, first.month, first.day):
                        continue
                    for hour in self.hours:
                        for minute in self.minutes:
                            moment = datetime(year, month, day, hour, minute)  # noqa: DTZ001  the zone is not ours
                            if moment >= first:
                                yield moment

    def _days_of(self, year: int, month: int) -> list[int]:
        length = calendar.monthrange(year, month)[1]
        return list(range(1, length + 1)) if self.days is None else sorted(self.days.of(year, month, length))


def parse_cron(text: str) -> Cron:
    """The six fields between the brackets of `cron(...)`. Raises CronError, which says which field is at fault."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise CronError(f"a cron expression has 6 fields, not {len(fields)}")
    minutes, hours, days, months, week, years = fields
    if "?" not in (days, week) and "*" not in (days, week):
        raise CronError("one of day of month and day of week must be ?")
    if days == week == "?":
        raise CronError("only one of day of month and day of week may be ?")
    return Cron(
        minutes=_numbers(_MINUTES, minutes),
        hours=_numbers(_HOURS, hours),
        months=_numbers(_MONTH, months),
        years=_numbers(_YEARS, years),
        days=_parse_month_days(days) if week in ("?", "*") else _parse_week_days(week),
    )


def _parse_month_days(text: str) -> MonthDays | None:
    if text in ("?", "*"):
        return None
    days: set[int] = set()
    near: set[int] = set()
    last = last_workday = False
    for part in text.split(","):
        if part == "L":
            last = True
        elif part == "LW":
            last_workday = True
        elif part.endswith("W"):
            near.add(_number(_DAYS, part[:-1]))
        else:
            days.update(_numbers(_DAYS, part))
    return MonthDays(frozenset(days), frozenset(near), last, last_workday)


def _parse_week_days(text: str) -> WeekDays:
    days: set[int] = set()
    last: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for part in text.split(","):
        if "#" in part:
            weekday, _, place = part.partition("#")
            if place not in ("1", "2", "3", "4", "5"):
                raise CronError(f"{part} is no day of week: after # stands 1 to 5")
            nth.add((_number(_WEEK, weekday), int(place)))
        elif part == "L":
            days.add(7)
        elif part.endswith("L"):
            last.add(_number(_WEEK, part[:-1]))
        else:
            days.update(_numbers(_WEEK, part))
    return WeekDays(frozenset(days), frozenset(last), frozenset(nth))


def _numbers(field: _Field, text: str) -> tuple[int, ...]:
    """A list of numbers, ranges and steps, sorted."""
    if len(text) > _LENGTH_MAX:
        raise CronError(f"the {field.name} are longer than {_LENGTH_MAX} characters")
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]):
            raise CronError(f"{part} is no {field.name}")
        found.update(_range(field, match[1], match[2], match[3]))
    return tuple(sorted(found))


def _range(field: _Field, first: str, last: str | None, step: str | None) -> Iterator[int]:
    by = 1 if step is None else int(step)
    if by < 1:
        raise CronError(f"a step of the {field.name} is 0")
    if first == "*":
        lower, upper = field.least, field.most
    else:
        lower = _number(field, first)
        upper = lower if step is None else field.most
        if last is not None:
            upper = _number(field, last)
    if upper >= lower:
        yield from range(lower, upper + 1, by)
        return
    if field is _YEARS:
        raise CronError(f"the year {first} comes after {last}")
    size = field.most - field.least + 1  # a range that goes over the end, as 22-2 of hours
    for at in range(lower, upper + size + 1, by):
        yield (at - field.least) % size + field.least


def _number(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names[text]
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and field.least <= int(text) <= field.most):
        raise CronError(f"{text or 'nothing'} is no {field.name}: these go from {field.least} to {field.most}")
    return int(text)


def _weekday(year: int, month: int, day: int) -> int:
    """From 1, Sunday, to 7."""
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _nearest(year: int, month: int, day: int, length: int) -> int:
    """The day from Monday to Friday nearest to a day, in the same month."""
    weekday = _weekday(year, month, day)
    if weekday == 7:
        return day - 1 if day > 1 else day + 2
    if weekday == 1:
        return day + 1 if day < length else day - 2
    return day
