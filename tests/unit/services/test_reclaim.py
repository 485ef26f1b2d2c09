import asyncio
from pathlib import Path

from msgspec.structs import replace

from stator.clock import ManualClock
from stator.doctor import doctor
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services.parts import Parts
from stator.services.reclaim import ORPHAN_SECONDS, Orphans, run_once
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put
from stator.tables import lifecycle
from stator.tables.catalog import DROP_GRACE_SECONDS, Catalog, Edit

ACCOUNT = "123456789012"
REGION = "eu-west-1"


async def _create(catalog: Catalog, clock: ManualClock, space: int) -> Table:
    keys = KeySchema((KeyAttribute("pk", "S"),))
    table = Table(ACCOUNT, REGION, "music", "id", clock(), {"pk": "S"}, keys, space)
    return await catalog.change(ACCOUNT, REGION, "music", lambda _: Edit(lifecycle.create(table, clock())))


async def _delete(catalog: Catalog, clock: ManualClock) -> None:
    def decide(table: Table | None) -> Edit:
        assert table is not None
        return Edit(lifecycle.delete(replace(table), clock()), (table.space,))

    await catalog.change(ACCOUNT, REGION, "music", decide)


def test_spaces_of_deleted_tables_are_dropped_once_they_are_due() -> None:
    async def run() -> None:
        clock = ManualClock()
        store = SqliteStore.open(None)
        try:
            catalog = await Catalog.open(store, clock)
            parts = Parts(catalog, store, clock)
            (old,) = await catalog.create_spaces(1)
            await _create(catalog, clock, old)
            row = Put(Key(old, bytes(8) + b"p", b""), 3, b"{}")
            await store.transact([row.key], lambda _: Change(puts=[row]))
            await _delete(catalog, clock)
            (new,) = await catalog.create_spaces(1)
            await _create(catalog, clock, new)

            assert await run_once(parts) == 0
            assert (await store.usage(old)).rows == 1
            clock.advance(DROP_GRACE_SECONDS)
            assert await run_once(parts) == 1
            assert (await store.usage(old)).rows == 0
            assert await run_once(parts) == 0

            assert catalog.get(ACCOUNT, REGION, "music").space == new
            reopened = await Catalog.open(store, clock)
            assert reopened.get(ACCOUNT, REGION, "music").space == new
        finally:
            await store.close()

    asyncio.run(run())


def test_the_doctor_tells_of_rows_that_belong_to_no_table(tmp_path: Path) -> None:
    async def run() -> None:
        store = SqliteStore.open(tmp_path)
        try:
            _, full = [await store.create_space() for _ in range(2)]
            row = Put(Key(full, bytes(8) + b"p", b""), 3, b"{}")
            await store.transact([row.key], lambda _: Change(puts=[row]))
        finally:
            await store.close()

    asyncio.run(run())
    assert doctor(tmp_path) == ["space 2 has 1 rows and belongs to no table"]


def test_what_a_job_holds_waits_for_it() -> None:
    async def run() -> None:
        clock = ManualClock()
        store = SqliteStore.open(None)
        try:
            _unused, mine = [await store.create_space() for _ in range(2)]
            catalog = await Catalog.open(store, clock)
            parts = Parts(catalog, store, clock)
            old, other = await catalog.create_spaces(2)
            for space in (old, other):
                await _create(catalog, clock, space)
                row = Put(Key(space, bytes(8) + b"p", b""), 3, b"{}")
                change = Change(puts=[row])
                await store.transact([row.key], lambda _, change=change: change)  # type: ignore[misc]
                await _delete(catalog, clock)
            clock.advance(DROP_GRACE_SECONDS)
            held = {old, mine}
            assert await run_once(parts, lambda: held) == 2  # the orphan that nobody holds, and the other table's
            assert await run_once(parts, lambda: held) == 0
            assert await store.spaces() == [mine, old]
            assert (await store.usage(old)).rows == 1
            held.clear()
            assert await run_once(parts, lambda: held) == 1
            assert await store.spaces() == [mine]
            reopened = Parts(await Catalog.open(store, clock), store, clock)
            assert await run_once(reopened) == 1
            assert await store.spaces() == []
        finally:
            await store.close()

    asyncio.run(run())


def test_what_looks_like_an_orphan_is_dropped_only_after_an_hour_without_use() -> None:
    async def run() -> None:
        clock, monotonic = ManualClock(), ManualClock(0.0)
        store = SqliteStore.open(None)
        try:
            catalog = await Catalog.open(store, clock)
            orphans = Orphans(Parts(catalog, store, clock), lambda: [3], monotonic)
            used, lost, held, filled = await catalog.create_spaces(4)
            row = Put(Key(filled, bytes(8) + b"p", b""), 3, b"{}")
            await store.transact([row.key], lambda _: Change(puts=[row]))
            assert await orphans.run_once() == 0
            monotonic.advance(ORPHAN_SECONDS - 1)
            await _create(catalog, clock, used)  # by a request that took its time
            assert await orphans.run_once() == 0
            monotonic.advance(1)
            assert await orphans.run_once() == 1
            assert await store.spaces() == [used, held, filled]
            assert (used, lost, held) == (1, 2, 3)
        finally:
            await store.close()

    asyncio.run(run())
