import asyncio
import gc

import pytest

from stator.storage.sqlite import snapshot as snapshots
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Append, Change, Key, Row, Snapshot, Store
from tests.storage.engines import Engine, delete, every, place, put, write


async def _read(snapshot: Snapshot, space: int) -> list[Row]:
    rows: list[Row] = []
    page = await snapshot.scan(space, None, 7, 10_000)
    while page.rows:
        rows += page.rows
        page = await snapshot.scan(space, place(rows[-1]), 7, 10_000)
    return rows


def test_a_snapshot_stands_still_while_writes_go_on(engine: Engine) -> None:
    async def test(store: Store) -> None:
        space = await store.create_space()
        keys = [Key(space, b"%03d" % number, b"") for number in range(60)]
        await write(store, *(put(key, b"old") for key in keys))
        before = await every(store, space)
        snapshot = await store.snapshot()
        await asyncio.gather(*(write(store, put(key, b"new")) for key in keys[:30]))
        assert await _read(snapshot, space) == before
        await delete(store, *keys[30:])
        assert await _read(snapshot, space) == before
        await store.drop_space(space)
        await write(store, put(Key(0, b"", b"")))
        assert await _read(snapshot, space) == before
        assert await _read(snapshot, 0) == await _read(snapshot, space + 1) == []
        await snapshot.close()
        await snapshot.close()
        with pytest.raises(ValueError, match="closed"):
            await snapshot.scan(space, None, 1, 1)

    engine.run(test)


def test_a_snapshot_has_every_acknowledged_write(engine: Engine) -> None:
    async def test(store: Store) -> None:
        for number in range(20):
            await write(store, put(Key(0, b"%02d" % number, b"")))
            snapshot = await store.snapshot()
            assert len(await _read(snapshot, 0)) == number + 1
            await snapshot.close()

    engine.run(test)


def test_a_snapshot_tells_the_last_record_of_each_shard(engine: Engine) -> None:
    async def append(store: Store, *appends: Append) -> None:
        await store.transact([], lambda _: Change(appends=appends))

    async def test(store: Store) -> None:
        await append(store, Append(7, 0, b"a"), Append(7, 0, b"b"), Append(7, 2, b"c"), Append(8, 0, b"d"))
        snapshot = await store.snapshot()
        await append(store, Append(7, 0, b"e"), Append(7, 1, b"f"))
        await store.trim(7, 0, 4)
        assert [await snapshot.last(7, shard) for shard in range(4)] == [2, 0, 1, 0]
        assert await snapshot.last(8, 0) == 1
        assert await snapshot.last(9, 0) == 0
        await snapshot.close()
        with pytest.raises(ValueError, match="closed"):
            await snapshot.last(7, 0)
        after = await store.snapshot()
        assert [await after.last(7, shard) for shard in range(4)] == [3, 1, 1, 0]  # also of records that are trimmed
        await after.close()

    engine.run(test)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "SLICE_SECONDS", 0.0)  # as few pages as may be, each time
    monkeypatch.setattr(snapshots, "PAGES_MIN", 1)


async def _filled(rows: int) -> SqliteStore:
    store = SqliteStore.open(None)
    for number in range(rows):
        await write(store, put(Key(0, b"%04d" % number, b""), b"%04d" % number + b"x" * 3_000))
    return store


def test_reads_go_on_while_a_store_in_memory_is_copied_and_writes_wait(small_slices: None) -> None:
    rows = 200

    async def test() -> None:
        store = await _filled(rows)
        before = await every(store, 0)
        making = asyncio.ensure_future(store.snapshot())
        await asyncio.sleep(0)
        writing = asyncio.ensure_future(write(store, put(Key(0, b"new", b""))))
        second = asyncio.ensure_future(store.snapshot())
        reads = 0
        while not making.done():
            assert not writing.done()
            assert await store.get([Key(0, b"0000", b"")]) == before[:1]
            reads += 1
            await asyncio.sleep(0)
        assert reads > rows / 2  # a page holds one row
        await writing
        snapshot, later = await making, await second
        assert await _read(snapshot, 0) == before
        assert len(await every(store, 0)) == rows + 1
        assert len(await _read(later, 0)) in (rows, rows + 1)
        for each in (snapshot, later, store):
            await each.close()

    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_store_in_memory_that_is_closed_while_it_is_copied(small_slices: None) -> None:
    async def test() -> None:
        store = await _filled(50)
        making = asyncio.ensure_future(store.snapshot())
        await asyncio.sleep(0)
        await store.close()
        snapshot = await making
        assert len(await _read(snapshot, 0)) == 50
        await snapshot.close()

    asyncio.run(asyncio.wait_for(test(), 60))


def test_one_that_nobody_closed_ends_with_its_store(engine: Engine) -> None:
    async def forget(store: Store) -> None:
        await (await store.snapshot()).scan(0, None, 10, 1 << 20)

    engine.run(forget)
    gc.collect()  # a connection that is still open would complain, and that is an error
