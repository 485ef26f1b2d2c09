"""Keys of minutes in the store, and what they say together."""

import asyncio
from collections.abc import Awaitable, Callable

from stator.clock import ManualClock
from stator.metrics.insight_report import MAXIMUM, Report, report
from stator.metrics.insight_store import KEPT_SECONDS, Found, InsightStore, Owner, Texts
from stator.metrics.sketch import Heaviest
from stator.storage.sqlite.engine import SqliteStore

START = 1_750_000_000 // 86_400 * 86_400 + 86_400 - 120  # two minutes before a day ends
OWNER = Owner("1", "eu-west-1", "id", "", 1.5)


def keys(**weights: float) -> Found:
    told: dict[Texts, float] = {(name,): weight for name, weight in weights.items()}
    return {"PKC": Heaviest(told, sum(weights.values()), len(weights), 0.0)}


def run(test: Callable[[SqliteStore, ManualClock], Awaitable[None]]) -> None:
    async def go() -> None:
        store = SqliteStore.open(None)
        try:
            await test(store, ManualClock(START + 600.0))
        finally:
            await store.close()

    asyncio.run(go())


def told(made: Report) -> dict[str, float]:
    return {each.texts[0]: each.value for each in made.contributors}


def test_minutes_come_back_across_days_and_routers() -> None:
    async def test(store: SqliteStore, clock: ManualClock) -> None:
        first, second = InsightStore(store, clock), InsightStore(store, clock)
        await first.put({(OWNER, START + 60 * number): keys(a=number + 1.0) for number in range(4)})
        await second.put({(OWNER, START): keys(a=10.0, b=20.0)})
        await second.put({(OWNER._replace(index_name="by-g"), START): keys(c=5.0)})
        await second.put({(OWNER._replace(created=2.5), START): keys(d=5.0)})
        minutes = await first.read(OWNER, START, START + 180)
        assert [minute.time - START for minute in minutes] == [0, 0, 60, 120]
        assert told(report(minutes, "PKC", 60, 10)) == {"b": 20.0, "a": 16.0}
        await second.put({(OWNER, START): keys(b=1.0)})  # replaces what it wrote before
        assert told(report(await second.read(OWNER, START, START + 60), "PKC", 60, 10)) == {"a": 1.0, "b": 1.0}

    run(test)


def test_what_is_too_old_goes() -> None:
    async def test(store: SqliteStore, clock: ManualClock) -> None:
        kept = InsightStore(store, clock)
        await kept.put({(OWNER, START): keys(a=1.0)})
        assert await kept.prune() == 0
        clock.now = START + KEPT_SECONDS + 61.0
        assert await kept.read(OWNER, 0, clock.now) == []
        clock.now += 86_400
        assert await kept.prune() == 1
        assert (await store.usage(0)).rows == 0

    run(test)


def test_periods_and_orders() -> None:
    async def test(store: SqliteStore, clock: ManualClock) -> None:
        kept = InsightStore(store, clock)
        await kept.put({(OWNER, START + 60 * number): keys(steady=10.0) for number in range(4)})
        await kept.put({(OWNER, START + 240): keys(burst=25.0, steady=1.0)})
        minutes = await kept.read(OWNER, START, START + 600)
        by_sum = report(minutes, "PKC", 60, 10)
        assert told(by_sum) == {"steady": 41.0, "burst": 25.0}
        assert list(told(report(minutes, "PKC", 60, 10, MAXIMUM))) == ["burst", "steady"]
        assert [period.maximum for period in by_sum.periods] == [10.0, 10.0, 10.0, 10.0, 25.0]
        assert by_sum.total == 66.0
        steady = by_sum.contributors[0]
        assert [time - START for time, _ in steady.periods] == [0, 60, 120, 180, 240]
        assert len(report(minutes, "PKC", 86_400, 1).contributors) == 1
        assert [period.sum for period in report(minutes, "PKC", 120, 1).periods] == [20.0, 20.0, 26.0]
        assert report(minutes, "SKC", 60, 10) == Report((), 0, 0, ())

    run(test)
