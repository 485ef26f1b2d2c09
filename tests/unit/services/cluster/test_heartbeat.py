"""What routers tell of themselves in the store, and how long it stays there."""

import asyncio

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.services.cluster import heartbeat as module
from stator.services.cluster.heartbeat import KEPT_SECONDS, Heartbeat, stale
from stator.services.cluster.router import Oneself, Router, key_of, own_version, put_router, read_router
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Put, Row

ROUTER = Router("r", "http://h:1", "h", 7, "1.0", 5.0, 9.0, 3, 0.5, 2, {"GetItem": 4})


def test_a_router_is_read_as_it_was_written() -> None:
    put = put_router(ROUTER)
    assert read_router(Row(put.key.partition, put.key.sort, 1, put.size, put.value)) == ROUTER


def test_a_row_of_a_newer_version_is_left_to_that() -> None:
    value = b'[2, {"something": "else"}]'
    assert read_router(Row(b"", b"", 1, len(value), value)) is None


def test_a_router_looks_at_itself() -> None:
    clock = ManualClock(100.0)
    oneself = Oneself("me", clock)
    counts = {"PutItem": 1}
    oneself.requests, oneself.connections, oneself.url = counts, lambda: 4, "http://127.0.0.1:8000"
    clock.advance(5.0)
    counts["PutItem"] = 2
    seen = oneself.look()
    assert (seen.id, seen.url, seen.since, seen.seen) == ("me", "http://127.0.0.1:8000", 100.0, 105.0)
    assert (seen.connections, seen.requests, seen.version) == (4, {"PutItem": 2}, own_version())
    counts["PutItem"] = 3
    assert seen.requests == {"PutItem": 2}


def test_those_heard_of_last_are_kept() -> None:
    routers = [replace(ROUTER, id=str(age), seen=1000.0 - age) for age in (0, 10, KEPT_SECONDS, KEPT_SECONDS + 1)]
    assert [router.id for router in stale(routers, 1000.0)] == [str(KEPT_SECONDS + 1)]


def test_there_are_never_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUTERS_MAX", 2)
    routers = [replace(ROUTER, id=str(age), seen=1000.0 - age) for age in (3, 1, 2)]
    assert [router.id for router in stale(routers, 1000.0)] == ["3"]


def test_each_beat_tells_anew_and_forgets_who_is_long_gone() -> None:
    async def test() -> None:
        store = SqliteStore.open(None)
        clock = ManualClock(1000.0)
        ones = [Oneself(id, clock) for id in ("a", "b")]
        beats = [Heartbeat(store, one, clock) for one in ones]
        assert [await beat.run_once() for beat in beats] == [0, 0]
        assert [router.id for router in await beats[0].routers()] == ["a", "b"]
        clock.advance(KEPT_SECONDS + 1)
        assert await beats[1].run_once() == 1  # a, and not itself, though its own row was as old
        (left,) = await beats[0].routers()
        assert (left.id, left.seen) == ("b", clock())
        strange = Put(key_of("c"), 6, b"[2,{}]")
        await store.transact([], lambda _rows: Change(puts=[strange]))
        assert [router.id for router in await beats[0].routers()] == ["b"]
        await store.close()

    asyncio.run(test())
