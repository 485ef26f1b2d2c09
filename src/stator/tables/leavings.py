"""What deletions leave behind: spaces that are to be given back, and those that a crash kept from being used."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from stator.clock import Clock
from stator.model.table import Table
from stator.storage.rows import rows_of
from stator.storage.store import Change, Put, Store
from stator.tables import definition
from stator.tables.lifecycle import settle
from stator.tables.places import CATALOG_SPACE, DROPPED, dropped_key, progress_key, put, table_key

_BYTES = 8 * 1024 * 1024


class Dropped(NamedTuple):
    """A space to give back, and the table whose definition may go with it."""

    space: int
    due: float
    account: str
    region: str
    name: str


def put_dropped(dropped: Dropped) -> Put:
    return put(dropped_key(dropped.space), orjson.dumps(list(dropped)))


async def read_dropped(store: Store, now: float, rows_max: int) -> list[Dropped]:
    """Spaces that are due to be given back."""
    page = await store.range(CATALOG_SPACE, DROPPED, None, None, reverse=False, rows_max=rows_max, bytes_max=_BYTES)
    found = [Dropped(*orjson.loads(row.value)) for row in page.rows]
    return [dropped for dropped in found if dropped.due <= now]


async def forget(store: Store, clock: Clock, dropped: Dropped) -> None:
    """After the space was given back: forget it, and the definition of its table if that is gone."""
    place = table_key(dropped.account, dropped.region, dropped.name)
    marker, progress = dropped_key(dropped.space), progress_key(dropped.space)
    now = clock()

    def decide(rows: Any) -> Change:
        row = rows[0]
        gone = row is not None and settle(definition.decode(row.value), now) is None
        return Change(deletes=[marker, progress, place] if gone else [marker, progress])

    await store.transact([place], decide)


async def find_orphans(store: Store, tables: Iterable[Table]) -> tuple[int, ...]:
    """Spaces that nothing refers to: neither one of these tables, which must be all there are, nor a note that the
    space is to be given back. Those that were made a moment ago may belong to changes under way."""
    spaces = set(await store.spaces())
    for table in tables:
        for each in (table, table.becomes or table):
            spaces.difference_update(each.spaces)
    if spaces:
        spaces.difference_update(
            int.from_bytes(row.sort, "big") for row in await rows_of(store, CATALOG_SPACE, DROPPED)
        )
    return tuple(sorted(spaces))
