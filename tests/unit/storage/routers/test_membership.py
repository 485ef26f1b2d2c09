"""Membership: who waits for whom, who leads, and who is taken for dead."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from stator.clock import ManualClock, SteadyClock
from stator.storage.routers.fence import STALE_SECONDS_MAX, Fence, OutOfTouch
from stator.storage.routers.member import member_key
from stator.storage.routers.membership import GONE_SECONDS, Membership
from stator.storage.routers.news import Telling
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Decide, Key, Page, Put, Row, Store

PLACE = bytes(8) + b"told"


class House:
    """One store and the routers that share it. `monotonic` is the clock of all that is about durations."""

    def __init__(self) -> None:
        self.store = Held.open(None)
        self.store.held = None
        self.monotonic = ManualClock(1000.0)

    async def router(self, id: str, *, time: float = 1_750_000_000.0) -> "Router":
        router = Router(self, id, ManualClock(time))
        await router.membership.open()
        await router.membership.join()
        return router


class Held(SqliteStore):
    """Writes wait for `held`, if there is one."""

    held: asyncio.Event | None

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        if self.held is not None and any(key.partition == PLACE for key in keys):
            await self.held.wait()
        return await super().transact(keys, decide)


class Router:
    """Keeps a copy of the rows in PLACE."""

    def __init__(self, house: House, id: str, clock: ManualClock) -> None:
        self.fence = Fence(house.store, house.monotonic)
        self.telling = Telling(self.fence, [PLACE])
        self.clock = clock
        self.steady = SteadyClock(clock)
        self.cut_off: list[str] = []
        self.membership = Membership(house.store, self.fence, self.steady, id, cut_off=self.cut)
        self.copy: dict[bytes, bytes] = {}
        self.membership.subscribe(self.take)

    async def cut(self, id: str) -> None:
        self.cut_off.append(id)

    async def take(self, store: Store, keys: Sequence[Key] | None) -> None:
        if keys is None:
            page = await store.range(0, PLACE, None, None, reverse=False, rows_max=1000, bytes_max=1_000_000)
            self.copy = {row.sort: row.value for row in page.rows}
            return
        for key, row in zip(keys, await store.get(keys), strict=True):
            self.copy.pop(key.sort, None)
            if row is not None:
                self.copy[key.sort] = row.value

    async def write(self, sort: bytes) -> None:
        key = Key(0, PLACE, sort)
        await self.telling.transact([key], lambda _: Change(puts=[Put(key, 1, b"x")]))


def run(test: Callable[[House], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        house = House()
        await test(house)
        await house.store.close()

    asyncio.run(main())


async def until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110  what it waits for sets no event
        await asyncio.sleep(0.001)


async def turns(count: int = 20) -> None:
    """Let whoever can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def is_done(task: "asyncio.Future[Any]") -> bool:
    """Whether it is, once whoever waits has looked twice."""
    await asyncio.wait([task], timeout=0.06)
    return task.done()


def test_a_copy_follows_what_another_router_writes() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        await one.write(b"a")
        assert other.copy == {}
        assert await other.membership.refresh() == 1
        assert other.copy == {b"a": b"x"}
        assert [member.id for member in one.membership.members()] == ["one"]

    run(test)


def test_a_router_alone_waits_for_nobody() -> None:
    async def test(house: House) -> None:
        one = await house.router("one")
        await one.write(b"a")
        await asyncio.wait_for(one.membership.settle(), 60)
        assert one.copy == {b"a": b"x"}

    run(test)


def test_whoever_settles_waits_until_every_router_knows() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        await one.write(b"a")
        waiting = asyncio.ensure_future(one.membership.settle())
        assert not await is_done(waiting)
        await other.membership.cycle()
        await asyncio.wait_for(waiting, 60)
        assert other.copy == {b"a": b"x"}

    run(test)


def test_whoever_settles_waits_for_writes_that_were_decided_by_older_copies() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        house.store.held = held = asyncio.Event()
        late = asyncio.ensure_future(other.write(b"late"))
        await turns()
        house.store.held = None
        await one.write(b"a")
        waiting = asyncio.ensure_future(one.membership.settle())
        await other.membership.cycle()
        assert other.copy == {b"a": b"x"}
        assert not await is_done(waiting)
        held.set()
        await late
        await other.membership.cycle()
        await asyncio.wait_for(waiting, 60)

    run(test)


def test_a_router_that_says_nothing_any_more_is_not_waited_for_and_serves_nobody() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        await one.write(b"a")
        waiting = asyncio.ensure_future(one.membership.settle())
        assert not await is_done(waiting)
        house.monotonic.advance(STALE_SECONDS_MAX)
        await one.membership.cycle()
        assert not await is_done(waiting)
        with pytest.raises(OutOfTouch):
            await other.fence.get([])
        house.monotonic.advance(GONE_SECONDS)
        await one.membership.cycle()
        await asyncio.wait_for(waiting, 60)
        assert one.membership.is_gone("other")
        assert one.cut_off == ["other"]
        # It was only stopped for a while.
        await other.membership.cycle()
        assert other.copy == {b"a": b"x"}
        await other.fence.get([])
        await one.membership.cycle()
        house.monotonic.advance(1.0)
        await one.membership.cycle()
        assert not one.membership.is_gone("other")

    run(test)


