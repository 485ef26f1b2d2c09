import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.model.table import Table
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put
from stator.tables import lifecycle, snapshot
from stator.tables.catalog import CATALOG_SPACE, Catalog, Edit
from stator.tables.snapshot import tables_of


@pytest.mark.parametrize("page_rows", [1, 2, 1000])
def test_all_definitions_of_a_moment_and_nothing_else(
    page_rows: int, monkeypatch: pytest.MonkeyPatch, clock: ManualClock, make_table: Callable[..., Table]
) -> None:
    monkeypatch.setattr(snapshot, "_PAGE_ROWS", page_rows)

    async def create(catalog: Catalog, **members: Any) -> None:
        table = make_table(**members)
        made = lifecycle.create(table, clock() + 10)
        await catalog.change(table.account, table.region, table.name, lambda _: Edit(made))

    async def run() -> None:
        store = SqliteStore.open(None)
        catalog = await Catalog.open(store, clock)
        before_and_after = [
            Put(Key(CATALOG_SPACE, bytes(8) + kind, b"x"), 1, b"{}") for kind in (b"a", b"tables0", b"x")
        ]
        await store.transact((), lambda _: Change(puts=before_and_after))
        await create(catalog, name="one")
        await create(catalog, name="two")
        await create(catalog, name="one", account="999999999999")
        moment = await store.snapshot()
        await create(catalog, name="later")
        found = await tables_of(moment)
        assert sorted((each.account, each.name, each.status) for each in found) == [
            ("123456789012", "one", "CREATING"),
            ("123456789012", "two", "CREATING"),
            ("999999999999", "one", "CREATING"),
        ]
        await moment.close()
        await store.close()

    asyncio.run(run())
