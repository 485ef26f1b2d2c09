"""What the SQLite engine does when the disk or another program is in its way."""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from stator.storage import directory as directories
from stator.storage.failure import StoreFailure
from stator.storage.sqlite import backlog, chores, engine, schema
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.sqlite.log import Log
from stator.storage.store import Append, Change, Key
from tests.storage.engines import every, put, write

A = Key(0, b"p", b"a")


def _failing(error: Exception, times: int) -> Callable[[apsw.Connection], None]:
    left = [times]

    def commit(connection: apsw.Connection) -> None:
        if left[0]:
            left[0] -= 1
            connection.execute("ROLLBACK")
            raise error
        connection.execute("COMMIT")

    return commit


def test_a_drop_on_a_full_disk_is_given_back_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "REST_SECONDS", 0.01)

    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        space = await store.create_space()
        await write(store, put(A), *(put(Key(space, b"%d" % n, b"")) for n in range(100)))
        monkeypatch.setattr(chores, "commit", _failing(apsw.FullError("full"), 3))
        await store.drop_space(space)
        async with asyncio.timeout(10):
            file = apsw.Connection(str(tmp_path / schema.FILE_NAME))
            while file.execute("SELECT count(*) FROM rows").get > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await write(store, put(A, b"new"))
        await store.close()

    asyncio.run(test())


def test_a_failed_sync_of_a_chore_stops_the_writes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await write(store, put(A))
        await store.transact([], lambda _: Change(appends=[Append(1, 0, b"r")]))
        monkeypatch.setattr(chores, "commit", _failing(apsw.IOError("out of luck"), 1))
        with pytest.raises(StoreFailure):
            await store.trim(1, 0, 2)
        with pytest.raises(StoreFailure, match="refused until a restart"):
            await write(store, put(A, b"new"))
        assert [row.value for row in await every(store, 0)] == [b"v"]
        await store.close()

    asyncio.run(test())


def test_a_log_index_that_cannot_grow_stops_nothing_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        error = apsw.IOError("no room for the index")
        error.__dict__["extendedresult"] = apsw.SQLITE_IOERR_SHMSIZE
        monkeypatch.setattr(engine, "commit", _failing(error, 1))
        with pytest.raises(StoreFailure):
            await write(store, put(A))
        await write(store, put(A))
        await store.close()

    asyncio.run(test())


def test_a_full_disk_has_the_log_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[tuple[int, int]] = []
    move = Log.move

    def noted(self: Log) -> tuple[int, int]:
        moves.append(move(self))
        return moves[-1]

    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await write(store, put(A))
        monkeypatch.setattr(Log, "move", noted)
        monkeypatch.setattr(engine, "commit", _failing(apsw.FullError("full"), 1))
        with pytest.raises(StoreFailure):
            await write(store, put(A))
        async with asyncio.timeout(10):
            while len(moves) < 2:  # noqa: ASYNC110 (the bulk, then the rest)
                await asyncio.sleep(0.01)
        assert moves[-1][0] == moves[-1][1] > 0
        await store.close()

    asyncio.run(test())


def test_a_file_that_another_program_locks_is_told_to_who_writes(tmp_path: Path) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await write(store, put(A))
        other = apsw.Connection(str(tmp_path / schema.FILE_NAME))
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(5):
            with pytest.raises(StoreFailure, match="locked"):
                await write(store, put(A, b"new"))
        assert [row.value for row in await every(store, 0)] == [b"v"]
        other.close()
        await write(store, put(A, b"new"))
        await store.close()

    asyncio.run(test())


def test_a_read_transaction_that_ended_by_itself_holds_up_no_write(tmp_path: Path) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await store.get([A])
        store._reader.execute("ROLLBACK")  # as SQLite does after some I/O errors
        async with asyncio.timeout(5):
            await write(store, put(A))
        assert await store.get([A]) != [None]
        await store.close()

    asyncio.run(test())


def test_a_file_that_lost_its_log_mode_gets_it_back(tmp_path: Path) -> None:
    asyncio.run(SqliteStore.open(tmp_path).close())
    other = apsw.Connection(str(tmp_path / schema.FILE_NAME))
    assert other.execute("PRAGMA journal_mode = DELETE").get == "delete"
    other.close()

    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await every(store, 0)  # a standing reader
        await write(store, put(A))
        await store.close()

    asyncio.run(test())


def test_new_directories_are_made_durable_with_the_path_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(directories, "sync_directory", synced.append)
    asyncio.run(SqliteStore.open(tmp_path / "a" / "b").close())
    assert set(synced) == {tmp_path, tmp_path / "a"}


def test_a_file_system_without_locks_is_not_called_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StoreFailure, match="cannot be locked: No locks available"):
        SqliteStore.open(tmp_path)
