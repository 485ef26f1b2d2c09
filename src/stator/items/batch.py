"""Reading many items by key within the size of one answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stator.items.capacity import read_units
from stator.items.read import Reader
from stator.limits import BATCH_GET_BYTES_MAX
from stator.storage.store import Key, Row


@dataclass(slots=True)
class Room:
    """How much of the answer's 16 MB is left."""

    bytes_left: int = BATCH_GET_BYTES_MAX

    def take(self, row: Row | None) -> bool:
        """Whether there was room for one more; once there is none, none comes after."""
        size = 0 if row is None else row.size
        fits = size <= self.bytes_left
        self.bytes_left = self.bytes_left - size if fits else 0
        return fits


class Batch(NamedTuple):
    """The stored JSON of the items found, each once; how many of the keys were read; what reading them costs."""

    values: list[bytes]
    taken: int
    units: float


async def read_batch(reader: Reader, keys: Sequence[Key], room: Room, *, consistent: bool) -> Batch:
    """Read the items of `keys` in order until the room is used up."""
    rows = await reader.rows(keys, consistent=consistent)
    found: dict[Key, bytes] = {}
    units = 0.0
    for taken, (key, row) in enumerate(zip(keys, rows, strict=True)):
        if not room.take(row):
            return Batch(list(found.values()), taken, units)
        units += read_units(0 if row is None else row.size, consistent=consistent)
        if row is not None:
            found[key] = row.value
    return Batch(list(found.values()), len(rows), units)
