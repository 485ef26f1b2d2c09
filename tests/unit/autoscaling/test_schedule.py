"""When schedules are due: zones, clocks that are moved, beginnings and ends."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.autoscaling.schedule import Schedule, ScheduleError, parse_schedule


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(time: float | None) -> str | None:
    return None if time is None else f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"


NOW = at("2026-11-21 12:00")


def following(schedule: Schedule, after: float, count: int) -> list[str | None]:
    times: list[str | None] = []
    for _ in range(count):
        due = schedule.next_after(after)
        times.append(shown(due))
        if due is None:
            break
        after = due
    return times


def test_at_is_due_once() -> None:
    schedule = parse_schedule("at(2026-11-21T12:30:05)")
    assert following(schedule, NOW, 3) == ["2026-11-21 12:30:05", None]


def test_at_follows_its_zone() -> None:
    schedule = parse_schedule("at(2026-11-21T12:30:00)", "America/New_York")
    assert shown(schedule.next_after(NOW)) == "2026-11-21 17:30:00"


def test_a_rate_counts_from_its_creation() -> None:
    schedule = parse_schedule("rate(30 minutes)", created=NOW)
    assert following(schedule, NOW, 2) == ["2026-11-21 12:30:00", "2026-11-21 13:00:00"]


def test_a_rate_with_a_start_begins_there_and_ends_with_its_end() -> None:
    start, end = at("2026-11-21 14:00"), at("2026-11-23 14:00")
    schedule = parse_schedule("rate(1 day)", start=start, end=end, created=NOW)
    assert following(schedule, NOW, 5) == [
        "2026-11-21 14:00:00",
        "2026-11-22 14:00:00",
        "2026-11-23 14:00:00",
        None,
    ]


def test_a_start_is_an_occasion_of_its_own() -> None:
    schedule = parse_schedule("cron(0 8 * * ? *)", start=at("2026-11-21 13:10"), created=NOW)
    assert following(schedule, NOW, 2) == ["2026-11-21 13:10:00", "2026-11-22 08:00:00"]


def test_cron_follows_its_zone_through_the_year() -> None:
    schedule = parse_schedule("cron(0 8 1 * ? *)", "Europe/Berlin")
    assert following(schedule, at("2026-02-01 12:00"), 3) == [
        "2026-03-01 07:00:00",
        "2026-04-01 06:00:00",
        "2026-05-01 06:00:00",
    ]


def test_an_hour_that_is_not_there_is_skipped() -> None:
    schedule = parse_schedule("cron(30 2 * * ? *)", "Europe/Berlin")
    assert following(schedule, at("2026-03-28 00:00"), 2) == ["2026-03-28 01:30:00", "2026-03-30 00:30:00"]
    assert parse_schedule("at(2026-03-29T02:30:00)", "Europe/Berlin").next_after(0) is None


def test_an_hour_that_is_there_twice_counts_once() -> None:
    schedule = parse_schedule("cron(30 2 * * ? *)", "Europe/Berlin")
    assert following(schedule, at("2026-10-24 12:00"), 2) == ["2026-10-25 00:30:00", "2026-10-26 01:30:00"]


def test_what_was_missed_is_due_once_the_last_time() -> None:
    schedule = parse_schedule("cron(0 * * * ? *)")
    assert shown(schedule.last_until(at("2024-01-01 00:00"), NOW + 90)) == "2026-11-21 12:00:00"
    assert schedule.last_until(NOW, NOW + 90) is None
    yearly = parse_schedule("cron(0 0 1 1 ? *)")
    assert shown(yearly.last_until(at("2019-06-01 00:00"), NOW)) == "2026-01-01 00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "at(2026-11-21)",
        "at(2026-13-21T00:00:00)",
        "at(2026-11-21T00:00:00Z)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "rate(-1 minutes)",
        "rate(5minutes)",
        "cron(* * * * *)",
        "cron(0 10 * * ? *",
        "every(5 minutes)",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(text)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "europe/berlin", ""])
def test_what_is_no_zone(zone: str) -> None:
    if zone:
        with pytest.raises(ScheduleError):
            parse_schedule("rate(1 day)", zone)
    else:
        assert parse_schedule("rate(1 day)", zone).zone.key == "UTC"


SCHEDULES = st.sampled_from(
    ["rate(7 minutes)", "rate(1 day)", "cron(*/5 1-3 * * ? *)", "cron(0 12 L * ? *)", "cron(15 2 ? * SUN *)"]
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(text=SCHEDULES, zone=ZONES, after=st.floats(at("2025-01-01"), at("2027-01-01")), span=st.integers(0, 100_000))
def test_times_grow_and_the_last_one_is_among_them(text: str, zone: str, after: float, span: int) -> None:
    schedule = parse_schedule(text, zone, created=at("2025-01-01"))
    times, time = [], after
    while (due := schedule.next_after(time)) is not None and due <= after + span:
        times.append(due)
        time = due
    assert all(earlier < later for earlier, later in pairwise([after, *times]))
    assert schedule.last_until(after, after + span) == (times[-1] if times else None)
