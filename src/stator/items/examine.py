"""Does a table hold together? Every item where its key says, of the size it has, and every index equal to the items."""

from collections.abc import AsyncIterator

import orjson

from stator.errors import WireError
from stator.items import indexes
from stator.items.expiry import NO_ITEM, expiry_of, key_in
from stator.items.keys import item_key
from stator.model.table import Index, Table
from stator.storage.store import Key, Position, Put, Row, Store
from stator.values.attribute import Item
from stator.values.conversion import check_attribute_map
from stator.values.parse import parse_item

_ROWS = 1000
_BYTES = 8 * 1024 * 1024


async def examine(store: Store, table: Table) -> AsyncIterator[str]:
    """What is wrong with the table, a line each; nothing when all is well. Run it while nobody writes.

    An index that is being filled may lack entries, but what it has must be right.
    """
    expected = dict.fromkeys((index.name for index in table.indexes), 0)
    expiring = 0
    async for row in rows(store, table.space):
        try:
            item, complaints = _examine_item(table, row)
        except (ValueError, WireError) as error:
            place = f"{row.partition.hex()}/{row.sort.hex()}"
            yield f"{table.name}: the row at {place} is no item: {str(error) or 'its values cannot be read'}"
            continue
        for complaint in complaints:
            yield f"{table.name}: {complaint}"
        expiring += expiry_of(table, item) is not None
        entries = [(index, entry) for index in table.indexes if (entry := indexes.entry(table, index, item))]
        found = await store.get([entry.key for _, entry in entries])
        for (index, entry), stored in zip(entries, found, strict=True):
            if stored is None and index.build:
                continue
            expected[index.name] += 1
            fault = _compare(index, entry, stored)
            if fault is not None:
                yield f"{table.name}: {fault} of item {_shown(table, item)}"
    for index in table.indexes:
        count = (await store.usage(index.space)).rows
        if count != expected[index.name]:
            yield f"{table.name}: index {index.name} has {count} entries, its items make {expected[index.name]}"
    async for complaint in _examine_expiry(store, table, expiring):
        yield f"{table.name}: {complaint}"


async def _examine_expiry(store: Store, table: Table, expiring: int) -> AsyncIterator[str]:
    """Every entry of an expiring item leads to one that expires then, and once they are all there, each has one."""
    setting = table.time_to_live
    if setting is None or setting.space is None:
        return
    count = 0
    async for row in rows(store, setting.space):
        if row.value == NO_ITEM:
            continue
        count += 1
        (found,) = await store.get([key_in(table, row)])
        seconds = int.from_bytes(row.sort[:8], "big")
        if found is None or expiry_of(table, orjson.loads(found.value)) != seconds:
            yield f"the entry at {row.sort.hex()} leads to no item that expires in second {seconds}"
    if setting.filled and count != expiring:
        yield f"{count} entries say when items expire, its items make {expiring}"


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


def _examine_item(table: Table, row: Row) -> tuple[Item, list[str]]:
    """The item and what is wrong with it. Raises ValueError or WireError when the row holds none."""
    item: Item = orjson.loads(row.value)
    if type(item) is not dict:
        raise ValueError("not an object")
    check_attribute_map(item)
    canonical, size = parse_item(item)
    key = item_key(table, canonical)
    complaints = []
    if canonical != item:
        complaints.append(f"item {_shown(table, item)} is not in canonical form")
    if size != row.size:
        complaints.append(f"item {_shown(table, item)} has {size} bytes, its row says {row.size}")
    if key != Key(table.space, row.partition, row.sort):
        complaints.append(f"item {_shown(table, item)} is not where its key belongs")
    return item, complaints


def _compare(index: Index, entry: Put, stored: Row | None) -> str | None:
    if stored is None:
        return f"index {index.name} lacks the entry"
    if not _same(stored.value, entry.value):
        return f"index {index.name} has another entry"
    if stored.size != entry.size:
        return f"index {index.name} says {stored.size} bytes, not {entry.size}, for the entry"
    return None


def _same(stored: bytes, expected: bytes) -> bool:
    try:
        return bool(orjson.loads(stored) == orjson.loads(expected))
    except orjson.JSONDecodeError:
        return False


def _shown(table: Table, item: Item) -> str:
    key = {attribute.name: item.get(attribute.name) for attribute in table.keys.attributes}
    return orjson.dumps(key).decode()
