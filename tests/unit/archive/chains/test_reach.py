"""How far the archive reaches, as every router tells it."""

import asyncio
from typing import Any

from stator.archive.chains.reach import KEY, Reach
from stator.model.table import KeyAttribute, KeySchema, Recovery, Table
from stator.storage.sqlite.engine import SqliteStore

TABLE = Table(
    "1", "here", "things", "id", 1.0, {"pk": "S"}, KeySchema((KeyAttribute("pk", "S"),)), 1, recovery=Recovery(10.0, 35)
)


def test_what_one_router_knows_others_are_told() -> None:
    async def main() -> None:
        store = SqliteStore.open(None)
        writes: list[Any] = []

        class Told(SqliteStore):
            async def transact(self, keys: Any, decide: Any) -> Any:
                writes.append(keys)
                return await store.transact(keys, decide)

        told = Told.open(None)
        leader, other = Reach(told), Reach(told)
        assert other.window(TABLE, 100.0) == (10.0, 10.0)
        leader.note("id", 12.0, 90.0)
        await leader.tell()
        await leader.tell()  # nothing new
        assert len(writes) == 1
        await other.take_up(store, [KEY._replace(sort=b"another")])
        assert other.window(TABLE, 100.0) == (10.0, 10.0)
        await other.take_up(store, [KEY])
        assert other.window(TABLE, 100.0) == leader.window(TABLE, 100.0) == (12.0, 90.0)
        leader.forget("id")
        await leader.tell()
        await other.take_up(store, None)
        assert other.window(TABLE, 100.0) == (10.0, 10.0)
        await told.close()
        await store.close()

    asyncio.run(main())


def test_a_router_alone_tells_nobody() -> None:
    async def main() -> None:
        reach = Reach()
        reach.note("id", 12.0, 90.0)
        await reach.tell()
        assert reach.window(TABLE, 100.0) == (12.0, 90.0)

    asyncio.run(main())
