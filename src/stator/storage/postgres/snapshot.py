"""One moment of the store, held by a transaction on a connection of its own and lent to those that read."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from stator.storage.failure import StoreFailure
from stator.storage.postgres.binary import unsigned
from stator.storage.postgres.fault import LinkLost, SqlError, failure
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Link, Result, Statement
from stator.storage.postgres.page import PageQuery, ScanQuery, Source
from stator.storage.postgres.pool import run
from stator.storage.postgres.reading import BEGIN, END, Read
from stator.storage.postgres.sql import LAST, SPACES
from stator.storage.store import Page, Position

# The lock first: a space that is swept before it is gone from the moment, too.
_PIN = Statement(b"LOCK TABLE stator.pins IN ACCESS SHARE MODE")
_EXPORT = Statement(b"SELECT pg_export_snapshot()")


class PostgresSnapshot:
    """Its scans are read by the pool's connections, a transaction each: none of them locks a table for long, so spaces
    can be dropped meanwhile. Vacuum cannot remove old rows while it is open."""

    def __init__(self, link: Link, moment: bytes, spaces: frozenset[int], submit: Callable[[Read], None]) -> None:
        self._link: Link | None = link
        self._opening = [BEGIN, Statement(b"SET TRANSACTION SNAPSHOT '%b'" % moment)]
        self._spaces = spaces
        self._submit = submit

    @classmethod
    async def pin(cls, link: Link, submit: Callable[[Read], None]) -> "PostgresSnapshot":
        """Takes over the link. Raises StoreFailure."""
        try:
            results = await run(link, [BEGIN, _PIN, Statement(SPACES), _EXPORT])
        except (LinkLost, SqlError) as error:
            link.close()
            raise failure(error) from error
        _, _, found, exported = results
        spaces = frozenset(unsigned(found.get_value(at, 0), "big") for at in range(found.ntuples))
        return cls(link, exported.get_value(0, 0), spaces, submit)

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page:
        held(self._link)
        if space not in self._spaces:
            return Page([], False)
        future: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        query = ScanQuery(Source(space), after, (b"", None), limits=(rows_max, bytes_max))
        self._submit(_PinnedScan(self._opening, query, space, future))
        return await future

    async def last(self, journal: int, shard: int) -> int:
        held(self._link)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._submit(_PinnedLast(self._opening, Layout().journal(LAST, journal, shard), future))
        return await future

    async def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()


def held(link: Link | None) -> Link:
    """The connection that holds a snapshot. Raises ValueError once it is closed, StoreFailure if it was lost."""
    if link is None:
        raise ValueError("the snapshot is closed")
    if link.closed:
        raise StoreFailure("the connection that held the snapshot was lost")
    return link


class _Pinned(ABC):
    def __init__(self, opening: list[Statement], future: "asyncio.Future[Any]") -> None:
        self._opening = opening
        self.future = future
        self.since = 0.0
        self.tries = 0

    def statements(self) -> list[Statement]:
        return [*self._opening, self.statement(), END]

    def take(self, results: list[Result]) -> bool:
        return self.take_one(results[2])

    @abstractmethod
    def space_gone(self) -> bool: ...

    @abstractmethod
    def statement(self) -> Statement: ...

    @abstractmethod
    def take_one(self, result: Result) -> bool: ...


class _PinnedScan(_Pinned):
    def __init__(self, opening: list[Statement], query: PageQuery, space: int, future: "asyncio.Future[Any]") -> None:
        super().__init__(opening, future)
        self._query = query
        self._space = space

    def statement(self) -> Statement:
        return self._query.statement()

    def take_one(self, result: Result) -> bool:
        page = self._query.take(result)
        if page is not None:
            self.future.set_result(page)
        return page is not None

    def space_gone(self) -> bool:
        """It was dropped meanwhile; its table is there under another name until the snapshot is closed."""
        if self._query.source.dropped:
            self.future.set_exception(StoreFailure(f"the table of space {self._space} is missing"))
            return True
        self._query.source = self._query.source.named(dropped=True)
        return False


class _PinnedLast(_Pinned):
    def __init__(self, opening: list[Statement], statement: Statement, future: "asyncio.Future[Any]") -> None:
        super().__init__(opening, future)
        self._statement = statement

    def statement(self) -> Statement:
        return self._statement

    def take_one(self, result: Result) -> bool:
        self.future.set_result(unsigned(result.get_value(0, 0), "big") if result.ntuples else 0)
        return True

    def space_gone(self) -> bool:
        self.future.set_exception(StoreFailure("the table of the shards of journals is missing"))
        return True
