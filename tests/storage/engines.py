"""The engines that the suite runs on, and short ways to write to a store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.location import Location
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Position, Put, Row, Store
from tests import citus, postgres

Test = Callable[[Store], Awaitable[Any]]


class Engine:
    """Opens stores of one kind. `durable` says whether a store opened again has the old rows."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.durable = name != "memory"
        self.directory = directory / "data"
        self._url: str | None = None

    @property
    def url(self) -> str:
        """A database of its own, made when it is first asked for."""
        if self._url is None and self.name == "citus":
            self._url = citus.new_database()
        if self._url is None:
            cluster = postgres.shared()
            assert cluster is not None
            self._url = cluster.new_database()
        return self._url

    def remove(self) -> None:
        if self.name == "citus" and self._url is not None:
            citus.give_back(self._url)
            self._url = None
        cluster = postgres.shared() if self._url is not None else None
        if cluster is not None and self._url is not None:
            cluster.drop_database(self._url)
            self._url = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        store: Store
        if self.name in ("postgres", "citus"):
            store = await PostgresStore.open(Location.parse(self.url, read_write=True))
        else:
            store = SqliteStore.open(self.directory if self.durable else None)
        try:
            yield store
        finally:
            await store.close()

    def run(self, test: Test) -> Any:
        """Run `test` with a store on a loop of its own."""

        async def opened() -> Any:
            async with self.open() as store:
                return await test(store)

        return asyncio.run(opened())

    def run_two(self, test: Callable[[Store, Store], Awaitable[Any]]) -> Any:
        """Run `test` with two stores on one database, as two servers have them."""

        async def opened() -> Any:
            async with self.open() as one, self.open() as two:
                return await test(one, two)

        return asyncio.run(opened())


def put(key: Key, value: bytes = b"v", size: int | None = None) -> Put:
    return Put(key, len(value) if size is None else size, value)


async def write(store: Store, *puts: Put) -> None:
    await store.transact([], lambda _: Change(puts=puts))


async def delete(store: Store, *keys: Key) -> None:
    await store.transact([], lambda _: Change(deletes=keys))


async def every(store: Store, space: int) -> list[Row]:
    page = await store.scan(space, None, lower=b"", upper=None, rows_max=1_000_000, bytes_max=1 << 40)
    return page.rows


def place(row: Row) -> Position:
    return Position(row.partition, row.sort)
