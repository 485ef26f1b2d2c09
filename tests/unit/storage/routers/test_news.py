"""News: who keeps copies of rows is told which of them were changed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.storage.routers import news as module
from stator.storage.routers.fence import Fence
from stator.storage.routers.news import GENERATION, Count, News, Telling, count_of, put_count, read_count, read_news
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put, Row

TOLD = Key(0, bytes(8) + b"told/here", b"a")
OTHER = Key(0, bytes(8) + b"other", b"b")


def run(test: Callable[[SqliteStore, Telling], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        store = SqliteStore.open(None)
        await test(store, Telling(Fence(store, ManualClock()), [bytes(8) + b"told"]))
        await store.close()

    asyncio.run(main())


async def write(store: Telling, *keys: Key) -> Any:
    return await store.transact(keys, lambda rows: Change(puts=[Put(key, 1, b"x") for key in keys], result=len(rows)))


def test_every_commit_that_changes_a_told_row_has_a_number() -> None:
    async def test(store: SqliteStore, telling: Telling) -> None:
        assert await read_news(store, 0) == News(0, ())
        assert await write(telling, TOLD, OTHER) == 2
        await write(telling, TOLD._replace(sort=b"c"))
        await telling.transact([TOLD], lambda _: Change(deletes=[TOLD]))
        assert await read_news(store, 0) == News(3, [TOLD, TOLD._replace(sort=b"c")])
        assert await read_news(store, 2) == News(3, [TOLD])
        assert await read_news(store, 3) == News(3, ())
        assert (await read_count(store)).generation == 3

    run(test)


def test_of_other_rows_nobody_is_told() -> None:
    async def test(store: SqliteStore, telling: Telling) -> None:
        await write(telling, OTHER)
        await telling.transact([TOLD], lambda _: Change(result="nothing"))
        assert await store.get([GENERATION]) == [None]

    run(test)


def test_nothing_is_told_of_what_was_refused() -> None:
    async def test(store: SqliteStore, telling: Telling) -> None:
        def refuse(_: Any) -> Change:
            raise KeyError

        with pytest.raises(KeyError):
            await telling.transact([TOLD], refuse)
        assert await read_news(store, 0) == News(0, ())

    run(test)


def test_who_missed_what_is_forgotten_reads_everything_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEWS_KEPT", 3)

    async def test(store: SqliteStore, telling: Telling) -> None:
        for number in range(5):
            await write(telling, TOLD._replace(sort=b"%d" % number))
        assert await read_news(store, 1) == News(5, None)
        assert (await read_news(store, 2)).keys == [TOLD._replace(sort=b"%d" % number) for number in (2, 3, 4)]

    run(test)


def test_news_that_do_not_fit_a_page_are_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BYTES_MAX", 10)

    async def test(store: SqliteStore, telling: Telling) -> None:
        for number in range(3):
            await write(telling, TOLD._replace(sort=b"%d" % number))
        assert await read_news(store, 0) == News(3, None)

    run(test)


def test_the_count_is_stored_with_a_format() -> None:
    value = put_count(Count(7, 2)).value
    assert count_of(Row(b"", b"", 1, 1, value)) == Count(7, 2)
    assert count_of(None) == Count(0, 0)
    with pytest.raises(ValueError, match="format 2"):
        count_of(Row(b"", b"", 1, 1, b"[2,7,2]"))
