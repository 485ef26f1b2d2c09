"""The fence: nothing is read or written by a router that is out of touch, and every write is waited for."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.errors import InternalServerError
from stator.storage.failure import SpaceGone, StoreFailure
from stator.storage.routers import fence as module
from stator.storage.routers.fence import Fence, LostTouch, Mark, OutOfTouch
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Decide, Key, Put, Row

KEY = Key(0, bytes(8) + b"test", b"")
PUT = Put(KEY, 1, b"x")


class Slow(SqliteStore):
    """A store whose calls wait for `go`, and that does `meanwhile` something before it goes on."""

    go: asyncio.Event
    meanwhile: Callable[[], None]

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> list[Row | None]:
        await self.go.wait()
        self.meanwhile()
        return await super().get(keys, consistent)

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        await self.go.wait()
        self.meanwhile()
        return await super().transact(keys, decide)


Test = Callable[[Slow, Fence, ManualClock], Coroutine[Any, Any, None]]


def run(test: Test) -> None:
    async def main() -> None:
        store = Slow.open(None)
        store.go, store.meanwhile = asyncio.Event(), lambda: None
        store.go.set()
        clock = ManualClock(100.0)
        fence = Fence(store, clock)
        fence.until = 103.0
        await test(store, fence, clock)
        await store.close()

    asyncio.run(main())


def put(_: Sequence[Row | None]) -> Change:
    return Change(puts=[PUT], result="done")


def test_in_touch_everything_is_as_the_store_has_it() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        space = await fence.create_space()
        assert await fence.transact([KEY], put) == "done"
        assert [row and row.value for row in await fence.get([KEY])] == [b"x"]
        page = await fence.range(0, KEY.partition, None, None, reverse=False, rows_max=10, bytes_max=100)
        assert [row.value for row in page.rows] == [b"x"]
        scanned = await fence.scan(0, None, lower=b"", upper=None, rows_max=10, bytes_max=100)
        assert scanned == page
        assert (await fence.usage(0)).rows == 1
        assert (await fence.measure(0, KEY.partition)).rows == 1
        assert await fence.spaces() == [space]
        await fence.drop_space(space)
        assert await fence.spaces() == []
        assert await fence.changes(5, 0, 0, 10) == []
        await fence.trim(5, 0, 1)
        await (await fence.snapshot()).close()

    run(test)


def test_out_of_touch_nothing_is_read_or_written() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        clock.now = 103.0
        assert not fence.open
        refused: list[Coroutine[Any, Any, Any]] = [
            fence.get([KEY]),
            fence.range(0, b"", None, None, reverse=False, rows_max=1, bytes_max=1),
            fence.scan(0, None, lower=b"", upper=None, rows_max=1, bytes_max=1),
            fence.transact([KEY], put),
            fence.changes(5, 0, 0, 1),
            fence.trim(5, 0, 1),
            fence.snapshot(),
            fence.usage(0),
            fence.measure(0, b""),
            fence.create_space(),
            fence.spaces(),
            fence.drop_space(1),
        ]
        for coroutine in refused:
            with pytest.raises(OutOfTouch):
                await coroutine
        assert await store.get([KEY]) == [None]

    run(test)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux has two clocks")
def test_a_machine_that_slept_is_out_of_touch(monkeypatch: pytest.MonkeyPatch) -> None:
    tell = time.clock_gettime

    async def main() -> None:
        store = SqliteStore.open(None)
        fence = Fence(store)
        fence.until = fence.monotonic() + 600.0
        assert fence.open
        monkeypatch.setattr(time, "clock_gettime", lambda id: tell(id) + 3600 * (id == time.CLOCK_BOOTTIME))
        with pytest.raises(OutOfTouch):
            await fence.transact([KEY], put)
        await store.close()

    asyncio.run(main())


def test_clients_are_told_to_try_again() -> None:
    assert isinstance(OutOfTouch(), InternalServerError)
    assert (OutOfTouch.code, OutOfTouch.status) == ("InternalServerError", 500)


def test_a_router_that_stood_still_while_it_read_does_not_answer() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        store.meanwhile = lambda: clock.advance(5.0)
        with pytest.raises(OutOfTouch):
            await fence.get([KEY])

    run(test)


def test_a_router_that_stood_still_before_it_decided_does_not_write() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        store.meanwhile = lambda: clock.advance(5.0)
        with pytest.raises(OutOfTouch):
            await fence.transact([KEY], put)
        store.meanwhile = lambda: None
        assert await store.get([KEY]) == [None]

    run(test)


def test_a_write_that_was_lost_with_touch_is_not_said_to_be_refused() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        def stand_still() -> None:
            clock.advance(5.0)
            raise StoreFailure("the commit was not confirmed")

        store.meanwhile = stand_still
        with pytest.raises(LostTouch, match="not confirmed") as raised:
            await fence.transact([KEY], put)
        assert not isinstance(raised.value, OutOfTouch | InternalServerError)

    run(test)


def test_a_mark_is_reached_when_all_writes_from_before_are_over() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        assert fence.reached == (0, 0)
        fence.mark(Mark(1, 10))
        assert fence.reached == (1, 10)
        store.go.clear()
        first = asyncio.ensure_future(fence.transact([KEY], put))
        await asyncio.sleep(0)
        fence.mark(Mark(2, 20))
        second = asyncio.ensure_future(fence.transact([KEY], put))
        await asyncio.sleep(0)
        fence.mark(Mark(3, 30))
        assert fence.reached == (1, 10)
        assert fence.draining
        store.go.set()
        await asyncio.gather(first, second)
        assert fence.reached == (3, 30)
        assert not fence.draining

    run(test)


def test_a_write_that_was_refused_is_over() -> None:
    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        def refuse(_: Sequence[Row | None]) -> Change:
            raise KeyError

        with pytest.raises(KeyError):
            await fence.transact([KEY], refuse)
        with pytest.raises(SpaceGone):
            await fence.transact([], lambda _: Change(puts=[Put(Key(77, b"p", b"s"), 1, b"")]))
        fence.mark(Mark(1, 1))
        assert fence.reached == (1, 1)

    run(test)


def test_a_write_of_which_nobody_knows_the_end_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_SECONDS_MAX", 0.05)

    async def test(store: Slow, fence: Fence, clock: ManualClock) -> None:
        def fail() -> None:
            raise StoreFailure("the line was cut")

        store.meanwhile = fail
        with pytest.raises(StoreFailure):
            await fence.transact([KEY], put)
        store.meanwhile = lambda: None
        store.go.clear()
        cancelled = asyncio.ensure_future(fence.transact([KEY], put))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        fence.mark(Mark(1, 1))
        assert fence.reached == (0, 0)
        while fence.draining:  # noqa: ASYNC110  a timer ends it
            await asyncio.sleep(0.01)
        assert fence.reached == (1, 1)

    run(test)
