"""Reading a table's journal: what its readers build on, each with a cursor of its own for each lane.

A cursor is the sequence of the last record that was read, 0 before the first. Records are written in the commit of
their change, so whoever reads after an acknowledged write finds its record. No record is handed out before an earlier
one of its lane, none is ever inserted before a cursor, and none changes.

A reader asks for the journal of a table with `stator.tables.journaling.require`, which keeps both images from then on
until `release`. Records live for RETENTION_SECONDS. A reader that comes later than that finds its lane cut: `read`
then begins with the oldest record there is, and `Slice.trimmed` is True.
"""

from typing import NamedTuple

from stator.journal.record import Boundary, Entry, decode, time_of
from stator.limits import DAY_SECONDS, PAGE_BYTES_MAX
from stator.storage.store import Record, Store

RETENTION_SECONDS = DAY_SECONDS

_FETCH_RECORDS = 250


class Slice(NamedTuple):
    """Changes of one lane in order. `cursor` is where to go on: past all that was looked at, boundaries included."""

    entries: list[Entry]
    cursor: int
    more: bool  # the slice ended for its limits; False when there was nothing more at that moment
    trimmed: bool  # records after the cursor that was given are gone
    boundary: Boundary | None  # reading stopped before this one, when it was asked to


class Journal:
    """Reads any journal of a store. A journal is named by its table's `space`, a lane by its number below LANES."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(
        self,
        journal: int,
        lane: int,
        after: int,
        *,
        records_max: int = 1000,
        bytes_max: int = PAGE_BYTES_MAX,
        stop_at_boundary: bool = False,
    ) -> Slice:
        """The changes past the cursor `after`. `bytes_max` counts stored bytes; one record comes in any case.

        With `stop_at_boundary` nothing past the next boundary is read; the cursor stays before it.
        """
        entries: list[Entry] = []
        cursor, size, trimmed = after, 0, False
        while True:
            wanted = min(_FETCH_RECORDS, records_max + 1 - len(entries))
            found = await self._store.changes(journal, lane, cursor, wanted)
            trimmed = trimmed or bool(found and found[0].sequence > cursor + 1)
            for record in found:
                entry = decode(record)
                if isinstance(entry, Boundary):
                    if stop_at_boundary:
                        return Slice(entries, cursor, False, trimmed, entry)
                    cursor = record.sequence
                    continue
                size += len(record.record)
                if len(entries) >= records_max or (entries and size > bytes_max):
                    return Slice(entries, cursor, True, trimmed, None)
                entries.append(entry)
                cursor = record.sequence
            if len(found) < wanted:
                return Slice(entries, cursor, False, trimmed, None)

    async def first(self, journal: int, lane: int) -> int:
        """The sequence of the oldest record there is; 1 while there is none."""
        found = await self._store.changes(journal, lane, 0, 1)
        return found[0].sequence if found else 1

    async def end(self, journal: int, lane: int, after: int = 0) -> int:
        """The sequence of the newest record past `after`, or `after`: a cursor from which only what is new is read."""
        low, step = max(after, await self.first(journal, lane) - 1), 1
        while await self._store.changes(journal, lane, low + step - 1, 1):
            low, step = low + step, step * 2
        # A record `low` exists, or `low` is where we began; none is at `low + step` or past it.
        high = low + step - 1
        while low < high:
            middle = (low + high + 1) // 2
            if await self._store.changes(journal, lane, middle - 1, 1):
                low = middle
            else:
                high = middle - 1
        return low

    async def before(self, journal: int, lane: int, time: float) -> int:
        """The cursor from which all records of `time` and later are read: the last record earlier than that."""
        low, high = await self.first(journal, lane) - 1, await self.end(journal, lane)
        while low < high:
            middle = (low + high + 1) // 2
            record = await self._record(journal, lane, middle)
            if record is None or time_of(record) < time:  # trimmed meanwhile: older still
                low = middle
            else:
                high = middle - 1
        return low

    async def _record(self, journal: int, lane: int, sequence: int) -> Record | None:
        found = await self._store.changes(journal, lane, sequence - 1, 1)
        return found[0] if found and found[0].sequence == sequence else None
