"""An item's key: checked against its table's schema, and turned into the place where the row lives."""

from collections.abc import Iterable

from stator.errors import Family, ValidationException
from stator.expressions.tree import Path
from stator.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.store import Key
from stator.values.attribute import AttributeValue, Item
from stator.values.key import element_bytes, hashed, key_value_bytes

SCHEMA_MISMATCH = "The provided key element does not match the schema"
_key = tuple.__new__  # half the time of Key's own constructor

SHORT = 256  # a key of at most so many characters cannot break a limit: 4 bytes a character in UTF-8 at most


def item_key(table: Table, item: Item) -> Key:
    """Where a whole item goes (PutItem). Raises ValidationException naming the faulty key attribute."""
    for attribute in table.keys.attributes:
        value = item.get(attribute.name)
        if value is None:
            raise ValidationException(
                f"One or more parameter values were invalid: Missing the key {attribute.name} in the item"
            )
        if attribute.type not in value:
            raise ValidationException(
                f"One or more parameter values were invalid: Type mismatch for key {attribute.name} "
                f"expected: {attribute.type} actual: {next(iter(value))}"
            )
    return _place(table, item)


def request_key(table: Table, key: Item) -> Key:
    """Where the item of a Key parameter is: exactly the table's key attributes, of their types."""
    check_schema(table.keys, key)
    return _place(table, key)


def check_schema(schema: KeySchema, key: Item) -> None:
    attributes = schema.attributes
    if len(key) != len(attributes):
        raise ValidationException(SCHEMA_MISMATCH)
    for attribute in attributes:
        value = key.get(attribute.name)
        if value is None or attribute.type not in value:
            raise ValidationException(SCHEMA_MISMATCH)


def _place(table: Table, item: Item) -> Key:
    """Every read and write of an item comes here: keys that are sound at a glance are spared the call of a check."""
    schema = table.keys
    attribute = schema.hash[0]
    value = item[attribute.name]
    content = value[attribute.type]
    if not content or len(content) > SHORT:
        check_key_value(attribute, value, partition=True)
    partition = hashed(element_bytes(attribute.type, content))
    if not schema.range:
        return _key(Key, (table.space, partition, b""))
    attribute = schema.range[0]
    value = item[attribute.name]
    content = value[attribute.type]
    if not content or len(content) > SHORT:
        check_key_value(attribute, value, partition=False)
    return _key(Key, (table.space, partition, element_bytes(attribute.type, content)))


def check_not_empty(key: Item) -> None:
    """No value of a Key parameter is empty; for when its table is not known."""
    for name, value in key.items():
        kind = next(iter(value))
        if kind in ("S", "B") and not value[kind]:
            raise _empty(KeyAttribute(name, kind))


def check_key_value(attribute: KeyAttribute, value: AttributeValue, *, partition: bool) -> None:
    """A key value is not empty and not too long."""
    text = value[attribute.type]
    if attribute.type == "N" or (text and len(text) <= SHORT):
        return
    if not text:
        raise _empty(attribute)
    check_key_size(value, partition=partition)


def _empty(attribute: KeyAttribute) -> ValidationException:
    kind = "string" if attribute.type == "S" else "binary"
    return ValidationException(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        f"empty {kind} value. Key: {attribute.name}",
        Family.EMPTY_KEY,
    )


def check_key_size(value: AttributeValue, *, partition: bool) -> None:
    size = key_value_bytes(value)
    if partition and size > PARTITION_KEY_BYTES_MAX:
        raise ValidationException(
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of"
            f"{PARTITION_KEY_BYTES_MAX} bytes"
        )
    if not partition and size > SORT_KEY_BYTES_MAX:
        raise ValidationException(
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size "
            f"limit of {SORT_KEY_BYTES_MAX} bytes"
        )


def key_fits(value: AttributeValue, *, partition: bool) -> bool:
    return key_value_bytes(value) <= (PARTITION_KEY_BYTES_MAX if partition else SORT_KEY_BYTES_MAX)


def key_of(schema: KeySchema, item: Item) -> Item:
    """The key attributes of an item, as a Key parameter."""
    return {attribute.name: item[attribute.name] for attribute in schema.attributes}


def check_key_paths(table: Table, paths: Iterable[Path]) -> None:
    """Key attributes are scalars, so no path leads into one."""
    for path in paths:
        if len(path) > 1:
            _check_key_path(table, path[0])


def _check_key_path(table: Table, name: str | int) -> None:
    text = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
    if any(attribute.name == name for attribute in table.keys.attributes):
        raise ValidationException(f"{text}Key: {name}")
    for index in table.indexes:
        if any(attribute.name == name for attribute in index.keys.attributes):
            raise ValidationException(f"{text}IndexKey: {name}")
