"""Which tables' changes go into the archive, as the store has it: a row for each, from the commit that began it until
its chain is gone. Pure.

The rows are in space 0, partition eight zero bytes and `chains`, sort the table's id. docs/formats.md has the value. A
row that is not `begun` is a wish: the service that keeps chains finds out since when the journal is complete. A chain
whose row becomes a wish again was broken off, and begins anew.
"""

import orjson
from msgspec import Struct

from stator.model.table import Status, Table
from stator.storage.store import Key, Put
from stator.tables import definition
from stator.tables.journaling import ARCHIVE

FORMAT = 1
PARTITION = bytes(8) + b"chains"


class Kept(Struct, frozen=True):
    """Times are seconds since the epoch."""

    table: Table  # as it was when its changes were wished for
    since: float | None = None  # from when on every change is in the journal, a whole millisecond
    empty: bool = False  # whether the table had no items then
    start: tuple[int, ...] | None = None  # the sequence of each lane before the first to be sealed, once it is known
    ended: float | None = None  # when the table was deleted, or its journal not wanted any more

    @property
    def begun(self) -> bool:
        return self.since is not None and self.start is not None


def key_of(table_id: str) -> Key:
    return Key(0, PARTITION, table_id.encode())


def put(kept: Kept) -> Put:
    value = orjson.dumps(
        {
            "format": FORMAT,
            "table": orjson.Fragment(definition.encode(kept.table)),
            "since": kept.since,
            "empty": kept.empty,
            "start": kept.start,
            "ended": kept.ended,
        }
    )
    return Put(key_of(kept.table.id), len(value), value)


def decode(value: bytes) -> Kept:
    """Raises ValueError for a row that this version cannot read."""
    stored = orjson.loads(value)
    if stored["format"] != FORMAT:
        raise ValueError(f"chain of format {stored['format']}; this version reads format {FORMAT}")
    return Kept(
        table=definition.decode(orjson.dumps(stored["table"])),
        since=stored["since"],
        empty=stored["empty"],
        start=None if stored["start"] is None else tuple(stored["start"]),
        ended=stored["ended"],
    )


def accompany(before: Table | None, after: Table, now: float) -> list[Put]:
    """What goes with the commit that changes a table's definition: a wish where its changes are to be kept from now
    on. A table that is made with that has no items, and its journal lacks nothing."""
    old = before if before is not None and before.id == after.id else None
    if not is_wanted(after) or (old is not None and is_wanted(old)):
        return []
    return [put(Kept(after, None if old is not None else int(now * 1000) / 1000, empty=old is None))]


def is_wanted(table: Table) -> bool:
    """Whether a table's changes are to be kept."""
    return table.status is not Status.DELETING and ARCHIVE in (table.becomes or table).journal_readers
