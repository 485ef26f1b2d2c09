"""A router whose connections to PostgreSQL are ended: what it had begun does not happen, and it can begin anew."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from stator.storage.postgres import engine
from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.location import Location
from stator.storage.postgres.pool import run
from stator.storage.store import Change, Key, Put
from tests import postgres

KEY = Key(0, bytes(8) + b"test", b"")


def test_nothing_happens_any_more_of_what_was_begun() -> None:
    cluster = postgres.shared()
    if cluster is None:
        pytest.skip("there is no PostgreSQL on this machine")
    location = Location.parse(cluster.new_database(), read_write=True)

    async def main() -> None:
        one, other = await PostgresStore.open(location.named("one")), await PostgresStore.open(location.named("other"))
        await one.transact([KEY], lambda _: Change(puts=[Put(KEY, 1, b"1")]))
        # Its connections are there now; this one holds a lock.
        blocker = await location.named("one").connect()
        await blocker.set_autocommit(False)
        await blocker.execute("UPDATE stator.s0 SET size = 2")
        write = other.transact([KEY], lambda _: Change(puts=[Put(KEY, 1, b"2")], result="done"))
        writing = asyncio.ensure_future(write)
        await asyncio.sleep(0)
        await other.cut_off("one")
        assert await writing == "done"
        with pytest.raises(psycopg.Error):
            await blocker.execute("COMMIT")
        assert [row and row.value for row in await one.get([KEY])] == [b"2"]
        await other.cut_off("nobody")
        await one.close()
        await other.close()

    asyncio.run(main())


def test_one_that_connects_again_at_once_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = postgres.shared()
    if cluster is None:
        pytest.skip("there is no PostgreSQL on this machine")
    location = Location.parse(cluster.new_database(), read_write=True)
    again: list[psycopg.AsyncConnection[Any]] = []
    look = run

    async def look_once_it_is_back(link: Link, statements: Sequence[Statement]) -> list[Any]:
        assert len(again) < 50  # how often it is looked whether those that were there have gone
        again.append(await location.named("one").connect())
        return await look(link, statements)

    async def main() -> None:
        store = await PostgresStore.open(location.named("other"))
        monkeypatch.setattr(engine, "run", look_once_it_is_back)
        await store.cut_off("one")
        with pytest.raises(psycopg.Error):
            await again[0].execute("SELECT 1")
        for connection in again:
            await connection.close()
        await store.close()

    asyncio.run(main())
