"""Reads that may be a little behind, on a hot standby that really follows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from stator.storage.failure import StoreBusy, StoreFailure
from stator.storage.postgres import desks, lag
from stator.storage.postgres.engine import Limits, PostgresStore
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.location import Location
from stator.storage.postgres.reading import Get
from stator.storage.store import Key, Page, Row
from tests import postgres
from tests.storage.engines import put, write

SECONDS_MAX = 60.0
A = Key(0, b"p", b"a")


@pytest.fixture(scope="module")
def primary() -> Iterator[postgres.Cluster]:
    if postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    cluster = postgres.Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def standby(primary: postgres.Cluster) -> Iterator[postgres.Standby]:
    made = primary.standby()
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "LOOK_SECONDS", 0.05)


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not await condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def _run(
    primary: postgres.Cluster, standby: postgres.Standby, test: Callable[[PostgresStore], Awaitable[None]]
) -> None:
    async def opened() -> None:
        url = primary.new_database()
        standbys = standby.url(url.rpartition("/")[2])
        locations = Location.parse(url, read_write=True), Location.parse(standbys, read_write=False)
        store = await PostgresStore.open(*locations)
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(opened())


async def _ready(store: PostgresStore) -> bool:
    """Whether the standby has all that was written before."""
    assert store._lag is not None
    await store._lag.look()
    return store.lag_seconds == 0.0


async def _value(store: PostgresStore, consistent: bool) -> bytes | None:
    row = (await store.get([A], consistent))[0]
    return row and row.value


def _replay(standby: postgres.Standby, what: str) -> None:
    postgres.execute(standby.url(), f"SELECT pg_wal_replay_{what}()")


def test_eventually_consistent_reads_go_to_the_standby(primary: postgres.Cluster, standby: postgres.Standby) -> None:
    async def test(store: PostgresStore) -> None:
        await write(store, put(A, b"1"))
        await _until(lambda: _ready(store))
        _replay(standby, "pause")
        await write(store, put(A, b"2"))
        assert await _value(store, consistent=True) == b"2"
        assert await _value(store, consistent=False) == b"1"
        ranged: list[Page] = [
            await store.range(0, b"p", None, None, reverse=False, rows_max=5, bytes_max=100, consistent=consistent)
            for consistent in (True, False)
        ]
        scanned = [
            await store.scan(0, None, lower=b"", upper=None, rows_max=5, bytes_max=100, consistent=consistent)
            for consistent in (True, False)
        ]
        for pages in (ranged, scanned):
            assert [[row.value for row in page.rows] for page in pages] == [[b"2"], [b"1"]]

        async def behind() -> bool:
            return bool(store.lag_seconds)

        await _until(behind)
        _replay(standby, "resume")
        await _until(lambda: _ready(store))
        assert await _value(store, consistent=False) == b"2"

    _run(primary, standby, test)


def test_a_standby_that_is_too_far_behind_is_not_asked(
    primary: postgres.Cluster, standby: postgres.Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(store: PostgresStore) -> None:
        await write(store, put(A, b"1"))
        await _until(lambda: _ready(store))
        _replay(standby, "pause")
        await write(store, put(A, b"2"))
        monkeypatch.setattr(lag, "LAG_SECONDS_MAX", 0.1)

        async def fresh() -> bool:
            return await _value(store, consistent=False) == b"2"

        await _until(fresh)
        assert store.lag_seconds is not None
        assert store.lag_seconds > 0.1
        _replay(standby, "resume")

    _run(primary, standby, test)


def test_without_its_standby_the_primary_is_read(primary: postgres.Cluster, standby: postgres.Standby) -> None:
    async def test(store: PostgresStore) -> None:
        await write(store, put(A, b"1"))
        await _until(lambda: _ready(store))
        reading = [asyncio.ensure_future(_value(store, consistent=False)) for _ in range(50)]
        stopping = asyncio.to_thread(standby.stop)
        assert set(await asyncio.gather(*reading)) == {b"1"}
        await stopping
        assert await _value(store, consistent=False) == b"1"

        async def unknown() -> bool:
            return store.lag_seconds is None

        await _until(unknown)
        assert await _value(store, consistent=False) == b"1"
        await asyncio.to_thread(standby.start)
        await _until(lambda: _ready(store))

    _run(primary, standby, test)


def test_where_neither_standbys_nor_the_primary_can_answer_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "WAITING_MAX", 0)

    async def test() -> None:
        store = PostgresStore(Location.parse("postgresql://nobody@127.0.0.1:1/none", read_write=True), None, Limits())
        future: asyncio.Future[list[Row | None]] = asyncio.get_running_loop().create_future()
        store._read_here(Get([A], Layout(), future), StoreFailure("the standby is gone"))
        with pytest.raises(StoreBusy):
            await asyncio.wait_for(future, SECONDS_MAX)

    asyncio.run(test())
