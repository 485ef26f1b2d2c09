"""The program put together inside this process, without a socket: to load data sets and to take requests apart."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from benchmarks import workload
from benchmarks.signing import Key
from stator.api.call import Answer, Call, Parts
from stator.assembly import operations
from stator.auth.credentials import Credential, Credentials
from stator.clock import system_clock
from stator.http.front import Front, FrontSettings
from stator.items.keys import item_key
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Put, Row
from stator.tables.catalog import Catalog
from stator.values.parse import parse_item
from tests.furnished import furnish

HOST = "127.0.0.1"
PORT = 8000  # only as it stands in the Host header
_LOADED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class House:
    store: SqliteStore
    parts: Parts
    front: Front
    key: Key

    async def call(self, operation: str, body: bytes) -> Answer:
        """Run an operation as the corridor would, without a signature."""
        found = self.front.operations[f"DynamoDB_20120810.{operation}".encode()]
        request = found.shape.check(orjson.loads(body))
        return await found.handler(Call(request, self.key.account, self.key.region, HOST, self.parts))


@asynccontextmanager
async def open_house(directory: Path | None, key: Key) -> AsyncIterator[House]:
    store = SqliteStore.open(directory)
    try:
        catalog = await Catalog.open(store, system_clock)
        parts = furnish(store, catalog, system_clock)
        credentials = Credentials([Credential(key.access_key, key.secret, key.account)])
        yield House(store, parts, Front(operations(), parts, FrontSettings(), credentials, system_clock), key)
    finally:
        await store.close()


async def load(house: House, items: int) -> None:
    """Make the table and fill it, straight into the store: a million takes seconds instead of minutes."""
    await house.call("CreateTable", workload.CREATE_TABLE)
    table = house.parts.catalog.get(house.key.account, house.key.region, workload.TABLE)
    for first in range(0, items, _LOADED_AT_ONCE):
        puts = []
        for number in range(first, min(first + _LOADED_AT_ONCE, items)):
            item, size = parse_item(dict[str, Any](workload.item_of(number)))
            puts.append(Put(item_key(table, item), size, orjson.dumps(item)))
        await house.store.transact((), partial(_change, Change(puts=puts)))


def _change(change: Change, _rows: Sequence[Row | None]) -> Change:
    return change


def load_directory(directory: Path, key: Key, items: int) -> None:
    """Make a data directory with the filled table in it, for a server to open."""

    async def run() -> None:
        async with open_house(directory, key) as house:
            await load(house, items)

    asyncio.run(run())
