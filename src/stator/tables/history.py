"""The catalog's own journal: what every table was, change by change, once the whole instance is backed up.

It is journal 0 of the store, which no table has, and has one lane. A record is JSON: `["D", milliseconds, definition]`,
the time where records of items have theirs. The row of space 0 that says so names the instance: a data directory that
was rolled back begins a journal of its own, and an archive must not mix the two.
"""

from typing import Any, NamedTuple

import orjson

from stator.model.table import Table
from stator.storage.store import Append, Key, Put, Record, Row
from stator.tables import definition

JOURNAL = 0
LANE = 0
FORMAT = 1

KEY = Key(0, bytes(8) + b"instance", b"")
"""The row that is there once the catalog is journaled."""


class Instance(NamedTuple):
    """What an archive knows a data directory by."""

    id: str  # 32 hexadecimal digits
    since: float  # when its journal began, seconds since the epoch


class Edition(NamedTuple):
    """A table as a change left it."""

    sequence: int
    time: float  # of the commit, to the millisecond
    table: Table


def put(instance: Instance) -> Put:
    value = orjson.dumps([FORMAT, instance.id, instance.since])
    return Put(KEY, len(value), value)


def read(row: Row | None) -> Instance | None:
    """Raises ValueError for a row of a newer version."""
    if row is None:
        return None
    stored: list[Any] = orjson.loads(row.value)
    if stored[0] != FORMAT:
        raise ValueError(f"instance of format {stored[0]}; this version reads format {FORMAT}")
    return Instance(stored[1], stored[2])


def append(table: Table, time: float) -> Append:
    """The record of a change that left `table`."""
    return Append(JOURNAL, LANE, b'["D",%d,%b]' % (int(time * 1000), definition.encode(table)))


def decode(record: Record) -> Edition:
    """Raises ValueError for a record that this version cannot read."""
    kind, milliseconds, stored = orjson.loads(record.record)
    if kind != "D":
        raise ValueError(f"record {record.sequence} of the catalog's journal is of the unknown kind {kind!r}")
    return Edition(record.sequence, milliseconds / 1000, definition.decode(orjson.dumps(stored)))
