"""What is gathered of a table to be brought into an index."""

import asyncio
import random

import orjson
import pytest

from stator.services import stretch
from stator.services.stretch import Progress, Stretch, gather
from stator.services.traffic import REPLIES_MAX, Traffic
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Position, Put, Row
from tests.unit.items.conftest import index, item, table

INDEX = index("by-a", "a:S", space=2)
TABLE = table("pk:S", "", INDEX)
ROWS = 300


async def make_store() -> SqliteStore:
    """Rows in the order of their partitions, of which every third has no entry."""
    store = SqliteStore.open(None)
    space = await store.create_space()
    assert space == TABLE.space
    rng = random.Random(5)
    puts = []
    for number in range(ROWS):
        attributes = {} if number % 3 == 0 else {"a": f"{rng.randrange(50)}"}
        value = orjson.dumps(item(pk=f"{number}", **attributes))
        puts.append(Put(Key(space, number.to_bytes(8, "big") + b"p", b""), 100, value))
    await store.transact([], lambda _: Change(puts=puts))
    return store


async def look(store: SqliteStore, progress: Progress = Progress()) -> Stretch:  # noqa: B008  it is immutable
    return await gather(store, TABLE, INDEX, progress, lambda: 0.0)


def test_entries_come_in_the_order_of_the_index_and_once() -> None:
    async def scene() -> None:
        found = await look(await make_store())
        assert (found.left, found.more) == (200, False)
        taken = []
        while found.left:
            some = found.take(7, 250)
            assert len(some) <= 3  # the third brings the bytes past the limit
            taken += some
        assert taken == sorted(taken)
        assert len({due[4] for due in taken}) == 200

    asyncio.run(scene())


def test_stretches_follow_each_other_without_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretch, "STRETCH_ROWS_MAX", 64)

    async def scene() -> None:
        store = await make_store()
        progress, rows, more = Progress(), list[bytes](), True
        while more:
            found = await look(store, progress)
            more = found.more
            rows += sorted(due[4] for due in found.take(ROWS, 1 << 30))
            progress = Progress(found.until or progress.after)
        assert len(rows) == 200
        assert rows == sorted(set(rows))

    asyncio.run(scene())


def test_a_stretch_is_taken_up_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        store = await make_store()
        monkeypatch.setattr(stretch, "STRETCH_ROWS_MAX", 64)
        first = await look(store)
        done = first.take(20, 1 << 30)
        left = first.take(ROWS, 1 << 30)
        monkeypatch.undo()  # a program with larger stretches goes no further
        again = await look(store, Progress(None, first.until, Position(*done[-1][:2])))
        assert again.until == first.until
        assert again.more
        assert again.take(ROWS, 1 << 30) == left

    asyncio.run(scene())


def test_rows_gone_at_its_end_lose_nothing_behind_it() -> None:
    async def scene() -> None:
        store = await make_store()
        last = (ROWS - 1).to_bytes(8, "big") + b"p"
        await store.transact([], lambda _: Change(deletes=[Key(TABLE.space, last, b"")]))
        found = await look(store, Progress(None, Position(last, b""), None))
        assert found.left == 199
        nothing = await look(store, Progress(found.until, Position(last, b""), None))
        assert (nothing.left, nothing.until, nothing.more) == (0, None, False)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("seconds", "replies", "busy"),
    [(0.5, REPLIES_MAX, False), (0.5, REPLIES_MAX + 1, True), (0.4, 0, True), (5.0, 10 * REPLIES_MAX, False)],
)
def test_traffic_is_told_from_polling(seconds: float, replies: int, busy: bool) -> None:
    """Until a window is over nothing is known, which counts as traffic."""
    now, count = iter((0.0, seconds)), iter((100, 100 + replies))
    assert Traffic(lambda: next(count), lambda: next(now)).busy is busy


def test_versions_tell_what_was_seen() -> None:
    async def scene() -> None:
        store = await make_store()
        found = await look(store)
        due = found.take(1, 1)[0]
        (row,) = await store.get([Key(TABLE.space, due[4], due[5])])
        assert isinstance(row, Row)
        assert due[2:4] == (row.version, row.size)

    asyncio.run(scene())
