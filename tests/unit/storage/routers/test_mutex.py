"""A lock that routers share."""

import asyncio
import logging
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.storage.failure import StoreFailure
from stator.storage.routers.fence import Fence, OutOfTouch
from stator.storage.routers.mutex import HELD_SECONDS_MAX, Mutex
from stator.storage.sqlite.engine import SqliteStore


class House:
    def __init__(self) -> None:
        self.store = SqliteStore.open(None)
        self.clock = ManualClock(10.0)
        self.looks: list[str] = []
        self.fences: list[Fence] = []

    def mutex(self, router: str) -> Mutex:
        async def look() -> None:
            self.looks.append(router)

        self.fences.append(Fence(self.store, self.clock))
        return Mutex(self.fences[-1], "test", router, look)


def run(test: Any) -> None:
    async def main() -> None:
        house = House()
        await test(house)
        await house.store.close()

    asyncio.run(main())


async def enter(mutex: Mutex) -> None:
    async with mutex:
        pass


def test_one_router_at_a_time_and_one_task_of_each() -> None:
    async def test(house: House) -> None:
        one, other = house.mutex("one"), house.mutex("other")
        async with one:
            tasks = [asyncio.ensure_future(enter(mutex)) for mutex in (one, other)]
            await asyncio.wait(tasks, timeout=0.06)
            assert not any(task.done() for task in tasks)
            assert house.looks == ["one"]
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        assert sorted(house.looks) == ["one", "one", "other"]

    run(test)


def test_who_holds_it_for_too_long_has_lost_it_and_leaves_it_to_the_next() -> None:
    async def test(house: House) -> None:
        one, other, third = house.mutex("one"), house.mutex("other"), house.mutex("third")
        await one.__aenter__()
        waiting = asyncio.ensure_future(other.__aenter__())
        await asyncio.wait([waiting], timeout=0.06)
        house.clock.advance(HELD_SECONDS_MAX + 1)
        await asyncio.wait_for(waiting, 60)
        await one.__aexit__()
        last = asyncio.ensure_future(enter(third))
        await asyncio.wait([last], timeout=0.06)
        assert not last.done()
        await other.__aexit__()
        await asyncio.wait_for(last, 60)

    run(test)


def test_it_can_be_entered_again_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(house: House) -> None:
        one = house.mutex("one")
        house.fences[0].until = 0.0
        with pytest.raises(OutOfTouch):
            await enter(one)
        house.fences[0].until = 100.0
        await one.__aenter__()

        async def fail(*_: Any) -> Any:
            raise StoreFailure("no")

        with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
            patch.setattr(house.store, "transact", fail)
            await one.__aexit__()
        assert "cannot give up a lock: no" in caplog.text
        await asyncio.wait_for(enter(one), 60)
        await asyncio.wait_for(enter(house.mutex("other")), 60)

    run(test)
