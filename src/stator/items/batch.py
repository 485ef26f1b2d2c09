"""Reading many items by key within the size of one answer."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from stator.items.capacity import read_units
from stator.items.read import Reader
from stator.limits import BATCH_GET_BYTES_MAX
from stator.storage.store import Key, Row


class Room(Struct):
    """How much of the answer's 16 MB is left."""

    bytes_left: int = BATCH_GET_BYTES_MAX

    def take(self, row: Row | None) -> bool:
        """Whether there was room for one more; once there is none, none comes after."""
        size = 0 if row is None else row.size
        fits = size <= self.bytes_left
        self.bytes_left = self.bytes_left - size if fits else 0
        return fits


class Batch(NamedTuple):
    """The stored JSON of the items found, each once; which of the keys were not read, by their positions; what reading
    the others costs."""

    values: list[bytes]
    left: list[int]
    units: float


class Till(Protocol):
    """Lets reads in and charges them."""

    def admits(self, key: Key) -> bool: ...

    def charge(self, key: Key, units: float) -> None: ...


async def read_batch(reader: Reader, keys: Sequence[Key], room: Room, till: Till, *, consistent: bool) -> Batch:
    """Read the items of `keys` in order until the room is used up, except those that the till does not admit."""
    rows = await reader.rows(keys, consistent=consistent)
    found: dict[Key, bytes] = {}
    left: list[int] = []
    total = 0.0
    for position, (key, row) in enumerate(zip(keys, rows, strict=True)):
        if not till.admits(key):
            left.append(position)
            continue
        if not room.take(row):
            left += range(position, len(keys))
            break
        units = read_units(0 if row is None else row.size, consistent=consistent)
        till.charge(key, units)
        total += units
        if row is not None:
            found[key] = row.value
    return Batch(list(found.values()), left, total)
