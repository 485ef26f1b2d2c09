"""Long work of the engine's own, in slices that run between groups: dropped spaces, trimmed journals, free pages."""

import time
from collections.abc import Callable

import apsw

from stator.storage.sqlite.schema import pragma

Chore = Callable[[], bool]
"""Does one slice on the writer's connection and tells whether all is done. No transaction is open before or after."""

SLICE_SECONDS = 0.005
VACUUM_PAGES = 500
# Free pages are used again by later writes. Only what is more than this, and more than a quarter of the file, goes back
# to the file system: moving pages to the end costs a write each.
FREE_PAGES_MAX = 4096


class Sweep:
    """Delete the rows of a dropped space, then the space."""

    def __init__(self, connection: apsw.Connection, space: int) -> None:
        self._connection = connection
        self._space = space
        self._rows = 200

    def __call__(self) -> bool:
        began = time.perf_counter()
        execute = self._connection.execute
        with Transaction(self._connection):
            last = execute(
                "SELECT partition, sort FROM rows WHERE space = ? ORDER BY partition, sort LIMIT 1 OFFSET ?",
                (self._space, self._rows),
            ).fetchall()
            if last:
                execute(
                    "DELETE FROM rows WHERE space = ? AND (partition, sort) <= (?, ?)", (self._space, *last[0])
                ).fetchall()
            else:
                execute("DELETE FROM rows WHERE space = ?", (self._space,)).fetchall()
                execute("DELETE FROM spaces WHERE space = ?", (self._space,)).fetchall()
        self._rows = _paced(self._rows, began)
        return not last


class Trim:
    """Delete a shard's records below a sequence."""

    def __init__(self, connection: apsw.Connection, journal: int, shard: int, before: int) -> None:
        self._connection = connection
        self._place = (journal, shard)
        self._before = before
        self._records = 200

    def __call__(self) -> bool:
        began = time.perf_counter()
        execute = self._connection.execute
        with Transaction(self._connection):
            first = execute("SELECT min(sequence) FROM records WHERE journal = ? AND shard = ?", self._place).get
            if first is None or first >= self._before:
                return True
            end = min(self._before, first + self._records)
            execute(
                "DELETE FROM records WHERE journal = ? AND shard = ? AND sequence < ?", (*self._place, end)
            ).fetchall()
        self._records = _paced(self._records, began)
        return bool(end == self._before)


class Vacuum:
    """Give free pages back to the file system while there are many."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __call__(self) -> bool:
        free = pragma(self._connection, "freelist_count")
        if free <= max(FREE_PAGES_MAX, pragma(self._connection, "page_count") // 4):
            return True
        self._connection.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
        return False


class Transaction:
    """BEGIN IMMEDIATE to COMMIT, or to ROLLBACK when something is raised."""

    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            commit(self._connection)
        else:
            roll_back(self._connection)


def make_space(cursor: apsw.Cursor) -> int:
    """A new one; its number."""
    space: int = cursor.execute("SELECT next FROM counters WHERE name = 'space'").get
    cursor.execute("UPDATE counters SET next = ? WHERE name = 'space'", (space + 1,))
    cursor.execute("INSERT INTO spaces (space, rows, size, dropped) VALUES (?, 0, 0, 0)", (space,))
    return space


def commit(connection: apsw.Connection) -> None:
    """COMMIT, and if that fails leave no transaction behind."""
    try:
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: apsw.Connection) -> None:
    # SQLite may have rolled back by itself: it does on a full disk and on most I/O errors.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _paced(amount: int, began: float) -> int:
    """The next slice's amount, so that a slice takes about SLICE_SECONDS."""
    spent = time.perf_counter() - began
    if spent < SLICE_SECONDS:
        return min(amount * 2, 20_000)
    return max(amount // 2, 10) if spent > 2 * SLICE_SECONDS else amount
