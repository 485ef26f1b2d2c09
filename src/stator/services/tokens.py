"""Forget idempotency tokens that have expired."""

from collections.abc import Sequence
from functools import partial

from stator.items.idempotency import TOKENS, stale_end
from stator.services.parts import Parts
from stator.storage.store import Change, Key, Row
from stator.tables.catalog import CATALOG_SPACE

ROWS_A_STEP = 500  # few enough that requests between two steps wait for no more than a few milliseconds
_STEP_BYTES_MAX = 1024 * 1024


async def run_once(parts: Parts) -> int:
    """Delete the tokens of periods that no request looks into any more; returns how many."""
    end = stale_end(parts.clock())
    forgotten = 0
    more = True
    while more:
        page = await parts.store.scan(
            CATALOG_SPACE, None, lower=TOKENS, upper=end, rows_max=ROWS_A_STEP, bytes_max=_STEP_BYTES_MAX
        )
        if page.rows:
            change = Change(deletes=[Key(CATALOG_SPACE, row.partition, row.sort) for row in page.rows])
            await parts.store.transact((), partial(_decided, change))
        forgotten += len(page.rows)
        more = page.more
    return forgotten


def _decided(change: Change, _: Sequence[Row | None]) -> Change:
    return change
