"""Filling an index, on an engine in memory, with writes in between."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.errors import ResourceInUseException
from stator.items.commit import Writer
from stator.items.decide import NO_GUARD, DeleteWrite, PutWrite
from stator.items.examine import examine, rows
from stator.items.keys import item_key
from stator.metrics.metric import PROGRESS
from stator.model.table import Build, KeyAttribute, KeySchema, Status, Table
from stator.services import backfill, reclaim, stretch
from stator.services.figures import Figures
from stator.services.parts import Parts
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Decide, Key, Put
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit, progress_key
from stator.tables.update import plan
from stator.values.attribute import Item
from stator.values.parse import parse_item

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CREATE = {
    "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
    "GlobalSecondaryIndexUpdates": [
        {
            "Create": {
                "IndexName": "by-g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        }
    ],
}
DELETE = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-g"}}]}


class House:
    """A table with a writer and the duty's parts, over one store."""

    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.name = "things"
        self.store = store
        self.catalog = catalog
        self.clock = clock
        self.parts = Parts(catalog, store, clock)
        self.writer = Writer(store, catalog.latest)

    @property
    def table(self) -> Table:
        return self.catalog.get(ACCOUNT, REGION, self.name)

    async def create(self) -> None:
        (space,) = await self.catalog.create_spaces(1)
        keys = KeySchema((KeyAttribute("pk", "S"),))
        table = Table(ACCOUNT, REGION, self.name, "id", self.clock(), {"pk": "S"}, keys, space, on_demand=True)
        await self.catalog.change(ACCOUNT, REGION, self.name, lambda _: Edit(lifecycle.create(table, self.clock())))

    async def update(self, request: dict[str, Any], seconds: float = 0.0) -> Table:
        spaces = await self.catalog.create_spaces(1) if request is CREATE else []

        def decide(table: Table | None) -> Edit:
            assert table is not None
            return plan(table, request, now=self.clock(), settles_at=self.clock() + seconds, spaces=spaces)

        return await self.catalog.change(ACCOUNT, REGION, self.name, decide)

    async def put(self, table: Table, pk: str, **attributes: Any) -> None:
        item, size = parse_item({"pk": {"S": pk}} | attributes)
        await self.writer.commit(PutWrite(table, item_key(table, item), item, size))

    async def delete(self, table: Table, pk: str) -> None:
        await self.writer.commit(DeleteWrite(table, item_key(table, {"pk": {"S": pk}}), NO_GUARD))

    async def begin_filling(self) -> None:
        """As the duty does once every router knows of the index."""
        space = self.table.indexes[0].space

        def decide(table: Table | None) -> Edit:
            assert table is not None
            return Edit(lifecycle.begin_filling(table, space))

        await self.catalog.change(ACCOUNT, REGION, self.name, decide)

    async def finish(self) -> None:
        while await backfill.run_once(self.parts):
            pass

    async def entries(self) -> set[str]:
        found: list[Item] = [orjson.loads(row.value) async for row in rows(self.store, self.table.indexes[0].space)]
        return {item["pk"]["S"] for item in found}

    async def complaints(self) -> list[str]:
        return [complaint async for complaint in examine(self.store, self.table)]


def play(scene: Callable[[House], Awaitable[None]], directory: Path | None = None) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = SqliteStore.open(directory)
        try:
            house = House(store, await Catalog.open(store, clock), clock)
            await house.create()
            await scene(house)
        finally:
            await store.close()

    asyncio.run(run())


GOOD = {"g": {"S": "x"}}


def test_old_items_come_in_and_unusable_ones_stay_out() -> None:
    async def scene(house: House) -> None:
        old = house.table
        await house.put(old, "good", **GOOD)
        await house.put(old, "none")
        await house.put(old, "type", g={"N": "1"})
        await house.put(old, "empty", g={"S": ""})
        await house.put(old, "longest", g={"S": "x" * 2048})
        await house.put(old, "too-long", g={"S": "x" * 2049})
        shown = await house.update(CREATE)
        assert (shown.status, shown.indexes[0].build) == (Status.UPDATING, Build.ALLOTTED)
        assert [index.build for index in house.table.indexes] == [Build.ALLOTTED]
        assert await house.entries() == set()
        await house.finish()
        assert await house.entries() == {"good", "longest"}
        assert (house.table.status, house.table.indexes[0].build) == (Status.ACTIVE, None)
        assert await house.complaints() == []
        assert await house.store.get([progress_key(house.table.indexes[0].space)]) == [None]
        assert await backfill.run_once(house.parts) == 0

    play(scene)


def test_a_write_prepared_before_the_index_was_there_maintains_it() -> None:
    async def scene(house: House) -> None:
        before = house.table
        await house.put(before, "gone", **GOOD)
        await house.update(CREATE)
        await house.put(before, "late", **GOOD)
        assert await house.entries() == set()  # other routers may not know of it yet
        await house.finish()
        assert await house.entries() == {"gone", "late"}
        await house.put(before, "later", **GOOD)
        await house.delete(before, "gone")
        assert await house.entries() == {"late", "later"}
        assert await house.complaints() == []

    play(scene)


