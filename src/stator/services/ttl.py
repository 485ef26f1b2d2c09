"""Delete the items whose time is over, a batch in each commit, and see to the entries by which they are found.

A table whose time to live was switched on has no space for its entries yet: it is given one, and from that change on
every write takes entries out of it. Once all routers do that, writes put them as well (`services.backfill` says why),
and what is left are the items that were there before. As with an index, each slice of them goes through `transact` on
their rows, so that a write comes wholly before or wholly after it; and all that was decided before the change is
committed before the first slice looks: `Catalog.settle` sees to other routers, and here a commit comes in between. A
crash costs no more than beginning again: the entries of a slice are the same each time.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

import orjson
from msgspec.structs import replace

from stator.errors import ResourceNotFoundException
from stator.items.commit import Writer
from stator.items.expire import ExpireWrite
from stator.items.expiry import NO_ITEM, PARTITION, bounds, entry, expiry_of, key_in
from stator.model.table import Table, TimeToLive
from stator.services.parts import Parts
from stator.storage.store import Change, Key, Position, Put, Row
from stator.tables.catalog import Edit, not_found
from stator.tables.lifecycle import amend

RUN_SECONDS = 0.25  # for one table; then others have a look
BATCH_ROWS = 50  # of one transaction, so that requests have their turn in between
_PAGE_ROWS = 500  # the batches of a page share commits
_FILL_ROWS = 250
_SLICE_BYTES_MAX = 1024 * 1024


Progress = dict[int, Position]
"""By space: how far its filling is. Kept for the life of a process."""


async def run_once(parts: Parts, writer: Writer, progress: Progress) -> int:
    """Returns how many items expired and how many slices of older items were looked at."""
    done = 0
    for table in parts.catalog.tables():
        setting = table.time_to_live
        if setting is None or not setting.enabled:
            continue
        if setting.space is None:
            done += await _give_space(parts, table)
        elif not setting.filled:
            done += await _fill(parts, table, setting.space, progress)
        done += await _expire(parts, writer, table)
    return done


async def _expire(parts: Parts, writer: Writer, table: Table) -> int:
    """Delete what is expired in one table, for a while."""
    deleted = 0
    until = time.monotonic() + RUN_SECONDS
    more = True
    while more and time.monotonic() < until:
        table = parts.catalog.latest(table)
        setting = table.time_to_live
        if setting is None or setting.space is None:
            break
        now = parts.clock()
        lower, upper = bounds(now)
        page = await parts.store.range(
            setting.space,
            PARTITION,
            lower,
            upper,
            reverse=False,
            rows_max=_PAGE_ROWS,
            bytes_max=_SLICE_BYTES_MAX,
        )
        if not page.rows:
            break
        writes = [
            ExpireWrite(table, key_in(table, row), Key(setting.space, row.partition, row.sort), now)
            for row in page.rows
        ]
        batches = [writes[start : start + BATCH_ROWS] for start in range(0, len(writes), BATCH_ROWS)]
        for outcomes in await asyncio.gather(*map(writer.commit_all, batches)):
            deleted += sum(outcome.before is not None for outcome in outcomes)
        more = page.more
    if deleted:
        parts.recorder.count(table.account, table.region, "TimeToLiveDeletedItemCount", deleted, table=table.name)
    return deleted


async def _give_space(parts: Parts, table: Table) -> int:
    (space,) = await parts.catalog.create_spaces(1)
    if await _amend(parts, table, lambda setting: replace(setting, space=space, allotted=True), if_space=None):
        return 1
    await parts.catalog.drop_spaces([space])
    return 0


async def _fill(parts: Parts, table: Table, space: int, progress: Progress) -> int:
    """Bring in the items of before, for a while: how many slices that took."""
    after = progress.get(space)
    if after is None:
        await parts.catalog.settle()
        if not await _amend(parts, table, lambda setting: replace(setting, allotted=False), if_space=space):
            return 0
        await parts.store.transact((), lambda _: Change(puts=[_note(space)]))
    slices = 0
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        page = await parts.store.scan(
            table.space, after, lower=b"", upper=None, rows_max=_FILL_ROWS, bytes_max=_SLICE_BYTES_MAX
        )
        slices += 1
        wanted = not page.rows or await _bring_in(parts, table, space, page.rows)
        if not (wanted and page.more):
            progress.pop(space, None)
            if wanted:
                await _amend(parts, table, lambda setting: replace(setting, filled=True), if_space=space)
            break
        after = progress[space] = Position(page.rows[-1].partition, page.rows[-1].sort)
        await asyncio.sleep(0)
    return slices


async def _bring_in(parts: Parts, table: Table, space: int, found: Sequence[Row]) -> bool:
    """Put the entries of the items in these rows. False when they are not wanted any more."""
    keys = [Key(table.space, row.partition, row.sort) for row in found]

    def decide(rows: Sequence[Row | None]) -> Change:
        now = parts.catalog.latest(table)
        if now.time_to_live is None or now.time_to_live.space != space:
            return Change(result=False)
        puts: list[Put] = []
        for key, row in zip(keys, rows, strict=True):
            if row is not None and (seconds := expiry_of(now, orjson.loads(row.value))) is not None:
                puts.append(entry(space, seconds, key))
        return Change(puts=puts, result=True)

    done: bool = await parts.store.transact(keys, decide)
    return done


async def _amend(parts: Parts, table: Table, how: Callable[[TimeToLive], TimeToLive], *, if_space: int | None) -> bool:
    """Change the setting, unless it is no more what it was."""
    changed = False

    def decide(now: Table | None) -> Edit:
        nonlocal changed
        if now is None:
            raise not_found(table.name)
        setting = now.time_to_live
        changed = now.id == table.id and setting is not None and setting.enabled and setting.space == if_space
        if setting is None or not changed:
            return Edit(now)
        after = how(setting)
        return Edit(amend(now, lambda each: replace(each, time_to_live=after)))

    with contextlib.suppress(ResourceNotFoundException):
        await parts.catalog.change(table.account, table.region, table.name, decide)
    return changed


def _note(space: int) -> Put:
    """An entry of no item, later than any that expires: writing it is the commit before the first slice."""
    return Put(Key(space, PARTITION, b"\xff" * 8), len(NO_ITEM), NO_ITEM)
