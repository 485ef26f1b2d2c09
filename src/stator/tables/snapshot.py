"""The catalog at one moment of the store."""

from stator.model.table import Table
from stator.storage.store import Position, Snapshot
from stator.tables import definition
from stator.tables.places import CATALOG_SPACE, TABLES, TABLES_END

_PAGE_ROWS = 100  # to decode them takes 3 ms
_PAGE_BYTES = 8 * 1024 * 1024


async def tables_of(snapshot: Snapshot) -> list[Table]:
    """Every definition there was, as it is stored, whatever its status."""
    tables: list[Table] = []
    after = Position(TABLES, b"")
    more = True
    while more:
        page = await snapshot.scan(CATALOG_SPACE, after, _PAGE_ROWS, _PAGE_BYTES)
        rows = [row for row in page.rows if row.partition < TABLES_END]
        tables += [definition.decode(row.value) for row in rows]
        more = page.more and len(rows) == len(page.rows) > 0
        after = Position(rows[-1].partition, rows[-1].sort) if rows else after
    return tables
