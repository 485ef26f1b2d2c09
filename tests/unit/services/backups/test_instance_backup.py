"""Backups of the instance: one moment for all tables, whatever is written meanwhile and however often one is begun."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from stator.archive import full_copy
from stator.archive.chains import chain
from stator.archive.companion import companion
from stator.archive.instances import instance
from stator.archive.instances.wish import JOB
from stator.archive.job import CANCELLED, COMPLETED, RUNNING, Job
from stator.archive.jobs import Jobs
from stator.archive.places.location import Location, Unreachable
from stator.clock import ManualClock, SteadyClock
from stator.items.decide import PutWrite
from stator.items.keys import item_key
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services.backups.instance_backup import InstanceBackups
from stator.services.chains.archivist import Archivist
from stator.services.chains.catalog_archive import CatalogArchive
from stator.services.jobs import JobRunner
from stator.services.parts import JobParts
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.journaling import ARCHIVE
from stator.values.parse import parse_item

PLACE = ("123456789012", "eu-west-1")
_names = itertools.count()


class House:
    """A store on disk, so that snapshots are what they are for people."""

    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        steady = SteadyClock(clock)
        self.jobs = Jobs(store, clock, "me")
        self.archive = Location.open(f"memory://instances-{next(_names)}")
        self.parts = JobParts.furnish(catalog, store, clock, steady=steady, jobs=self.jobs, archive=self.archive)
        self.writer = self.parts.writer
        self.archivist = Archivist(self.parts, self.parts.reach, segment_seconds=1.0, copy_seconds=86_400.0)
        self.backups = InstanceBackups(self.parts, CatalogArchive(self.parts), self.archivist)
        self.runner = JobRunner(self.parts, self.jobs, {JOB: self.backups.run})

    async def create(self, name: str) -> Table:
        (space,) = await self.catalog.create_spaces(1)
        keys = KeySchema((KeyAttribute("pk", "S"),))
        table = Table(*PLACE, name, f"id-{space}", self.clock(), {"pk": "S"}, keys, space, on_demand=True)
        return await self.catalog.change(*PLACE, name, lambda _: Edit(lifecycle.create(table, self.clock())))

    async def delete(self, name: str) -> None:
        def decide(table: Table | None) -> Edit:
            assert table is not None
            return Edit(lifecycle.delete(table, self.clock() + 1), table.spaces)

        await self.catalog.change(*PLACE, name, decide)

    async def put(self, name: str, *keys: str) -> None:
        table = self.catalog.get(*PLACE, name)
        for key in keys:
            item, size = parse_item({"pk": {"S": key}})
            await self.writer.commit(PutWrite(table, item_key(table, item), item, size))

    async def wish(self, comment: str = "", *, keep: bool = False) -> Job:
        self.clock.advance(1)
        id = instance.id_of(self.clock())
        return await self.jobs.add(
            Job(JOB, id, "", "", created=self.clock(), request={"comment": comment, "keep": keep})
        )

    async def work(self) -> None:
        await self.runner.run_once()
        await self.runner.settle()

    async def back_up(self, comment: str = "", *, keep: bool = False) -> instance.InstanceBackup:
        job = await self.wish(comment, keep=keep)
        await self.work()
        found = self.jobs.find(JOB, "", "", job.id)
        assert found is not None
        assert found.state == COMPLETED, found
        return await instance.read(self.archive, job.id)

    async def keys_of(self, copy: instance.TableCopy) -> set[str]:
        manifest = await full_copy.read(self.archive, copy.path)
        found = [line async for _, lines in full_copy.items(self.archive, copy.path, manifest) for line in lines]
        assert len(found) == copy.items
        return {orjson.loads(line)["pk"]["S"] for line in found}


def run(directory: Path, main: Callable[[House], Awaitable[None]]) -> None:
    async def whole() -> None:
        store, clock = SqliteStore.open(directory), ManualClock()
        catalog = await Catalog.open(store, clock)

        catalog.accompany(companion(clock))
        house = House(store, catalog, clock)
        try:
            await main(house)
        finally:
            await house.runner.close()
            await store.close()

    asyncio.run(whole())


def test_every_table_is_copied_at_one_moment(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        for name in ("a", "b", "empty", "gone"):
            await house.create(name)
        await house.put("a", "1", "2")
        await house.put("b", "3")
        await house.delete("gone")
        made = await house.back_up("before the move")
        assert [(each.table.name, each.items) for each in made.tables] == [("a", 2), ("b", 1), ("empty", 0)]
        assert [await house.keys_of(each) for each in made.tables] == [{"1", "2"}, {"3"}, set()]
        assert (made.comment, made.kept, made.items, made.moment) == ("before the move", False, 3, house.clock())
        assert house.catalog.instance is not None
        assert made.instance == house.catalog.instance.id

    run(tmp_path, main)


def test_everything_is_journaled_from_the_first_backup_on(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("a")
        await house.put("a", "0")
        first = await house.back_up()
        assert house.catalog.get(*PLACE, "a").journal_readers == (ARCHIVE,)
        await house.put("a", "1", "2")
        await house.create("later")
        await house.put("later", "3")
        second = await house.back_up()
        lanes = [(await full_copy.read(house.archive, each.path)).lanes for each in second.tables]
        assert [sum(each) for each in lanes] == [2, 1]
        assert sum((await full_copy.read(house.archive, first.tables[0].path)).lanes) == 0
        assert (first.sequence, second.sequence) == (1, 2)  # `a` got its reader, `later` was made

    run(tmp_path, main)


def test_every_change_until_then_is_in_the_archive(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        table = await house.create("a")
        await house.back_up()
        await house.put("a", "1", "2")
        made = await house.back_up()
        found = await chain.read(house.archive, chain.prefix_of(table))
        assert found.head is not None
        assert found.head.through == round(made.moment * 1000) - 1
        assert sum(segment.last - segment.first + 1 for lane in found.lanes for segment in lane) == 2

    run(tmp_path, main)


def test_what_is_written_meanwhile_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(house: House) -> None:
        await house.create("a")
        await house.create("b")
        await house.put("b", "1")
        write = full_copy.write

        async def slowly(*arguments: object, **named: object) -> object:
            await house.put("b", "later")
            if house.catalog.find(*PLACE, "c") is None:
                await house.create("c")
            return await write(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(full_copy, "write", slowly)
        made = await house.back_up()
        assert [each.table.name for each in made.tables] == ["a", "b"]
        assert await house.keys_of(made.tables[1]) == {"1"}

    run(tmp_path, main)


def test_one_that_is_interrupted_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(house: House) -> None:
        await house.create("a")
        await house.create("b")
        job = await house.wish()
        write, calls = full_copy.write, itertools.count()

        async def fail_once(*arguments: object, **named: object) -> object:
            if next(calls) == 1:
                raise Unreachable("the bucket is away")
            return await write(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(full_copy, "write", fail_once)
        await house.work()
        now = house.jobs.find(JOB, "", "", job.id)
        assert now is not None
        assert now.state == RUNNING
        assert await instance.unfinished(house.archive) == [job.id]
        await house.put("a", "in between")
        house.clock.advance(60)
        await house.work()
        made = await instance.read(house.archive, job.id)
        assert made.moment == house.clock()
        assert [each.items for each in made.tables] == [1, 0]
        assert await instance.unfinished(house.archive) == []

    run(tmp_path, main)


def test_one_whose_end_alone_was_missed_is_not_made_again(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("a")
        made = await house.back_up()
        await house.jobs.add(Job(JOB, made.id, "", "", created=1.0, request={"comment": "", "keep": False}))
        house.clock.advance(5)
        await house.work()
        assert await instance.read(house.archive, made.id) == made

    run(tmp_path, main)


def test_one_can_be_cancelled_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(house: House) -> None:
        await house.create("a")
        job = await house.wish()

        async def wait(*_: object, **__: object) -> None:
            await house.jobs.request_cancel(job)
            await asyncio.Event().wait()

        monkeypatch.setattr(full_copy, "write", wait)
        monkeypatch.setattr("stator.services.backups.instance_backup._TELL_SECONDS", 0.0)
        await house.work()
        now = house.jobs.find(JOB, "", "", job.id)
        assert now is not None
        assert now.state == CANCELLED
        await house.backups.prune()
        assert await house.archive.list("instance/") == []

    run(tmp_path, main)


def test_old_ones_go_when_a_newer_one_leads_to_every_second(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("a")
        kept = await house.back_up(keep=True)
        old = await house.back_up()
        foreign = replace(old, id="0000000000001", instance="b" * 32)
        await instance.write(house.archive, foreign)
        house.clock.advance(86_400)
        base = await house.back_up()
        house.clock.advance(instance.PERIOD_SECONDS - 10)
        last = await house.back_up()
        left = [kept.id, old.id, base.id, last.id]
        assert sorted(await instance.ids(house.archive)) == sorted([*left, foreign.id])
        house.clock.advance(10)
        assert await house.backups.prune() == 1  # now the period begins with `base`
        assert sorted(await instance.ids(house.archive)) == sorted([kept.id, base.id, last.id, foreign.id])
        assert await house.archive.list(f"instance/{old.id}/") == []

    run(tmp_path, main)


def test_the_first_waits_for_restores_that_began_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they put is in no journal."""
    monkeypatch.setattr("stator.services.backups.instance_backup._TELL_SECONDS", 0.0)

    async def main(house: House) -> None:
        await house.create("a")
        before = await house.jobs.add(Job("restore", "1", *PLACE, "a", created=house.clock()))
        job = await house.wish()
        await house.runner.run_once()
        for _ in range(50):
            await asyncio.sleep(0)
        assert await instance.ids(house.archive) == []
        await house.put("a", "the last one")
        await house.jobs.add(Job("restore", "2", *PLACE, "a", created=house.clock() + 1))
        await house.jobs.finish(await house.jobs.take(before) or before)
        await house.runner.settle()
        assert (await instance.read(house.archive, job.id)).items == 1

    run(tmp_path, main)


def test_prune_does_nothing_before_the_first(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        assert await house.backups.prune() == 0

    run(tmp_path, main)
