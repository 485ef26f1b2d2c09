"""From counts to points: the duty of each second, and what it drains."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.metrics.meter import Meters
from stator.metrics.metric import LOST_SERIES, READ_UNITS, REQUESTS, THROTTLES, WRITE_UNITS
from stator.metrics.series import OWN_NAMESPACE, Series, series
from stator.metrics.series_store import SeriesStore
from stator.model.table import (
    Build,
    Index,
    KeyAttribute,
    KeySchema,
    OnDemandThroughput,
    Projection,
    Status,
    Table,
    Throughput,
)
from stator.services import metering as metering_module
from stator.services.consumption import metric_of
from stator.services.metering import FLUSH_SECONDS, Metering
from stator.services.parts import Parts
from stator.services.vitals import Body, Place, Vitals
from stator.storage.sqlite.engine import SqliteStore
from stator.tables.catalog import Catalog, Edit

WHO = ("111122223333", "eu-west-1")
KEYS = KeySchema((KeyAttribute("pk", "S"),))
INDEX = Index("by-g", False, KeySchema((KeyAttribute("g", "S"),)), Projection("ALL"), 8, Throughput(7, 9))
TABLE = Table(
    *WHO, "music", "id", 1.0, {"pk": "S", "g": "S"}, KEYS, 7, indexes=(INDEX,), throughput=Throughput(100, 50)
)


class House:
    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.catalog = catalog
        self.parts = Parts(catalog, store, clock)
        self.recorder = self.parts.recorder
        self.meters = Meters(clock)
        self.series = SeriesStore(store, clock)
        self.connections = 3
        body = Body(lambda: self.connections, lambda: 4096)
        self.metering = Metering(self.parts, self.series, self.meters, vitals=Vitals(Place("n1", "s1", "i1"), body))

    async def keep(self, table: Table) -> None:
        await self.catalog.change(table.account, table.region, table.name, lambda _: Edit(table))

    async def sums(self, which: Series, period: int = 60) -> list[float]:
        now = self.clock.now
        return [point.sum for point in await self.series.read(*WHO, which, now - 3600, now + 60, period=period)]


def run(test: Callable[[House], Awaitable[None]]) -> None:
    async def go() -> None:
        clock = ManualClock(1_750_000_000.0 // 3600 * 3600)
        store = SqliteStore.open(None)
        try:
            house = House(store, await Catalog.open(store, clock), clock)
            await house.keep(TABLE)
            await test(house)
        finally:
            await store.close()

    asyncio.run(go())


def test_what_is_consumed_becomes_points_of_seconds() -> None:
    async def test(house: House) -> None:
        for units in (1.5, 0.0, 2.5):
            house.meters.of(TABLE).read(units)
            house.meters.of_index(TABLE, INDEX).write(3.0)
            await house.metering.run_once()
            house.clock.advance(1)
        reads = series("ConsumedReadCapacityUnits", TableName="music")
        writes = series("ConsumedWriteCapacityUnits", TableName="music", GlobalSecondaryIndexName="by-g")
        assert await house.sums(reads, 1) == [1.5, 2.5]
        house.meters.of(TABLE).read(0.5)
        house.meters.of(TABLE).read(8.0)
        await house.metering.run_once()
        (*_, last) = await house.series.recent(*WHO, reads, 10)
        assert (last.sum, last.count, last.minimum, last.maximum) == (8.5, 2, 0.5, 8.0)
        assert await house.sums(writes) == [9.0]
        assert await house.sums(series("ConsumedWriteCapacityUnits", TableName="music")) == []

    run(test)


def test_throttles_are_told_with_their_reasons() -> None:
    async def test(house: House) -> None:
        meter = house.meters.of(TABLE)
        meter.count_throttle("ProvisionedThroughputExceeded", "GetItem", write=False)
        await house.metering.run_once()
        house.clock.advance(1)
        meter.count_throttle("KeyRangeThroughputExceeded", "PutItem", write=True)
        meter.count_throttle("KeyRangeThroughputExceeded", "PutItem", write=True)
        await house.metering.run_once()
        names = ("ReadThrottleEvents", "ReadProvisionedThroughputThrottleEvents", "WriteThrottleEvents")
        told = {name: await house.sums(series(name, TableName="music"), 1) for name in names}
        told["keys"] = await house.sums(series("WriteKeyRangeThroughputThrottleEvents", TableName="music"), 1)
        assert told == {names[0]: [1], names[1]: [1], names[2]: [2], "keys": [2]}
        (*_, last) = await house.series.recent(*WHO, series(names[2], TableName="music"), 10)
        assert (last.sum, last.count, last.minimum, last.maximum) == (2, 2, 1, 1)

    run(test)


@pytest.mark.parametrize(
    ("reason", "metric"),
    [
        ("TableReadProvisionedThroughputExceeded", "ReadProvisionedThroughputThrottleEvents"),
        ("IndexWriteKeyRangeThroughputExceeded", "WriteKeyRangeThroughputThrottleEvents"),
        ("TableWriteAccountLimitExceeded", "WriteAccountLimitThrottleEvents"),
        ("IndexReadMaxOnDemandThroughputExceeded", "ReadMaxOnDemandThroughputThrottleEvents"),
    ],
)
def test_reasons_have_metrics(reason: str, metric: str) -> None:
    assert metric_of(reason) == metric


def test_tables_that_nobody_has_are_not_told_of() -> None:
    async def test(house: House) -> None:
        house.recorder.served(*WHO, "music", "GetItem", 0.001)
        house.recorder.served(*WHO, "elsewhere", "GetItem", 0.001)
        house.recorder.refused(*WHO, "elsewhere", "GetItem", status=400, code="ResourceNotFoundException")
        await house.metering.run_once()
        names = await house.series.names(*WHO, "AWS/DynamoDB")
        assert names == [
            series("SuccessfulRequestLatency", TableName="music", Operation="GetItem"),
            series("UserErrors"),
        ]

    run(test)


def test_points_are_written_every_few_seconds_and_none_where_nothing_happens() -> None:
    async def test(house: House) -> None:
        house.metering = Metering(house.parts, house.series, house.meters)
        rows = (await house.store.usage(0)).rows
        for _ in range(2 * FLUSH_SECONDS):
            await house.metering.run_once()
            house.clock.advance(1)
        assert (await house.store.usage(0)).rows == rows
        house.meters.of(TABLE).read(1.0)
        for _ in range(2 * FLUSH_SECONDS):
            await house.metering.run_once()
            house.clock.advance(1)
        assert (await house.store.usage(0)).rows == rows + 2

    run(test)


def test_a_late_drain_is_of_the_last_seconds() -> None:
    async def test(house: House) -> None:
        house.meters.of(TABLE).read(1.0)
        house.clock.advance(600)
        await house.metering.run_once()
        reads = series("ConsumedReadCapacityUnits", TableName="music")
        (point,) = await house.series.recent(*WHO, reads, 10)
        assert house.clock.now - point.time == 2.0

    run(test)


def test_gauges_of_provisioned_tables_and_their_account() -> None:
    async def test(house: House) -> None:
        local = replace(INDEX, name="local", local=True, space=9, throughput=Throughput())
        await house.keep(replace(TABLE, indexes=(INDEX, local)))
        await house.keep(replace(TABLE, name="other", id="o", space=20, indexes=(), throughput=Throughput(300, 10)))
        assert await house.metering.gauge_once() == 6 + 8
        account = {
            name: (await house.sums(series(name)))[0]
            for name in (
                "AccountMaxReads",
                "AccountMaxTableLevelWrites",
                "AccountProvisionedReadCapacityUtilization",
                "AccountProvisionedWriteCapacityUtilization",
                "MaxProvisionedTableReadCapacityUtilization",
                "MaxProvisionedTableWriteCapacityUtilization",
            )
        }
        assert account == {
            "AccountMaxReads": 80_000,
            "AccountMaxTableLevelWrites": 40_000,
            "AccountProvisionedReadCapacityUtilization": pytest.approx(100 * 407 / 80_000),
            "AccountProvisionedWriteCapacityUtilization": pytest.approx(100 * 69 / 80_000),
            "MaxProvisionedTableReadCapacityUtilization": pytest.approx(100 * 300 / 40_000),
            "MaxProvisionedTableWriteCapacityUtilization": pytest.approx(100 * 50 / 40_000),
        }
        assert await house.sums(series("ProvisionedReadCapacityUnits", TableName="music")) == [100]
        index = {"TableName": "music", "GlobalSecondaryIndexName": "by-g"}
        assert await house.sums(series("ProvisionedWriteCapacityUnits", **index)) == [9]

    run(test)


def test_gauges_of_tables_on_demand() -> None:
    async def test(house: House) -> None:
        maxima = OnDemandThroughput(read_max=40)
        indexes = (replace(INDEX, throughput=Throughput()),)
        await house.keep(
            replace(TABLE, on_demand=True, throughput=Throughput(), indexes=indexes, on_demand_throughput=maxima)
        )
        assert await house.metering.gauge_once() == 1
        assert await house.sums(series("OnDemandMaxReadRequestUnits", TableName="music")) == [40]

    run(test)


def test_gauges_of_an_index_that_is_filled() -> None:
    async def test(house: House) -> None:
        indexes = (replace(INDEX, build=Build.FILLING),)
        await house.keep(replace(TABLE, status=Status.UPDATING, indexes=indexes))
        await house.metering.gauge_once()
        index = {"TableName": "music", "GlobalSecondaryIndexName": "by-g"}
        assert await house.sums(series("OnlineIndexPercentageProgress", **index)) == [0]
        assert await house.sums(series("OnlineIndexThrottleEvents", **index)) == [0]

    run(test)


def test_nodes_shards_and_the_instance_are_told_of() -> None:
    async def test(house: House) -> None:
        house.recorder.served(*WHO, "music", "GetItem", 0.004)
        house.recorder.refused("", "", None, "GetItem", status=400, code="UnrecognizedClientException")
        house.meters.of(TABLE).read(1.5)
        house.meters.of_index(TABLE, INDEX).read(2.0)
        await house.metering.run_once()
        for level, name in (("Node", "n1"), ("Shard", "s1"), ("Instance", "i1")):
            told = {
                which: await house.sums(series(which, OWN_NAMESPACE, **{level: name}))
                for which in ("Requests", "Latency", "Connections", "ConsumedReadCapacityUnits", "StorageBytes")
            }
            storage = [] if level == "Node" else [4096.0]
            assert told == {
                "Requests": [2],
                "Latency": [4.0],
                "Connections": [3],
                "ConsumedReadCapacityUnits": [3.5],
                "StorageBytes": storage,
            }
            assert len(await house.sums(series("CPUUtilization", OWN_NAMESPACE, **{level: name}))) == 1
        assert await house.sums(series("Requests", OWN_NAMESPACE, Node="n1", Operation="GetItem")) == [2]
        # Whoever asks, in whatever region.
        requests = series("Requests", OWN_NAMESPACE, Instance="i1")
        points = await house.series.read("9", "us-east-1", requests, 0, house.clock.now + 60, period=60)
        assert [point.sum for point in points] == [2]

    run(test)


def test_a_node_that_serves_nobody_is_told_of_once_a_minute() -> None:
    async def test(house: House) -> None:
        for _ in range(150):
            await house.metering.run_once()
            house.clock.advance(1)
        connections = series("Connections", OWN_NAMESPACE, Node="n1")
        assert await house.sums(connections, 1) == [3, 3, 3]

    run(test)


def test_figures_for_prometheus() -> None:
    async def test(house: House) -> None:
        house.recorder.served(*WHO, "music", "GetItem", 0.004)
        house.meters.of(TABLE).read(1.5)
        house.meters.of_index(TABLE, INDEX).write(2.0)
        house.meters.of(TABLE).count_throttle("ProvisionedThroughputExceeded", "GetItem", write=False)
        await house.metering.run_once()
        told = {(figure.metric, figure.labels): figure.value for figure in house.metering.figures()}
        place = (*WHO, "music")
        assert told[REQUESTS, ("GetItem",)] == 1
        assert told[READ_UNITS, (*place, "")] == 1.5
        assert told[WRITE_UNITS, (*place, "by-g")] == 2.0
        assert told[THROTTLES, (*place, "", "TableReadProvisionedThroughputExceeded")] == 1
        assert told[LOST_SERIES, ()] == 0

    run(test)


def test_labels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering_module, "TABLES_MAX", 2)

    async def test(house: House) -> None:
        for number in range(5):
            house.meters.of(replace(TABLE, name=f"t{number}", space=100 + number)).read(1.0)
        told = {figure.labels[2]: figure.value for figure in house.metering.figures() if figure.metric is READ_UNITS}
        assert told == {"t0": 1.0, "t1": 1.0, "(others)": 3.0}

    run(test)


def test_what_runs_is_written_when_it_closes() -> None:
    async def test(house: House) -> None:
        house.meters.of(TABLE).read(1.5)
        await house.metering.close()
        house.clock.advance(1800)
        reads = series("ConsumedReadCapacityUnits", TableName="music")
        again = SeriesStore(house.store, house.clock)
        assert [point.sum for point in await again.read(*WHO, reads, 0, house.clock.now, period=60)] == [1.5]
        assert [point.sum for point in await again.read(*WHO, reads, 0, house.clock.now, period=1)] == [1.5]

    run(test)
