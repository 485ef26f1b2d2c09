"""What would have made a time that is told of as covered one that cannot be restored."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from stator.archive.chains import chain as chains
from stator.archive.chains import segment
from stator.archive.chains.chain import Chain, ChainRecord, Head
from stator.archive.chains.segment import Segment
from stator.archive.job import Job
from stator.archive.places.location import Location, Unreachable
from stator.archive.restores import recovering
from stator.clock import ManualClock, SteadyClock
from stator.errors import InvalidRestoreTimeException
from stator.items.commit import Writer
from stator.journal.record import LANES
from stator.limits import DAY_SECONDS
from stator.model.table import Recovery
from stator.services.chains import archivist
from stator.services.chains.barrier import pass_barrier, steady_clock
from stator.services.chains.merging import STAY_SECONDS
from stator.services.restores.chain_origin import ChainOrigin
from stator.tables import lifecycle, recovery
from stator.tables.journaling import require
from tests.unit.archive.histories import BEGIN, TABLE
from tests.unit.services.chains.test_archivist import PLACE, House, place, run


def test_the_first_copy_has_nothing_that_is_not_sealed() -> None:
    """A time before it is reached by undoing what it has, so what it has must be in segments."""

    async def main(house: House) -> None:
        table = await house.create()
        await house.put(table, a="1")
        table = await house.enable()
        house.clock.advance(1)
        await house.archivist.seal_once()
        covered = (await house.chain(table)).head
        assert covered is not None
        house.clock.advance(0.5)
        await house.put(table, a="2", b="2")
        await house.archivist.copy_once()
        assert (await house.chain(table)).copies
        assert await house.items(table, covered.through / 1000) == {"a": "1"}

    run(main)


def test_on_again_while_a_stream_had_the_journal_go_on() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.change(lambda old: require(old, "stream"))
        table = await house.enable()
        await house.put(table, a="1", b="1", c="1", d="1", e="1")
        await house.settle()
        table = await house.change(recovery.disable)
        await house.archivist.seal_once()
        house.clock.advance(1)
        await house.put(table, a="2", b="2", c="2", d="2", e="2")  # never sealed
        house.clock.advance(1)
        table = await house.enable()
        assert table.recovery is not None
        since = table.recovery.since
        house.clock.advance(1)
        await house.put(table, a="3", b="3", c="3", d="3", e="3")
        await house.settle()
        assert await house.items(table, since) == dict.fromkeys("abcde", "2")
        assert await house.items(table, house.clock() - 1) == dict.fromkeys("abcde", "3")
        chains.check_whole(await house.chain(table), round(since * 1000), round(house.clock() * 1000) - 1)
        await house.archivist.prune_once()
        house.clock.advance(STAY_SECONDS)
        await house.archivist.prune_once()
        paths = [each.path for each in await house.parts.archive.list(f"{chains.prefix_of(table)}/segments/")]
        start = (await house.chain(table)).record.start
        kept = [segment.parse(path.removeprefix(f"{chains.prefix_of(table)}/")) for path in paths]
        assert all(each is not None and each.last > start[each.lane] for each in kept)

    run(main)


def test_a_chain_that_began_empty_and_was_pruned_is_undone_from_its_first_copy() -> None:
    record = ChainRecord(TABLE, BEGIN / 1000, (0,) * LANES, empty=True)
    pruned = (Segment(0, 11, 20, BEGIN + 50, BEGIN + 150, "0" * 64),)
    chain = Chain("x", record, Head(BEGIN + 200, (20, 0, 0, 0)), (BEGIN + 100,), (pruned, (), (), ()))
    assert chains.plan(chain, BEGIN + 60) == BEGIN + 100
    whole = replace(chain, lanes=((Segment(0, 1, 10, BEGIN, BEGIN + 40, "0" * 64), *pruned), (), (), ()))
    assert chains.plan(whole, BEGIN + 60) is None


def test_a_table_that_is_deleted_while_it_is_sealed_is_covered_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.settle()
        last = 0.0

        async def barrier(parts: Any) -> int:
            through = await pass_barrier(parts)
            nonlocal last
            if not last:
                house.clock.advance(1)
                await house.put(table, a="1")
                last = house.clock()
                house.clock.advance(1)
                await house.change(lambda old: lifecycle.delete(old, house.clock()), drops=table.spaces)
                house.clock.advance(1)
            return through

        monkeypatch.setattr(archivist, "pass_barrier", barrier)
        await house.archivist.seal_once()
        assert (await house.chain(table)).record.ended is not None
        assert await house.items(table, last) == {"a": "1"}

    run(main)


def test_a_lane_that_fails_leaves_no_other_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that went on after the round was over would hand in its segment in the midst of the next."""

    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.settle()
        await house.put(table, **{f"k{number}": "1" for number in range(40)})
        put = Location.put
        under_way = 0

        async def failing(self: Location, path: str, body: bytes, **more: Any) -> None:
            nonlocal under_way
            if "/segments/0/" in path:
                raise Unreachable("no")
            under_way += 1
            for _ in range(50):
                await asyncio.sleep(0)
            await put(self, path, body, **more)
            under_way -= 1

        monkeypatch.setattr(Location, "put", failing)
        house.clock.advance(10)
        await house.archivist.seal_once()
        assert under_way == 0

    run(main)


