"""SQLite's write-ahead log, and when it is moved into the database.

It is moved in two steps: the bulk on the background thread while writes go on, then the little that came since, while
the writer rests. Only a log that has been moved to its end starts over.
"""

import logging
import os
from typing import Any

import apsw

from stator.storage.sqlite import schema

_log = logging.getLogger(__name__)

# 16 MB. A put takes 0.9 KB of log in a group of 32, and at least a page alone.
PAGES_MAX = 4_000
FILE_BYTES_MAX = 64 * 1024 * 1024


class Log:
    def __init__(self, path: str, writer: apsw.Connection) -> None:
        # Not to be closed while SQLite has the file open: the process would lose its locks on it.
        self._database = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._connection = schema.connect(path, cache_kib=schema.READER_CACHE_KIB // 16)
        self._pages = 0
        self._pages_max = PAGES_MAX
        self.moving = False  # the first step is under way
        self.due = False  # the second step is next
        writer.set_wal_hook(self._note)
        # A log that grew under a snapshot is cut back when it starts over.
        writer.execute(f"PRAGMA journal_size_limit = {FILE_BYTES_MAX}")

    def begin_if_long(self) -> bool:
        """Whether to do the first step now."""
        if self._pages < self._pages_max or self.moving or self.due:
            return False
        self.moving = True
        return True

    def hurry(self) -> None:
        """Do the first step soon, whatever the length: on a full disk only a log that starts over makes room."""
        self._pages_max = self._pages

    def move_bulk(self) -> None:
        """`move`, and what it put into the database is on the disk. The step that ends the log would wait for that, and
        all writes with it."""
        self.move()
        os.fsync(self._database)

    def move(self) -> tuple[int, int]:
        """Pages in the log, and how many of them are in the database now. Waits for the disk; stops nobody."""
        return self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def moved_bulk(self, error: BaseException | None) -> None:
        self.moving = False
        self.due = error is None
        if error is not None:
            self._put_off(error)

    def moved_rest(self, result: tuple[int, int] | None, error: BaseException | None) -> None:
        self.due = False
        if error is None and result is not None and result[0] == result[1]:
            self._pages = 0
            self._pages_max = PAGES_MAX
        else:  # without an error a snapshot still needs the log
            self._put_off(error)

    def close(self) -> None:
        self._connection.close()

    def closed(self) -> None:
        """After the writer's connection is closed, too."""
        os.close(self._database)

    def _put_off(self, error: BaseException | None) -> None:
        """Try again when the log has grown by as much. It is whole: a move that failed took nothing out of it."""
        self._pages_max = self._pages + PAGES_MAX
        if error is not None:
            _log.warning("the write-ahead log, %d pages long, cannot be moved yet: %s", self._pages, error)

    def _note(self, _connection: apsw.Connection, _name: str, pages: int) -> Any:
        self._pages = pages
        return apsw.SQLITE_OK
