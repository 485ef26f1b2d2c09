"""Two catalogs over one store, as two routers have them."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock, SteadyClock
from stator.errors import ResourceInUseException, ResourceNotFoundException
from stator.model.table import KeyAttribute, KeySchema, Status, Table
from stator.storage.routers.fence import Fence
from stator.storage.routers.membership import Membership
from stator.storage.routers.news import Telling
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import definition, history, lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.journaling import ARCHIVE
from stator.tables.places import TABLES, table_key

PLACE = ("1", "here", "things")


class Router:
    def __init__(self, store: SqliteStore, clock: ManualClock, id: str) -> None:
        self.fence = Fence(store)
        self.told = Telling(self.fence, [TABLES, history.KEY.partition])
        self.membership = Membership(store, self.fence, SteadyClock(clock), id)
        self.clock = clock
        self.catalog: Catalog
        self.seen: list[Table] = []

    async def open(self) -> None:
        await self.membership.open()
        self.catalog = await Catalog.open(self.told, self.clock, routers=self.membership)
        self.catalog.watch(self.seen.append)
        self.membership.subscribe(self.catalog.take)
        await self.membership.join()


class House:
    def __init__(self) -> None:
        self.store = SqliteStore.open(None)
        self.clock = ManualClock()
        self.routers: list[Router] = []
        self.cycling: asyncio.Task[None]

    async def router(self) -> Router:
        router = Router(self.store, self.clock, f"router-{len(self.routers)}")
        await router.open()
        self.routers.append(router)
        return router

    async def cycle(self) -> None:
        """What each router does again and again, without the pauses."""
        while True:
            for router in self.routers:
                await router.membership.cycle()
            await asyncio.sleep(0.001)


Test = Callable[[House, Router, Router], Coroutine[Any, Any, None]]


def run(test: Test) -> None:
    async def main() -> None:
        house = House()
        one, other = await house.router(), await house.router()
        house.cycling = asyncio.ensure_future(house.cycle())
        await asyncio.wait_for(test(house, one, other), 60)
        house.cycling.cancel()
        await house.store.close()

    asyncio.run(main())


def table(space: int, id: str = "a") -> Table:
    keys = KeySchema((KeyAttribute("pk", "S"),))
    return Table(*PLACE, id=id, created=1.0, attribute_types={"pk": "S"}, keys=keys, space=space)


async def create(router: Router, id: str = "a") -> Table:
    (space,) = await router.catalog.create_spaces(1)

    def decide(old: Table | None) -> Edit:
        if old is not None:
            raise ResourceInUseException
        return Edit(table(space, id))

    return await router.catalog.change(*PLACE, decide)


def tagging(**tags: str) -> Callable[[Table | None], Edit]:
    def decide(old: Table | None) -> Edit:
        assert old is not None
        return Edit(replace(old, tags=tags))

    return decide


async def delete(router: Router) -> None:
    def decide(old: Table | None) -> Edit:
        assert old is not None
        return Edit(lifecycle.delete(old, router.clock()), drops=old.spaces)

    await router.catalog.change(*PLACE, decide)


def test_what_one_changes_the_other_has_when_the_change_is_done() -> None:
    async def test(house: House, one: Router, other: Router) -> None:
        made = await create(one)
        assert other.catalog.get(*PLACE) == made
        assert other.seen == [made]
        assert one.seen == [made]  # not again when its own news come round
        tagged = await other.catalog.change(*PLACE, tagging(a="b"))
        assert one.catalog.get(*PLACE) == tagged
        await delete(one)
        with pytest.raises(ResourceNotFoundException):
            other.catalog.get(*PLACE)
        with pytest.raises(ResourceInUseException):
            await create(other)
            await create(one)

    run(test)


def test_a_refused_change_waits_for_nobody_and_tells_nothing() -> None:
    async def test(house: House, one: Router, other: Router) -> None:
        await create(one)
        before = one.membership.generation
        house.cycling.cancel()
        with pytest.raises(ResourceInUseException):
            await create(other)
        assert await other.membership.refresh() == before

    run(test)


def test_a_table_is_not_made_anew_before_all_know_of_its_deletion() -> None:
    async def test(house: House, one: Router, other: Router) -> None:
        await create(one)
        house.cycling.cancel()
        deleting = asyncio.ensure_future(delete(one))  # and the router dies before all know
        await asyncio.wait([deleting], timeout=0.06)
        deleting.cancel()
        stale = other.catalog.get(*PLACE)
        third = await house.router()
        creating = asyncio.ensure_future(create(third, "b"))
        await asyncio.wait([creating], timeout=0.06)
        assert other.catalog.get(*PLACE) == stale
        # Nothing is there yet that could be taken for the old table.
        (row,) = await house.store.get([table_key(*PLACE)])
        assert row is not None
        assert definition.decode(row.value).status is Status.DELETING
        for router in (one, other, third):
            await router.membership.cycle()
        with pytest.raises(ResourceNotFoundException):
            other.catalog.get(*PLACE)
        house.cycling = asyncio.ensure_future(house.cycle())
        assert (await creating).id == "b"
        assert other.catalog.get(*PLACE).id == "b"

    run(test)


def test_every_table_is_journaled_whoever_changes_it_once_the_instance_is_backed_up() -> None:
    async def test(house: House, one: Router, other: Router) -> None:
        await one.catalog.journal_all("i" * 32)
        assert other.catalog.instance == one.catalog.instance
        # Also by a router that has not heard of it yet.
        other.catalog.instance = None
        made = await create(other)
        assert ARCHIVE in made.journal_readers
        assert len(await house.store.changes(history.JOURNAL, history.LANE, 0, 10)) == 1
        await other.catalog.unjournal_all()
        assert one.catalog.instance is None
        assert ARCHIVE not in one.catalog.get(*PLACE).journal_readers

    run(test)


def test_after_too_much_news_everything_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stator.storage.routers.news.NEWS_KEPT", 2)

    async def test(house: House, one: Router, other: Router) -> None:
        await create(one)
        await delete(one)
        await create(one, "b")
        house.cycling.cancel()
        seen = len(other.seen)

        async def settle() -> None:
            return

        monkeypatch.setattr(one.membership, "settle", settle)
        for number in range(4):
            await one.catalog.change(*PLACE, tagging(n=str(number)))
        await other.membership.refresh()
        assert other.catalog.get(*PLACE).tags == {"n": "3"}
        assert [table.tags for table in other.seen[seen:]] == [{"n": "3"}]

    run(test)


def test_a_space_is_no_orphan_because_another_router_has_just_made_it() -> None:
    async def test(house: House, one: Router, other: Router) -> None:
        (space,) = await other.catalog.create_spaces(1)
        assert one.catalog.orphans == ()
        assert await one.catalog.find_orphans() == (space,)  # it looks like one: see services.reclaim.Orphans

    run(test)


def test_a_change_whose_outcome_is_unknown_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(house: House, one: Router, other: Router) -> None:
        await create(one)
        whole = house.store.transact

        async def lose(keys: Sequence[Any], decide: Any) -> Any:
            await whole(keys, decide)
            raise OSError("the line was cut")

        with monkeypatch.context() as patch:
            patch.setattr(house.store, "transact", lose)
            house.cycling.cancel()
            with pytest.raises(OSError, match="cut"):
                await one.catalog.change(*PLACE, tagging(a="b"))
        assert one.catalog.get(*PLACE).tags == {"a": "b"}
        await other.membership.refresh()
        assert other.catalog.get(*PLACE).tags == {"a": "b"}

    run(test)
