"""Secondary index entries: from an old item and a new item, what to put and what to remove. Pure.

An entry's key carries the base key, so entries need no lock of their own: the item's row is the lock of everything
derived from it.
"""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

import orjson

from stator.errors import Family, ValidationException
from stator.expressions.apply import ITEM_TOO_LARGE as ITEM_TOO_LARGE_TO_UPDATE
from stator.items.keys import SHORT, check_key_size, key_fits
from stator.limits import ITEM_BYTES_MAX
from stator.model.table import Build, Index, KeyAttribute, Table
from stator.storage.store import Key, Put, Row
from stator.values.attribute import Item
from stator.values.key import HASH_BYTES, index_sort_bytes, partition_bytes, sort_bytes
from stator.values.size import item_bytes

ITEM_TOO_LARGE = "Item size has exceeded the maximum allowed size"


class Maintenance(NamedTuple):
    """What a write does to the indexes of its table. `units` counts write units by index, only of indexes touched."""

    puts: list[Put]
    deletes: list[Key]
    units: dict[str, int]


def projected(table: Table, index: Index, item: Item) -> Item | None:
    """The entry's attributes, or None when the item is not in the index: it lacks a key attribute of it, or holds one
    that no index can take (possible only for items older than the index)."""
    for attribute in index.keys.attributes:
        value = item.get(attribute.name)
        if value is None or attribute.type not in value or not value[attribute.type]:
            return None
        if len(value[attribute.type]) > SHORT and not key_fits(value, partition=attribute in index.keys.hash):
            return None
    if index.projection.type == "ALL":
        return item
    names = projected_names(table, index)
    return {name: value for name, value in item.items() if name in names}


def projected_names(table: Table, index: Index) -> frozenset[str]:
    """The attributes an index that does not project ALL holds: its keys, the table's keys, and those it includes."""
    keys = (attribute.name for attribute in table.keys.attributes + index.keys.attributes)
    return frozenset(keys).union(index.projection.attributes)


def entry_key(table: Table, index: Index, item: Item) -> Key:
    """Where the entry of an item lives: by the index key, then by the table key."""
    return Key(
        index.space,
        partition_bytes([item[attribute.name] for attribute in index.keys.hash]),
        index_sort_bytes(
            [item[attribute.name] for attribute in index.keys.range],
            [item[attribute.name] for attribute in table.keys.attributes],
        ),
    )


def entry(table: Table, index: Index, item: Item) -> Put | None:
    """The entry that an item has in an index, None if it has none."""
    content = projected(table, index, item)
    if content is None:
        return None
    return Put(entry_key(table, index, item), item_bytes(content), orjson.dumps(content))


def placer(index: Index) -> Callable[[Row], Key | None]:
    """What tells where the entry of an item lives, from the item as it is stored; None if it has none.

    The key of the item is in its row as the entry's key needs it: only the index key is coded. What is the same for
    all items is found out once: this is done for each item of a table.
    """
    space = index.space
    attributes = [(attribute.name, attribute.type) for attribute in index.keys.attributes]
    hash_names = [attribute.name for attribute in index.keys.hash]
    range_names = [attribute.name for attribute in index.keys.range]

    def place(row: Row) -> Key | None:
        item: Item = orjson.loads(row.value)
        for name, type_ in attributes:
            value = item.get(name)
            if value is None or not (content := value.get(type_)):
                return None
            if len(content) > SHORT and not key_fits(value, partition=name in hash_names):
                return None
        own = row.partition[HASH_BYTES:] + row.sort
        if range_names:
            own = sort_bytes([item[name] for name in range_names]) + own
        return Key(space, partition_bytes([item[name] for name in hash_names]), own)

    return place


def entry_of_row(table: Table, index: Index, row: Row, place: Key) -> Put:
    """The entry of an item as it is stored, which has one at `place`. An index that holds all of it takes the bytes
    as they are."""
    if index.projection.type == "ALL":
        return Put(place, row.size, row.value)
    names = projected_names(table, index)
    item: Item = orjson.loads(row.value)
    content = {name: value for name, value in item.items() if name in names}
    return Put(place, item_bytes(content), orjson.dumps(content))


