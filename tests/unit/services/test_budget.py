"""Several processes on one store let in what is provisioned and no more, also when they come, go and stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.items.throughput import Peak
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Status, Table, Throughput
from stator.services.budget import BUDGETS, PEAK_SECONDS, Budgets, Peaks, add_minute, counting
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Store
from stator.tables.catalog import Catalog, Edit

_KEYS = KeySchema((KeyAttribute("pk", "S"),))
_BY_V = Index("by-v", False, _KEYS, Projection("ALL"), 2, Throughput(10, 50))
_TABLE = Table(
    "123456789012", "eu-west-1", "t", "id", 0.0, {"pk": "S"}, _KEYS, 1, (_BY_V,), throughput=Throughput(10, 100)
)
_ON_DEMAND = replace(_TABLE, on_demand=True, throughput=Throughput())


class House:
    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.started = 0

    async def router(self, mode: str = "provisioned") -> Budgets:
        self.started += 1
        return await Budgets.open(self.store, self.clock, mode, f"router-{self.started}")

    async def rows(self) -> dict[bytes, Any]:
        page = await self.store.range(0, BUDGETS, None, None, reverse=False, rows_max=100, bytes_max=1 << 20)
        return {row.sort: orjson.loads(row.value) for row in page.rows}

    async def demand(self, shares: list[tuple[Budgets, int]], seconds: int, table: Table = _TABLE) -> int:
        """Each router is asked for so many writes a second, evenly, and exchanges once a second; what was let in."""
        served = 0
        for second in range(seconds):
            for tick in range(10):
                self.clock.advance(0.1)
                for budgets, times in shares:
                    meter = budgets.meters.of(table)
                    for _ in range(times // 10):
                        if meter.write_refusal(None) is None:
                            meter.write(1)
                            served += 1
                    if tick == second % 10:  # they do not do it at the same time
                        await budgets.run_once()
        return served


def run(test: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        store = SqliteStore.open(None)
        try:
            await test(House(store, ManualClock()))
        finally:
            await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("shares", [[400], [200, 200], [390, 10], [100, 100, 100, 100]])
def test_bar_several_processes_serve_burst_and_rate_of_one_table(shares: list[int]) -> None:
    async def test(house: House) -> None:
        routers = [(await house.router(), times) for times in shares]
        served = await house.demand(routers, 600)
        assert served == pytest.approx(100 * 300 + 100 * 600, rel=0.01)

    run(test)


def test_no_minute_has_much_more_than_is_provisioned() -> None:
    async def test(house: House) -> None:
        routers = [(await house.router(), 200) for _ in range(3)]
        await house.demand(routers, 120)  # the burst
        for _ in range(5):
            assert await house.demand(routers, 60) == pytest.approx(6000, rel=0.1)

    run(test)


def test_an_index_is_shared_as_well() -> None:
    async def test(house: House) -> None:
        one, two = await house.router(), await house.router()
        served = 0
        for _ in range(600):
            house.clock.advance(1)
            for budgets in (one, two):
                meter = budgets.meters.of_index(_TABLE, _BY_V)
                for _ in range(100):
                    if meter.write_refusal(None) is None:
                        meter.write(1)
                        served += 1
                await budgets.run_once()
        assert served == pytest.approx(50 * 300 + 50 * 600, rel=0.01)

    run(test)


def test_a_restart_hands_out_no_new_burst() -> None:
    async def test(house: House) -> None:
        served = 0
        for _ in range(6):
            served += await house.demand([(await house.router(), 400)], 100)  # the next one knows nothing of this one
        assert served == pytest.approx(100 * 300 + 100 * 600, rel=0.01)

    run(test)


def test_one_that_joins_brings_no_burst_and_takes_over_no_history() -> None:
    async def test(house: House) -> None:
        first = await house.router()
        served = await house.demand([(first, 400)], 300)
        second = await house.router()
        served += await house.demand([(first, 200), (second, 200)], 300)
        assert served == pytest.approx(100 * 300 + 100 * 600, rel=0.01)

    run(test)


def test_one_that_goes_leaves_all_to_the_others() -> None:
    async def test(house: House) -> None:
        first, second = await house.router(), await house.router()
        await house.demand([(first, 200), (second, 200)], 300)
        assert await house.demand([(first, 400)], 300) == pytest.approx(100 * 300, rel=0.02)

    run(test)


def test_one_that_begins_to_use_a_table_late_knows_how_full_it_is() -> None:
    async def test(house: House) -> None:
        first, second = await house.router(), await house.router()
        for _ in range(200):
            await house.demand([(first, 400)], 1)
            await second.run_once()
        assert await house.demand([(second, 400)], 60) == pytest.approx(6000, rel=0.05)

    run(test)


def test_one_that_did_not_look_for_long_goes_by_what_is_left() -> None:
    async def test(house: House) -> None:
        first, second = await house.router(), await house.router()
        await house.demand([(first, 10), (second, 10)], 5)
        await house.demand([(first, 100)], 3000)  # the second one is stuck meanwhile
        await second.run_once()
        # All that the first one did has been paid by the rate: its bucket is as full as it was.
        assert await house.demand([(second, 200)], 100) == 200 * 100

    run(test)


def test_nothing_is_written_without_traffic_on_what_is_limited() -> None:
    async def test(house: House) -> None:
        budgets = await house.router()
        budgets.meters.of(_ON_DEMAND).write(1000)
        assert await budgets.run_once() == 0
        assert await house.rows() == {}
        meter = budgets.meters.of(replace(_TABLE, space=5))
        meter.write(7)
        meter.read(2.5)
        await budgets.run_once()
        rows = await house.rows()
        assert rows == {b"router-1": [1, house.clock(), [[5, 2.5, 2997.5, 7.0, 29993.0]]]}
        house.clock.advance(1)
        await budgets.run_once()
        assert await house.rows() == rows

    run(test)


def test_rows_of_those_who_are_long_gone_are_deleted() -> None:
    async def test(house: House) -> None:
        first = await house.router()
        first.meters.of(_TABLE).write(7)
        await first.run_once()
        second = await house.router()
        second.meters.of(_TABLE).write(7)
        await second.run_once()
        assert set(await house.rows()) == {b"router-1", b"router-2"}
        house.clock.advance(3601)
        await second.run_once()
        assert set(await house.rows()) == {b"router-2"}

    run(test)


def test_one_that_rests_for_hours_is_not_charged_again_for_what_it_did_before() -> None:
    async def test(house: House) -> None:
        first, second = await house.router(), await house.router()
        for budgets in (first, second):
            budgets.meters.of(_TABLE).write(100 * 290)
            await budgets.run_once()
        for _ in range(200):
            house.clock.advance(60)
            await first.run_once()
            await second.run_once()
        assert set(await house.rows()) == {b"router-1", b"router-2"}
        first.meters.of(_TABLE).write(100)
        await first.run_once()
        await second.run_once()
        writes = second.meters.of(_TABLE).writes
        assert writes is not None
        assert writes.buckets[0].fill(house.clock()) == 100 * 300 - 100

    run(test)


def test_a_debt_is_paid_back_after_a_restart() -> None:
    async def test(house: House) -> None:
        first = await house.router()
        first.meters.of(_TABLE).write(100 * 300 + 1000)
        await first.run_once()
        house.clock.advance(5)
        meter = (await house.router()).meters.of(_TABLE)
        assert meter.write_refusal(None) is not None
        house.clock.advance(5.1)
        assert meter.write_refusal(None) is None

    run(test)


def test_a_peak_doubles_what_is_served_after_half_an_hour_and_is_kept() -> None:
    async def test(house: House) -> None:
        one, two = await house.router("all"), await house.router("all")
        house.clock.advance(60)
        for budgets in (one, two):
            budgets.meters.of(_ON_DEMAND).write(60 * 2500)
            assert await budgets.peaks_once() == 1
        assert _rate(one) == 4000
        house.clock.advance(PEAK_SECONDS)
        assert await one.peaks_once() == 0
        assert await two.peaks_once() == 0
        assert _rate(two) == 10_000  # who came second knows what both did
        assert _rate(await house.router("all")) == 10_000

    run(test)


def _rate(budgets: Budgets, table: Table = _ON_DEMAND) -> float:
    meter = budgets.meters.of(table)
    assert meter.writes is not None
    return meter.writes.buckets[0].rate


def test_peaks_are_not_written_for_tables_that_do_little() -> None:
    async def test(house: House) -> None:
        budgets = await house.router()
        house.clock.advance(60)
        budgets.meters.of(_ON_DEMAND).write(60 * 900)
        budgets.meters.of(replace(_TABLE, space=9)).write(60 * 9000)  # provisioned
        assert await budgets.peaks_once() == 0
        house.clock.advance(1)
        budgets.meters.of(_ON_DEMAND).write(60 * 9000)
        assert await budgets.peaks_once() == 0  # a second is too short
        house.clock.advance(59)
        assert await budgets.peaks_once() == 1

    run(test)


def test_the_highest_minute_of_half_an_hour_becomes_the_previous_peak() -> None:
    peaks = Peaks(Peak(0.0, 3000.0), Peak(), 0.0, 0, Peak())
    peaks = add_minute(peaks, Peak(10.0, 4000.0), 1, 60.0)
    peaks = add_minute(peaks, Peak(5.0, 1000.0), 1, 61.0)  # another process, the same minute
    peaks = add_minute(peaks, Peak(50.0, 100.0), 2, 120.0)
    assert peaks == Peaks(Peak(0.0, 3000.0), Peak(50.0, 5000.0), 0.0, 2, Peak(50.0, 100.0))
    assert counting(peaks, PEAK_SECONDS - 1) == Peak(0.0, 3000.0)
    assert counting(peaks, PEAK_SECONDS) == Peak(50.0, 5000.0)
    peaks = add_minute(peaks, Peak(1.0, 1.0), 30, PEAK_SECONDS)
    assert peaks == Peaks(Peak(50.0, 5000.0), Peak(1.0, 1.0), PEAK_SECONDS, 30, Peak(1.0, 1.0))


def test_tables_that_are_gone_are_forgotten() -> None:
    async def test(house: House) -> None:
        catalog = await Catalog.open(house.store, house.clock)
        (space,) = await catalog.create_spaces(1)
        table = replace(_ON_DEMAND, space=space, indexes=())
        await catalog.change(table.account, table.region, table.name, lambda _: Edit(table))
        budgets = await house.router("all")
        house.clock.advance(60)
        budgets.meters.of(table).write(60 * 9000)
        await budgets.peaks_once()
        assert await budgets.prune_once(catalog) == 0
        gone = replace(table, status=Status.DELETING, settles_at=house.clock())
        await catalog.change(table.account, table.region, table.name, lambda _: Edit(gone))
        assert await budgets.prune_once(catalog) == 1
        assert await budgets.prune_once(catalog) == 0
        assert budgets.meters.find(space) is None
        later = await house.router("all")
        house.clock.advance(PEAK_SECONDS)
        await later.peaks_once()
        assert _rate(later, table) == 4000

    run(test)
