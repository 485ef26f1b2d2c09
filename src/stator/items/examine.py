"""Does a table hold together? Every item where its key says, of the size it has, and every index equal to the items."""

from collections.abc import AsyncIterator

import orjson

from stator.items import indexes
from stator.items.keys import item_key
from stator.model.table import Index, Table
from stator.storage.store import Key, Position, Put, Row, Store
from stator.values.attribute import Item
from stator.values.parse import parse_item

_ROWS = 1000
_BYTES = 8 * 1024 * 1024


async def examine(store: Store, table: Table) -> AsyncIterator[str]:
    """What is wrong with the table, a line each; nothing when all is well. Run it while nobody writes."""
    expected = dict.fromkeys((index.name for index in table.indexes), 0)
    async for row in rows(store, table.space):
        item: Item = orjson.loads(row.value)
        for complaint in _examine_item(table, row, item):
            yield f"{table.name}: {complaint}"
        entries = [(index, entry) for index in table.indexes if (entry := indexes.entry(table, index, item))]
        found = await store.get([entry.key for _, entry in entries])
        for (index, entry), stored in zip(entries, found, strict=True):
            expected[index.name] += 1
            fault = _compare(index, entry, stored)
            if fault is not None:
                yield f"{table.name}: {fault} of item {_shown(table, item)}"
    for index in table.indexes:
        count = (await store.usage(index.space)).rows
        if count != expected[index.name]:
            yield f"{table.name}: index {index.name} has {count} entries, its items make {expected[index.name]}"


async def rows(store: Store, space: int) -> AsyncIterator[Row]:
    """Every row of a space, in scan order."""
    after: Position | None = None
    while True:
        page = await store.scan(space, after, lower=b"", upper=None, rows_max=_ROWS, bytes_max=_BYTES)
        for row in page.rows:
            yield row
        if not page.rows or not page.more:
            return
        after = Position(page.rows[-1].partition, page.rows[-1].sort)


def _examine_item(table: Table, row: Row, item: Item) -> list[str]:
    complaints = []
    canonical, size = parse_item(item)
    if canonical != item:
        complaints.append(f"item {_shown(table, item)} is not in canonical form")
    if size != row.size:
        complaints.append(f"item {_shown(table, item)} has {size} bytes, its row says {row.size}")
    if item_key(table, item) != Key(table.space, row.partition, row.sort):
        complaints.append(f"item {_shown(table, item)} is not where its key belongs")
    return complaints


def _compare(index: Index, entry: Put, stored: Row | None) -> str | None:
    if stored is None:
        return f"index {index.name} lacks the entry"
    if orjson.loads(stored.value) != orjson.loads(entry.value):
        return f"index {index.name} has another entry"
    if stored.size != entry.size:
        return f"index {index.name} says {stored.size} bytes, not {entry.size}, for the entry"
    return None


def _shown(table: Table, item: Item) -> str:
    key = {attribute.name: item.get(attribute.name) for attribute in table.keys.attributes}
    return orjson.dumps(key).decode()
