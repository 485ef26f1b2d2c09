import asyncio

import pytest

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