def check_readable(index: Index) -> None:
    """Raise ValidationException for an index that lacks entries still."""
    if index.build:
        raise ValidationException(f"Cannot read from backfilling global secondary index: {index.name}")


def maintain(table: Table, before: Item | None, after: Item | None) -> Maintenance:
    """The entries to write and remove when `before` becomes `after`, either None for an item that is not there.

    Units follow the change of the entry: a new or a gone entry costs its own KB, a changed one the larger of both
    images, a moved one both, an unchanged one nothing.
    """
    result = Maintenance([], [], {})
    for index in table.indexes:
        old = None if before is None else projected(table, index, before)
        new = None if after is None or index.build is Build.ALLOTTED else projected(table, index, after)
        if old != new:
            _replace(table, index, old, new, result)
    return result


def _replace(table: Table, index: Index, old: Item | None, new: Item | None, result: Maintenance) -> None:
    old_key = None if old is None else entry_key(table, index, old)
    new_key = None if new is None else entry_key(table, index, new)
    old_size = 0 if old is None else item_bytes(old)
    new_size = 0 if new is None else item_bytes(new)
    if new_key is not None:
        result.puts.append(Put(new_key, new_size, orjson.dumps(new)))
    if old_key is not None and old_key != new_key:
        result.deletes.append(old_key)
    if old_key == new_key:
        result.units[index.name] = _units(max(old_size, new_size))
    else:
        result.units[index.name] = sum(_units(size) for size in (old_size, new_size) if size)


def _units(size: int) -> int:
    return -(-size // 1024)


def check_item(table: Table, item: Item) -> None:
    """A put item's index key attributes have their types and legal values. The alphabetically first index complains."""
    for index, attribute, partition in _index_attributes(table):
        if attribute.name in item:
            _check_value(index, attribute, item, partition=partition)
    if not _fits_with_local_entries(table, item):
        raise ValidationException(ITEM_TOO_LARGE)


def check_update(table: Table, item: Item, touched: Collection[str]) -> None:
    """The same for an updated item, but only for the attributes that the update touched."""
    for index, attribute, partition in _index_attributes(table):
        if attribute.name in item and attribute.name in touched:
            value = item[attribute.name]
            if attribute.type in value and not value[attribute.type]:
                raise ValidationException(
                    "One or more parameter values are not valid. The update expression attempted to update a secondary "
                    "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain "
                    f"an empty {_kind(attribute)} value.",
                    Family.EMPTY_KEY,
                )
            _check_value(index, attribute, item, partition=partition)
    if not _fits_with_local_entries(table, item):
        raise ValidationException(ITEM_TOO_LARGE_TO_UPDATE)


def _fits_with_local_entries(table: Table, item: Item) -> bool:
    """An item and its entries in local indexes share one limit."""
    local = [index for index in table.indexes if index.local]
    if not local:
        return True
    size = item_bytes(item)
    if size * (1 + len(local)) <= ITEM_BYTES_MAX:  # no entry is larger than its item
        return True
    entries = [entry for index in local if (entry := projected(table, index, item)) is not None]
    return size + sum(map(item_bytes, entries)) <= ITEM_BYTES_MAX


def _index_attributes(table: Table) -> Iterable[tuple[Index, KeyAttribute, bool]]:
    table_keys = {attribute.name for attribute in table.keys.attributes}
    for index in sorted(table.indexes, key=lambda index: index.name):
        for attribute in index.keys.attributes:
            if attribute.name not in table_keys:
                yield index, attribute, attribute in index.keys.hash


def _check_value(index: Index, attribute: KeyAttribute, item: Item, *, partition: bool) -> None:
    value = item[attribute.name]
    if attribute.type not in value:
        raise ValidationException(
            f"One or more parameter values were invalid: Type mismatch for Index Key {attribute.name} "
            f"Expected: {attribute.type} Actual: {next(iter(value))} IndexName: {index.name}"
        )
    if not value[attribute.type]:
        raise ValidationException(
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            f"The AttributeValue for a key attribute cannot contain an empty {_kind(attribute)} value. "
            f"IndexName: {index.name}, IndexKey: {attribute.name}",
            Family.EMPTY_KEY,
        )
    check_key_size(value, partition=partition)


def _kind(attribute: KeyAttribute) -> str:
    return "string" if attribute.type == "S" else "binary"
