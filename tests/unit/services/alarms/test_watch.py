"""Alarms are looked at once in each period, by what was measured in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.metrics.alarm import ALARM, INSUFFICIENT_DATA, OK, Alarm
from stator.metrics.alarms import Alarms
from stator.metrics.metric import ALARMS
from stator.metrics.recorder import Sample
from stator.metrics.series import Point, Series, series
from stator.metrics.series_store import SeriesStore
from stator.services.alarms.watch import SETTLE_SECONDS, Watch
from stator.storage.sqlite.engine import SqliteStore

WHERE = ("000000000001", "eu-west-1")
WRITES = series("ConsumedWriteCapacityUnits", TableName="a")
NOON = 1_750_032_000.0


class House:
    def __init__(self, store: SqliteStore) -> None:
        self.clock = ManualClock(NOON)
        self.alarms = Alarms(store, self.clock)
        self.series = SeriesStore(store, self.clock)
        self.watch = Watch(self.alarms, self.series, self.clock)

    async def put(self, name: str = "busy", **members: Any) -> None:
        wanted: dict[str, Any] = {
            "comparison": "GreaterThanThreshold",
            "threshold": 5.0,
            "evaluation_periods": 1,
            "series": WRITES,
            "statistic": "Sum",
            "period": 60,
        }
        await self.alarms.put(Alarm(account=WHERE[0], region=WHERE[1], name=name, **wanted | members))

    def see(self, value: float, at: Series = WRITES) -> None:
        self.series.add([Sample(*WHERE, at, Point(float(int(self.clock())), value, 1.0, value, value))])

    async def pass_minute(self) -> int:
        """To the time at which the minute that runs is looked at."""
        self.clock.now = self.clock() // 60 * 60 + 60 + SETTLE_SECONDS
        await self.series.flush()
        return await self.watch.run_once()

    async def state(self, name: str = "busy") -> str:
        alarm = await self.alarms.find(*WHERE, name)
        assert alarm is not None
        return alarm.state


def run(work: Callable[[House], Awaitable[None]]) -> None:
    async def within() -> None:
        store = SqliteStore.open(None)
        try:
            await work(House(store))
        finally:
            await store.close()

    asyncio.run(within())


def test_an_alarm_follows_its_metric() -> None:
    async def work(house: House) -> None:
        await house.put()
        house.see(3.0)
        house.see(3.0)
        assert await house.pass_minute() == 1
        assert await house.state() == ALARM
        await house.watch.run_once()
        (figure,) = house.watch.figures()
        assert (figure.metric, figure.labels, figure.value) == (ALARMS, (*WHERE, ALARM), 1)
        house.see(1.0)
        await house.pass_minute()
        assert await house.state() == OK
        for _ in range(3):
            await house.pass_minute()
        assert await house.state() == INSUFFICIENT_DATA

    run(work)


def test_a_minute_is_looked_at_once_it_is_known_and_only_once() -> None:
    async def work(house: House) -> None:
        await house.put(missing_data="notBreaching")
        await house.watch.run_once()
        house.see(9.0)
        house.clock.now = NOON + 60 + SETTLE_SECONDS - 1
        assert await house.watch.run_once() == 0
        house.clock.now += 1
        assert await house.watch.run_once() == 1
        alarm = await house.alarms.find(*WHERE, "busy")
        assert alarm is not None
        await house.alarms.set_state(alarm, OK, "by hand")
        house.clock.now += 50
        assert await house.watch.run_once() == 0
        assert await house.state() == OK

    run(work)


def test_m_out_of_n_over_several_minutes() -> None:
    async def work(house: House) -> None:
        await house.put(evaluation_periods=3, datapoints_to_alarm=2)
        states = []
        for value in (9.0, 1.0, 9.0, 1.0, 1.0):
            house.see(value)
            await house.pass_minute()
            states.append(await house.state())
        assert states == [INSUFFICIENT_DATA, OK, ALARM, OK, OK]

    run(work)


def test_longer_periods_end_with_the_last_minute() -> None:
    async def work(house: House) -> None:
        house.clock.now = NOON + 120
        await house.put(period=300)
        house.see(4.0)
        await house.pass_minute()
        assert await house.state() == OK
        house.see(4.0)
        await house.pass_minute()
        assert await house.state() == ALARM  # the two add up, though the five minutes on the clock are not over

    run(work)


@pytest.mark.parametrize("period", [10, 30])
def test_seconds_are_looked_at_too(period: int) -> None:
    async def work(house: House) -> None:
        await house.put(period=period)
        house.see(9.0)
        house.clock.now = NOON + period + SETTLE_SECONDS
        assert await house.watch.run_once() == 1
        assert await house.state() == ALARM

    run(work)


def math(expression: str, **members: Any) -> dict[str, Any]:
    stat = {
        "Metric": {
            "Namespace": WRITES.namespace,
            "MetricName": WRITES.name,
            "Dimensions": [{"Name": "TableName", "Value": "a"}],
        },
        "Period": 60,
        "Stat": "Sum",
    }
    queries = ({"Id": "m1", "MetricStat": stat, "ReturnData": False}, {"Id": "e1", "Expression": expression})
    return {"series": None, "statistic": "", "period": 0, "queries": queries} | members


def test_alarms_on_metric_math() -> None:
    async def work(house: House) -> None:
        await house.put("twice", **math("m1 * 2"))
        await house.put("peak", **math("MAX(m1)"))
        await house.put("one of them", **math("SLICE(METRICS(), 0)"))
        house.see(3.0)
        assert await house.pass_minute() == 3
        states = {name: await house.state(name) for name in ("twice", "peak", "one of them")}
        assert states == {"twice": ALARM, "peak": OK, "one of them": OK}

    run(work)


def test_an_expression_without_a_single_line_has_no_value() -> None:
    async def work(house: House) -> None:
        await house.put("none", **math("SLICE(METRICS(), 1)", missing_data="breaching"))
        await house.put("fault", **math("METRICS() + METRICS()"))
        house.see(3.0)
        await house.pass_minute()
        assert await house.state("none") == ALARM
        assert await house.state("fault") == INSUFFICIENT_DATA

    run(work)


def test_one_alarm_does_not_keep_the_others_from_being_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    async def work(house: House) -> None:
        await house.put("a", statistic="no statistic", comparison="NoComparison")
        await house.put("b")
        house.see(9.0)
        house.watch._measured = _failing(house.watch._measured)  # type: ignore[method-assign]
        await house.pass_minute()
        assert await house.state("b") == ALARM
        assert "alarm:a' could not be evaluated" in caplog.text

    run(work)


def _failing(measured: Any) -> Any:
    async def of(alarm: Alarm, end: float) -> Any:
        if alarm.name == "a":
            raise ArithmeticError
        return await measured(alarm, end)

    return of


def test_a_percentile_of_latencies() -> None:
    async def work(house: House) -> None:
        latency = series("SuccessfulRequestLatency", TableName="a", Operation="GetItem")
        await house.put(series=latency, statistic="p99")
        house.series.add([Sample(*WHERE, latency, Point(NOON, 101.0, 2.0, 1.0, 100.0, {0: 1, 112: 1}))])
        await house.pass_minute()
        assert await house.state() == ALARM

    run(work)
