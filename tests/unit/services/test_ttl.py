"""The duty that deletes expired items: what a write in between does to it, and that a crash costs nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.items.commit import Writer
from stator.items.decide import PutWrite
from stator.items.examine import examine
from stator.items.expire import ExpireWrite
from stator.items.expiry import NO_ITEM, PARTITION, bounds, entry, expiry_of, key_in
from stator.items.keys import item_key
from stator.model.table import KeyAttribute, KeySchema, Table, TimeToLive
from stator.services import reclaim, ttl
from stator.services.parts import Parts
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put, Row
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.values.parse import parse_item

ACCOUNT, REGION, NAME = "123456789012", "eu-west-1", "things"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run ends when nothing is left, however slow the machine."""
    monkeypatch.setattr("stator.services.ttl.time", SimpleNamespace(monotonic=lambda: 0.0))


class House:
    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        self.parts = Parts(catalog, store, clock)
        self.writer = Writer(store, catalog.latest)
        self.progress: ttl.Progress = {}

    @property
    def table(self) -> Table:
        return self.catalog.get(ACCOUNT, REGION, NAME)

    async def create(self, *, expiring: bool = True) -> None:
        (space,) = await self.catalog.create_spaces(1)
        keys = KeySchema((KeyAttribute("pk", "S"),))
        table = Table(ACCOUNT, REGION, NAME, "id", self.clock(), {"pk": "S"}, keys, space, on_demand=True)
        if expiring:
            table = replace(table, time_to_live=TimeToLive("e", enabled=True, changed=self.clock()))
        await self.catalog.change(ACCOUNT, REGION, NAME, lambda _: Edit(lifecycle.create(table, self.clock())))

    async def put(self, pk: str, seconds: float) -> None:
        table = self.table
        item, size = parse_item({"pk": {"S": pk}, "e": {"N": str(int(self.clock() + seconds))}})
        await self.writer.commit(PutWrite(table, item_key(table, item), item, size))

    async def count(self) -> int:
        return (await self.store.usage(self.table.space)).rows

    async def entries(self) -> list[Row]:
        setting = self.table.time_to_live
        assert setting is not None
        assert setting.space is not None
        page = await self.store.range(
            setting.space, PARTITION, None, None, reverse=False, rows_max=10_000, bytes_max=1 << 30
        )
        return [row for row in page.rows if row.value != NO_ITEM]

    async def settle(self) -> None:
        while await ttl.run_once(self.parts, self.writer, self.progress):
            pass


def run(main: Callable[[House], Awaitable[None]], directory: Path | None = None) -> None:
    async def whole() -> None:
        store, clock = SqliteStore.open(directory), ManualClock()
        house = House(store, await Catalog.open(store, clock), clock)
        try:
            await main(house)
        finally:
            await store.close()

    asyncio.run(whole())


def test_there_is_an_entry_for_each_item_that_expires() -> None:
    async def main(house: House) -> None:
        await house.create()
        for number in range(700):
            await house.put(f"k{number}", 50)
        await house.settle()
        assert house.table.time_to_live is not None
        assert house.table.time_to_live.filled
        await house.put("k0", 60)
        await house.put("k700", 50)
        found = await house.entries()
        assert len(found) == 701
        places = {key_in(house.table, row) for row in found}
        assert all(await house.store.get(list(places)))
        house.clock.advance(51)
        assert await ttl.run_once(house.parts, house.writer, house.progress) == 700
        assert await house.count() == len(await house.entries()) == 1

    run(main)


def test_filling_goes_on_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(10**6))
    monkeypatch.setattr("stator.services.ttl.time", SimpleNamespace(monotonic=looks.__next__))

    async def main(house: House) -> None:
        await house.create(expiring=False)
        for number in range(300):
            await house.put(f"k{number}", 50)
        setting = TimeToLive("e", enabled=True, changed=0.0)

        def enable(table: Table | None) -> Edit:
            assert table is not None
            return Edit(replace(table, time_to_live=setting))

        await house.catalog.change(ACCOUNT, REGION, NAME, enable)
        monkeypatch.setattr(ttl, "RUN_SECONDS", 1.5)  # one slice a run
        assert await ttl.run_once(house.parts, house.writer, house.progress) == 1
        assert await ttl.run_once(house.parts, house.writer, house.progress) == 1
        assert len(await house.entries()) == 250
        assert list(house.progress) == [house.table.spaces[-1]]
        await house.put("k0", 500)
        assert await ttl.run_once(house.parts, house.writer, house.progress) == 1
        assert len(await house.entries()) == 300
        assert house.progress == {}
        assert await ttl.run_once(house.parts, house.writer, house.progress) == 0

    run(main)


