"""A snapshot that is read slowly where there are requests, its clock turned by hand."""

import asyncio

import pytest

from stator.services.paced_snapshot import BUSY_ROWS_MAX, PacedSnapshot
from stator.services.traffic import REST, REST_SECONDS_MAX, WINDOW_SECONDS, Traffic
from stator.storage.store import Page, Position


class Pages:
    """A snapshot of empty pages, each of which takes a while."""

    def __init__(self, time: "Time") -> None:
        self.asked: list[int] = []
        self.closed = False
        self._time = time

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page:
        self.asked.append(rows_max)
        self._time.now += 0.02
        return Page([], True)

    async def last(self, journal: int, shard: int) -> int:
        return journal + shard

    async def close(self) -> None:
        self.closed = True


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self.rests: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def paced(pages: Pages, time: Time, *, busy: bool) -> PacedSnapshot:
    made = Traffic(lambda: int(time.now * 1000) if busy else 0, lambda: time.now)
    time.now += WINDOW_SECONDS
    assert made.busy is busy
    return PacedSnapshot(pages, made, lambda: time.now, time.sleep)


def test_with_requests_it_rests_for_longer_than_it_works(time: Time) -> None:
    pages = Pages(time)

    async def read() -> None:
        snapshot = paced(pages, time, busy=True)
        for worked in (0.01, 0.03, 60.0, 0.0):
            await snapshot.scan(1, None, 1_000, 1)
            time.now += worked

    asyncio.run(read())
    assert pages.asked == [BUSY_ROWS_MAX] * 4
    assert time.rests == pytest.approx([0.03 * REST, 0.05 * REST, REST_SECONDS_MAX])


def test_without_requests_it_does_not_rest(time: Time) -> None:
    pages = Pages(time)

    async def read() -> None:
        snapshot = paced(pages, time, busy=False)
        for _ in range(3):
            await snapshot.scan(1, None, 1_000, 1)
        assert await snapshot.last(3, 4) == 7
        await snapshot.close()

    asyncio.run(read())
    assert (pages.asked, time.rests, pages.closed) == ([1_000] * 3, [], True)
