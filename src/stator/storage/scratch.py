"""A table on disk that nobody keeps: what a job has to sort or merge and what may not fit into memory.

It is a temporary database of SQLite's own, whose file has no name from the moment it is made: a process that is killed
leaves nothing behind. It lies where SQLITE_TMPDIR or TMPDIR say, else in /var/tmp. All work is done on other threads;
one call at a time.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self, TypeVar

import apsw

from stator.storage.store import Position

T = TypeVar("T")

_CREATE = """
CREATE TABLE scratch.entries (
    partition BLOB NOT NULL,
    sort BLOB NOT NULL,
    old BLOB,
    old_size INTEGER NOT NULL,
    new BLOB,
    new_size INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (partition, sort)
) STRICT, WITHOUT ROWID
"""
_PUT = """
INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET new = excluded.new, new_size = excluded.new_size, time = excluded.time
"""
_PAGE = """
SELECT partition, sort, old, old_size, new, new_size, time FROM entries
WHERE (partition, sort) > (?, ?) ORDER BY partition, sort LIMIT ?
"""
_CACHE_KIB = 16_384
_FIRST = Position(b"", b"")  # no partition is empty


class Entry(NamedTuple):
    """A place and what was there: `old` before the first put of that place, `new` after the last. `time` is the
    last's."""

    partition: bytes
    sort: bytes
    old: bytes | None
    old_size: int
    new: bytes | None
    new_size: int
    time: int


class Scratch:
    """Made by `open`. Close it to give its room back."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()
        self.empty = True

    @classmethod
    async def open(cls) -> Self:
        return cls(await asyncio.to_thread(_connect))

    async def put(self, entries: Sequence[Entry]) -> None:
        """In this order; of a place that is there already `old` stays."""
        if entries:
            self.empty = False
            await self._run(lambda: self._put(entries))

    async def page(self, after: Position | None, entries_max: int, bytes_max: int) -> tuple[list[Entry], bool]:
        """The next entries past `after`, by partition and sort, and whether there may be more. The page ends with the
        entry whose images bring it to `bytes_max`."""
        if self.empty:
            return [], False
        return await self._run(lambda: self._page(after or _FIRST, entries_max, bytes_max))

    async def close(self) -> None:
        await self._run(self._connection.close)

    def _put(self, entries: Sequence[Entry]) -> None:
        with self._connection:
            self._connection.executemany(_PUT, entries)

    def _page(self, after: Position, entries_max: int, bytes_max: int) -> tuple[list[Entry], bool]:
        found: list[Entry] = []
        size = 0
        for row in self._connection.execute(_PAGE, (*after, entries_max)):
            entry = Entry(*row)
            found.append(entry)
            size += len(entry.old or b"") + len(entry.new or b"")
            if size >= bytes_max:
                return found, True
        return found, len(found) == entries_max

    async def _run(self, job: Callable[[], T]) -> T:
        async with self._lock:
            work = asyncio.ensure_future(asyncio.to_thread(job))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])  # nobody else may use the connection before it ends
                raise


def _connect() -> apsw.Connection:
    connection = scratch_database("scratch", cache_kib=_CACHE_KIB)
    connection.execute(_CREATE)
    return connection


def scratch_database(name: str, *, cache_kib: int) -> apsw.Connection:
    """A connection with an empty temporary database of that name."""
    connection = apsw.Connection(":memory:")
    # This build of SQLite keeps what is temporary in memory unless it is told so before: too late for a main one.
    connection.execute("PRAGMA temp_store = FILE")
    connection.execute(f"ATTACH '' AS {name}")
    connection.execute(f"PRAGMA {name}.journal_mode = OFF")
    connection.execute(f"PRAGMA {name}.synchronous = OFF")
    connection.execute(f"PRAGMA {name}.secure_delete = OFF")
    connection.execute(f"PRAGMA {name}.cache_size = -{cache_kib}")
    return connection
