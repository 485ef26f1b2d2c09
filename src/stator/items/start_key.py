"""Where a page begins and ends: ExclusiveStartKey checked and placed, LastEvaluatedKey made."""

from stator.errors import ValidationException
from stator.items.key_range import KeyRange, same_partition
from stator.items.keys import SCHEMA_MISMATCH, check_key_value, request_key
from stator.model.table import Index, KeyAttribute, Table
from stator.storage.store import Position
from stator.values.attribute import Item
from stator.values.key import index_sort_bytes, partition_bytes, sort_bytes

INVALID = "The provided starting key is invalid"
_OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
_NO_MATCH = "The provided starting key does not match the range key predicate"
_ONE_ROW = "The query can return at most one row and cannot be restarted"


def start_attributes(table: Table, index: Index | None) -> tuple[KeyAttribute, ...]:
    """The attributes of a starting key: the index's keys and the table's, each once."""
    if index is None:
        return table.keys.attributes
    own = index.keys.attributes
    names = {attribute.name for attribute in own}
    return own + tuple(attribute for attribute in table.keys.attributes if attribute.name not in names)


def last_key(table: Table, index: Index | None, item: Item) -> Item:
    """LastEvaluatedKey for a page that ended with `item`."""
    return {attribute.name: item[attribute.name] for attribute in start_attributes(table, index)}


def position(table: Table, index: Index | None, start: Item) -> Position:
    """Where a checked starting key stands in scan order."""
    if index is None:
        values = [start[attribute.name] for attribute in table.keys.attributes]
        return Position(partition_bytes(values[:1]), sort_bytes(values[1:]) if len(values) > 1 else b"")
    return Position(
        partition_bytes([start[attribute.name] for attribute in index.keys.hash]),
        index_sort_bytes(
            [start[attribute.name] for attribute in index.keys.range],
            [start[attribute.name] for attribute in table.keys.attributes],
        ),
    )


def check_start_count(table: Table, index: Index | None, start: Item, text: str) -> None:
    """As many attributes as a starting key has."""
    if len(start) != len(start_attributes(table, index)):
        raise ValidationException(text)


def check_start_partition(table: Table, index: Index | None, start: Item) -> None:
    """What the service looks at before the key condition of a Query: the number of attributes and the partition key."""
    check_start_count(table, index, start, INVALID)
    schema = table.keys if index is None else index.keys
    for attribute in schema.hash:
        _check_piece(attribute, start, partition=True)


def check_query_start(table: Table, index: Index | None, start: Item, wanted: KeyRange) -> None:
    """The starting key fits the schema and lies within the key condition."""
    schema = table.keys if index is None else index.keys
    check_start_partition(table, index, start)
    for attribute in schema.range:
        _check_piece(attribute, start, partition=False)
    _check_table_key(table, start)
    here = position(table, index, start)
    same = same_partition(wanted, [start[attribute.name] for attribute in schema.hash])
    if not wanted.terms:
        if not same:
            raise ValidationException(_OUTSIDE)
        return
    below = wanted.lower is not None and here.sort < wanted.lower
    above = wanted.upper is not None and here.sort >= wanted.upper
    if below or above:
        raise ValidationException(_NO_MATCH)
    pins_all = len(wanted.terms) == len(schema.range) and wanted.terms[-1][0].operator == "="
    # The service words another partition so, too, once there is a condition on the sort key.
    if not same or (index is None and pins_all):
        raise ValidationException(_ONE_ROW)


def check_scan_start(table: Table, index: Index | None, start: Item) -> None:
    """The starting key fits the schema."""
    if index is None:
        check_start_count(table, index, start, f"{INVALID}: {SCHEMA_MISMATCH}")
    else:
        check_start_count(table, index, start, INVALID)
        for attribute in index.keys.attributes:
            _check_piece(attribute, start, partition=attribute in index.keys.hash)
    _check_table_key(table, start)


def _check_piece(attribute: KeyAttribute, start: Item, *, partition: bool) -> None:
    """An attribute of the key of what is read."""
    value = start.get(attribute.name)
    if value is None:
        raise ValidationException(INVALID)
    if attribute.type not in value:
        raise ValidationException(SCHEMA_MISMATCH)
    check_key_value(attribute, value, partition=partition)


def _check_table_key(table: Table, start: Item) -> None:
    """The key of the item in the table, whose faults are told with a lead-in."""
    try:
        key = {name: start[name] for attribute in table.keys.attributes if (name := attribute.name) in start}
        request_key(table, key)
    except ValidationException as error:
        raise ValidationException(f"{INVALID}: {error.message}") from None
