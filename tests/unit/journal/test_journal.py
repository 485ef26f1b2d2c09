"""Reading a journal: cursors, limits, places in time, and what trimming does to them."""

import asyncio

import pytest

from stator.journal.journal import Journal
from stator.journal.record import NOBODY, boundary, change
from stator.model.table import KeyAttribute, KeySchema, Stream, Table
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Append, Change

JOURNAL = 5
TABLE = Table(
    "1",
    "r",
    "t",
    "id",
    0.0,
    {"pk": "S"},
    KeySchema((KeyAttribute("pk", "S"),)),
    JOURNAL,
    stream=Stream("KEYS_ONLY", "l"),
)


def record(number: int, time: float) -> Append:
    keys = {"pk": {"S": str(number)}}
    return change(TABLE, b"\x00", keys, time=time, images=(None, (b"{}", 1)), author=NOBODY)


async def filled(*appends: Append) -> tuple[SqliteStore, Journal]:
    store = SqliteStore.open(None)
    await store.transact((), lambda _: Change(appends=appends))
    return store, Journal(store)


def numbers(count: int, start: int = 1) -> list[Append]:
    return [record(number, 1000.0 + number) for number in range(start, start + count)]


def test_pages_go_on_where_the_last_one_ended() -> None:
    async def run() -> None:
        store, journal = await filled(*numbers(600))
        seen, cursor, more = [], 0, True
        while more:
            found = await journal.read(JOURNAL, 0, cursor, records_max=257)
            seen += [entry.keys["pk"]["S"] for entry in found.entries]
            cursor, more = found.cursor, found.more
        assert seen == [str(number) for number in range(1, 601)]
        assert cursor == 600
        await store.close()

    asyncio.run(run())


def test_bytes_end_a_page_but_one_record_always_comes() -> None:
    async def run() -> None:
        store, journal = await filled(*numbers(3))
        size = len(numbers(1)[0].record)
        for bytes_max, count in ((1, 1), (2 * size - 1, 1), (2 * size, 2), (3 * size, 3)):
            found = await journal.read(JOURNAL, 0, 0, bytes_max=bytes_max)
            assert (len(found.entries), found.cursor, found.more) == (count, count, count < 3)
        await store.close()

    asyncio.run(run())


def test_boundaries_are_stepped_over_or_stop_the_reading() -> None:
    async def run() -> None:
        between = boundary(JOURNAL, 0, time=1002.0, label="l", generation=1)
        store, journal = await filled(*numbers(2), between, *numbers(1, 3))
        everything = await journal.read(JOURNAL, 0, 0)
        assert [entry.sequence for entry in everything.entries] == [1, 2, 4]
        assert (everything.cursor, everything.boundary) == (4, None)
        shard = await journal.read(JOURNAL, 0, 0, stop_at_boundary=True)
        assert [entry.sequence for entry in shard.entries] == [1, 2]
        assert shard.cursor == 2
        assert shard.boundary is not None
        assert (shard.boundary.sequence, shard.boundary.generation) == (3, 1)
        full = await journal.read(JOURNAL, 0, 0, records_max=2, stop_at_boundary=True)
        assert not full.more, "a page that is just full at the end of a shard ends it"
        assert full.boundary is not None
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 8, 9, 100])
@pytest.mark.parametrize("trimmed", [0, 1, 3])
def test_the_end_is_found(count: int, trimmed: int) -> None:
    async def run() -> None:
        store, journal = await filled(*numbers(count))
        if trimmed < count:
            await store.trim(JOURNAL, 0, trimmed + 1)
            assert await journal.first(JOURNAL, 0) == trimmed + 1
        assert await journal.end(JOURNAL, 0) == count
        assert await journal.end(JOURNAL, 0, max(0, count - 1)) == count
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize("trimmed", [0, 3])
def test_a_place_in_time_is_found(trimmed: int) -> None:
    async def run() -> None:
        times = [1.0, 2.0, 2.0, 2.0, 3.5, 5.0, 5.0]
        store, journal = await filled(*(record(number, time) for number, time in enumerate(times)))
        await store.trim(JOURNAL, 0, trimmed + 1)
        for wanted in (0.0, 1.0, 1.5, 2.0, 2.1, 3.5, 4.0, 5.0, 6.0):
            earlier = sum(time < wanted for time in times)
            assert await journal.before(JOURNAL, 0, wanted) == max(earlier, trimmed)
        assert await journal.before(JOURNAL, 1, 1.0) == 0
        await store.close()

    asyncio.run(run())


def test_a_late_reader_is_told() -> None:
    async def run() -> None:
        store, journal = await filled(*numbers(5))
        await store.trim(JOURNAL, 0, 4)
        late = await journal.read(JOURNAL, 0, 1)
        assert (late.trimmed, [entry.sequence for entry in late.entries]) == (True, [4, 5])
        for cursor in (3, 4, 5):
            assert not (await journal.read(JOURNAL, 0, cursor)).trimmed
        await store.close()

    asyncio.run(run())
