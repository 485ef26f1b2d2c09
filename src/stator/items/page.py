"""One page of a Query or Scan: rows in order, filtered, projected, and where the next page begins.

A row that is wanted whole is answered by its stored bytes, with no decode and no encode.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson
from msgspec import Struct

from stator.items.capacity import read_units
from stator.items.decide import Condition
from stator.items.keys import key_of, request_key
from stator.items.read import Reader, Span, Stretch
from stator.items.start_key import last_key
from stator.limits import PAGE_BYTES_MAX
from stator.model.table import Index, Table
from stator.storage.store import Row
from stator.values.attribute import Item

ROWS_MAX = 1 << 31
"""More rows than a page of 1 MB can hold."""


class View(Struct, frozen=True):
    """What the page shows of the rows that it reads."""

    table: Table
    index: Index | None = None
    condition: Condition | None = None
    project: Callable[[Item], Item] | None = None
    count_only: bool = False
    fetch: bool = False  # read the whole item behind each entry of a local index
    rows_max: int = ROWS_MAX
    consistent: bool = False
    bytes_max: int = PAGE_BYTES_MAX


class Result(NamedTuple):
    """`items` are JSON texts; units are of capacity, after rounding."""

    items: list[bytes]
    matched: int  # of those scanned
    scanned: int
    last_key: Item | None
    table_units: float
    index_units: dict[str, float]
    size: int = 0  # bytes of the rows scanned


async def read_page(reader: Reader, where: Span | Stretch, view: View) -> Result:
    """Read until `rows_max` rows or `bytes_max`, whichever is first. The limits count rows before the filter."""
    page = await reader.page(where, rows_max=view.rows_max, bytes_max=view.bytes_max, consistent=view.consistent)
    rows = page.rows
    size = sum(row.size for row in rows)
    units = read_units(size, consistent=view.consistent)
    end = last_key(view.table, view.index, orjson.loads(rows[-1].value)) if page.more and rows else None
    fetched_units = 0.0
    shown: Sequence[Row] = rows
    if view.fetch:
        shown, fetched_units = await _fetch(reader, rows, view)
    items, count = _show(shown, view)
    if view.index is None:
        return Result(items, count, len(rows), end, units, {}, size)
    return Result(items, count, len(rows), end, fetched_units, {view.index.name: units}, size)


async def _fetch(reader: Reader, rows: Sequence[Row], view: View) -> tuple[list[Row], float]:
    """The whole items behind index entries, and what reading each of them costs."""
    table = view.table
    keys = [request_key(table, key_of(table.keys, orjson.loads(row.value))) for row in rows]
    found = [row for row in await reader.rows(keys, consistent=view.consistent) if row is not None]
    return found, sum(read_units(row.size, consistent=view.consistent) for row in found)


def _show(rows: Sequence[Row], view: View) -> tuple[list[bytes], int]:
    condition, project = view.condition, view.project
    if condition is None and (project is None or view.count_only):
        return ([] if view.count_only else [row.value for row in rows]), len(rows)
    items = []
    count = 0
    for row in rows:
        item: Item = orjson.loads(row.value)
        if condition is None or condition.holds(item):
            count += 1
            if not view.count_only:
                items.append(row.value if project is None else orjson.dumps(project(item)))
    return items, count