@pytest.mark.parametrize(("days", "allowed"), [(8.5, True), (9.5, True), (7.5, False), (2, False)])
def test_what_has_left_the_period_of_a_table_that_only_the_archive_knows(days: float, allowed: bool) -> None:
    async def main() -> None:
        archive, begin = place(), TABLE.created
        table = replace(TABLE, recovery=Recovery(begin, 2))
        prefix = chains.prefix_of(table)
        await archive.put(f"{prefix}/{chains.RECORD}", chains.encode(ChainRecord(table, begin, (0,) * LANES)))
        through = round((begin + 10 * DAY_SECONDS) * 1000)
        await archive.put(f"{prefix}/{chains.HEAD}", chains.encode_head(Head(through, (0,) * LANES)))
        await archive.put(f"{chains.copy_path(prefix, through - 2_500 * DAY_SECONDS)}/manifest.json", b"")
        wanted = begin + days * DAY_SECONDS
        if allowed:
            source = await recovering.from_archive(archive, (*PLACE, TABLE.name), wanted)
            assert source is not None
            assert source.time == wanted
        else:
            with pytest.raises(InvalidRestoreTimeException):
                await recovering.from_archive(archive, (*PLACE, TABLE.name), wanted)

    asyncio.run(main())


def test_a_clock_that_was_set_back_while_no_server_ran() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        await house.enable()
        await house.settle()
        covered = house.reach.window(house.parts.catalog.require(*PLACE, table.name), house.clock())
        assert covered is not None
        for back, steady in ((3600, True), (2 * DAY_SECONDS, False)):
            clock = await steady_clock(house.parts.store, ManualClock(house.clock() - back))
            assert (clock() > covered.latest) is steady

    run(main)


def test_a_clock_that_was_set_back_holds_up_no_sealing() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        house.parts = replace(house.parts, steady=SteadyClock(house.clock))
        house.archivist = archivist.Archivist(house.parts, house.reach, segment_seconds=4.0, copy_seconds=DAY_SECONDS)
        table = await house.enable()
        await house.settle()
        house.clock.advance(-3600)
        house.parts.steady()
        await house.archivist.seal_once()
        first = (await house.chain(table)).head
        house.clock.advance(10)
        wanted = house.parts.steady() - 0.002
        await asyncio.wait_for(house.archivist.seal(wanted), 5)
        after = (await house.chain(table)).head
        assert first is not None
        assert after is not None
        assert after.through > first.through + 4000

    run(main)


def test_the_latest_state_where_the_clock_was_set_back() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        steady = SteadyClock(house.clock)
        writer = Writer(house.parts.store, house.parts.catalog.latest, steady)
        house.parts = replace(house.parts, steady=steady, writer=writer)
        house.archivist = archivist.Archivist(house.parts, house.reach, segment_seconds=4.0, copy_seconds=DAY_SECONDS)
        table = await house.enable()
        await house.settle()
        house.clock.advance(10)
        steady()
        house.clock.advance(-5)
        await house.put(table, a="1")
        source = recovering.from_table(table, None, house.reach, house.clock())
        job = Job("restore", "x", *PLACE, "new", created=house.clock(), request=source.request)

        async def go_on() -> None:
            while True:
                await asyncio.sleep(0.002)
                house.clock.advance(0.01)

        going = asyncio.create_task(go_on())
        plan = await asyncio.wait_for(ChainOrigin(house.parts, house.archivist).plan(job), 5)
        going.cancel()
        assert await house.items(table, plan["time"] / 1000) == {"a": "1"}

    run(main)
