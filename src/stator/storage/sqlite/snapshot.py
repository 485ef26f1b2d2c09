"""One moment of the store, held by a read transaction of its own (in memory: by a copy)."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

import apsw

from stator.storage.scratch import scratch_database
from stator.storage.sqlite.fault import TRANSLATED
from stator.storage.sqlite.reading import read_last, read_scan
from stator.storage.sqlite.schema import READER_CACHE_KIB, connect
from stator.storage.store import Page, Position

SLICE_SECONDS = 0.002  # of the loop's time
PAGES_MIN = 16

_COPY = "copy"
_COPY_CACHE_KIB = 4_096  # what is not on disk yet is put there with the last slice


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
            last: int = await self._worker.call(lambda: read_last(connection, journal, shard))
        return last

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


async def pin_copy(connection: apsw.Connection) -> SqliteSnapshot:
    """A copy of a store in memory, page after page, so many in a slice of the loop's time. Nothing may be written by
    `connection` meanwhile: it would begin anew."""
    loop = asyncio.get_running_loop()
    copy = scratch_database(_COPY, cache_kib=_COPY_CACHE_KIB)
    try:
        with TRANSLATED, copy.backup(_COPY, connection, "main") as backup:
            pages = PAGES_MIN
            while True:
                began = time.perf_counter()
                if backup.step(pages):
                    break
                pages = max(PAGES_MIN, pages * 2 if time.perf_counter() - began < SLICE_SECONDS / 2 else pages // 2)
                turn = loop.create_future()
                loop.call_soon(turn.set_result, None)
                await turn
        return SqliteSnapshot(copy, _Threads(loop))
    except BaseException:
        copy.close()
        raise


class _Threads:
    """The copy is nobody else's, so whoever reads it need not hold up the loop. One call at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call(self, job: Callable[[], Any]) -> "asyncio.Future[Any]":
        return self._loop.run_in_executor(None, job)
