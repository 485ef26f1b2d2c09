"""Moving a store to PostgreSQL: everything arrives, a move that was stopped goes on, nothing is mixed up."""

import asyncio
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from stator import offline
from stator.storage import resharding
from stator.storage.failure import NotADataDirectory, StoreFailure
from stator.storage.keyfile import AccessKey, KeyFile
from stator.storage.keyring import KeyRing
from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.intake import PostgresIntake
from stator.storage.postgres.location import Location
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Append, Change, Key, Put, Store
from tests import citus, postgres
from tests.storage.engines import delete, every, write

pytestmark = pytest.mark.skipif(postgres.binaries() is None, reason="this machine has no PostgreSQL")

LONG = b"\x00" * 8 + b"k" * 2048


@pytest.fixture
def urls() -> Iterator[list[str]]:
    cluster = postgres.shared()
    assert cluster is not None
    made = [cluster.new_database() for _ in range(2)]
    yield made
    for url in made:
        cluster.drop_database(url)


def place(number: int) -> bytes:
    return random.Random(number).randbytes(8) + str(number).encode()


def _append(append: Append, _rows: object) -> Change:
    return Change(appends=[append])


async def fill(store: Store, rows: int = 300) -> None:
    spaces = [await store.create_space() for _ in range(4)]
    await store.drop_space(spaces[1])
    for start in range(0, rows, 50):
        puts = [Put(Key(spaces[0], place(n), b"s%d" % n), n, b"v" * (n * 7)) for n in range(start, start + 50)]
        await write(store, *puts)
    await write(
        store, *[Put(Key(spaces[2], LONG + bytes([n]), b"s" * 1024 + bytes([n])), 9, b"long") for n in range(5)]
    )
    await write(store, Put(Key(0, bytes(8) + b"x", b""), 3, b"abc"))
    await delete(store, Key(spaces[0], place(7), b"s7"))
    for n in range(120):
        append = Append(5, n % 3, b"record %d" % n)
        await store.transact([], partial(_append, append))
    await store.trim(5, 1, 20)
    await store.trim(5, 2, 1000)


async def compare(before: Store, after: Store) -> None:
    assert await before.spaces() == await after.spaces()
    for space in (0, *await before.spaces()):
        rows = [row._replace(version=0) for row in await every(before, space)]
        assert [row._replace(version=0) for row in await every(after, space) if b"keys" not in row.partition] == rows
        if space:
            assert await before.usage(space) == await after.usage(space)
    for shard in range(3):
        assert await before.last(5, shard) == await after.last(5, shard)
        assert await before.changes(5, shard, 0, 1000) == await after.changes(5, shard, 0, 1000)


def filled(tmp_path: Path, rows: int = 300) -> Path:
    async def run() -> None:
        store = SqliteStore.open(tmp_path / "data")
        await fill(store, rows)
        await store.close()

    asyncio.run(run())
    return tmp_path / "data"


def check(directory: Path, url: str) -> None:
    async def run() -> None:
        before, after = SqliteStore.open(directory), await PostgresStore.open(Location.parse(url, read_write=True))
        try:
            await compare(before, after)
            assert await after.create_space() == await before.create_space()
            await after.transact([], lambda _: Change(appends=[Append(5, 2, b"next")]))
            assert await after.last(5, 2) == await before.last(5, 2) + 1
            ring = KeyRing(after)
            await ring.refresh()
            assert ring.keys == KeyFile(directory).load()
        finally:
            await before.close()
            await after.close()

    asyncio.run(run())


def test_all_of_a_data_directory_arrives(tmp_path: Path, urls: list[str]) -> None:
    directory = filled(tmp_path)
    KeyFile(directory).replace([AccessKey("STTRA", "secret", "123456789012", 1.0)])
    told: list[tuple[str, int]] = []
    done = offline.reshard(str(directory), urls[0], lambda *step: told.append(step))
    assert done == 299 + 5 + 1 + 40 + 21
    assert {what for what, _ in told} == {"copying", "verifying"}
    check(directory, urls[0])


def test_from_one_database_to_another(tmp_path: Path, urls: list[str]) -> None:
    directory = filled(tmp_path)
    offline.reshard(str(directory), urls[0], lambda *_: None)
    offline.reshard(urls[0], urls[1], lambda *_: None)
    check(directory, urls[1])


class Stopped(Exception):
    pass


