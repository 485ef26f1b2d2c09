"""A partition read whole."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stator.storage import rows as module
from stator.storage.rows import below, rows_between, rows_of
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Bound, Change, Key, Put

SORTS = [b"%02d" % number for number in range(12)]


def run(test: Callable[[SqliteStore], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        store = SqliteStore.open(None)
        puts = [Put(Key(0, part, sort), 10, b"v" + sort) for part in (b"k", b"l", b"m") for sort in reversed(SORTS)]
        await store.transact((), lambda _: Change(puts=puts))
        await test(store)
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize(("rows_max", "bytes_max"), [(1, 999), (5, 999), (12, 999), (99, 35), (99, 1), (99, 999)])
def test_all_rows_come_in_order_however_many_pages_they_take(
    rows_max: int, bytes_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS_MAX", rows_max)
    monkeypatch.setattr(module, "_BYTES_MAX", bytes_max)

    async def test(store: SqliteStore) -> None:
        found = await rows_of(store, 0, b"l")
        assert [(row.partition, row.sort, row.value) for row in found] == [(b"l", sort, b"v" + sort) for sort in SORTS]
        some = await rows_of(store, 0, b"l", Bound(b"03", inclusive=False), Bound(b"08", inclusive=True))
        assert [row.sort for row in some] == SORTS[4:9]
        some = await rows_of(store, 0, b"l", Bound(b"03", inclusive=True), Bound(b"08", inclusive=False))
        assert [row.sort for row in some] == SORTS[3:8]
        assert await rows_of(store, 0, b"nobody") == []
        found = await rows_between(store, 0, b"k", b"m")
        assert [(row.partition, row.sort) for row in found] == [(part, sort) for part in (b"k", b"l") for sort in SORTS]
        assert await rows_between(store, 0, b"n", b"o") == []

    run(test)


def test_others_have_a_turn_between_two_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS_MAX", 4)

    async def test(store: SqliteStore) -> None:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await rows_of(store, 0, b"l")
        assert turns >= 2
        task.cancel()

    run(test)


def test_below_a_place_is_what_begins_with_it_and_a_slash() -> None:
    async def test(store: SqliteStore) -> None:
        sorts = [b"a", b"a-b/c", b"a/", b"a/b", b"a/b/c", b"a/\xff", b"a0", b"ab/c", b"b"]
        await store.transact((), lambda _: Change(puts=[Put(Key(0, b"p", sort), 1, b"") for sort in sorts]))
        found = await rows_of(store, 0, b"p", *below("a"))
        assert [row.sort for row in found] == [b"a/", b"a/b", b"a/b/c", b"a/\xff"]

    run(test)
