"""Which items expire when: an entry for each, in a space of the table's own, in the order of time. Pure.

Like an index, the entries are written in the commit of the item, so the expired ones are found without a look at the
others. An entry's partition is always the same, its sort the second in eight bytes followed by the item's key, its
value the item's key: the length of the partition in two bytes, the partition and the sort.
"""

import math

from stator.limits import DAY_SECONDS
from stator.model.table import Table
from stator.storage.store import Bound, Key, Put, Row
from stator.values.attribute import Item

PARTITION = bytes(8)
NO_ITEM = bytes(2)  # the value of an entry that belongs to none
FIVE_YEARS_SECONDS = (5 * 365 + 1) * DAY_SECONDS  # what is older is taken for a mistake

_DIGITS_MAX = 18  # of a time that fits eight bytes; later than that nothing expires


def expiry_of(table: Table, item: Item) -> int | None:
    """The second in which an item expires, None when it never does. Its attribute has to be a number."""
    setting = table.time_to_live
    if setting is None or not setting.enabled:
        return None
    value = item.get(setting.attribute)
    text = None if value is None else value.get("N")
    if text is None or text[0] == "-":
        return None
    whole = text.partition(".")[0]
    return int(whole) if len(whole) <= _DIGITS_MAX else None


def is_expired(seconds: int | None, now: float) -> bool:
    return seconds is not None and now - FIVE_YEARS_SECONDS <= seconds < now


def bounds(now: float) -> tuple[Bound, Bound]:
    """The entries of the items that are expired."""
    oldest = max(0, math.ceil(now - FIVE_YEARS_SECONDS))
    return Bound(oldest.to_bytes(8, "big"), inclusive=True), Bound(math.ceil(now).to_bytes(8, "big"), inclusive=False)


def entry(space: int, seconds: int, key: Key) -> Put:
    """The entry of an item that lives at `key`."""
    partition, sort = key.partition, key.sort
    value = len(partition).to_bytes(2, "big") + partition + sort
    return Put(Key(space, PARTITION, seconds.to_bytes(8, "big") + partition + sort), len(value), value)


def key_in(table: Table, row: Row) -> Key:
    """Where the item of an entry lives."""
    end = 2 + int.from_bytes(row.value[:2], "big")
    return Key(table.space, row.value[2:end], row.value[end:])


def maintain(table: Table, key: Key, before: Item | None, after: Item | None) -> tuple[list[Put], list[Key]]:
    """The entries to write and remove when `before` becomes `after`."""
    setting = table.time_to_live
    if setting is None or setting.space is None:
        return [], []
    old = None if before is None else expiry_of(table, before)
    new = None if after is None or setting.allotted else expiry_of(table, after)
    if old == new:
        return [], []
    puts = [] if new is None else [entry(setting.space, new, key)]
    deletes = [] if old is None else [entry(setting.space, old, key).key]
    return puts, deletes