def test_no_entry_is_left_behind_by_a_router_that_is_a_step_behind() -> None:
    async def scene(house: House) -> None:
        async def put(latest: Table, group: str) -> None:
            item, size = parse_item({"pk": {"S": "a"}, "g": {"S": group}})
            await Writer(house.store, lambda _: latest).commit(PutWrite(latest, item_key(latest, item), item, size))

        before = house.table
        await put(before, "1")
        await house.update(CREATE)
        allotted = house.table
        await put(allotted, "2")
        await put(before, "3")
        await house.begin_filling()
        await put(house.table, "4")
        assert await house.entries() == {"a"}
        await put(allotted, "5")
        assert await house.entries() == set()
        await house.finish()
        assert await house.entries() == {"a"}
        assert await house.complaints() == []

    play(scene)


def test_a_write_prepared_before_the_index_went_leaves_it_alone() -> None:
    async def scene(house: House) -> None:
        await house.update(CREATE)
        await house.finish()
        before = house.table
        await house.update(DELETE)
        await house.store.drop_space(before.indexes[0].space)
        await house.put(before, "late", **GOOD)  # a put into the space would raise

    play(scene)


class Interfering:
    """The store, with something done right before the duty's slices are decided."""

    def __init__(self, store: SqliteStore, interfere: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._interfere = interfere

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def transact(self, keys: list[Key], decide: Decide) -> Any:
        if keys[0].space:  # rows of items, not of the catalog
            await self._interfere()
        return await self._store.transact(keys, decide)


def test_what_changes_between_looking_and_writing_is_taken_as_it_is_then() -> None:
    async def scene(house: House) -> None:
        old = house.table
        for pk in ("deleted", "moved", "same"):
            await house.put(old, pk, **GOOD)
        await house.update(CREATE)

        async def interfere() -> None:
            await house.delete(house.table, "deleted")
            await house.put(house.table, "moved", g={"S": "elsewhere"})
            await house.put(house.table, "new", **GOOD)

        house.parts = replace(house.parts, store=Interfering(house.store, interfere))
        await house.finish()
        assert await house.entries() == {"moved", "new", "same"}
        assert await house.complaints() == []

    play(scene)


def test_deleting_the_index_stops_its_filling() -> None:
    async def scene(house: House) -> None:
        old = house.table
        for number in range(20):
            await house.put(old, str(number), **GOOD)
        created = await house.update(CREATE)
        space = created.indexes[0].space

        async def interfere() -> None:
            if [index.space for index in house.table.indexes] == [space]:
                await house.update(DELETE)

        house.parts = replace(house.parts, store=Interfering(house.store, interfere))
        await house.finish()
        assert (house.table.status, house.table.indexes) == (Status.ACTIVE, ())
        assert (await house.store.usage(space)).rows == 0
        house.clock.advance(3600)
        (dropped,) = await house.catalog.dropped(10)
        assert dropped.space == space
        await house.catalog.forget_dropped(dropped)
        assert await house.store.get([progress_key(space)]) == [None]
        await house.update(CREATE)
        await house.finish()
        assert len(await house.entries()) == 20

    play(scene)


def test_filling_waits_until_the_index_is_allotted() -> None:
    async def scene(house: House) -> None:
        await house.put(house.table, "old", **GOOD)
        await house.update(CREATE, seconds=10)
        await house.put(house.table, "new", **GOOD)
        assert await backfill.run_once(house.parts) == 0
        assert await house.entries() == set()
        with pytest.raises(ResourceInUseException):
            await house.update(DELETE)
        house.clock.advance(10)
        await house.finish()
        assert await house.entries() == {"new", "old"}

    play(scene)


def test_throughput_that_changes_meanwhile_is_kept() -> None:
    async def scene(house: House) -> None:
        await house.put(house.table, "old", **GOOD)
        await house.update(CREATE)
        await house.begin_filling()
        maxima = {"Update": {"IndexName": "by-g", "OnDemandThroughput": {"MaxReadRequestUnits": 9}}}
        await house.update({"GlobalSecondaryIndexUpdates": [maxima]}, seconds=10)
        await house.finish()
        shown = house.catalog.require(ACCOUNT, REGION, house.name)
        assert (shown.status, shown.indexes[0].build) == (Status.UPDATING, None)
        house.clock.advance(10)
        (index,) = house.table.indexes
        assert (house.table.status, index.build) == (Status.ACTIVE, None)
        assert index.on_demand_throughput is not None
        assert index.on_demand_throughput.read_max == 9
        assert await house.entries() == {"old"}

    play(scene)


def test_it_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process has only what is stored: nothing that was brought in is looked at again."""

    async def scene(house: House) -> None:
        for number in range(100):
            await house.put(house.table, str(number), **GOOD)
        await house.update(CREATE)
        monkeypatch.setattr(backfill, "RUN_SECONDS", 0.0)
        monkeypatch.setattr(backfill, "SLICE_ROWS_MIN", 8)
        monkeypatch.setattr(backfill, "SLICE_ROWS_MAX", 8)
        (filling,) = house.catalog.filling()
        first = backfill.Fill(house.parts, *filling)
        for _ in range(3):
            assert await first.run_slice() is False
        assert len(await house.entries()) == 24

        looked: list[Key] = []

        class Watched(Interfering):
            async def transact(self, keys: list[Key], decide: Decide) -> Any:
                looked.extend(key for key in keys if key.space)
                return await self._store.transact(keys, decide)

        async def nothing() -> None: ...

        catalog = await Catalog.open(house.store, house.clock)
        house.parts = Parts(catalog, Watched(house.store, nothing), house.clock)  # type: ignore[arg-type]
        monkeypatch.undo()
        await house.finish()
        assert len(looked) == 76
        assert len(await house.entries()) == 100

    play(scene)


def test_a_damaged_row_stops_no_other_table() -> None:
    async def scene(house: House) -> None:
        await house.update(CREATE)
        damaged = Put(Key(house.table.space, bytes(8), b""), 2, b"{{")
        await house.store.transact([damaged.key], lambda _: Change(puts=[damaged]))
        first = house.table
        house.name = "others"
        await house.create()
        await house.put(house.table, "old", **GOOD)
        await house.update(CREATE)
        with pytest.raises(orjson.JSONDecodeError):
            await house.finish()
        assert house.table.status is Status.ACTIVE
        assert await house.entries() == {"old"}
        assert house.catalog.latest(first).status is Status.UPDATING

    play(scene)


@pytest.mark.parametrize("seed", range(3))
def test_writers_in_flight_lose_nothing(tmp_path: Path, seed: int) -> None:
    """On disk, where commits take their time: writes are queued before, while and after the definition changes."""

    async def scene(house: House) -> None:
        rng = random.Random(seed)
        done = False

        async def write() -> None:
            while not done:
                table = house.table
                if rng.random() < 0.5:
                    await asyncio.sleep(rng.random() / 50)  # what was prepared lies about for a while
                pk = str(rng.randrange(300))
                if rng.random() < 0.3:
                    await house.delete(table, pk)
                else:
                    await house.put(table, pk, g={"S": rng.choice("abc")})

        for number in range(200):
            await house.put(house.table, str(number), **GOOD)
        for _ in range(5):
            done = False
            writers = [asyncio.ensure_future(write()) for _ in range(8)]
            await asyncio.sleep(0.02)
            await house.update(CREATE)
            await house.finish()
            assert house.table.status is Status.ACTIVE
            done = True
            await asyncio.gather(*writers)
            assert await house.complaints() == []
            assert len(await house.entries()) == (await house.store.usage(house.table.space)).rows
            await house.update(DELETE)

    play(scene, tmp_path)


def test_space_that_a_crash_left_is_given_back() -> None:
    async def scene(house: House) -> None:
        empty, full = await house.catalog.create_spaces(2)
        row = Put(Key(full, bytes(8), b""), 2, b"{}")
        await house.store.transact([row.key], lambda _: Change(puts=[row]))
        assert house.catalog.orphans == ()
        catalog = await Catalog.open(house.store, house.clock)
        assert catalog.orphans == (empty, full)
        (later,) = await catalog.create_spaces(1)
        await reclaim.run_once(Parts(catalog, house.store, house.clock))
        assert set(await house.store.spaces()) == {house.table.space, full, later}

    play(scene)


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "SLICE_ROWS_MIN", 10)
    monkeypatch.setattr(backfill, "SLICE_ROWS_MAX", 10)
    monkeypatch.setattr(stretch, "STRETCH_ROWS_MAX", 50)

    async def scene(house: House) -> None:
        figures = Figures(house.parts, lambda: 7, None)

        async def told() -> list[float]:
            return [figure.value for figure in await figures.collect() if figure.metric is PROGRESS]

        for number in range(200):
            await house.put(house.table, str(number), g={"S": f"group {number}"})
        assert await told() == []
        await house.update(CREATE)
        assert await told() == [0.0]
        fill = backfill.Fill(house.parts, *house.catalog.filling()[0])
        seen = [0.0]
        while not await fill.run_slice():
            (percentage,) = await told()
            share = len(await house.entries()) / 2
            assert abs(percentage - share) < 20  # hashes are even, but these are few
            seen.append(percentage)
        assert seen == sorted(seen)
        assert len(set(seen)) > 15
        assert await told() == []

    play(scene)
