"""What only the SQLite engine has: a directory, a lock, a file format, groups and failures of the disk."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from stator.storage.failure import (
    DataDirectoryInUse,
    FormatTooNew,
    NotADataDirectory,
    StoreBusy,
    StoreClosed,
    StoreFailure,
)
from stator.storage.sqlite import chores, engine, schema
from stator.storage.sqlite.check import check
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.sqlite.log import PAGES_MAX, Log
from stator.storage.store import Append, Change, Key, Usage
from tests.storage.engines import every, put, write

A = Key(0, b"p", b"a")


def _file(directory: Path) -> apsw.Connection:
    return apsw.Connection(str(directory / schema.FILE_NAME))


async def _once(directory: Path) -> None:
    store = SqliteStore.open(directory)
    space = await store.create_space()
    await write(store, put(A, b"12345"), put(Key(space, b"q", b"")))
    await store.transact([], lambda _: Change(appends=[Append(1, 2, b"r")] * 3))
    await store.close()


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path / "new" / "data")
        await write(store, put(A))
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "data").iterdir()}
        await store.close()
        assert len(modes) == 4
        assert set(modes.values()) == {0o600}
        assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700

    asyncio.run(test())


def test_a_directory_has_one_holder(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    with pytest.raises(DataDirectoryInUse) as refused:
        SqliteStore.open(tmp_path)
    assert refused.value.pid == os.getpid()
    assert str(os.getpid()) in str(refused.value)
    asyncio.run(store.close())
    asyncio.run(SqliteStore.open(tmp_path).close())


def test_a_dead_holder_is_no_holder(tmp_path: Path) -> None:
    program = "import os, sys, pathlib; from stator.storage.sqlite.engine import SqliteStore as S;"
    program += "s = S.open(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == -9
    assert (tmp_path / "stator.lock").read_text().strip().isdigit()
    asyncio.run(SqliteStore.open(tmp_path).close())


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    asyncio.run(_once(tmp_path))
    _file(tmp_path).execute(f"PRAGMA user_version = {schema.FORMAT + 1}")
    for _ in range(2):  # the lock is let go of
        with pytest.raises(FormatTooNew, match=f"format {schema.FORMAT + 1}; .* up to {schema.FORMAT}$"):
            SqliteStore.open(tmp_path)
    assert "format" in check(tmp_path)[0]


def test_a_strange_database_is_refused(tmp_path: Path) -> None:
    _file(tmp_path).execute("CREATE TABLE theirs (x)")
    with pytest.raises(NotADataDirectory):
        SqliteStore.open(tmp_path)
    (tmp_path / schema.FILE_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreFailure):
        SqliteStore.open(tmp_path)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE spaces SET size = size + 1 WHERE space = 0", "space 0 claims 1 rows of 6 bytes and has 1 of 5"),
        ("DELETE FROM spaces WHERE space = 1", "1 rows belong to space 1, which does not exist"),
        ("DELETE FROM records WHERE sequence = 2", "shard 2 of journal 1 has 2 records from 1 to 3 and ends at 3"),
        ("DELETE FROM shards", "shard 2 of journal 1 has 3 records from 1 to 3 and ends at 0"),
        ("UPDATE counters SET next = 1 WHERE name = 'version'", "version 2 is in use and would be given out again"),
        ("UPDATE counters SET next = 1 WHERE name = 'space'", "space 1 is in use and would be given out again"),
    ],
)
def test_the_check_finds_what_does_not_add_up(tmp_path: Path, damage: str, told: str) -> None:
    asyncio.run(_once(tmp_path))
    assert check(tmp_path) == []
    _file(tmp_path).execute(damage)
    assert check(tmp_path) == [told]


def test_the_check_finds_a_damaged_file(tmp_path: Path) -> None:
    assert "does not exist" in check(tmp_path)[0]
    asyncio.run(_once(tmp_path))
    path = tmp_path / schema.FILE_NAME
    content = bytearray(path.read_bytes())
    for start in range(schema.PAGE_BYTES * 2, len(content), schema.PAGE_BYTES):
        content[start : start + 100] = b"\x55" * 100
    path.write_bytes(content)
    assert check(tmp_path)


def _failing(error: type[apsw.Error], times: int) -> Callable[[apsw.Connection], None]:
    left = [times]

    def commit(connection: apsw.Connection) -> None:
        if left[0]:
            left[0] -= 1
            connection.execute("ROLLBACK")
            raise error("out of luck")
        connection.execute("COMMIT")

    return commit


def test_a_full_disk_fails_the_group_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await write(store, put(A, b"old"))
        monkeypatch.setattr(engine, "commit", _failing(apsw.FullError, 1))
        change = Change(puts=[put(A, b"newer")], appends=[Append(1, 0, b"r")])
        answers = await asyncio.gather(
            *(store.transact([A], lambda _: change) for _ in range(3)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [StoreFailure] * 3
        assert [row.value for row in await every(store, 0)] == [b"old"]
        assert await store.usage(0) == Usage(1, 3)
        await store.transact([A], lambda _: change)
        assert await store.usage(0) == Usage(1, 5)
        assert [record.sequence for record in await store.changes(1, 0, 0, 9)] == [1]
        await store.close()
        assert check(tmp_path) == []

    asyncio.run(test())


def test_after_a_failed_sync_writes_are_refused_and_reads_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        await write(store, put(A))
        monkeypatch.setattr(engine, "commit", _failing(apsw.IOError, 1))
        failing = asyncio.ensure_future(write(store, put(A, b"new")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the group is at the disk: what comes now waits
        verbs = (write(store, put(A, b"newer")), store.trim(1, 0, 5), store.create_space())
        answers = await asyncio.gather(failing, *verbs, write(store), return_exceptions=True)
        assert "out of luck" in str(answers[0])
        for answer in answers[1:]:
            assert isinstance(answer, StoreFailure)
            assert "refused until a restart" in str(answer)
        with pytest.raises(StoreFailure, match="refused"):
            await write(store, put(A, b"new"))
        assert len(await every(store, 0)) == 1
        await store.close()

    asyncio.run(test())


def test_too_many_waiting_writes_are_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAITING_MAX", 10)

    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        answers = await asyncio.gather(*(write(store, put(A)) for _ in range(15)), return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [StoreBusy] * 5
        await write(store, put(A))
        await store.close()

    asyncio.run(test())


@pytest.mark.parametrize("on_disk", [True, False])
def test_closing_finishes_what_waits(tmp_path: Path, on_disk: bool) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path if on_disk else None)
        writes = [asyncio.ensure_future(write(store, put(Key(0, b"%d" % n, b"")))) for n in range(50)]
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        await asyncio.gather(*writes)
        for verb in (write(store, put(A)), store.get([A]), store.drop_space(1)):
            with pytest.raises(StoreClosed):
                await verb

    asyncio.run(test())


def test_a_long_log_is_moved_into_the_database(tmp_path: Path) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        log = tmp_path / (schema.FILE_NAME + "-wal")
        longest = 0
        for turn in range(60):
            puts = [put(Key(0, b"%d" % n, b""), bytes([turn]) * 3_000) for n in range(400)]
            await store.transact([], lambda _, puts=puts: Change(puts=puts))  # type: ignore[misc]
            await every(store, 0)  # keeps a reader's transaction standing
            longest = max(longest, log.stat().st_size)
            # It grows on while it is moved, by as much as there is time for.
            while store._log is not None and store._log.moving:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await store.close()
        assert longest < 2.5 * PAGES_MAX * schema.PAGE_BYTES

    asyncio.run(test())


def test_what_is_moved_is_on_the_disk_before_the_writes_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    move, fsync = Log.move, os.fsync

    def moved(log: Log) -> tuple[int, int]:
        done.append("move")
        return move(log)

    def synced(handle: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        fsync(handle)

    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        monkeypatch.setattr(Log, "move", moved)
        monkeypatch.setattr(os, "fsync", synced)
        number = 0
        while done.count("move") < 2:
            number += 1
            await write(store, *(put(Key(0, b"%d" % n, b""), b"%d" % number * 1_000) for n in range(300)))
        await store.close()
        assert done[:3] == ["move", f"sync {schema.FILE_NAME}", "move"]

    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_drop_that_was_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        space = await store.create_space()
        for start in range(0, 8_000, 1_000):
            await write(store, *(put(Key(space, b"%d" % n, b""), b"x" * 900) for n in range(start, start + 1_000)))
        await store.drop_space(space)
        await store.close()  # at once: most of the rows are still there
        left = int(_file(tmp_path).execute("SELECT count(*) FROM rows").get)
        assert left > 0
        assert check(tmp_path) == []
        store = SqliteStore.open(tmp_path)
        assert await every(store, space) == []
        await write(store, put(A))
        while _file(tmp_path).execute("SELECT count(*) FROM rows").get > 1:  # noqa: ASYNC110 (nothing tells of a sweep's end)
            await asyncio.sleep(0.01)
        await store.close()
        assert _file(tmp_path).execute("SELECT space FROM spaces").get == 0

    asyncio.run(test())


def test_a_large_drop_makes_the_file_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "FREE_PAGES_MAX", 50)

    async def test() -> None:
        store = SqliteStore.open(tmp_path)
        space = await store.create_space()
        await write(store, put(A), *(put(Key(space, b"%d" % n, b""), b"x" * 3_000) for n in range(2_000)))
        await store.drop_space(space)
        while int(_file(tmp_path).execute("PRAGMA page_count").get) > 150:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await store.close()
        assert (tmp_path / schema.FILE_NAME).stat().st_size <= 150 * schema.PAGE_BYTES
        assert check(tmp_path) == []

    asyncio.run(test())
