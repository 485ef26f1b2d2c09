"""Chains are begun, sealed, copied, pruned and ended, through restarts and whatever becomes of the archive."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.archive import full_copy
from stator.archive.chains import chain as chains
from stator.archive.chains import kept, replay
from stator.archive.chains.chain import Chain
from stator.archive.chains.segment import Segment
from stator.archive.companion import companion
from stator.archive.job import Job
from stator.archive.jobs import Jobs
from stator.archive.places.location import Location, Missing, Unreachable
from stator.archive.restores import recovering
from stator.clock import ManualClock
from stator.items.decide import DeleteWrite, PutWrite
from stator.items.keys import item_key
from stator.journal.record import LANES
from stator.journal.streams import Streams
from stator.limits import DAY_SECONDS
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services import journals
from stator.services.chains.archivist import ENDED_SECONDS, Archivist
from stator.services.chains.pruning import Pruning
from stator.services.parts import JobParts
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import definition, lifecycle, recovery
from stator.tables.catalog import Catalog, Edit
from stator.values.size import item_bytes

PLACE = ("123456789012", "eu-west-1")
SEGMENT_SECONDS = 4.0
_names = itertools.count()

Items = dict[str, Any]


def place() -> Location:
    return Location.open(f"memory://chains-{next(_names)}")


class House:
    """A store with its catalog, its writer and its archivist."""

    def __init__(self, parts: JobParts, clock: ManualClock) -> None:
        self.parts = parts
        self.clock = clock
        self.reach = parts.reach
        self.archivist = Archivist(parts, parts.reach, segment_seconds=SEGMENT_SECONDS, copy_seconds=DAY_SECONDS)

    async def create(self, name: str = "music") -> Table:
        (space,) = await self.parts.catalog.create_spaces(1)
        table = Table(
            *PLACE,
            name=name,
            id=f"{name}-{next(_names)}",
            created=self.clock(),
            attribute_types={"p": "S"},
            keys=KeySchema((KeyAttribute("p", "S"),)),
            space=space,
            on_demand=True,
        )
        return await self.change(lambda old: table, name)

    async def change(self, how: Callable[[Any], Table], name: str = "music", **more: Any) -> Table:
        return await self.parts.catalog.change(*PLACE, name, lambda old: Edit(how(old), **more))

    async def enable(self, period_days: int | None = None, name: str = "music") -> Table:
        await self.change(recovery.prepare, name)
        return await self.change(lambda old: recovery.enable(old, period_days, self.clock()), name)

    async def put(self, table: Table, **values: str) -> None:
        for key, value in values.items():
            item = {"p": {"S": key}, "v": {"S": value}}
            write = PutWrite(table, item_key(table, item), item, item_bytes(item))
            await self.parts.writer.commit(write)

    async def delete(self, table: Table, key: str) -> None:
        await self.parts.writer.commit(DeleteWrite(table, item_key(table, {"p": {"S": key}})))

    async def settle(self) -> None:
        """Everything there is to do is done."""
        self.clock.advance(SEGMENT_SECONDS)
        await self.archivist.seal_once()
        await self.archivist.copy_once()

    async def chain(self, table: Table) -> Chain:
        return await chains.read(self.parts.archive, chains.prefix_of(table))

    async def items(self, table: Table, time: float) -> Items:
        """What the archive says of a time."""
        archive, chain, until = self.parts.archive, await self.chain(table), round(time * 1000)
        moment = chains.plan(chain, until)
        copy, found = None, []
        if moment is not None:
            path = chains.copy_path(chain.prefix, moment)
            copy = await full_copy.read(archive, path)
            found = [orjson.loads(line) async for _, lines in full_copy.items(archive, path, copy) for line in lines]
        state = {item["p"]["S"]: item["v"]["S"] for item in found}
        async for steps in replay.changes(archive, chain, copy, until):
            for step in steps:
                state.pop(step.keys["p"]["S"], None)
                if step.image is not None:
                    state[step.keys["p"]["S"]] = step.image["v"]["S"]
        return state


Main = Callable[[House], Awaitable[None]]


def run(main: Main, archive: Location | None = None, directory: Path | None = None, now: float = 1.75e9) -> None:
    async def whole() -> None:
        store, clock = SqliteStore.open(directory), ManualClock(now)
        location = archive or place()
        catalog = await Catalog.open(store, clock)

        catalog.accompany(companion(clock))
        jobs = Jobs(store, clock, "me")
        await jobs.load()
        parts = JobParts.furnish(catalog, store, clock, steady=clock, jobs=jobs, archive=location)
        try:
            await main(House(parts, clock))
        finally:
            await store.close()

    asyncio.run(whole())


def test_times_before_and_after_a_copy() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        await house.put(table, a="0", b="0")
        house.clock.advance(10)
        table = await house.enable()
        times = {}
        for number in range(1, 9):
            house.clock.advance(1)
            await house.put(table, **{"abcdefgh"[number - 1]: str(number), "z": str(number)})
            if number == 4:
                await house.delete(table, "b")
            times[house.clock()] = number
            if number == 4:
                await house.settle()
        await house.settle()
        assert len((await house.chain(table)).copies) == 1
        assert table.recovery is not None
        assert await house.items(table, table.recovery.since) == {"a": "0", "b": "0"}
        assert await house.items(table, min(times)) == {"a": "1", "b": "0", "z": "1"}
        for time, number in times.items():
            found = await house.items(table, time)
            assert found["z"] == str(number)
            assert ("b" in found) == (number < 4)
            assert await house.items(table, time - 0.001) != found

    run(main)


def test_what_was_never_covered() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        house.clock.advance(5)
        table = await house.enable()
        await house.settle()
        chain = await house.chain(table)
        assert chain.earliest == round(house.clock() * 1000 - SEGMENT_SECONDS * 1000)
        for time in (chain.earliest / 1000 - 0.001, (chain.latest or 0) / 1000 + 0.001):
            with pytest.raises(chains.NotCovered):
                await house.items(table, time)

    run(main)


def test_a_young_change_waits_and_an_old_one_does_not() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.archivist.seal_once()
        await house.put(table, a="1")
        house.clock.advance(SEGMENT_SECONDS / 4)
        assert await house.archivist.seal_once() == 0
        (age,) = [figure.value for figure in house.archivist.figures() if "segment" in figure.metric.name]
        assert age == pytest.approx(SEGMENT_SECONDS / 4, abs=0.01)
        house.clock.advance(SEGMENT_SECONDS / 4)
        assert await house.archivist.seal_once() == 1
        (age,) = [figure.value for figure in house.archivist.figures() if "segment" in figure.metric.name]
        assert age < 0.01
        chain = await house.chain(table)
        assert sum(len(lane) for lane in chain.lanes) == 1

    run(main)


def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    archive = place()

    async def first(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.put(table, a="1", b="1", c="1")
        await house.settle()
        house.clock.advance(1)
        await house.put(table, a="2")

    async def second(house: House) -> None:
        table = house.parts.catalog.require(*PLACE, "music")
        before = await house.chain(table)
        await house.put(table, b="2")
        await house.settle()
        after = await house.chain(table)
        assert after.copies == before.copies
        assert (after.record.since, after.record.start) == (before.record.since, before.record.start)
        for lane in after.lanes:
            assert [each.first for each in lane[1:]] == [each.last + 1 for each in lane[:-1]]
        assert await house.items(table, 1.75e9 + 9) == {"a": "2", "b": "1", "c": "1"}
        assert await house.items(table, house.clock() - SEGMENT_SECONDS) == {"a": "2", "b": "2", "c": "1"}

    run(first, archive, tmp_path / "data")
    run(second, archive, tmp_path / "data", now=1.75e9 + 10)


def test_an_archive_that_was_lost_begins_anew(tmp_path: Path) -> None:
    async def first(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.put(table, a="1")
        await house.settle()

    async def second(house: House) -> None:
        table = house.parts.catalog.require(*PLACE, "music")
        await house.settle()
        await house.settle()
        assert await house.items(table, house.clock() - 1) == {"a": "1"}
        window = house.reach.window(table, house.clock())
        assert window is not None
        assert window.earliest == (await house.chain(table)).earliest / 1000 > 1.75e9 + 100

    run(first, place(), tmp_path / "data")
    run(second, place(), tmp_path / "data", now=1.75e9 + 100)


def test_off_and_on_again_at_once_begins_anew() -> None:
    """Between the two a write has no record: no state may be made across it."""

    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.put(table, a="1")
        await house.settle()
        table = await house.change(recovery.disable)
        await house.put(table, a="2", b="2")
        house.clock.advance(1)
        table = await house.enable()
        await house.put(table, c="3")
        await house.settle()
        assert table.recovery is not None
        assert (await house.chain(table)).earliest == round(table.recovery.since * 1000)
        assert await house.items(table, table.recovery.since) == {"a": "2", "b": "2", "c": "3"}
        with pytest.raises(chains.NotCovered):
            await house.items(table, table.recovery.since - 1)

    run(main)


def test_what_is_not_sealed_is_not_trimmed() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.put(table, a="1", b="1", c="1", d="1")
        streams, store = Streams(house.parts.store, house.clock), house.parts.store
        house.clock.advance(2 * DAY_SECONDS)

        async def left() -> int:
            return sum([len(await store.changes(table.space, lane, 0, 99)) for lane in range(LANES)])

        await journals.trim_once(house.parts, streams, house.archivist.sealed)
        assert await left() == 4  # nobody has looked yet
        await house.archivist.seal_once()
        await house.put(table, a="2")
        house.clock.advance(2 * DAY_SECONDS)
        await journals.trim_once(house.parts, streams, house.archivist.sealed)
        lanes = sum([bool(await store.changes(table.space, lane, 0, 1)) for lane in range(LANES)])
        assert await left() <= lanes + 1  # the last of each lane, and what is not sealed
        await house.settle()
        assert await house.items(table, house.clock() - 1) == {"a": "2", "b": "1", "c": "1", "d": "1"}

    run(main)


def test_an_archive_that_cannot_be_reached_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.archivist.seal_once()
        await house.put(table, a="1", b="1")

        async def refuse(*_: Any, **__: Any) -> None:
            raise Unreachable("the bucket is away")

        with monkeypatch.context() as broken:
            broken.setattr(Location, "put", refuse)
            for _ in range(3):
                await house.settle()
            with pytest.raises(Unreachable):
                await house.archivist.seal(house.clock() - 1)
        failures = [figure.value for figure in house.archivist.figures() if "failures" in figure.metric.name]
        assert failures[0] >= 2
        house.clock.advance(60)
        await house.settle()
        await house.settle()
        assert await house.items(table, house.clock() - 5) == {"a": "1", "b": "1"}

    run(main)


def test_a_table_without_changes_needs_no_new_copy() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.put(table, a="1")
        await house.settle()
        house.clock.advance(DAY_SECONDS)
        await house.settle()
        assert len((await house.chain(table)).copies) == 1
        await house.put(table, a="2")
        await house.settle()
        assert len((await house.chain(table)).copies) == 2

    run(main)


def test_what_left_the_period_goes_and_all_else_stays() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable(2)
        states = {}
        for day in range(6):
            await house.put(table, a=str(day), b=str(day))
            await house.settle()
            states[house.clock()] = {"a": str(day), "b": str(day)}
            house.clock.advance(DAY_SECONDS)
        await house.settle()
        before = await house.chain(table)
        assert await house.archivist.prune_once() > 0
        after = await house.chain(table)
        assert set(after.copies) < set(before.copies)
        window = house.reach.window(table, house.clock())
        assert window is not None
        assert window.earliest == house.clock() - 2 * DAY_SECONDS
        assert max(after.copies[0], 0) <= window.earliest * 1000
        for time, state in states.items():
            if time >= window.earliest:
                assert await house.items(table, time) == state
        assert (
            await house.items(table, window.earliest)
            == max((time, state) for time, state in states.items() if time <= window.earliest)[1]
        )
        assert await house.archivist.prune_once() == 0

    run(main)


@pytest.mark.parametrize("kind", ["restore", "export"])
def test_nothing_goes_while_somebody_may_read_it(kind: str) -> None:
    """However long that takes, and of no other table."""

    async def main(house: House) -> None:
        read, other = await house.create("read"), await house.create("other")
        for each in (read, other):
            await house.enable(1, each.name)
        if kind == "restore":
            request = {"from": recovering.FROM, "prefix": chains.prefix_of(read), "table_id": read.id, "time": 0}
        else:
            request = {"Table": orjson.loads(definition.encode(read))}
        job = Job(kind, "x", *PLACE, "new", created=house.clock(), request=request)
        await house.parts.jobs.add(job)
        for day in range(4):
            for each in (read, other):
                await house.put(each, a=str(day))
            await house.settle()
            house.clock.advance(DAY_SECONDS)
        before = {each.name: len(await house.parts.archive.list(chains.prefix_of(each))) for each in (read, other)}
        assert await house.archivist.prune_once() > 0
        after = {each.name: len(await house.parts.archive.list(chains.prefix_of(each))) for each in (read, other)}
        assert after["read"] == before["read"]
        assert after["other"] < before["other"]
        await house.change(lambda old: lifecycle.delete(old, house.clock()), "read", drops=read.spaces)
        for _ in range(2):
            await house.archivist.seal_once()
            house.clock.advance(ENDED_SECONDS + 1)
            await house.archivist.prune_once()
        await house.chain(read)
        (open_job,) = house.parts.jobs.open()
        assert await house.parts.jobs.take(open_job)
        await house.parts.jobs.finish(open_job)
        await house.archivist.prune_once()
        with pytest.raises(Missing):
            await house.chain(read)

    run(main)


def test_a_deleted_table_is_sealed_to_its_end_and_forgotten_later() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.settle()
        await house.put(table, a="1")
        last = house.clock()
        await house.change(lambda old: lifecycle.delete(old, house.clock()), drops=table.spaces)
        house.clock.advance(1)
        await house.archivist.seal_once()
        chain = await house.chain(table)
        assert chain.record.ended == house.clock()
        assert await house.items(table, last) == {"a": "1"}
        assert house.archivist.sealed(table.space, 0) is None
        await house.archivist.prune_once()
        await house.chain(table)
        house.clock.advance(ENDED_SECONDS + 1)
        await house.archivist.prune_once()
        with pytest.raises(Missing):
            await house.chain(table)
        assert await house.parts.archive.list(f"{chains.prefix_of(table)}/") == []
        assert (await house.parts.store.get([kept.key_of(table.id)])) == [None]

    run(main)


def test_a_table_of_the_same_name_has_a_chain_of_its_own() -> None:
    async def main(house: House) -> None:
        old = await house.create()
        old = await house.enable()
        await house.settle()
        await house.change(lambda table: lifecycle.delete(table, house.clock()), drops=old.spaces)
        house.clock.advance(1)
        new = await house.create()
        new = await house.enable()
        await house.put(new, b="1")
        await house.settle()
        assert (await house.chain(old)).record.ended is not None
        assert await house.items(new, house.clock() - 1) == {"b": "1"}

    run(main)


def test_the_archive_knows_the_table_as_it_is_now() -> None:
    async def main(house: House) -> None:
        await house.create()
        table = await house.enable()
        await house.settle()
        table = await house.change(lambda old: replace(old, deletion_protection=True))
        await house.settle()
        assert (await house.chain(table)).record.table == table

    run(main)


def test_sealing_is_waited_for() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        await house.put(table, a="1")
        now = house.clock()
        asyncio.get_running_loop().call_later(0.02, house.clock.advance, 0.002)  # the time must have passed
        assert await house.archivist.seal_table(table.id, now)
        assert await house.archivist.seal_table("another", now) is False
        await house.archivist.ensure_copy(table.id)
        assert await house.items(table, now) == {"a": "1"}

    run(main)


def test_writes_that_raced_with_the_beginning_are_in_every_state() -> None:
    """They were decided without a journal, and committed after the change of the definition was."""

    async def main(house: House) -> None:
        table = await house.create()
        for number in range(20):
            await house.put(table, **{f"k{number}": "old"})

        async def write() -> None:
            for number in range(20):
                await house.put(table, **{f"k{number}": "new"})
                await asyncio.sleep(0)

        writing = asyncio.ensure_future(write())
        await asyncio.sleep(0)
        await house.change(recovery.prepare)
        await asyncio.sleep(0)
        table_now = await house.change(lambda old: recovery.enable(old, None, house.clock()))
        await writing
        live = {f"k{number}": "new" for number in range(20)}
        await house.settle()
        assert await house.items(table_now, house.clock() - 1) == live
        assert set(await house.items(table_now, (await house.chain(table_now)).earliest / 1000)) == set(live)

    run(main)


def test_small_segments_of_an_hour_become_one() -> None:
    async def main(house: House) -> None:
        table = await house.create()
        table = await house.enable()
        states: dict[float, Items] = {}
        for number in range(60):
            await house.put(table, a=str(number))
            states[house.clock()] = {"a": str(number)}
            await house.settle()
            house.clock.advance(120)
        lane = next(number for number, each in enumerate((await house.chain(table)).lanes) if each)
        before = (await house.chain(table)).lanes[lane]
        assert len(before) == 60
        house.clock.advance(3 * 3600)
        await house.archivist.prune_once()
        after = (await house.chain(table)).lanes[lane]
        assert len(after) < 8
        assert (after[0].first, after[-1]) == (before[0].first, before[-1])
        listed = await house.parts.archive.list(f"{chains.prefix_of(table)}/segments/")
        assert len(listed) > 60  # the old ones stay for who reads them
        for time, state in states.items():
            assert await house.items(table, time) == state
        house.clock.advance(3600)
        await house.archivist.prune_once()
        assert len(await house.parts.archive.list(f"{chains.prefix_of(table)}/segments/")) == len(after)
        await house.put(table, a="last")
        await house.settle()
        states[house.clock() - SEGMENT_SECONDS] = {"a": "last"}
        for time, state in states.items():
            assert await house.items(table, time) == state

    run(main)


def test_a_chain_that_began_empty_is_kept_whole_until_it_has_a_copy() -> None:
    async def scenario(house: House) -> None:
        table = await house.create()
        await house.enable(1)
        table = house.parts.catalog.require(*PLACE, "music")
        archive, now = house.parts.archive, house.clock() + 10 * DAY_SECONDS
        segments = [Segment(0, n, n, n, n, "0" * 64) for n in (1, 2, 3)]
        for segment in segments:
            await archive.put(f"some/chain/{segment.path}", b"x")
        keeper: Any = SimpleNamespace(prefix="some/chain", copies=[], lanes=[segments])
        await Pruning(archive, now, None).prune(keeper, table)
        assert len(keeper.lanes[0]) == 3
        keeper.copies.append(round((now - 2 * DAY_SECONDS) * 1000))
        await Pruning(archive, now, None).prune(keeper, table)
        assert [segment.first for segment in keeper.lanes[0]] == [3]

    run(scenario)
