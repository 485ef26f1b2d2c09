"""Backups made and tables restored by their runners, with failures on the way; the clock turned by hand."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.archive import backup as backups
from stator.archive import full_copy
from stator.archive.backup import Backup
from stator.archive.full_copy import FullCopy
from stator.archive.job import COMPLETED, FAILED, Job
from stator.archive.jobs import JobFailed, Jobs
from stator.archive.places.failure import Unreachable
from stator.archive.places.location import Location
from stator.archive.restores import restores
from stator.clock import ManualClock, SteadyClock
from stator.items.decide import PutWrite
from stator.items.examine import examine
from stator.items.keys import item_key
from stator.items.load import Loaded, absent, loaded
from stator.journal.record import LANES
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Status, Table
from stator.services.backups.backup import BackupRunner
from stator.services.jobs import JobRunner
from stator.services.parts import JobParts
from stator.services.restores import copy_loading
from stator.services.restores.restore import BackupOrigin, Plan, RestoreRunner
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.journaling import require
from stator.values.parse import parse_item

PLACE = ("123456789012", "eu-west-1")
ITEMS = 300
_names = itertools.count()


class Counting(Location):
    """An archive that counts the chunks it hands out and cannot be reached after so many."""

    chunks_max = 1_000_000
    chunks = 0

    async def get(self, path: str) -> bytes:
        if path.endswith(".zst"):
            if self.chunks >= self.chunks_max:
                raise Unreachable("no way there")
            self.chunks += 1
        return await super().get(path)


class Since:
    """An origin of a backup's items and of batches of changes after them; stops once before the batch `broken`."""

    def __init__(self, path: str | None, batches: list[dict[str, str | None]], broken: int = -1) -> None:
        self._path, self._batches, self._broken = path, batches, broken
        self.plans = 0

    async def plan(self, job: Job) -> Plan:
        self.plans += 1
        return {"path": self._path}

    async def changes(self, plan: Plan, copy: FullCopy | None, target: Table) -> AsyncIterator[Sequence[Loaded]]:
        for number, batch in enumerate(self._batches):
            if number == self._broken:
                self._broken = -1
                raise Unreachable("no way there")
            yield [
                absent(target, {"pk": {"S": pk}})
                if group is None
                else loaded(target, {"pk": {"S": pk}, "g": {"S": group}})
                for pk, group in batch.items()
            ]


class House:
    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        steady = SteadyClock(clock)
        place = Location.open(f"memory://restores-{next(_names)}")
        self.archive = Counting(place._backend, place.url, "")
        self.jobs = Jobs(store, clock, "me")
        self.parts = JobParts.furnish(catalog, store, clock, steady=steady, jobs=self.jobs, archive=self.archive)

    async def create(self) -> Table:
        space, other = await self.catalog.create_spaces(2)
        keys = KeySchema((KeyAttribute("pk", "S"),))
        index = Index("by-g", False, KeySchema((KeyAttribute("g", "S"),)), Projection("ALL"), other)
        types = {"pk": "S", "g": "S"}
        table = Table(*PLACE, "things", "id", self.clock(), types, keys, space, (index,), on_demand=True)
        made = await self.catalog.change(*PLACE, "things", lambda _: Edit(lifecycle.create(table, self.clock())))
        made = self.catalog.get(*PLACE, made.name)
        for number in range(ITEMS):
            item, size = parse_item({"pk": {"S": f"i{number}"}, "g": {"S": f"g{number * 7 % 100}"}})
            await self.parts.writer.commit(PutWrite(made, item_key(made, item), item, size))
        return made

    async def turn(self, kind: str, run: Callable[[Job], Awaitable[None]]) -> None:
        """One run of a process that starts now."""
        runner = JobRunner(self.parts, self.jobs, {kind: run})
        await runner.run_once()
        await runner.settle()

    async def back_up(self) -> Backup:
        asked = backups.make(await self.create(), "first", self.clock())
        await self.jobs.add(backups.to_job(asked))
        await self.turn(backups.JOB, BackupRunner(self.parts, self.parts.backups).run)
        (made,) = self.parts.backups.of(*PLACE)
        return made

    async def begin(self, backup: Backup, **request: Any) -> Table:
        source = restores.from_backup(backup)
        if request:
            source = source._replace(request=request)
        asked = {"TargetTableName": "again"}
        return await restores.begin(self.catalog, self.jobs, source, asked, place=PLACE, now=self.clock())

    async def restore(self, **origins: Any) -> Job:
        """The job after one run of it."""
        chosen = {"backup": BackupOrigin(), **origins}
        await self.turn(restores.JOB, RestoreRunner(self.parts, self.archive, chosen).run)
        (job,) = self.jobs.list(restores.JOB, *PLACE)
        return job

    async def items(self, table: Table) -> dict[str, str]:
        page = await self.store.scan(table.space, None, lower=b"", upper=None, rows_max=10_000, bytes_max=1 << 30)
        found = [orjson.loads(row.value) for row in page.rows]
        return {item["pk"]["S"]: item["g"]["S"] for item in found}

    async def check(self, expected: dict[str, str]) -> None:
        """The restored table has these items, and all that is derived from them."""
        table = self.catalog.get(*PLACE, "again")
        assert await self.items(table) == expected
        assert [finding async for finding in examine(self.store, table)] == []
        entries = await self.store.usage(table.indexes[0].space)
        assert entries.rows == len(expected)


