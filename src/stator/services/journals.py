"""Roll the shards of streams, and forget what is older than a day: records, shards, streams and whole journals."""

import asyncio
from collections.abc import Callable, Sequence

import orjson

from stator.journal.journal import RETENTION_SECONDS
from stator.journal.lineage import JOURNALS, journal_key
from stator.journal.record import LANES
from stator.journal.streams import Streams
from stator.services.parts import Parts
from stator.storage.rows import rows_of
from stator.storage.store import Change, Row
from stator.tables.catalog import CATALOG_SPACE


async def roll_once(parts: Parts, streams: Streams, shard_seconds: float) -> int:
    """Begin new shards in the streams whose open ones are `shard_seconds` old; returns in how many."""
    rolled = 0
    for stream in await streams.all():
        if stream.disabled is None:
            rolled += await streams.roll(stream.name, parts.clock() - shard_seconds)
    return rolled


Sealed = Callable[[int, int], int | None]
"""Up to which sequence a lane of a journal is in the archive; None where it need not be."""


async def trim_once(parts: Parts, streams: Streams, sealed: Sealed = lambda journal, lane: None) -> int:
    """Forget what is over, but nothing that is still to be sealed; returns how many journals were looked at."""
    in_use: set[int] = set()
    for stream in await streams.all():
        left = await streams.forget(stream)
        if left is not None:
            in_use.add(left.journal)
    in_use.update(table.space for table in parts.catalog.tables() if table.journaled)
    rows = await rows_of(parts.store, CATALOG_SPACE, JOURNALS)
    for row in rows:
        journal = int.from_bytes(row.sort, "big")
        limits = [sealed(journal, lane) for lane in range(LANES)]
        await _trim(parts, streams, row, limits, in_use=journal in in_use)
        await asyncio.sleep(0)
    return len(rows)


async def _trim(parts: Parts, streams: Streams, found: Row, sealed: Sequence[int | None], *, in_use: bool) -> None:
    """Trim one journal. While it is in use, the last record of a lane stays: it tells how far the lane is."""
    journal = int.from_bytes(found.sort, "big")
    horizon = parts.clock() - RETENTION_SECONDS
    ends = []
    for lane in range(LANES):
        old, end = await streams.journal.before(journal, lane, horizon), await streams.journal.end(journal, lane)
        limit = sealed[lane]
        old = old if limit is None else min(old, limit)
        ends.append((old, end))
        if old >= await streams.journal.first(journal, lane):
            await parts.store.trim(journal, lane, min(old + 1, end))
    if in_use or any(old < end for old, end in ends):
        return
    for lane, (_, end) in enumerate(ends):
        await parts.store.trim(journal, lane, end + 1)
    key = journal_key(journal)

    def decide(rows: Sequence[Row | None]) -> Change:
        if rows[0] is not None:
            if rows[0].version != found.version:
                return Change()  # begun again by another router meanwhile
            _, account, region, name, table_id = orjson.loads(rows[0].value)
            table = parts.catalog.find(account, region, name)
            if table is not None and table.id == table_id and table.journaled:
                return Change()  # begun again meanwhile
        return Change(deletes=[key])

    await parts.store.transact([key], decide)
