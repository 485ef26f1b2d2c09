"""Watching keys: what is wished is counted, minute by minute."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.metrics.insight_report import report
from stator.metrics.insight_store import InsightStore
from stator.metrics.meter import Limit, Limits, Meters
from stator.model.table import Index, Insight, KeyAttribute, KeySchema, Projection, Table
from stator.services.insights import Insights, owner_of
from stator.services.parts import Parts
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import insights
from stator.tables.catalog import Catalog, Edit
from stator.values.key import index_sort_bytes, partition_bytes, sort_bytes

KEYS = KeySchema((KeyAttribute("pk", "S"),), (KeyAttribute("sk", "N"),))
INDEX = Index("by-g", False, KeySchema((KeyAttribute("g", "S"),), (KeyAttribute("h", "S"),)), Projection("ALL"), 8)
TABLE = Table("1", "eu-west-1", "music", "id", 1.0, {"pk": "S", "sk": "N"}, KEYS, 7, indexes=(INDEX,))
START = 1_750_000_000.0 // 60 * 60


class House:
    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.catalog = catalog
        self.meters = Meters(clock, lambda *_: Limits((Limit("ProvisionedThroughputExceeded", 1e9, 1.0),)))
        self.kept = InsightStore(store, clock)
        self.parts = Parts(catalog, store, clock)
        self.insights = Insights(self.parts, self.meters, self.kept)

    @property
    def table(self) -> Table:
        return self.catalog.require("1", "eu-west-1", "music")

    async def wish(self, action: str = "ENABLE", mode: str | None = None, index: str | None = None) -> None:
        def decide(table: Table | None) -> Edit:
            assert table is not None
            return Edit(insights.change(table, index, action, mode, self.clock.now))

        await self.catalog.change("1", "eu-west-1", "music", decide)
        await self.insights.run_once()

    async def tick(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        await self.insights.run_once()

    def read(self, pk: str, sk: str, units: float = 1.0) -> None:
        self.meters.of(self.table).read(units, partition_bytes([{"S": pk}]), sort_bytes([{"N": sk}]))

    def setting(self, index: str | None = None) -> Insight:
        found = insights.setting_of(self.table, index)
        assert found is not None
        return found

    async def told(self, rule: str, index: str | None = None) -> dict[tuple[str, ...], float]:
        owner = owner_of(self.table, self.setting(index))
        minutes = await self.kept.read(owner, START, self.clock.now + 60)
        return {each.texts: each.value for each in report(minutes, rule, 60, 10).contributors}


def run(test: Callable[[House], Awaitable[None]]) -> None:
    async def go() -> None:
        clock = ManualClock(START)
        store = SqliteStore.open(None)
        try:
            catalog = await Catalog.open(store, clock)
            await catalog.change("1", "eu-west-1", "music", lambda _: Edit(TABLE))
            await test(House(store, catalog, clock))
        finally:
            await store.close()

    asyncio.run(go())


def test_nothing_is_watched_unless_it_is_wished() -> None:
    async def test(house: House) -> None:
        rows = (await house.store.usage(0)).rows
        assert await house.insights.run_once() == 0
        house.read("a", "1")
        assert house.meters.of(house.table).watch is None
        await house.tick(120)
        assert (await house.store.usage(0)).rows == rows

    run(test)


def test_accesses_weigh_what_they_consume() -> None:
    async def test(house: House) -> None:
        await house.wish()
        house.read("a", "1", 2.0)
        house.read("a", "-2.5", 0.5)
        house.read("b", "1", 1.0)
        meter = house.meters.of(house.table)
        meter.write(4.0, partition_bytes([{"S": "b"}]), sort_bytes([{"N": "1"}]))
        meter.read(3.0, partition_bytes([{"S": "c"}]))  # a Query
        meter.read(9.0)  # a Scan
        await house.tick(60)
        assert await house.told("PKC") == {("b",): 13.0, ("c",): 3.0, ("a",): 2.5}
        assert await house.told("SKC") == {("b", "1"): 13.0, ("a", "1"): 2.0, ("a", "-2.5"): 0.5}
        assert await house.told("PKT") == {}

    run(test)


def test_refusals_are_counted() -> None:
    async def test(house: House) -> None:
        await house.wish(mode="THROTTLED_KEYS")
        meter = house.meters.of(house.table)
        house.read("a", "1")
        assert meter.watch is not None
        meter.watch.refuse(partition_bytes([{"S": "a"}]), sort_bytes([{"N": "1"}]))
        meter.watch.refuse(partition_bytes([{"S": "a"}]), None)
        await house.tick(60)
        assert await house.told("PKT") == {("a",): 2.0}
        assert await house.told("SKT") == {("a", "1"): 1.0}
        assert await house.told("PKC") == {}

    run(test)


def test_entries_of_an_index_under_one_key_are_one() -> None:
    async def test(house: House) -> None:
        await house.wish(index="by-g")
        meter = house.meters.of_index(house.table, INDEX)
        for number in range(3):
            sort = index_sort_bytes([{"S": "h"}], [{"S": f"p{number}"}, {"N": "1"}])
            meter.write(1.0, partition_bytes([{"S": "g"}]), sort)
        await house.tick(60)
        assert await house.told("SKC", "by-g") == {("g", "h"): 9.0}
        assert house.meters.of(house.table).watch is None

    run(test)


def test_minutes_are_told_apart_and_the_running_one_is_written_now_and_then() -> None:
    async def test(house: House) -> None:
        await house.wish()
        house.read("a", "1")
        await house.tick(11)
        assert await house.told("PKC") == {("a",): 1.0}
        house.read("a", "1")
        await house.tick(60)
        house.read("a", "1")
        await house.tick(60)
        owner = owner_of(house.table, house.setting())
        minutes = await house.kept.read(owner, START, house.clock.now + 60)
        assert [(minute.time - START, minute.found["PKC"].total) for minute in minutes] == [(0, 2.0), (60, 1.0)]

    run(test)


def test_it_ends_when_it_is_wished_no_more_and_begins_anew() -> None:
    async def test(house: House) -> None:
        await house.wish()
        house.read("a", "1")
        await house.wish("DISABLE")
        assert house.meters.of(house.table).watch is None
        assert await house.told("PKC") == {("a",): 1.0}
        house.clock.advance(60)
        await house.wish()
        assert await house.told("PKC") == {}

    run(test)


def test_a_change_of_mode_keeps_what_was_throttled() -> None:
    async def test(house: House) -> None:
        await house.wish(mode="THROTTLED_KEYS")
        meter = house.meters.of(house.table)
        assert meter.watch is not None
        meter.watch.refuse(partition_bytes([{"S": "a"}]), None)
        await house.tick(60)
        await house.wish(mode="ACCESSED_AND_THROTTLED_KEYS")
        house.read("b", "1")
        await house.tick(60)
        assert await house.told("PKT") == {("a",): 1.0}
        assert await house.told("PKC") == {("b",): 1.0}

    run(test)


def test_what_runs_is_written_when_it_closes() -> None:
    async def test(house: House) -> None:
        await house.wish()
        house.read("a", "1")
        await house.insights.close()
        assert await house.told("PKC") == {("a",): 1.0}

    run(test)


def test_a_minute_that_could_not_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(house: House) -> None:
        await house.wish()
        house.read("a", "1")

        async def fail(*_: object) -> int:
            raise OSError("the disk is away")

        with monkeypatch.context() as patch:
            patch.setattr(InsightStore, "put", fail)
            with pytest.raises(OSError, match="away"):
                await house.tick(60)
        await house.tick(11)
        assert await house.told("PKC") == {("a",): 1.0}

    run(test)


def test_a_table_without_sort_key_has_partition_keys_alone() -> None:
    async def test(house: House) -> None:
        plain = replace(TABLE, keys=KeySchema(KEYS.hash), indexes=())
        await house.catalog.change("1", "eu-west-1", "music", lambda _: Edit(plain))
        await house.wish()
        house.meters.of(house.table).read(1.0, partition_bytes([{"S": "a"}]), b"")
        await house.tick(60)
        assert await house.told("PKC") == {("a",): 1.0}
        assert await house.told("SKC") == {}

    run(test)