def run(test: Callable[[House], Awaitable[None]]) -> None:
    async def running() -> None:
        store, clock = SqliteStore.open(None), ManualClock()
        try:
            await test(House(store, await Catalog.open(store, clock), clock))
        finally:
            await store.close()

    asyncio.run(running())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks, pieces and heaps of entries so small that there are several of each."""
    monkeypatch.setattr(full_copy, "CHUNK_BYTES", 1_000)
    monkeypatch.setattr(full_copy, "_PAGE_ROWS", 20)
    monkeypatch.setattr(copy_loading, "PIECE_LINES", 7)
    monkeypatch.setattr(copy_loading, "ENTRIES_BYTES", 30_000)


ORIGINAL = {f"i{number}": f"g{number * 7 % 100}" for number in range(ITEMS)}


def test_how_far_a_backup_is_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stator.services.backups.backup._TELL_SECONDS", 0.0)

    async def test(house: House) -> None:
        told: list[dict[str, Any]] = []
        house.jobs.watch(lambda job: told.append(job.progress))
        await house.back_up()
        assert {"items": 0, "bytes": 0} in told
        assert all(progress.get("items", 0) <= ITEMS for progress in told)
        (job,) = house.jobs.list(backups.JOB, *PLACE)
        assert job.state == COMPLETED

    run(test)


def test_a_restored_table_is_equal_and_the_job_done(small: None) -> None:
    async def test(house: House) -> None:
        table = await house.begin(await house.back_up())
        assert (table.status, table.settles_at, table.restore and table.restore.in_progress) == ("CREATING", None, True)
        job = await house.restore()
        assert job.state == COMPLETED
        done = house.catalog.get(*PLACE, "again")
        assert (done.status, done.restore and done.restore.in_progress) == (Status.ACTIVE, False)
        await house.check(ORIGINAL)

    run(test)


def test_it_goes_on_where_it_stopped(small: None) -> None:
    async def test(house: House) -> None:
        backup = await house.back_up()
        chunks = len((await full_copy.read(house.archive, backup.path)).chunks)
        assert chunks >= 8
        await house.begin(backup)
        house.archive.chunks_max = chunks - 3
        job = await house.restore()
        done = job.progress["chunks"]
        assert 0 < done < chunks - 3  # what waited for the heap of entries is done again
        assert not job.finished
        assert house.catalog.require(*PLACE, "again").status is Status.CREATING
        house.archive.chunks_max, house.archive.chunks = 1_000_000, 0
        assert (await house.restore()).state == COMPLETED
        assert house.archive.chunks == chunks - done
        await house.check(ORIGINAL)

    run(test)


def test_an_old_system_backup_stays_while_it_is_restored_from(small: None) -> None:
    async def test(house: House) -> None:
        asked = backups.make_system(await house.create(), house.clock())
        await house.jobs.add(backups.to_job(asked))
        await house.turn(backups.JOB, BackupRunner(house.parts, house.parts.backups).run)
        (backup,) = house.parts.backups.of(*PLACE)
        await house.begin(backup)
        house.archive.chunks_max = 3
        await house.restore()
        house.clock.advance(36 * 86_400)
        await house.parts.backups.sync()
        house.archive.chunks_max = 1_000_000
        assert (await house.restore()).state == COMPLETED
        await house.check(ORIGINAL)
        await house.parts.backups.sync()
        assert house.parts.backups.of(*PLACE) == []

    run(test)


def test_what_happened_since_comes_after_the_copy(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stator.services.restores.restore._SAVE_BATCHES", 1)
    batches: list[dict[str, str | None]] = [{"i1": "moved"}, {"i1": "again", "i2": None}, {"new": "g1", "i3": None}]

    async def test(house: House) -> None:
        backup = await house.back_up()
        await house.begin(backup, **{"from": "since"})
        origin = Since(backup.path, batches, broken=2)
        job = await house.restore(since=origin)
        assert job.progress["batches"] == 2
        assert (await house.restore(since=origin)).state == COMPLETED
        assert origin.plans == 1
        await house.check(
            {pk: group for pk, group in ORIGINAL.items() if pk not in ("i2", "i3")} | {"i1": "again", "new": "g1"}
        )

    run(test)


def test_there_need_be_no_copy() -> None:
    async def test(house: House) -> None:
        await house.begin(await house.back_up(), **{"from": "since"})
        assert (await house.restore(since=Since(None, [{"a": "g"}, {"a": None, "b": "h"}]))).state == COMPLETED
        await house.check({"b": "h"})

    run(test)


def test_a_journal_that_is_read_from_the_first_moment_has_every_item_once(small: None) -> None:
    async def test(house: House) -> None:
        backup = await house.back_up()
        chunks = len((await full_copy.read(house.archive, backup.path)).chunks)
        await house.begin(backup)
        table = house.catalog.require(*PLACE, "again")
        await house.catalog.change(*PLACE, "again", lambda _: Edit(require(table, "archive")))
        house.archive.chunks_max = chunks - 3
        await house.restore()
        house.archive.chunks_max = 1_000_000
        await house.restore()
        await house.check(ORIGINAL)
        records = [record for lane in range(LANES) for record in await house.store.changes(table.space, lane, 0, 9_999)]
        assert len(records) == ITEMS

    run(test)


class Refusing(Since):
    async def plan(self, job: Job) -> Plan:
        raise JobFailed("InvalidRestoreTime", "nothing leads there")


def test_a_restore_that_cannot_be_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def test(house: House) -> None:
        table = await house.begin(await house.back_up(), **{"from": "since"})
        job = await house.restore(since=Refusing(None, []))
        assert (job.state, job.failure) == (FAILED, ("InvalidRestoreTime", "nothing leads there"))
        assert house.catalog.find(*PLACE, "again") is None
        house.clock.advance(3600)
        assert {dropped.space for dropped in await house.catalog.dropped(10)} == set(table.spaces)
        assert "cannot be restored" in caplog.text

    run(test)


def test_a_backup_of_a_deleted_table_has_what_it_held() -> None:
    async def test(house: House) -> None:
        table = replace(await house.create(), deletion_protection=True)
        asked = backups.make_system(table, house.clock())
        await house.jobs.add(backups.to_job(asked))
        await house.catalog.change(
            *PLACE, "things", lambda now: Edit(lifecycle.delete(table, house.clock()), drops=table.spaces)
        )
        await house.turn(backups.JOB, BackupRunner(house.parts, house.parts.backups).run)
        (made,) = house.parts.backups.of(*PLACE)
        assert (made.table, made.items, made.expires) == (table, ITEMS, asked.expires)
        await house.begin(made)
        await house.restore()
        await house.check(ORIGINAL)

    run(test)