def test_a_router_that_stood_still_while_it_looked_takes_nobody_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(house: House) -> None:
        one, _ = await house.router("one"), await house.router("other")
        house.monotonic.advance(1.0)
        await one.membership.cycle()
        assert not one.membership.is_gone("other")
        house.monotonic.advance(1.0)
        read = house.store.range

        async def read_and_stand_still(*arguments: Any, **named: Any) -> Page:
            page = await read(*arguments, **named)
            if arguments[1] == member_key("one").partition:
                house.monotonic.advance(GONE_SECONDS + 1)  # while the other goes on
            return page

        monkeypatch.setattr(house.store, "range", read_and_stand_still)
        await one.membership.cycle()
        assert one.cut_off == []
        assert not one.membership.is_gone("other")

    run(test)


def test_a_router_joins_with_all_that_was_told() -> None:
    async def test(house: House) -> None:
        one = await house.router("one")
        late = Router(house, "late", ManualClock())
        await late.membership.open()
        await one.write(b"a")
        await late.membership.join()
        assert late.copy == {b"a": b"x"}

    run(test)


def test_one_leads_and_another_takes_over_at_once_when_it_leaves() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        assert (one.membership.term, other.membership.term) == (1, 0)
        await one.membership.leave()
        assert one.membership.term == 0
        house.monotonic.advance(1.0)
        await other.membership.cycle()
        assert other.membership.term == 2
        with pytest.raises(OutOfTouch):
            await one.fence.get([])

    run(test)


def test_another_leads_once_the_leader_is_gone_and_the_old_one_knows() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        for _ in range(2):
            house.monotonic.advance(GONE_SECONDS / 2 + 1)
            await other.membership.cycle()
        assert one.membership.term == 0  # out of touch, whoever leads
        assert other.membership.term == 2
        await one.membership.cycle()
        assert (one.membership.term, other.membership.term) == (0, 2)

    run(test)


def test_a_leader_that_was_out_of_touch_while_nobody_took_over_leads_on() -> None:
    async def test(house: House) -> None:
        one = await house.router("one")
        house.monotonic.advance(STALE_SECONDS_MAX)
        assert one.membership.term == 0
        await one.membership.cycle()
        assert one.membership.term == 1

    run(test)


def test_every_clock_goes_on_from_the_fastest(caplog: pytest.LogCaptureFixture) -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one", time=1_750_000_010.0), await house.router("other", time=1_750_000_000.0)
        through = asyncio.ensure_future(one.membership.pass_time())
        assert not await is_done(through)
        with caplog.at_level(logging.WARNING):
            house.monotonic.advance(1.0)
            await other.membership.cycle()
        assert await asyncio.wait_for(through, 60) == 1_750_000_009_999
        assert other.steady() * 1000 > through.result()
        assert "the clock of this router is 10.0 s behind another's" in caplog.text

    run(test)


def test_time_passes_only_when_earlier_writes_are_over() -> None:
    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        house.store.held = held = asyncio.Event()
        late = asyncio.ensure_future(other.write(b"late"))
        await turns()
        house.store.held = None
        one.clock.advance(1.0)
        other.clock.advance(2.0)
        passing = asyncio.ensure_future(one.membership.pass_time())
        house.monotonic.advance(1.0)
        await other.membership.cycle()
        assert not await is_done(passing)
        held.set()
        await late
        house.monotonic.advance(1.0)
        await other.membership.cycle()
        await asyncio.wait_for(passing, 60)

    run(test)


def test_who_joins_after_a_time_has_passed_begins_after_it() -> None:
    async def test(house: House) -> None:
        one = await house.router("one", time=1_750_000_100.0)
        through = await one.membership.pass_time()
        slow = await house.router("slow", time=1_750_000_000.0)
        assert slow.steady() * 1000 > through

    run(test)


def test_a_time_does_not_pass_while_somebody_joins() -> None:
    async def test(house: House) -> None:
        one = await house.router("one", time=1_750_000_100.0)
        joining: list[Router] = []

        class Joins(Fence):
            async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
                if not joining:  # between the look at the routers and the note of the time
                    joining.append(await house.router("slow", time=1_750_000_000.0))
                return await super().transact(keys, decide)

        one.membership._fence = joins = Joins(house.store, house.monotonic)
        joins.until = one.fence.until
        passing = asyncio.ensure_future(one.membership.pass_time())
        assert not await is_done(passing)
        house.monotonic.advance(1.0)
        await joining[0].membership.cycle()
        through = await asyncio.wait_for(passing, 60)
        assert joining[0].steady() * 1000 > through

    run(test)


def test_rounds_go_on_by_themselves_and_say_so_when_they_cannot(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("stator.storage.routers.membership.LOOK_SECONDS", 0.001)

    async def test(house: House) -> None:
        one, other = await house.router("one"), await house.router("other")
        one.membership.start()
        await other.write(b"a")
        await until(lambda: bool(one.copy))

        async def fail(*_: Any, **__: Any) -> Any:
            raise OSError("no route to host")

        whole = house.store.range
        monkeypatch.setattr(house.store, "range", fail)
        await until(lambda: "cannot tell the other routers" in caplog.text)
        monkeypatch.setattr(house.store, "range", whole)
        await until(lambda: "in touch with the other routers again" in caplog.text)
        await one.membership.leave()
        await other.membership.leave()

    with caplog.at_level(logging.WARNING):
        run(test)


def test_rows_of_members_are_as_told() -> None:
    async def test(house: House) -> None:
        fence = Fence(house.store, house.monotonic)
        membership = Membership(house.store, fence, SteadyClock(ManualClock()), "one", about={"host": "here"})
        await membership.open()
        await membership.join()
        (member,) = membership.members()
        assert (member.id, member.about) == ("one", {"host": "here"})
        rows: list[Row] = (
            await house.store.range(0, bytes(8) + b"routers", None, None, reverse=False, rows_max=9, bytes_max=9999)
        ).rows
        assert [row.sort for row in rows] == [b"", b"one"]

    run(test)
