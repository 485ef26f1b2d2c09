"""One group of writes: the members of one transaction, what it will change in memory, and who waits for it."""

from typing import Any

import apsw

from stator.storage.failure import SpaceGone, StoreError
from stator.storage.sqlite.member import Member, Task
from stator.storage.sqlite.reading import FIND, SHARD
from stator.storage.store import Append, Change, Key, Row, Usage

ROWS_MAX = 2_000
BYTES_MAX = 4 * 1024 * 1024

# A version is taken from memory; the file only remembers below what number all are given out. A crash skips the rest.
VERSIONS_RESERVED = 100_000

PROBE = "SELECT id, size FROM rows WHERE space = ? AND partition = ? AND sort = ?"
INSERT = "INSERT INTO rows (space, partition, sort, version, size, value) VALUES (?, ?, ?, ?, ?, ?)"
UPDATE = "UPDATE rows SET version = ?, size = ?, value = ? WHERE id = ?"
DELETE = "DELETE FROM rows WHERE id = ?"
APPEND = "INSERT INTO records (journal, shard, sequence, record) VALUES (?, ?, ?, ?)"
SET_SHARD = (
    "INSERT INTO shards (journal, shard, last) VALUES (?, ?, ?)"
    " ON CONFLICT (journal, shard) DO UPDATE SET last = excluded.last"
)
SET_USAGE = "UPDATE spaces SET rows = ?, size = ? WHERE space = ?"
SET_VERSION = "UPDATE counters SET next = ? WHERE name = 'version'"

_row = tuple.__new__

Known = dict[Key, tuple[int, int] | None]
"""Number and size of rows that a member has read or written; None where there is none."""


class Books:
    """What the store knows of its own file without asking: all of it committed."""

    __slots__ = ("shards", "usage", "version", "version_limit")

    def __init__(self, connection: apsw.Connection) -> None:
        self.usage: dict[int, Usage] = {
            space: Usage(rows, size)
            for space, rows, size in connection.execute("SELECT space, rows, size FROM spaces WHERE NOT dropped")
        }
        self.shards: dict[tuple[int, int], int] = {}
        self.version = int(connection.execute("SELECT next FROM counters WHERE name = 'version'").get)
        self.version_limit = self.version


class Group:
    """Runs members inside a transaction that its owner began and will end."""

    def __init__(self, cursor: apsw.Cursor, books: Books) -> None:
        self._cursor = cursor
        self._execute = cursor.execute
        self._connection = cursor.connection
        self._books = books
        self._usage: dict[int, list[int]] = {}
        self._shards: dict[tuple[int, int], int] = {}
        self._written: set[Key] = set()
        self._version_limit = books.version_limit
        self.waiting: list[tuple[Member | Task, Any, BaseException | None]] = []
        self._rows = 0
        self._bytes = 0

    @property
    def full(self) -> bool:
        return self._rows >= ROWS_MAX or self._bytes >= BYTES_MAX

    def run(self, member: Member) -> None:
        """Let one member read, decide and write. Its future is resolved now if nothing of it has to reach the disk.

        Raises what the engine raised while writing; the transaction is then to be rolled back.
        """
        keys = member.keys
        known: Known = {}
        rows: list[Row | None] = []
        execute: Any = self._execute
        spaces = self._books.usage
        for key in keys:
            if key[0] in spaces and (answer := execute(FIND, key).fetchall()):
                version, size, value, id = answer[0]
                known[key] = (id, size)
                rows.append(_row(Row, (key[1], key[2], version, size, value)))
            else:
                known[key] = None
                rows.append(None)
        try:
            change = member.decide(rows)
            self._check(change)
        except Exception as raised:  # noqa: BLE001 (the caller's own)
            self._settle(member, None, raised)
            return
        if change.puts or change.deletes or change.appends:
            self._apply(known, change)
            self.waiting.append((member, change.result, None))
        else:
            self._settle(member, change.result, None)

    def run_task(self, task: Task) -> None:
        self.waiting.append((task, task.apply(self._cursor), None))

    def flush(self) -> None:
        """Write the sums that belong in the same commit."""
        for space, (rows, size) in self._usage.items():
            self._execute(SET_USAGE, (rows, size, space))
        for (journal, shard), last in self._shards.items():
            self._execute(SET_SHARD, (journal, shard, last))
        if self._version_limit != self._books.version_limit:
            self._execute(SET_VERSION, (self._version_limit,))

    def committed(self) -> None:
        """Bring the books up to date and answer everyone who waited."""
        books = self._books
        for space, (rows, size) in self._usage.items():
            if space in books.usage:
                books.usage[space] = Usage(rows, size)
        books.shards.update(self._shards)
        books.version_limit = self._version_limit
        for member, result, error in self.waiting:
            future = member.future
            if isinstance(member, Task):
                member.then(result)
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def failed(self, error: StoreError) -> None:
        """Tell everyone who waited that nothing was written."""
        for member, _, _ in self.waiting:
            if not member.future.done():
                member.future.set_exception(error)

    def _settle(self, member: Member, result: Any, error: BaseException | None) -> None:
        """Answer a member that wrote nothing: now, unless it saw rows that are not durable yet."""
        written = self._written
        if written and any(key in written for key in member.keys):
            self.waiting.append((member, result, error))
        elif member.future.done():
            return
        elif error is None:
            member.future.set_result(result)
        else:
            member.future.set_exception(error)

    def _check(self, change: Change) -> None:
        spaces = self._books.usage
        for put in change.puts:
            if put.key.space not in spaces:
                raise SpaceGone(put.key.space)

    def _apply(self, known: Known, change: Change) -> None:
        """Deletes, then puts, then appends."""
        spaces = self._books.usage
        for key in change.deletes:
            if key[0] not in spaces:
                continue
            before = known[key] if key in known else self._find(key)
            known[key] = None
            if before is not None:
                self._execute(DELETE, (before[0],))
                self._count(key, -1, -before[1])
        for put in change.puts:
            key, size, value = put.key, put.size, put.value
            before = known[key] if key in known else self._find(key)
            version = self._next_version()
            if before is None:
                self._execute(INSERT, (*key, version, size, value))
                known[key] = (self._connection.last_insert_rowid(), size)
                self._count(key, 1, size)
            else:
                self._execute(UPDATE, (version, size, value, before[0]))
                known[key] = (before[0], size)
                self._count(key, 0, size - before[1])
            self._bytes += len(value)
        for append in change.appends:
            self._append(append)

    def _find(self, key: Key) -> tuple[int, int] | None:
        answer: Any = self._execute(PROBE, key).fetchall()
        return answer[0] if answer else None

    def _count(self, key: Key, rows: int, size: int) -> None:
        self._written.add(key)
        self._rows += 1
        space = key[0]
        sums = self._usage.get(space)
        if sums is None:
            sums = self._usage[space] = [*self._books.usage[space]]
        sums[0] += rows
        sums[1] += size

    def _next_version(self) -> int:
        # Not taken back when the group is rolled back: somebody may have seen it.
        books = self._books
        version = books.version
        books.version = version + 1
        if version >= self._version_limit:
            self._version_limit = version + VERSIONS_RESERVED
        return version

    def _append(self, append: Append) -> None:
        journal, shard = place = append.journal, append.shard
        last = self._shards.get(place)
        if last is None:
            last = self._books.shards.get(place)
        if last is None:
            answer: Any = self._execute(SHARD, place).fetchall()
            last = answer[0][0] if answer else 0
        self._shards[place] = last + 1
        self._execute(APPEND, (journal, shard, last + 1, append.record))
        self._rows += 1
        self._bytes += len(append.record)