@pytest.mark.skipif(not citus.COORDINATOR, reason="STATOR_TEST_CITUS names no coordinator")
def test_from_a_database_to_citus_and_back(tmp_path: Path, urls: list[str]) -> None:
    directory = filled(tmp_path)
    KeyFile(directory).replace([AccessKey("STTRA", "secret", "123456789012", 1.0)])
    distributed = citus.new_database()
    try:
        done = offline.reshard(str(directory), urls[0], lambda *_: None)
        assert offline.reshard(urls[0], distributed, lambda *_: None) == done + 1  # the access key is a row there
        assert offline.reshard(distributed, urls[1], lambda *_: None) == done + 1
        check(directory, distributed)
    finally:
        citus.give_back(distributed)


def test_stopped_anywhere_it_goes_on(tmp_path: Path, urls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resharding, "ROWS_MAX", 40)
    monkeypatch.setattr(resharding, "RECORDS_MAX", 15)
    directory = filled(tmp_path)
    stops = 0
    allowed = 1
    while True:
        left = allowed

        def tell(_what: str, _done: int) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Stopped

        try:
            offline.reshard(str(directory), urls[0], tell)
            break
        except Stopped:
            stops += 1
            allowed += 1
            with pytest.raises(NotADataDirectory, match="run that again until it has finished"):
                asyncio.run(PostgresStore.open(Location.parse(urls[0], read_write=True)))
    assert stops > 5
    check(directory, urls[0])


def test_a_database_in_use_takes_nothing_in(tmp_path: Path, urls: list[str]) -> None:
    directory = filled(tmp_path, 50)
    offline.reshard(str(directory), urls[0], lambda *_: None)
    with pytest.raises(StoreFailure, match="name an empty database"):
        offline.reshard(str(directory), urls[0], lambda *_: None)


def test_a_move_goes_on_from_where_it_came(tmp_path: Path, urls: list[str]) -> None:
    first, second = filled(tmp_path / "a", 50), filled(tmp_path / "b", 50)

    def stop(_what: str, _done: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        offline.reshard(str(first), urls[0], stop)
    with pytest.raises(StoreFailure, match=r"is being filled from sqlite:.*a/data"):
        offline.reshard(str(second), urls[0], lambda *_: None)


@pytest.mark.parametrize("router", ["", "5f0c2a"])
def test_servers_keep_a_database_from_being_moved(tmp_path: Path, urls: list[str], router: str) -> None:
    directory = filled(tmp_path, 50)
    offline.reshard(str(directory), urls[0], lambda *_: None)

    async def serve_and_try() -> None:
        location = Location.parse(urls[0], read_write=True)
        store = await PostgresStore.open(location.named(router))
        try:
            await store.spaces()  # it is connected
            with pytest.raises(StoreFailure, match=r"servers use .*: stop them first"):
                await asyncio.to_thread(offline.reshard, urls[0], urls[1], lambda *_: None)
        finally:
            await store.close()

    asyncio.run(serve_and_try())


def test_a_server_that_came_late_is_noticed(tmp_path: Path, urls: list[str]) -> None:
    directory = filled(tmp_path, 50)
    offline.reshard(str(directory), urls[0], lambda *_: None)
    late: list[psycopg.Connection] = []

    def come(_what: str, _done: int) -> None:
        if not late:
            late.append(psycopg.connect(urls[0], application_name="stator 5f0c2a"))

    with pytest.raises(StoreFailure, match=r"servers use .*: stop them first"):
        offline.reshard(urls[0], urls[1], come)
    late[0].close()
    with pytest.raises(NotADataDirectory):
        asyncio.run(PostgresStore.open(Location.parse(urls[1], read_write=True)))


def test_what_arrives_otherwise_is_noticed(tmp_path: Path, urls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    directory = filled(tmp_path, 50)
    put_rows = PostgresIntake.put_rows

    async def damaging(self: PostgresIntake, space: int, rows: list[object], *, done: bool) -> None:
        await put_rows(self, space, [row._replace(value=row.value + b"!") for row in rows], done=done)  # type: ignore[attr-defined]

    monkeypatch.setattr(PostgresIntake, "put_rows", damaging)
    with pytest.raises(StoreFailure, match="did not arrive as it was sent"):
        offline.reshard(str(directory), urls[0], lambda *_: None)


def test_a_folder_without_data_is_refused(tmp_path: Path, urls: list[str]) -> None:
    with pytest.raises(NotADataDirectory, match="there is no data directory"):
        offline.reshard(str(tmp_path / "nothing"), urls[0], lambda *_: None)
