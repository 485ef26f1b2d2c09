"""Cron expressions against a search through all minutes."""

import calendar
from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.autoscaling.cron import CronError, parse_cron


def first(expression: str, after: datetime, count: int = 3) -> list[str]:
    return [f"{moment:%Y-%m-%d %H:%M}" for moment in islice(parse_cron(expression).moments(after), count)]


NOON = datetime.fromisoformat("2026-11-21T12:00")  # a Saturday


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("0 10 * * ? *", ["2026-11-22 10:00", "2026-11-23 10:00", "2026-11-24 10:00"]),
        ("15 12 * * ? *", ["2026-11-21 12:15", "2026-11-22 12:15", "2026-11-23 12:15"]),
        ("0 18 ? * MON-FRI *", ["2026-11-23 18:00", "2026-11-24 18:00", "2026-11-25 18:00"]),
        ("0 8 1 * ? *", ["2026-12-01 08:00", "2027-01-01 08:00", "2027-02-01 08:00"]),
        ("0/15 * * * ? *", ["2026-11-21 12:00", "2026-11-21 12:15", "2026-11-21 12:30"]),
        ("*/25 12 * * ? *", ["2026-11-21 12:00", "2026-11-21 12:25", "2026-11-21 12:50"]),
        ("30 0 L * ? *", ["2026-11-30 00:30", "2026-12-31 00:30", "2027-01-31 00:30"]),
        ("0 9 ? * 2#1 *", ["2026-12-07 09:00", "2027-01-04 09:00", "2027-02-01 09:00"]),
        ("0 9 ? * 6L *", ["2026-11-27 09:00", "2026-12-25 09:00", "2027-01-29 09:00"]),
        ("0 9 ? * L *", ["2026-11-28 09:00", "2026-12-05 09:00", "2026-12-12 09:00"]),
        ("0 9 LW * ? *", ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-29 09:00"]),
        ("0 9 1W * ? *", ["2026-12-01 09:00", "2027-01-01 09:00", "2027-02-01 09:00"]),
        ("0 9 29 2 ? *", ["2028-02-29 09:00", "2032-02-29 09:00", "2036-02-29 09:00"]),
        ("0 22-1 ? * * *", ["2026-11-21 22:00", "2026-11-21 23:00", "2026-11-22 00:00"]),
        ("0 0 ? * FRI-SUN *", ["2026-11-22 00:00", "2026-11-27 00:00", "2026-11-28 00:00"]),
        ("30 6 ? * MON *", ["2026-11-23 06:30", "2026-11-30 06:30", "2026-12-07 06:30"]),
        ("30 6 * * 2 *", ["2026-11-23 06:30", "2026-11-30 06:30", "2026-12-07 06:30"]),
        ("0 0 1 jan,JUL ? 2027-2028", ["2027-01-01 00:00", "2027-07-01 00:00", "2028-01-01 00:00"]),
        ("0 0 1 1 ? 2026", []),
        ("0 0 31 FEB ? *", []),
    ],
)
def test_moments(expression: str, expected: list[str]) -> None:
    assert first(expression, NOON) == expected


def test_the_nearest_weekday_stays_in_its_month() -> None:
    assert first("0 0 1W 8 ? 2026", NOON.replace(month=1)) == ["2026-08-03 00:00"]  # the 1st is a Saturday
    assert first("0 0 31W 5 ? 2026", NOON.replace(month=1)) == ["2026-05-29 00:00"]  # the 31st is a Sunday


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * * *",
        "0 10 * * ? * *",
        "60 10 * * ? *",
        "0 24 * * ? *",
        "0 10 0 * ? *",
        "0 10 32 * ? *",
        "0 10 ? * 8 *",
        "0 10 ? * MOO *",
        "0 10 ? * 2#6 *",
        "0 10 ? 13 * *",
        "0 10 ? * ? *",
        "0 10 1 * 2 *",
        "0 10 * * ? 1969",
        "0 10 * * ? 2200",
        "0 10 * * ? 2028-2027",
        "0/0 10 * * ? *",
        "*-5 10 * * ? *",
        ",1 10 * * ? *",
        "-1 10 * * ? *",
        "0 10 W * ? *",
        "0 10 ? * #2 *",
        "١ 10 * * ? *",
        "0," * 200 + "0 10 * * ? *",
    ],
)
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(CronError):
        parse_cron(expression)


FIELD = st.one_of(
    st.just("*"),
    st.integers(1, 6).map(str),
    st.tuples(st.integers(1, 6), st.integers(1, 4)).map("{0[0]}/{0[1]}".format),
)
DAYS = st.one_of(
    st.tuples(st.one_of(FIELD, st.just("L"), st.just("LW"), st.integers(1, 31).map("{}W".format)), st.just("?")),
    st.tuples(
        st.just("?"),
        st.one_of(
            FIELD,
            st.integers(1, 7).map("{}L".format),
            st.tuples(st.integers(1, 7), st.integers(1, 5)).map("{0[0]}#{0[1]}".format),
        ),
    ),
)


def matches(text: str, value: int) -> bool:
    if text == "*":
        return True
    start, _, step = text.partition("/")
    return value >= int(start) and (value - int(start)) % int(step) == 0 if step else value == int(start)


def nearest_workday(moment: datetime, day: int) -> bool:
    """Whether the date of `moment` is the weekday nearest to that day of its month."""
    length = calendar.monthrange(moment.year, moment.month)[1]
    if day > length:
        return False
    workdays = [at for at in range(1, length + 1) if moment.replace(day=at).weekday() < 5]
    wanted = moment.replace(day=day).weekday()
    # Of two as near as each other, Friday for a Saturday and Monday for a Sunday.
    return moment.day == min(workdays, key=lambda at: (abs(at - day), (at > day) == (wanted == 5)))


def on_day(days: str, week: str, moment: datetime) -> bool:
    length = calendar.monthrange(moment.year, moment.month)[1]
    weekday = moment.isoweekday() % 7 + 1
    if week == "?":
        if days in ("L", "LW") or days.endswith("W"):
            if days == "L":
                return moment.day == length
            return nearest_workday(moment, length if days == "LW" else int(days[:-1]))
        return matches(days, moment.day)
    if week.endswith("L"):
        return weekday == int(week[:-1]) and moment.day + 7 > length
    if "#" in week:
        return weekday == int(week[0]) and (moment.day - 1) // 7 + 1 == int(week[2])
    return matches(week, weekday)


@given(
    hours=FIELD,
    days=DAYS,
    months=FIELD,
    start=st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)
def test_moments_are_those_of_a_search(hours: str, days: tuple[str, str], months: str, start: datetime) -> None:
    found = list(islice(parse_cron(f"0 {hours} {days[0]} {months} {days[1]} *").moments(start), 20))
    end = found[-1] if found else start + timedelta(days=30)
    searched = []
    moment = start.replace(minute=0)
    while moment <= end and moment < start + timedelta(days=400):
        if moment >= start and matches(hours, moment.hour) and matches(months, moment.month) and on_day(*days, moment):
            searched.append(moment)
        moment += timedelta(hours=1)
    assert searched == [moment for moment in found if moment < start + timedelta(days=400)]
