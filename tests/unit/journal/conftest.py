"""A table with a journal over an engine in memory, and a reader that walks the lineage of its stream."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stator.clock import ManualClock, SteadyClock
from stator.items.commit import Writer
from stator.items.decide import DeleteWrite, PutWrite
from stator.items.keys import item_key
from stator.journal.lineage import Name, StreamRecord, accompany
from stator.journal.record import Entry
from stator.journal.streams import Streams
from stator.model.table import KeyAttribute, KeySchema, Stream, Table
from stator.services.parts import Parts
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.create import build_stream
from stator.tables.update import plan
from stator.values.attribute import Item
from stator.values.parse import parse_item

ACCOUNT, REGION = "123456789012", "eu-west-1"


class House:
    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        self.steady = SteadyClock(clock)
        catalog.accompany(lambda before, after: accompany(before, after, self.steady()))
        self.streams = Streams(store, self.steady)
        self.journal = self.streams.journal
        self.writer = Writer(store, catalog.latest, self.steady)
        self.parts = Parts(catalog, store, clock)

    @classmethod
    async def open(cls) -> "House":
        store, clock = SqliteStore.open(None), ManualClock()
        return cls(store, await Catalog.open(store, clock), clock)

    def table(self, name: str = "things") -> Table:
        return self.catalog.get(ACCOUNT, REGION, name)

    async def create(self, name: str = "things", view: str | None = "NEW_AND_OLD_IMAGES") -> None:
        (space,) = await self.catalog.create_spaces(1)
        stream: Stream | None = None
        if view is not None:
            stream = build_stream({"StreamEnabled": True, "StreamViewType": view}, self.clock())
        keys = KeySchema((KeyAttribute("pk", "S"),))
        table = Table(
            ACCOUNT,
            REGION,
            name,
            f"id{space}",
            self.clock(),
            {"pk": "S"},
            keys,
            space,
            on_demand=True,
            stream=stream,
            latest_stream_label=stream.label if stream else None,
        )
        await self.catalog.change(ACCOUNT, REGION, name, lambda _: Edit(lifecycle.create(table, self.clock())))

    async def delete_table(self, name: str = "things") -> None:
        def decide(table: Table | None) -> Edit:
            assert table is not None
            return Edit(lifecycle.delete(table, self.clock()), drops=table.spaces)

        await self.catalog.change(ACCOUNT, REGION, name, decide)

    async def switch(self, view: str | None, name: str = "things") -> None:
        """Enable the stream with a view type, or disable it."""
        wanted: dict[str, Any] = {"StreamEnabled": view is not None}
        if view is not None:
            wanted["StreamViewType"] = view

        def decide(table: Table | None) -> Edit:
            assert table is not None
            return plan(table, {"StreamSpecification": wanted}, now=self.clock(), settles_at=self.clock())

        await self.catalog.change(ACCOUNT, REGION, name, decide)

    async def put(self, pk: str, name: str = "things", **attributes: Any) -> None:
        table = self.table(name)
        item, size = parse_item({"pk": {"S": pk}} | {key: {"S": str(text)} for key, text in attributes.items()})
        await self.writer.commit(PutWrite(table, item_key(table, item), item, size))

    async def delete(self, pk: str, name: str = "things") -> None:
        table = self.table(name)
        await self.writer.commit(DeleteWrite(table, item_key(table, {"pk": {"S": pk}})))

    async def names(self) -> list[Name]:
        return (await self.streams.names(ACCOUNT, REGION, table=None, after=None, count_max=100))[0]

    async def stream(self, place: int = -1) -> StreamRecord:
        found = await self.streams.find((await self.names())[place])
        assert found is not None
        return found

    async def entries(self, stream: StreamRecord) -> list[Entry]:
        """What a reader of all shards sees, each shard by itself."""
        entries: list[Entry] = []
        for lane in stream.shards:
            for shard in lane:
                assert shard.start is not None
                cursor = shard.start
                while True:
                    found = await self.journal.read(
                        stream.journal, shard.lane, cursor, records_max=3, stop_at_boundary=True
                    )
                    entries += found.entries
                    cursor = found.cursor
                    if not found.more:
                        assert shard.end is None or cursor == shard.end
                        assert (found.boundary is not None) == (shard.end is not None)
                        break
        return entries

    async def items(self, name: str = "things") -> list[bytes]:
        """The items as they are stored."""
        space = self.table(name).space
        page = await self.store.scan(space, None, lower=b"", upper=None, rows_max=10_000, bytes_max=1 << 30)
        return [row.value for row in page.rows]


def replay(entries: list[Entry]) -> dict[str, Item]:
    """The items that the records make, each checked against the one before."""
    items: dict[str, Item] = {}
    for entry in entries:
        key = entry.keys["pk"]["S"]
        assert entry.old_image == items.get(key)
        expected = "REMOVE" if entry.new_image is None else "MODIFY" if key in items else "INSERT"
        assert entry.event == expected
        if entry.new_image is None:
            del items[key]
        else:
            items[key] = entry.new_image
    return items


@pytest.fixture
def house() -> Iterator[tuple[asyncio.Runner, House]]:
    with asyncio.Runner() as runner:
        made = runner.run(House.open())
        yield runner, made
        runner.run(made.store.close())
