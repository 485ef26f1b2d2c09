import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.errors import AccessDeniedException, ResourceInUseException, ResourceNotFoundException, ValidationException
from stator.model.table import Status, Table
from stator.storage.routers.fence import OutOfTouch
from stator.storage.store import Key, Put, Row, Usage
from stator.tables import lifecycle
from stator.tables.catalog import DROP_GRACE_SECONDS, Catalog, Edit

ACCOUNT = "123456789012"
REGION = "eu-west-1"


async def open_catalog(store: Any, clock: ManualClock, seconds: float = 0.0) -> Catalog:
    return await Catalog.open(store, clock, seconds)


async def create(catalog: Catalog, table: Table, clock: ManualClock, seconds: float = 0.0) -> Table:
    return await catalog.change(
        table.account, table.region, table.name, lambda _: Edit(lifecycle.create(table, clock() + seconds))
    )


async def delete(catalog: Catalog, name: str, clock: ManualClock, seconds: float = 0.0) -> Table:
    def decide(table: Table | None) -> Edit:
        assert table is not None
        drops = (table.space, *(index.space for index in table.indexes))
        return Edit(lifecycle.delete(table, clock() + seconds), drops)

    return await catalog.change(ACCOUNT, REGION, name, decide)


def test_create_then_get(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        created = await create(catalog, make_table(), clock)
        assert created.status is Status.CREATING
        table = catalog.get(ACCOUNT, REGION, "music")
        assert table.status is Status.ACTIVE
        assert table is catalog.get(ACCOUNT, REGION, "music")
        for other in ((ACCOUNT, "us-east-1"), ("999999999999", REGION)):
            with pytest.raises(ResourceNotFoundException, match=r"^Requested resource not found$"):
                catalog.get(*other, "music")

    asyncio.run(run())


@pytest.mark.parametrize("reopened", [False, True])
def test_statuses_pass_by_the_clock(
    store: Any, clock: ManualClock, make_table: Callable[..., Table], reopened: bool
) -> None:
    """The same whether the process lives through the transition or starts in the middle of it."""

    async def run() -> None:
        catalog = await open_catalog(store, clock, 10)
        await create(catalog, make_table(), clock, 10)
        if reopened:
            catalog = await open_catalog(store, clock, 10)
        assert catalog.require(ACCOUNT, REGION, "music").status is Status.CREATING
        with pytest.raises(ResourceNotFoundException):
            catalog.get(ACCOUNT, REGION, "music")
        clock.advance(10)
        if reopened:
            catalog = await open_catalog(store, clock, 10)
        assert catalog.require(ACCOUNT, REGION, "music").status is Status.ACTIVE
        assert catalog.get(ACCOUNT, REGION, "music").status is Status.ACTIVE

        await delete(catalog, "music", clock, 10)
        if reopened:
            catalog = await open_catalog(store, clock, 10)
        assert catalog.require(ACCOUNT, REGION, "music").status is Status.DELETING
        assert catalog.names(ACCOUNT, REGION) == ["music"]
        assert catalog.tables() == []
        with pytest.raises(ResourceNotFoundException):
            catalog.get(ACCOUNT, REGION, "music")
        clock.advance(10)
        if reopened:
            catalog = await open_catalog(store, clock, 10)
        assert catalog.names(ACCOUNT, REGION) == []
        assert catalog.find(ACCOUNT, REGION, "music") is None
        with pytest.raises(ResourceNotFoundException, match=r"^Requested resource not found: Table: music not found$"):
            catalog.require(ACCOUNT, REGION, "music")

    asyncio.run(run())


def test_data_operations_use_what_an_updating_table_becomes(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock, 10)
        await create(catalog, make_table(), clock)

        def decide(table: Table | None) -> Edit:
            assert table is not None
            return Edit(lifecycle.update(table, replace(table, indexes=()), clock() + 10))

        await catalog.change(ACCOUNT, REGION, "music", decide)
        for each in (catalog, await open_catalog(store, clock, 10)):
            assert each.get(ACCOUNT, REGION, "music").indexes == ()
            assert [table.indexes for table in each.tables()] == [()]
            assert each.require(ACCOUNT, REGION, "music").status is Status.UPDATING
            assert len(each.require(ACCOUNT, REGION, "music").indexes) == 1
        clock.advance(10)
        assert catalog.require(ACCOUNT, REGION, "music") == catalog.get(ACCOUNT, REGION, "music")

    asyncio.run(run())


def test_a_change_that_raises_changes_nothing(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await create(catalog, make_table(), clock)
        rows = dict(store.rows)

        def refuse(table: Table | None) -> Edit:
            raise ResourceInUseException("no")

        with pytest.raises(ResourceInUseException):
            await catalog.change(ACCOUNT, REGION, "music", refuse)
        assert store.rows == rows
        assert catalog.get(ACCOUNT, REGION, "music").status is Status.ACTIVE

    asyncio.run(run())


def test_concurrent_changes_see_each_other(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await create(catalog, make_table(), clock)

        def add(key: str) -> Callable[[Table | None], Edit]:
            def decide(table: Table | None) -> Edit:
                assert table is not None
                return Edit(replace(table, tags={**table.tags, key: ""}))

            return decide

        keys = [str(number) for number in range(20)]
        await asyncio.gather(*(catalog.change(ACCOUNT, REGION, "music", add(key)) for key in keys))
        assert sorted(catalog.get(ACCOUNT, REGION, "music").tags) == sorted(keys)

    asyncio.run(run())


def test_a_change_outlives_its_caller(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        task = asyncio.ensure_future(create(catalog, make_table(), clock))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(10):
            await asyncio.sleep(0)
        assert store.rows
        assert catalog.names(ACCOUNT, REGION) == ["music"]

    asyncio.run(run())


def test_memory_follows_the_store_when_a_commit_fails_after_it_happened(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        store.fail_after_commit = OSError("disk")
        with pytest.raises(OSError, match="disk"):
            await create(catalog, make_table(), clock)
        assert catalog.names(ACCOUNT, REGION) == ["music"]

    asyncio.run(run())


def test_a_change_of_unknown_outcome_is_not_said_to_be_refused(
    store: Any, clock: ManualClock, make_table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made spaces for a change drops them when it is refused."""

    async def refuse(_keys: Sequence[Key]) -> list[Row | None]:
        raise OutOfTouch

    async def run() -> None:
        catalog = await open_catalog(store, clock)
        store.fail_after_commit = OSError("the connection was lost")
        monkeypatch.setattr(store, "get", refuse)
        with pytest.raises(OSError, match="the connection was lost"):
            await create(catalog, make_table(), clock)

    asyncio.run(run())


def test_names_are_sorted_by_bytes_and_apart_by_account_and_region(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        for name in ("b-b", "Z.z", "a_a", "B-b"):
            await create(catalog, make_table(name), clock)
        await create(catalog, make_table("elsewhere", region="us-east-1"), clock)
        for each in (catalog, await open_catalog(store, clock)):
            assert each.names(ACCOUNT, REGION) == ["B-b", "Z.z", "a_a", "b-b"]
            assert each.names(ACCOUNT, "us-east-1") == ["elsewhere"]
            assert len(each.tables()) == 5
            assert each.names("999999999999", REGION) == []

    asyncio.run(run())


def test_loads_more_than_a_page(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        for number in range(2100):
            await create(catalog, make_table(f"table-{number}"), clock)
        assert len((await open_catalog(store, clock)).names(ACCOUNT, REGION)) == 2100

    asyncio.run(run())


def test_an_arn_stands_for_the_name(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await create(catalog, make_table(), clock)
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/music"
        assert catalog.get(ACCOUNT, REGION, arn) is catalog.get(ACCOUNT, REGION, "music")
        assert catalog.require(ACCOUNT, REGION, arn).name == "music"
        with pytest.raises(ResourceNotFoundException, match="Table: other not found"):
            catalog.require(ACCOUNT, REGION, arn.replace("music", "other"))
        with pytest.raises(AccessDeniedException):
            catalog.get("999999999999", REGION, arn)
        with pytest.raises(ValidationException):
            catalog.get(ACCOUNT, REGION, arn + "/index/by-year")

    asyncio.run(run())


def test_spaces_of_a_deleted_table_are_due_after_the_grace(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await create(catalog, make_table(), clock)
        await delete(catalog, "music", clock, 5)
        catalog = await open_catalog(store, clock)
        clock.advance(5 + DROP_GRACE_SECONDS - 1)
        assert await catalog.dropped(10) == []
        clock.advance(1)
        due = await catalog.dropped(10)
        assert [dropped.space for dropped in due] == [1, 2]
        for dropped in due:
            await catalog.forget_dropped(dropped)
        assert store.rows == {}

    asyncio.run(run())


def test_forgetting_the_spaces_of_a_gone_table_spares_its_successor(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await create(catalog, make_table(), clock)
        await delete(catalog, "music", clock)
        await create(catalog, make_table(space=7, indexes=()), clock)
        clock.advance(DROP_GRACE_SECONDS)
        for dropped in await catalog.dropped(10):
            await catalog.forget_dropped(dropped)
        for each in (catalog, await open_catalog(store, clock)):
            assert each.get(ACCOUNT, REGION, "music").space == 7

    asyncio.run(run())


def test_usages_are_by_space(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        assert await catalog.usages(make_table()) == {1: Usage(0, 0), 2: Usage(0, 0)}

    asyncio.run(run())


def test_the_latest_table_is_the_same_table_as_it_is_now(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await create(catalog, make_table(), clock)
        old = catalog.get(ACCOUNT, REGION, "music")
        assert catalog.latest(old) is old
        await catalog.change(ACCOUNT, REGION, "music", lambda _: Edit(replace(old, tags={"a": "1"})))
        assert catalog.latest(old).tags == {"a": "1"}
        await delete(catalog, "music", clock)
        assert catalog.latest(old) is old
        await create(catalog, make_table(id="another", space=7), clock)
        catalog.get(ACCOUNT, REGION, "music")
        assert catalog.latest(old) is old  # its rows are not where the other's are

    asyncio.run(run())


def test_who_watches_is_told(store: Any, clock: ManualClock, make_table: Callable[..., Table]) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        told: list[Status] = []
        catalog.watch(lambda table: told.append(table.status))
        await create(catalog, make_table(), clock)
        await delete(catalog, "music", clock)
        assert told == [Status.CREATING, Status.DELETING]

    asyncio.run(run())


def test_waiting_ends_with_the_change_or_with_the_time(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        await catalog.wait_until_active(ACCOUNT, REGION, "music", 60)  # there is no such table
        await create(catalog, make_table(), clock)
        await catalog.wait_until_active(ACCOUNT, REGION, "music", 60)
        table = catalog.get(ACCOUNT, REGION, "music")
        updating = replace(table, status=Status.UPDATING)
        await catalog.change(ACCOUNT, REGION, "music", lambda _: Edit(updating))
        await catalog.wait_until_active(ACCOUNT, REGION, "music", 0.001)
        waiting = asyncio.ensure_future(catalog.wait_until_active(ACCOUNT, REGION, "music", 60))
        await asyncio.sleep(0)
        await catalog.change(ACCOUNT, REGION, "music", lambda _: Edit(replace(updating, tags={"a": "1"})))
        assert not waiting.done()
        await catalog.change(ACCOUNT, REGION, "music", lambda _: Edit(table))
        await waiting

    asyncio.run(run())


def test_spaces_that_nothing_refers_to_are_found(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    async def run() -> None:
        catalog = await open_catalog(store, clock)
        spaces = await catalog.create_spaces(6)
        table, index, gone, after, *orphans = spaces
        kept = make_table(space=table, indexes=(replace(make_table().indexes[0], space=index),))
        becomes = replace(kept, indexes=(replace(kept.indexes[0], space=after),))
        await catalog.change(
            ACCOUNT, REGION, "music", lambda _: Edit(lifecycle.update(kept, becomes, clock() + 10), (gone,))
        )
        assert (await open_catalog(store, clock)).orphans == tuple(orphans)

    asyncio.run(run())


async def _puts_of_a_change(store: Any, clock: ManualClock, table: Table, refuse: bool) -> None:
    catalog = await Catalog.open(store, clock)

    def decide(old: Table | None) -> Edit:
        if refuse:
            raise ResourceNotFoundException
        return Edit(table, puts=(Put(Key(0, b"other", b""), 1, b"x"),))

    await catalog.change(table.account, table.region, table.name, decide)


def test_other_rows_go_with_the_commit_of_a_change(
    store: Any, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    with pytest.raises(ResourceNotFoundException):
        asyncio.run(_puts_of_a_change(store, clock, make_table(), refuse=True))
    assert store.rows == {}
    asyncio.run(_puts_of_a_change(store, clock, make_table(), refuse=False))
    assert store.rows[Key(0, b"other", b"")].value == b"x"
    assert len(store.rows) == 2
