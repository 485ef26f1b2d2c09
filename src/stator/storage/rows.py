"""All rows of a part of one partition, or of several, for what is kept in memory or gone through."""

import asyncio

from stator.storage.store import Bound, Position, Row, Store

_ROWS_MAX = 1000
_BYTES_MAX = 8 * 1024 * 1024


def below(place: str) -> tuple[Bound, Bound]:
    """What sorts that begin with `place` and a slash lie between."""
    return Bound(f"{place}/".encode(), inclusive=True), Bound(f"{place}0".encode(), inclusive=False)  # 0 follows /


async def rows_of(
    store: Store, space: int, partition: bytes, lower: Bound | None = None, upper: Bound | None = None
) -> list[Row]:
    """In order of their sorts. Rows that come or go meanwhile may be among them or not, where there are several
    pages."""
    rows: list[Row] = []
    while True:
        page = await store.range(
            space, partition, lower, upper, reverse=False, rows_max=_ROWS_MAX, bytes_max=_BYTES_MAX
        )
        rows += page.rows
        if not page.more or not page.rows:
            return rows
        lower = Bound(page.rows[-1].sort, inclusive=False)
        await asyncio.sleep(0)  # an embedded engine suspends nobody: others have a turn between two pages


async def rows_between(store: Store, space: int, lower: bytes, upper: bytes) -> list[Row]:
    """The same of all partitions from `lower` to before `upper`."""
    rows: list[Row] = []
    after: Position | None = None
    while True:
        page = await store.scan(space, after, lower=lower, upper=upper, rows_max=_ROWS_MAX, bytes_max=_BYTES_MAX)
        rows += page.rows
        if not page.more or not page.rows:
            return rows
        after = Position(page.rows[-1].partition, page.rows[-1].sort)
        await asyncio.sleep(0)
