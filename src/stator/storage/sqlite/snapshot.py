"""One moment of the store, held by a read transaction of its own (in memory: by a copy)."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import apsw

from stator.storage.sqlite.fault import TRANSLATED
from stator.storage.sqlite.reading import SHARD, read_scan
from stator.storage.sqlite.schema import READER_CACHE_KIB, connect
from stator.storage.store import Page, Position


class Caller(Protocol):
    def call(self, job: Callable[[], Any]) -> "asyncio.Future[Any]": ...


class SqliteSnapshot:
    """Scans run on a background thread. While it is open the log cannot be emptied, so it grows with the writes."""

    def __init__(self, connection: apsw.Connection, worker: Caller) -> None:
        self._connection: apsw.Connection | None = connection
        self._worker = worker
        connection.execute("BEGIN")
        self._spaces = {space for (space,) in connection.execute("SELECT space FROM spaces WHERE NOT dropped")}

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page:
        connection = self._open()
        if space not in self._spaces:
            return Page([], False)
        with TRANSLATED:
            page: Page = await self._worker.call(
                lambda: read_scan(connection, space, after, (b"", None), rows_max=rows_max, bytes_max=bytes_max)
            )
        return page

    async def last(self, journal: int, shard: int) -> int:
        connection = self._open()
        with TRANSLATED:
            found: int | None = await self._worker.call(lambda: connection.execute(SHARD, (journal, shard)).get)
        return found or 0

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._worker.call(connection.close)

    def _open(self) -> apsw.Connection:
        if self._connection is None:
            raise ValueError("the snapshot is closed")
        return self._connection


def pin_file(path: str, worker: Caller) -> SqliteSnapshot:
    return SqliteSnapshot(
        connect(path, cache_kib=READER_CACHE_KIB // 4, flags=apsw.SQLITE_OPEN_READONLY),
        worker,
    )


def pin_copy(connection: apsw.Connection, worker: Caller) -> SqliteSnapshot:
    copy = connect(":memory:", cache_kib=READER_CACHE_KIB // 4)
    copy.deserialize("main", connection.serialize("main"))
    return SqliteSnapshot(copy, worker)
