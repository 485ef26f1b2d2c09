"""The SQLite engine: reads inline on the event loop, writes in groups.

All waiting writes run in one transaction on the loop; only COMMIT, which waits for the disk, goes to a thread.
Meanwhile reads go on and the next group gathers. In memory there is one connection, and each write commits where it
stands.
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self, cast

import apsw

from stator.storage.directory import make_directory
from stator.storage.failure import StoreBusy, StoreClosed, StoreError, StoreFailure
from stator.storage.sqlite import schema
from stator.storage.sqlite.backlog import Backlog
from stator.storage.sqlite.chores import Sweep, Trim, Vacuum, commit, make_space, roll_back
from stator.storage.sqlite.fault import TRANSLATED, is_full, is_lasting, is_members_own, translate
from stator.storage.sqlite.group import Books, Group
from stator.storage.sqlite.lockfile import DirectoryLock
from stator.storage.sqlite.log import Log
from stator.storage.sqlite.member import Member, Task
from stator.storage.sqlite.reading import get_rows, read_changes, read_last, read_range, read_scan, read_usage
from stator.storage.sqlite.snapshot import SqliteSnapshot, pin_copy, pin_file
from stator.storage.sqlite.worker import Inline, Worker
from stator.storage.store import Bound, Decide, Key, Page, Position, Record, Row, Usage

_log = logging.getLogger(__name__)

GROUP_SECONDS_MAX = 0.005  # on the loop, where reads wait for it
WAITING_MAX = 10_000

_EMPTY = Page([], False)
_NOTHING = Usage(0, 0)


class SqliteStore:
    """A `Store` in one file, or in memory. Made by `open`; used from one event loop's thread."""

    def __init__(self, directory: Path | None, lock: DirectoryLock | None, path: str) -> None:
        self.directory = directory
        self._lock = lock
        self._path = path
        self._writer = schema.connect(path, cache_kib=schema.WRITER_CACHE_KIB)
        schema.prepare(self._writer, path)
        self._cursor = self._writer.cursor()
        self._books = Books(self._writer)
        self._log: Log | None = None
        if directory is None:
            self._reader = self._writer
        else:
            self._reader = schema.connect(path, cache_kib=schema.READER_CACHE_KIB, flags=apsw.SQLITE_OPEN_READONLY)
            self._log = Log(path, self._writer)
        self._read_cursor = self._reader.cursor()
        self._standing = False  # whether the reader has a transaction open
        self._loop: asyncio.AbstractEventLoop | None = None
        self._committer: Worker | Inline
        self._background: Worker | Inline
        self._waiting: deque[Member | Task] = deque()
        self._chores = Backlog(self._wake)
        self._scheduled = False  # a turn will come
        self._busy = False  # the writer's connection is in the committer's hands
        self._copying = asyncio.Lock()  # one copy of a store in memory at a time
        self._chore_next = False
        self._broken: StoreFailure | None = None
        self._idle: asyncio.Future[None] | None = None  # somebody closes the store
        self._closed = False

    @classmethod
    def open(cls, directory: Path | None) -> Self:
        """Open the store in `directory`, making it if need be, or an empty one in memory.

        Raises DataDirectoryInUse, FormatTooNew, NotADataDirectory or StoreFailure.
        """
        if directory is None:
            return cls(None, None, ":memory:")
        make_directory(directory)
        lock = DirectoryLock(directory)
        path = directory / schema.FILE_NAME
        try:
            # SQLite gives its log the mode of the database.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            return cls(directory, lock, str(path))
        except BaseException as error:
            lock.release()
            if isinstance(error, apsw.Error):
                raise StoreFailure(f"{path}: {error}") from error
            raise

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> list[Row | None]:
        try:
            return get_rows(self._reading(), keys, self._books.usage)
        except apsw.Error as error:
            raise translate(error) from error

    async def range(
        self,
        space: int,
        partition: bytes,
        lower: Bound | None,
        upper: Bound | None,
        *,
        reverse: bool,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        with TRANSLATED:
            self._reading()
            if space not in self._books.usage:
                return _EMPTY
            place, bounds = (space, partition), (lower, upper)
            return read_range(self._reader, place, bounds, reverse=reverse, rows_max=rows_max, bytes_max=bytes_max)

    async def scan(
        self,
        space: int,
        after: Position | None,
        *,
        lower: bytes,
        upper: bytes | None,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        with TRANSLATED:
            self._reading()
            if space not in self._books.usage:
                return _EMPTY
            return read_scan(self._reader, space, after, (lower, upper), rows_max=rows_max, bytes_max=bytes_max)

    def transact(self, keys: Sequence[Key], decide: Decide) -> Awaitable[Any]:
        loop = self._writing()
        if len(self._waiting) >= WAITING_MAX:
            raise StoreBusy("too many writes are waiting for the disk")
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(Member(keys, decide, future))
        self._wake()
        return future

    async def changes(self, journal: int, shard: int, after: int, records_max: int) -> list[Record]:
        with TRANSLATED:
            return read_changes(self._reading(), journal, shard, after=after, records_max=records_max)

    async def last(self, journal: int, shard: int) -> int:
        with TRANSLATED:
            return read_last(self._reading(), journal, shard)

    async def trim(self, journal: int, shard: int, before: int) -> None:
        future = self._writing().create_future()
        self._chores.add(Trim(self._writer, journal, shard, before), future)
        self._wake()
        await future

    async def snapshot(self) -> SqliteSnapshot:
        self._writing()
        if self.directory is None:
            async with self._copying:
                self._busy = True  # writes wait, reads do not
                try:
                    return await pin_copy(self._writer)
                finally:
                    self._busy = False
                    self._settle()
        return cast(SqliteSnapshot, await self._background.call(lambda: pin_file(self._path, self._background)))

    async def usage(self, space: int) -> Usage:
        return self._books.usage.get(space, _NOTHING)

    async def measure(self, space: int, partition: bytes) -> Usage:
        with TRANSLATED:
            return read_usage(self._reading(), space, partition) if space in self._books.usage else _NOTHING

    async def create_space(self) -> int:
        return cast(int, await self._own(make_space, lambda space: self._books.usage.update({space: _NOTHING})))

    async def spaces(self) -> list[int]:
        return [space for space in self._books.usage if space]

    async def drop_space(self, space: int) -> None:
        """Returns once it is durable that the space is gone. Its rows are deleted in slices afterwards."""

        def mark(cursor: apsw.Cursor) -> None:
            cursor.execute("UPDATE spaces SET dropped = 1 WHERE space = ?", (space,))

        def note(_: None) -> None:
            if self._books.usage.pop(space, None) is not None:
                self._sweep([space])

        await self._own(mark, note)

    async def close(self) -> None:
        """Finish the writes that wait, empty the log into the database and let go of the directory."""
        if self._closed:
            return
        self._closed = True
        if self._loop is not None:
            if self._busy or self._scheduled or self._waiting or (self._log is not None and self._log.moving):
                self._idle = self._loop.create_future()
                await self._idle
            self._committer.stop()
            self._background.stop()
        self._chores.abandon(StoreClosed("the store was closed"))
        self._end_read()
        if self._log is not None:
            self._reader.close()
            self._log.close()
        self._writer.close()  # the last connection to close empties the log and removes it
        if self._log is not None:
            self._log.closed()
        if self._lock is not None:
            self._lock.release()

    def _reading(self) -> apsw.Cursor:
        """The reader's cursor. On disk it stands inside a transaction until the next commit: that saves each read the
        two locks of a transaction of its own, a third of its time."""
        if not self._standing and self.directory is not None:
            if self._closed:
                raise StoreClosed("the store is closed")
            self._read_cursor.execute("BEGIN")
            self._standing = True
        return self._read_cursor

    def _end_read(self) -> None:
        if self._standing:
            self._standing = False
            if self._reader.in_transaction:  # SQLite ends it by itself after some I/O errors
                self._read_cursor.execute("COMMIT")

    def _writing(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise StoreClosed("the store is closed")
        if self._broken is not None:
            raise self._broken
        if self._loop is None:
            self._loop = loop = asyncio.get_running_loop()
            if self.directory is None:
                self._committer = self._background = Inline(loop)
            else:
                self._committer = Worker(loop, "stator-commit")
                self._background = Worker(loop, "stator-background")
            self._sweep([space for (space,) in self._writer.execute("SELECT space FROM spaces WHERE dropped")])
        return self._loop

    def _own(self, apply: Callable[[apsw.Cursor], Any], then: Callable[[Any], None]) -> asyncio.Future[Any]:
        """A write of the engine's own, in its turn."""
        future = self._writing().create_future()
        self._waiting.append(Task(apply, then, future))
        self._wake()
        return future

    def _sweep(self, spaces: list[int]) -> None:
        for space in spaces:
            self._chores.add(Sweep(self._writer, space))
        if spaces:
            if self.directory is not None:
                self._chores.add(Vacuum(self._writer))
            self._wake()

    def _wake(self) -> None:
        if self._busy or self._scheduled:
            return
        if self.directory is None and self._waiting:
            self._run_group()
        elif self._loop is not None:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Give the writer's connection its next work. Chores alternate with groups."""
        self._scheduled = False
        if self._busy:
            return
        log = self._log
        chore = None if self._closed else self._chores.next
        if log is not None and log.due:
            self._hand_over(log.move, log.moved_rest)
        elif chore is not None and (self._chore_next or not self._waiting):
            self._chore_next = False
            self._hand_over(chore, self._chore_done)
        elif self._waiting:
            self._chore_next = True
            self._run_group()
        elif self._idle is not None and not (log is not None and log.moving) and not self._idle.done():
            self._idle.set_result(None)

    def _hand_over(self, job: Any, done: Any) -> None:
        self._busy = True

        def back(result: Any, error: BaseException | None) -> None:
            self._busy = False
            self._end_read()
            done(result, error)
            self._settle()

        self._committer.submit(job, back)

    def _settle(self) -> None:
        """After the writer's connection came back: look for more to do."""
        log = self._log
        if log is not None and log.begin_if_long():
            self._background.submit(log.move_bulk, self._bulk_moved)
        if self._waiting or self._chores or self._idle is not None:
            self._wake()

    def _bulk_moved(self, _: Any, error: BaseException | None) -> None:
        if self._log is not None:
            self._log.moved_bulk(error)
        self._wake()

    def _run_group(self) -> None:
        group = Group(self._cursor, self._books)
        waiting = self._waiting
        deadline = time.perf_counter() + GROUP_SECONDS_MAX
        member: Member | Task | None = None
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            self._turn_away(translate(error))
            return
        try:
            while waiting and not group.full:
                member = waiting.popleft()
                if member.future.done():  # cancelled before its turn
                    continue
                if isinstance(member, Task):
                    group.run_task(member)
                else:
                    group.run(member)
                if time.perf_counter() > deadline:
                    break
            member = None
            group.flush()
        except Exception as error:  # noqa: BLE001
            self._abandon(group, member, error)
            return
        if group.waiting:
            self._hand_over(lambda: commit(self._writer), lambda _, error: self._committed(group, error))
        else:
            roll_back(self._writer)
            self._settle()

    def _committed(self, group: Group, error: BaseException | None) -> None:
        if error is None:
            group.committed()
            return
        group.failed(translate(error))
        self._consider(error)

    def _consider(self, error: BaseException) -> None:
        """What a failed write means for those to come."""
        if is_lasting(error):
            self._refuse(error)
        elif is_full(error) and self._log is not None:
            self._log.hurry()

    def _refuse(self, error: BaseException) -> None:
        """Write no more, and tell those who wait."""
        if self._broken is None:
            _log.critical("writes are refused until a restart, after: %s", error)
            self._broken = StoreFailure(f"writes are refused until a restart, after: {error}")
        self._chores.abandon(self._broken)
        self._turn_away(self._broken)

    def _turn_away(self, failure: StoreError) -> None:
        """Tell every write that waits that it cannot be done."""
        while self._waiting:
            future = self._waiting.popleft().future
            if not future.done():
                future.set_exception(failure)
        self._settle()

    def _abandon(self, group: Group, member: Member | Task | None, error: Exception) -> None:
        """Roll back a group that could not be run. A member whose own rows were at fault fails alone."""
        alone = member is not None and is_members_own(error)
        if member is not None:
            member.future.set_exception(error if alone and not isinstance(error, apsw.Error) else translate(error))
        if alone:
            self._waiting.extendleft(reversed([entry[0] for entry in group.waiting]))
        else:
            group.failed(translate(error))
        try:
            roll_back(self._writer)
        except apsw.Error as second:
            self._refuse(second)
        if not alone:
            self._consider(error)
        self._settle()

    def _chore_done(self, finished: bool, error: BaseException | None) -> None:
        self._chores.ran(finished, error)
        if error is not None:
            self._consider(error)
