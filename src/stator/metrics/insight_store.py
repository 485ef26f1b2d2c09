"""The keys of tables and global indexes that were used and refused most, minute by minute, for 15 days.

Each router writes rows of its own, readers put them together. The rows are in space 0: their partitions begin with
eight zero bytes, then `insights/` and the number of the day in eight bytes; sort: whose, the minute in eight bytes, the
router; value: what was found. docs/formats.md has the bytes.
"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson
import zstandard

from stator.clock import Clock
from stator.metrics.sketch import Heaviest
from stator.storage.store import Bound, Change, Key, Put, Row, Store

KEPT_SECONDS: Final = 15 * 86_400
MINUTE: Final = 60

_SPACE: Final = 0
_PREFIX: Final = bytes(8) + b"insights/"
_FORMAT: Final = 1
_DAY: Final = 86_400
_PAGE_ROWS: Final = 200
_PAGE_BYTES: Final = 8 * 1024 * 1024
_PRUNE_ROWS: Final = 50
_BYTES_MAX: Final = 64 * 1024 * 1024  # of a row that is unpacked

Texts = tuple[str, ...]
"""The values of a key's attributes as people read them: texts, numbers in digits, binaries in base64."""


class Owner(NamedTuple):
    """Whose keys they are. `created` tells one wish for insights from a later one."""

    account: str
    region: str
    table_id: str
    index_name: str  # empty for the table
    created: float

    def prefix(self) -> bytes:
        parts = (self.account, self.region, self.table_id, self.index_name, str(round(self.created * 1000)))
        return "/".join(parts).encode() + b"\0"


Found = Mapping[str, Heaviest[Texts]]
"""By rule, see `metrics.watch`."""


class Minute(NamedTuple):
    """What one router saw of a minute."""

    time: int
    found: Found


class InsightStore:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._router = secrets.token_bytes(6)  # of this process alone

    async def put(self, told: Mapping[tuple[Owner, int], Found]) -> int:
        """Write what this router saw of minutes; what it wrote of the same ones before is replaced."""
        puts = []
        for (owner, minute), found in told.items():
            sort = owner.prefix() + minute.to_bytes(8, "big") + self._router
            value = _encode(found)
            puts.append(Put(Key(_SPACE, _partition(minute), sort), len(value), value))
        if puts:
            await self._store.transact((), lambda _: Change(puts=puts))
        return len(puts)

    async def read(self, owner: Owner, start: float, end: float) -> list[Minute]:
        """The minutes that began in `start <= time < end`, in order of time; one of several routers comes several
        times. They reach back 15 days."""
        now = self._clock()
        start, end = max(start, now - KEPT_SECONDS, 0.0), min(end, now + _DAY)
        minutes: list[Minute] = []
        prefix = owner.prefix()
        day = int(start) // _DAY * _DAY
        while day < end:
            lower: Bound | None = Bound(prefix + int(-(-start // 1)).to_bytes(8, "big"), inclusive=True)
            upper = Bound(prefix + int(-(-end // 1)).to_bytes(8, "big"), inclusive=False)
            while lower is not None:
                page = await self._store.range(
                    _SPACE, _partition(day), lower, upper, reverse=False, rows_max=_PAGE_ROWS, bytes_max=_PAGE_BYTES
                )
                minutes += (_decode(row, len(prefix)) for row in page.rows)
                await asyncio.sleep(0)
                lower = Bound(page.rows[-1].sort, inclusive=False) if page.more else None
            day += _DAY
        return minutes

    async def prune(self) -> int:
        """Delete some of what is too old. How many rows that were."""
        page = await self._store.scan(
            _SPACE,
            None,
            lower=_PREFIX,
            upper=_partition(self._clock() - KEPT_SECONDS),
            rows_max=_PRUNE_ROWS,
            bytes_max=_PAGE_BYTES,
        )
        keys = [Key(_SPACE, row.partition, row.sort) for row in page.rows]
        if keys:
            await self._store.transact((), lambda _: Change(deletes=keys))
        return len(keys)


def _partition(time: float) -> bytes:
    return _PREFIX + int(time // _DAY).to_bytes(8, "big")


def _encode(found: Found) -> bytes:
    return zstandard.compress(orjson.dumps([_FORMAT, {rule: list(_cells(each)) for rule, each in found.items()}]), 1)


def _cells(heaviest: Heaviest[Texts]) -> Iterator[Any]:
    yield from (heaviest.total, heaviest.distinct, heaviest.error)
    yield [[list(texts), weight] for texts, weight in heaviest.weights.items()]


def _decode(row: Row, prefix: int) -> Minute:
    form, rules = orjson.loads(zstandard.decompress(row.value, max_output_size=_BYTES_MAX))
    if form != _FORMAT:
        raise ValueError(f"insights of format {form}; this version reads format {_FORMAT}")
    found = {
        rule: Heaviest({tuple(texts): weight for texts, weight in weights}, total, distinct, error)
        for rule, (total, distinct, error, weights) in rules.items()
    }
    return Minute(int.from_bytes(row.sort[prefix:][:8], "big"), found)
