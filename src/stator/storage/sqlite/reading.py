"""SQL that reads rows, on whichever connection it is given."""

from collections.abc import Container, Iterable, Sequence
from itertools import product
from typing import Any

import apsw

from stator.storage.store import Bound, Key, Page, Position, Record, Row, Usage

GET = "SELECT version, size, value FROM rows WHERE space = ? AND partition = ? AND sort = ?"
FIND = "SELECT version, size, value, id FROM rows WHERE space = ? AND partition = ? AND sort = ?"

MEASURE = "SELECT count(*), coalesce(sum(size), 0) FROM rows WHERE space = ? AND partition = ?"
SHARD = "SELECT last FROM shards WHERE journal = ? AND shard = ?"

_COLUMNS = "SELECT partition, sort, version, size, value FROM rows WHERE space = ?"
_LOWER = {None: "", True: " AND sort >= ?", False: " AND sort > ?"}
_UPPER = {None: "", True: " AND sort <= ?", False: " AND sort < ?"}
_RANGE = {
    (lower, upper, reverse): (
        f"{_COLUMNS} AND partition = ?{_LOWER[lower]}{_UPPER[upper]} ORDER BY sort{' DESC' if reverse else ''} LIMIT ?"
    )
    for lower, upper, reverse in product((None, True, False), (None, True, False), (False, True))
}
_START = {True: " AND (partition, sort) > (?, ?)", False: " AND partition >= ?"}
_STOP = {True: " AND partition < ?", False: ""}
_SCAN = {
    (resumed, bounded): f"{_COLUMNS}{_START[resumed]}{_STOP[bounded]} ORDER BY partition, sort LIMIT ?"
    for resumed, bounded in product((True, False), (True, False))
}
_CHANGES = (
    "SELECT journal, shard, sequence, record FROM records WHERE journal = ? AND shard = ? AND sequence > ?"
    " ORDER BY sequence LIMIT ?"
)

_row = tuple.__new__  # half the time of Row's own constructor


def get_rows(cursor: apsw.Cursor, keys: Sequence[Key], spaces: Container[int]) -> list[Row | None]:
    execute = cursor.execute
    rows: list[Row | None] = []
    for key in keys:
        found = execute(GET, key).fetchall() if key[0] in spaces else None
        rows.append(_row(Row, (key[1], key[2], *found[0])) if found else None)
    return rows


def read_range(
    connection: apsw.Connection,
    place: tuple[int, bytes],
    bounds: tuple[Bound | None, Bound | None],
    *,
    reverse: bool,
    rows_max: int,
    bytes_max: int,
) -> Page:
    lower, upper = bounds
    arguments: list[Any] = [*place]
    if lower is not None:
        arguments.append(lower.sort)
    if upper is not None:
        arguments.append(upper.sort)
    arguments.append(rows_max)
    text = _RANGE[lower and lower.inclusive, upper and upper.inclusive, reverse]
    return _read_page(connection, text, arguments, bytes_max)


def read_scan(
    connection: apsw.Connection,
    space: int,
    after: Position | None,
    bounds: tuple[bytes, bytes | None],
    *,
    rows_max: int,
    bytes_max: int,
) -> Page:
    lower, upper = bounds
    resumed = after is not None and after.partition >= lower
    arguments: list[Any] = [space]
    arguments += after if resumed and after is not None else (lower,)
    if upper is not None:
        arguments.append(upper)
    arguments.append(rows_max)
    return _read_page(connection, _SCAN[resumed, upper is not None], arguments, bytes_max)


def read_changes(cursor: apsw.Cursor, journal: int, shard: int, *, after: int, records_max: int) -> list[Record]:
    found: Iterable[tuple[Any, ...]] = cursor.execute(_CHANGES, (journal, shard, after, records_max)).fetchall()
    return [Record._make(record) for record in found]


def _read_page(connection: apsw.Connection, text: str, arguments: list[Any], bytes_max: int) -> Page:
    # A cursor of its own: it is left in the middle when the bytes are used up, and closing it ends its transaction.
    cursor = connection.cursor()
    rows: list[Row] = []
    append = rows.append
    size = 0
    try:
        for found in cursor.execute(text, arguments):
            append(_row(Row, found))
            size += found[3]
            if size >= bytes_max:
                return Page(rows, True)
    finally:
        cursor.close()
    return Page(rows, len(rows) >= arguments[-1])


def read_last(connection: apsw.Connection | apsw.Cursor, journal: int, shard: int) -> int:
    """The sequence of the last record there was; 0 for none."""
    last: int | None = connection.execute(SHARD, (journal, shard)).get
    return last or 0


def read_usage(cursor: apsw.Cursor, space: int, partition: bytes) -> Usage:
    return Usage._make(cursor.execute(MEASURE, (space, partition)).fetchall()[0])
