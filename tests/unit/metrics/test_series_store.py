"""Points in the store: gathered, written, read by others, forgotten."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stator.clock import ManualClock
from stator.metrics import series_store
from stator.metrics.recorder import Sample
from stator.metrics.series import OWN_NAMESPACE, Point, Series, bucket, one, series
from stator.metrics.series_store import DAY, HOUR, MINUTE, SeriesStore
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Position

WHO = ("111122223333", "eu-west-1")
READS = series("ConsumedReadCapacityUnits", TableName="music")
WRITES = series("ConsumedWriteCapacityUnits", TableName="music")
LATENCY = series("SuccessfulRequestLatency", TableName="music", Operation="GetItem")
ELSEWHERE = series("ConsumedReadCapacityUnits", TableName="films")
START = 1_750_000_020.0 // 3600 * 3600  # a full hour


class House:
    def __init__(self, store: SqliteStore, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock

    def router(self) -> SeriesStore:
        return SeriesStore(self.store, self.clock)

    def see(self, router: SeriesStore, which: Series, value: float) -> None:
        router.add([Sample(*WHO, which, one(self.clock.now, value))])

    async def rows(self) -> int:
        page = await self.store.scan(
            0, None, lower=bytes(8) + b"points/", upper=bytes(8) + b"points0", rows_max=100_000, bytes_max=1 << 30
        )
        return len(page.rows)


@asynccontextmanager
async def house(path: Path | None = None) -> AsyncIterator[House]:
    store = SqliteStore.open(path)
    try:
        yield House(store, ManualClock(START))
    finally:
        await store.close()


def run(test: Callable[[House], Awaitable[None]]) -> None:
    async def go() -> None:
        async with house() as made:
            await test(made)

    asyncio.run(go())


def sums(points: list[Point]) -> list[tuple[float, float]]:
    return [(point.time - START, point.sum) for point in points]


def test_seconds_are_read_before_and_after_they_are_written() -> None:
    async def test(house: House) -> None:
        router = house.router()
        for value in (3.0, 4.0, 5.0):
            house.see(router, READS, value)
            house.clock.advance(1)
        expected = [(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)]
        for _ in range(2):
            assert sums(await router.read(*WHO, READS, START, START + 60, period=1)) == expected
            assert sums(await router.read(*WHO, READS, START, START + 60, period=10)) == [(0.0, 12.0)]
            assert sums(await router.recent(*WHO, READS, 2)) == expected[1:]
            await router.flush()
            assert await house.rows() == 1
        assert sums(await house.router().read(*WHO, READS, START, START + 60, period=1)) == expected

    run(test)


def test_nothing_is_written_where_nothing_happened() -> None:
    async def test(house: House) -> None:
        router = house.router()
        assert await router.flush() == 0
        house.see(router, READS, 1.0)
        assert await router.flush() == 2  # a block of seconds, and the name of the series
        assert await router.flush() == 0
        house.clock.advance(70)
        assert await router.flush() == 1  # its minute
        house.clock.advance(7200)
        assert await router.flush() == 0
        assert await house.rows() == 2

    run(test)


def test_minutes_are_read_while_they_run_and_once_they_are_over() -> None:
    async def test(house: House) -> None:
        router = house.router()
        for _ in range(150):
            house.see(router, READS, 2.0)
            house.clock.advance(1)
            await router.flush()
        expected = [(0.0, 120.0), (60.0, 120.0), (120.0, 60.0)]
        assert sums(await router.read(*WHO, READS, START, START + 3600, period=60)) == expected
        assert sums(await router.read(*WHO, READS, START, START + 3600, period=300)) == [(0.0, 300.0)]
        assert sums(await house.router().read(*WHO, READS, START, START + 3600, period=60)) == expected
        assert sums(await router.read(*WHO, READS, START + 60, START + 120, period=60)) == [(60.0, 120.0)]

    run(test)


def test_routers_add_up() -> None:
    async def test(house: House) -> None:
        routers = [house.router() for _ in range(3)]
        for _ in range(100):
            for number, router in enumerate(routers):
                house.see(router, READS, number + 1.0)
            house.clock.advance(1)
        for router in routers:
            await router.flush()
        for router in routers:
            (first, second) = await router.read(*WHO, READS, START, START + 3600, period=60)
            assert (first.sum, first.count, first.minimum, first.maximum) == (360.0, 180.0, 1.0, 3.0)
            assert second.sum == 240.0
            assert sum(point.sum for point in await router.read(*WHO, READS, START, START + 3600, period=1)) == 600.0

    run(test)


def test_histograms_come_back() -> None:
    async def test(house: House) -> None:
        router = house.router()
        for value in (1.0, 1.0, 8.0):
            point = Point(house.clock.now, value, 1, value, value, {bucket(value): 1})
            router.add([Sample(*WHO, LATENCY, point)])
            house.clock.advance(1)
        house.clock.advance(100)
        await router.flush()
        (minute,) = await house.router().read(*WHO, LATENCY, START, START + 60, period=60)
        assert minute == Point(START, 10.0, 3, 1.0, 8.0, {bucket(1.0): 2, bucket(8.0): 1})

    run(test)


def test_series_of_one_table_and_of_several_are_kept_apart() -> None:
    async def test(house: House) -> None:
        router = house.router()
        for which, value in ((READS, 1.0), (WRITES, 2.0), (ELSEWHERE, 3.0)):
            house.see(router, which, value)
        router.add([Sample("999999999999", "eu-west-1", READS, one(START, 50.0))])
        router.add([Sample("", "", series("Requests", OWN_NAMESPACE, Node="n"), one(START, 7.0))])
        await router.flush()
        reader = house.router()
        found = await reader.read_all(*WHO, [ELSEWHERE, READS, WRITES, LATENCY], START, START + 60, period=60)
        assert [[point.sum for point in points] for points in found] == [[3.0], [1.0], [2.0], []]
        own = series("Requests", OWN_NAMESPACE, Node="n")
        assert [point.sum for point in await reader.read(*WHO, own, START, START + 60, period=60)] == [7.0]
        assert await reader.names(*WHO) == [*sorted([READS, WRITES, ELSEWHERE]), own]
        assert await reader.names(*WHO, name="ConsumedReadCapacityUnits") == [ELSEWHERE, READS]
        assert await reader.names(*WHO, namespace=OWN_NAMESPACE) == [own]
        assert await reader.names("999999999999", "eu-west-1", "AWS/DynamoDB") == [READS]

    run(test)


def test_what_is_too_old_is_neither_read_nor_kept() -> None:
    async def test(house: House) -> None:
        router = house.router()
        house.see(router, READS, 1.0)
        house.clock.advance(70)
        await router.flush()
        assert await router.prune() == 0
        house.clock.now = START + HOUR + 1
        assert await router.read(*WHO, READS, START, START + 60, period=1) == []
        house.clock.now = START + HOUR + 700
        assert await router.prune() == 1  # the seconds
        assert sums(await router.read(*WHO, READS, START, START + 60, period=60)) == [(0.0, 1.0)]
        house.clock.now = START + 15 * DAY + 1
        assert await router.read(*WHO, READS, START, START + 60, period=60) == []
        assert await router.flush() == 0
        assert await router.names(*WHO) == []
        assert await router.prune_names() == 1
        house.clock.now = START + 16 * DAY
        assert await router.prune() == 1
        assert await house.rows() == 0
        page = await house.store.scan(0, Position(b"", b""), lower=b"", upper=None, rows_max=10, bytes_max=1 << 20)
        assert page.rows == []

    run(test)


def test_names_tell_what_was_seen_lately() -> None:
    async def test(house: House) -> None:
        router = house.router()
        house.see(router, READS, 1.0)
        await router.flush()
        house.clock.advance(4 * HOUR)
        house.see(router, WRITES, 1.0)
        await router.flush()
        for reader in (router, house.router()):
            assert await reader.names(*WHO, since=house.clock.now - 3 * HOUR) == [WRITES]
            assert await reader.names(*WHO) == [READS, WRITES]

    run(test)


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    async def go() -> None:
        async with house(tmp_path) as first:
            router = first.router()
            for _ in range(90):
                first.see(router, READS, 1.0)
                first.clock.advance(1)
            await router.flush()
            await router.close()
        async with house(tmp_path) as second:
            second.clock.advance(100)
            router = second.router()
            second.see(router, READS, 5.0)
            await router.flush()
            expected = [(0.0, 60.0), (60.0, 35.0)]
            assert sums(await router.read(*WHO, READS, START, START + 3600, period=60)) == expected
            second.clock.advance(80)
            await router.flush()
            assert sums(await second.router().read(*WHO, READS, START, START + 3600, period=60)) == expected

    asyncio.run(go())


def test_a_write_that_fails_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(house: House) -> None:
        router = house.router()
        house.see(router, READS, 1.0)
        house.clock.advance(70)
        whole = house.store.transact
        calls = 0

        async def fail_once(*arguments: object) -> object:
            nonlocal calls
            calls += 1
            if calls in (1, 4):
                raise OSError("the disk is away")
            return await whole(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(type(house.store), "transact", lambda _, *arguments: fail_once(*arguments))
        with pytest.raises(OSError, match="away"):
            await router.flush()  # the seconds
        with pytest.raises(OSError, match="away"):
            await router.flush()  # seconds, names, and then the minute
        await router.flush()
        assert sums(await house.router().read(*WHO, READS, START, START + 3600, period=60)) == [(0.0, 1.0)]

    run(test)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_store, "SERIES_MAX", 5)

    async def test(house: House) -> None:
        router = house.router()
        for number in range(12):
            house.see(router, series("UserErrors", TableName=f"t{number}"), 1.0)
        assert router.lost == 2
        house.clock.advance(2 * HOUR + 3 * MINUTE)
        await router.flush()
        house.clock.advance(2 * HOUR)
        await router.flush()
        house.see(router, READS, 1.0)
        assert sums(await router.recent(*WHO, READS, 5)) == [(house.clock.now - START, 1.0)]

    run(test)
