"""A server that hangs and keeps its connections open is left behind once another has taken its place."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stator.storage.failure import StoreError
from stator.storage.postgres import succession
from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.fault import OutcomeUnknown
from stator.storage.postgres.location import Location
from stator.storage.store import Key
from tests import postgres
from tests.storage.engines import put, write

SECONDS_MAX = 60.0
A, B = Key(0, b"p", b"a"), Key(0, b"p", b"b")


@pytest.fixture
def primary() -> Iterator[postgres.Cluster]:
    if postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    cluster = postgres.Cluster()
    yield cluster
    _signal_all(cluster, signal.SIGCONT)  # or it would not stop
    cluster.remove()


@pytest.fixture
def standby(primary: postgres.Cluster) -> Iterator[postgres.Standby]:
    made = primary.standby()
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "LOOK_SECONDS", 3600.0)


def _signal_all(cluster: postgres.Cluster, number: signal.Signals) -> None:
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        with contextlib.suppress(ProcessLookupError):  # a backend that was about to end
            os.kill(pid, number)


def _both(primary: postgres.Cluster, standby: postgres.Standby) -> Location:
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    return Location.parse(f"postgresql://{postgres.USER}@{hosts}/postgres?connect_timeout=2", read_write=True)


async def _catch_up(primary: postgres.Cluster) -> None:
    end = time.monotonic() + SECONDS_MAX
    behind = "SELECT pg_current_wal_lsn() - replay_lsn FROM pg_stat_replication"
    while await asyncio.to_thread(primary.execute, behind) != [(0,)]:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


def test_who_hangs_is_left_once_another_takes_the_writes(primary: postgres.Cluster, standby: postgres.Standby) -> None:
    async def test() -> None:
        store = await PostgresStore.open(_both(primary, standby))
        await write(store, put(A, b"1"))
        await _catch_up(primary)
        _signal_all(primary, signal.SIGSTOP)
        hanging = asyncio.ensure_future(write(store, put(B, b"1")))
        reading = asyncio.ensure_future(store.get([A]))
        await asyncio.sleep(0)
        look = store._succession.look
        assert [await look() for _ in range(3)] == [0, 0, 0]  # nobody else is there
        assert not hanging.done()
        await asyncio.to_thread(standby.promote)
        left, end = 0, time.monotonic() + SECONDS_MAX
        while left < 2:
            assert time.monotonic() < end
            left += await look()
        # The read is asked again, of the new server; a write that was being committed may have happened.
        assert [row and row.value for row in await reading] == [b"1"]
        try:
            await hanging
        except OutcomeUnknown:
            await write(store, put(B, b"2"))
        row = (await store.get([B]))[0]
        assert row is not None
        assert row.value in {b"1", b"2"}
        await store.close()

    asyncio.run(test())


def test_long_work_of_the_server_that_is_there_is_waited_for(primary: postgres.Cluster) -> None:
    async def test() -> None:
        store = await PostgresStore.open(Location.parse(primary.url(), read_write=True))
        await write(store, put(A, b"1"))
        _signal_all(primary, signal.SIGSTOP)
        reading = asyncio.ensure_future(store.get([A]))
        await asyncio.sleep(0)
        await store._succession.look()
        # It goes on in time to be asked who it is.
        asyncio.get_running_loop().call_later(0.2, _signal_all, primary, signal.SIGCONT)
        assert await store._succession.look() == 0
        assert [row and row.value for row in await reading] == [b"1"]
        await store.close()

    asyncio.run(test())


def test_nobody_there_is_no_successor(primary: postgres.Cluster) -> None:
    async def test() -> None:
        store = await PostgresStore.open(Location.parse(primary.url(), read_write=True))
        primary.kill()
        with pytest.raises(StoreError):
            await store.get([A])
        assert await store._succession.look() == 0
        primary.start()
        await store.close()

    asyncio.run(test())