def test_damaged_entries_are_found() -> None:
    async def main(house: House) -> None:
        await house.create()
        await house.settle()
        await house.put("a", 50)
        await house.put("b", 60)

        async def findings() -> list[str]:
            return [finding async for finding in examine(house.store, house.table)]

        assert await findings() == []
        first, second = await house.entries()
        space = house.table.spaces[-1]
        moved = Put(Key(space, PARTITION, bytes(8) + second.sort[8:]), second.size, second.value)
        gone = Key(space, PARTITION, first.sort)
        await house.store.transact((), lambda _: Change(puts=[moved], deletes=[gone]))
        found = await findings()
        assert len(found) == 1
        assert "expires in second 0" in found[0]
        await house.store.transact((), lambda _: Change(deletes=[moved.key]))
        assert await findings() == ["things: 1 entries say when items expire, its items make 2"]

    run(main)


def test_a_write_in_between_wins() -> None:
    async def main(house: House) -> None:
        await house.create()
        await house.settle()
        await house.put("a", -1)
        (row,) = await house.entries()
        setting = house.table.time_to_live
        assert setting is not None
        place = Key(setting.space or 0, row.partition, row.sort)
        late = ExpireWrite(house.table, key_in(house.table, row), place, house.clock())
        await house.put("a", 100)
        outcome = await house.writer.commit(late)
        assert outcome.before is None
        assert await house.count() == 1
        assert [found.sort[:8] for found in await house.entries()] == [int(house.clock() + 100).to_bytes(8, "big")]

    run(main)


def test_a_restart_goes_on(tmp_path: Path) -> None:
    async def before(house: House) -> None:
        await house.create()
        for number in range(30):
            await house.put(f"k{number}", 10)
        await ttl.run_once(house.parts, house.writer, house.progress)

    async def after(house: House) -> None:
        assert not house.catalog.orphans
        assert await reclaim.run_once(house.parts) == 0
        house.clock.advance(20)
        await house.settle()
        assert await house.count() == 0

    run(before, tmp_path / "data")
    run(after, tmp_path / "data")


def test_a_table_without_the_setting_has_no_entries() -> None:
    async def main(house: House) -> None:
        await house.create(expiring=False)
        await house.put("a", -1)
        assert await ttl.run_once(house.parts, house.writer, house.progress) == 0
        assert not house.table.derives
        assert await house.count() == 1

    run(main)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"N": "1750000000"}, 1_750_000_000),
        ({"N": "1750000000.99"}, 1_750_000_000),
        ({"N": "0"}, 0),
        ({"N": "-1"}, None),
        ({"N": "9" * 38}, None),
        ({"S": "1750000000"}, None),
        (None, None),
    ],
)
def test_the_second_in_which_an_item_expires(value: Any, seconds: int | None) -> None:
    keys = KeySchema((KeyAttribute("pk", "S"),))
    setting = TimeToLive("e", enabled=True, changed=0.0)
    table = Table(ACCOUNT, REGION, NAME, "id", 0.0, {"pk": "S"}, keys, 1, time_to_live=setting)
    item = {"pk": {"S": "a"}} | ({"e": value} if value else {})
    assert expiry_of(table, item) == seconds
    assert expiry_of(replace(table, time_to_live=replace(setting, enabled=False)), item) is None


@pytest.mark.parametrize("sort", [b"", b"\x00\xff"])
def test_an_entry_leads_to_its_item(sort: bytes) -> None:
    keys = KeySchema((KeyAttribute("pk", "S"),))
    table = Table(ACCOUNT, REGION, NAME, "id", 0.0, {"pk": "S"}, keys, 1)
    key = Key(1, b"partition" * 200, sort)
    put = entry(9, 1_750_000_000, key)
    assert key_in(table, Row(put.key.partition, put.key.sort, 1, put.size, put.value)) == key
    lower, upper = bounds(1_750_000_000.5)
    assert lower.sort <= put.key.sort < upper.sort
    assert put.key.sort >= bounds(1_750_000_000.0)[1].sort
