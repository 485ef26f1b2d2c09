import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.model.table import Recovery, Status, Table
from stator.storage.store import Record, Row
from stator.tables import history, lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.history import Edition, Instance
from stator.tables.journaling import ARCHIVE, release

PLACE = ("123456789012", "eu-west-1")


async def create(catalog: Catalog, table: Table, now: float) -> Table:
    return await catalog.change(*PLACE, table.name, lambda _: Edit(lifecycle.create(table, now)))


async def amend(catalog: Catalog, name: str, how: Callable[[Table], Table]) -> Table:
    def decide(table: Table | None) -> Edit:
        assert table is not None
        return Edit(how(table))

    return await catalog.change(*PLACE, name, decide)


async def editions(store: Any) -> list[Edition]:
    return [history.decode(record) for record in await store.changes(history.JOURNAL, history.LANE, 0, 100)]


def test_a_record_says_what_the_table_became_and_when(make_table: Callable[..., Table]) -> None:
    table = make_table()
    append = history.append(table, 1_750_000_000.1239)
    assert (append.journal, append.shard) == (0, 0)
    record = Record(0, 0, 7, append.record)
    assert history.decode(record) == Edition(7, 1_750_000_000.123, table)


def test_a_record_and_a_row_of_later_versions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"record 3 .* kind 'E'"):
        history.decode(Record(0, 0, 3, b'["E",1,{}]'))
    with pytest.raises(ValueError, match="format 2"):
        history.read(Row(b"", b"", 1, 1, b'[2,"x",1.5]'))


def test_an_instance_is_read_as_it_was_put() -> None:
    instance = Instance("ab" * 16, 12.5)
    put = history.put(instance)
    assert history.read(Row(put.key.partition, put.key.sort, 1, put.size, put.value)) == instance
    assert history.read(None) is None


def test_nothing_is_journaled_before_the_first_backup(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await Catalog.open(store, clock)
        await create(catalog, make_table(), clock())
        assert not catalog.get(*PLACE, "music").journaled
        assert await editions(store) == []

    asyncio.run(run())


def test_from_then_on_every_table_is_and_every_change_of_one(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await Catalog.open(store, clock)
        await create(catalog, make_table(), clock())
        assert await catalog.journal_all("a" * 32) == Instance("a" * 32, clock())
        assert catalog.get(*PLACE, "music").journal_readers == (ARCHIVE,)
        clock.advance(1)
        await create(catalog, make_table(name="later", id="other", space=9), clock())
        assert catalog.get(*PLACE, "later").journal_readers == (ARCHIVE,)
        clock.advance(1)
        tagged = await amend(catalog, "music", lambda table: replace(table, tags={"a": "b"}))
        deleted = await amend(catalog, "later", lambda table: lifecycle.delete(table, clock()))
        found = await editions(store)
        assert [(each.table.name, each.time - clock()) for each in found] == [
            ("music", -2),
            ("later", -1),
            ("music", 0),
            ("later", 0),
        ]
        assert found[2].table == tagged
        assert found[3].table == deleted
        assert found[3].table.status is Status.DELETING

    asyncio.run(run())


def test_it_goes_on_after_a_restart_and_begins_once(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        begun = await (await Catalog.open(store, clock)).journal_all("a" * 32)
        clock.advance(10)
        catalog = await Catalog.open(store, clock)
        assert catalog.instance == begun
        assert await catalog.journal_all("b" * 32) == begun
        await create(catalog, make_table(), clock())
        assert len(await editions(store)) == 1

    asyncio.run(run())


def test_nobody_can_take_the_reader_away(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await Catalog.open(store, clock)
        await catalog.journal_all("a" * 32)
        await create(catalog, make_table(), clock())
        assert (await amend(catalog, "music", lambda table: release(table, ARCHIVE))).journal_readers == (ARCHIVE,)

    asyncio.run(run())


def test_it_ends_and_begins_anew(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await Catalog.open(store, clock)
        await catalog.journal_all("a" * 32)
        await create(catalog, make_table(), clock())
        await create(catalog, make_table(name="recovered", id="r", recovery=Recovery(1.0, 35)), clock())
        await catalog.unjournal_all()
        assert catalog.instance is None
        assert not catalog.get(*PLACE, "music").journaled
        assert catalog.get(*PLACE, "recovered").journal_readers == (ARCHIVE,)
        count = len(await editions(store))
        await amend(catalog, "music", lambda table: replace(table, tags={"a": "b"}))
        assert len(await editions(store)) == count
        catalog = await Catalog.open(store, clock)
        assert catalog.instance is None
        assert (await catalog.journal_all("b" * 32)).id == "b" * 32

    asyncio.run(run())


def test_a_clock_set_back_sets_no_record_back(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await Catalog.open(store, clock)
        await catalog.journal_all("a" * 32)
        await create(catalog, make_table(), clock())
        clock.advance(-100)
        await amend(catalog, "music", lambda table: table)
        first, second = await editions(store)
        assert first.time == second.time

    asyncio.run(run())


def test_a_change_that_is_refused_leaves_no_record(store: Any, clock: ManualClock) -> None:
    def refuse(_: Table | None) -> Edit:
        raise ValueError("no")

    async def run() -> None:
        catalog = await Catalog.open(store, clock)
        await catalog.journal_all("a" * 32)
        with pytest.raises(ValueError, match="no"):
            await catalog.change(*PLACE, "music", refuse)
        assert await editions(store) == []

    asyncio.run(run())
