"""The points of all series: those of one second kept for an hour, those of one minute for 15 days.

A router, as a process that serves requests on a store is called here, gathers points in memory: for each table blocks
of seconds of the running minute and a block of minutes of the running hour. It writes blocks as rows of its own, so
that routers never wait for each other; readers put the rows of all routers together. What a minute was is durable once
it is over and the next `flush` is through, its seconds some seconds after they passed. The rows are in space 0, their
partitions begin with eight zero bytes and a kind:

* `points/s/` or `points/m/` and a number, sort: table, start, router; value: a block. The number counts ten minutes or
  days, so that what is too old is found together.
* `series`, sort: table; value: which series it has and when each was last seen.

A table stands in them as `account/region/name`, what belongs to no table without a name.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import Final, NamedTuple

import orjson

from stator.clock import Clock
from stator.metrics.block import Block
from stator.metrics.recorder import Sample
from stator.metrics.series import OWN_NAMESPACE, Point, Series, group
from stator.storage.store import Bound, Change, Key, Page, Put, Row, Store

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
SECONDS_KEPT: Final = HOUR
MINUTES_KEPT: Final = 15 * DAY

SERIES_MAX = 50_000
"""Series that a router gathers at a time; what more there is gets lost."""

_SPACE = 0
_KIND = bytes(8)
_NAMES = _KIND + b"series"
_NAMES_FORMAT = 1
_SEEN_SECONDS = 600.0  # how exactly it is kept when a series was last seen
_SETTLE_SECONDS = 5  # a minute is over so long after its end: the last drain of it has come
_BATCH = 20  # rows written or pruned with one commit
_PAGE_ROWS = 200
_PAGE_BYTES = 8 * 1024 * 1024

Scope = tuple[str, str, str]
"""Account, region, table."""


class Kind(NamedTuple):
    """The blocks of one resolution."""

    prefix: bytes
    unit: int  # seconds of a point
    span: int  # seconds of a block
    chunk: int  # seconds of a partition
    kept: int

    def partition(self, time: float) -> bytes:
        return self.prefix + int(time // self.chunk).to_bytes(8, "big")


SECONDS = Kind(_KIND + b"points/s/", 1, 20, 10 * MINUTE, SECONDS_KEPT)
MINUTES = Kind(_KIND + b"points/m/", MINUTE, HOUR, DAY, MINUTES_KEPT)


class SeriesStore:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._router = secrets.token_bytes(6)  # of this process alone: after a restart its rows are those of another
        self._seconds: dict[tuple[Scope, int], Block] = {}
        self._minutes: dict[tuple[Scope, int], Block] = {}
        self._seen: dict[Scope, dict[Series, float]] = {}  # as far as it is written
        self._gathered = 0
        self.lost = 0

    # -- gathering ----------------------------------------------------------------------------------------------------

    def add(self, samples: Iterable[Sample]) -> None:
        """Points of single seconds, not older than those that came before."""
        for account, region, series, point in samples:
            self._add(self._seconds, SECONDS, scope_of(account, region, series), series, point)

    async def flush(self) -> int:
        """Write what is new. How many rows that were; none where nothing happened."""
        now = self._clock()
        written = await self._write(SECONDS, self._seconds) + await self._write_names(now)
        await self._roll(now - MINUTE - _SETTLE_SECONDS)
        written += await self._write(MINUTES, self._minutes)
        self._forget(now - HOUR - MINUTE - 2 * _SETTLE_SECONDS)
        return written

    async def close(self) -> None:
        """Write all there is, the running minute too."""
        await self._write(SECONDS, self._seconds)
        await self._write_names(self._clock())
        await self._roll(float("inf"))
        await self._write(MINUTES, self._minutes)

    async def prune(self) -> int:
        """Delete some of what is too old. How many rows that were."""
        now = self._clock()
        pruned = 0
        for kind in (SECONDS, MINUTES):
            page = await self._store.scan(
                _SPACE,
                None,
                lower=kind.prefix,
                upper=kind.partition(now - kind.kept),
                rows_max=_BATCH,
                bytes_max=_PAGE_BYTES,
            )
            pruned += await self._delete([Key(_SPACE, row.partition, row.sort) for row in page.rows])
        return pruned

    async def prune_names(self) -> int:
        """Forget the series that were not seen for as long as points are kept. How many tables that touched."""
        oldest = self._clock() - MINUTES_KEPT
        pruned = 0
        after: Bound | None = None
        while True:
            page = await self._range(_NAMES, after, None)
            for row in page.rows:
                names = decode_names(row)
                kept = {series: seen for series, seen in names.items() if seen >= oldest}
                if len(kept) < len(names):
                    pruned += 1
                    await self._store.transact([Key(_SPACE, _NAMES, row.sort)], _forgetting(row.sort, oldest))
            if not page.more:
                return pruned
            after = Bound(page.rows[-1].sort, inclusive=False)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def read(
        self, account: str, region: str, series: Series, start: float, end: float, *, period: int
    ) -> list[Point]:
        """Points of `period` seconds in order of time, those of all routers added up, of `start <= time < end`.

        Times are multiples of the period. Periods of less than a minute reach back an hour, others 15 days.
        """
        return (await self.read_all(account, region, [series], start, end, period=period))[0]

    async def read_all(
        self, account: str, region: str, wanted: Sequence[Series], start: float, end: float, *, period: int
    ) -> list[list[Point]]:
        """The same of several series, in their order; those of one table cost as much as one."""
        scopes: dict[Scope, list[int]] = {}
        for place, series in enumerate(wanted):
            scopes.setdefault(scope_of(account, region, series), []).append(place)
        found: list[list[Point]] = [[] for _ in wanted]
        now = self._clock()
        start = max(start, now - (SECONDS_KEPT if period < MINUTE else MINUTES_KEPT))
        end = min(end, now + DAY)
        for scope, places in scopes.items():
            for block in await self._blocks(scope, start, end, period):
                for place in places:
                    found[place] += [point for point in block.points(wanted[place]) if start <= point.time < end]
        return [group(points, period) for points in found]

    async def recent(self, account: str, region: str, series: Series, seconds: int) -> list[Point]:
        """The points of single seconds that passed since so many seconds ago, in order of time. Those of this router
        are at most a second old, those of others some more."""
        now = self._clock()
        return await self.read(account, region, series, now - seconds, now + 1, period=1)

    async def names(
        self,
        account: str,
        region: str,
        namespace: str | None = None,
        name: str | None = None,
        since: float = 0.0,
    ) -> list[Series]:
        """The series with points of the last 15 days, or since a time, sorted. Stator's own belong to everybody."""
        oldest = max(self._clock() - MINUTES_KEPT, since)
        found: set[Series] = set()
        for prefix in (_scope_bytes((account, region, "")), _scope_bytes(("", "", ""))):
            after: Bound | None = Bound(prefix, inclusive=True)
            while after is not None:
                page = await self._range(_NAMES, after, Bound(prefix[:-1] + b"0", inclusive=False))
                for row in page.rows:
                    found.update(series for series, seen in decode_names(row).items() if seen >= oldest)
                after = Bound(page.rows[-1].sort, inclusive=False) if page.more else None
        for (scope, _), block in [*self._seconds.items(), *self._minutes.items()]:
            if scope[:2] in ((account, region), ("", "")) and block.start + block.unit * MINUTE > oldest:
                found.update(block.series)
        return sorted(
            series
            for series in found
            if (namespace is None or series.namespace == namespace) and (name is None or series.name == name)
        )

    # -- blocks -------------------------------------------------------------------------------------------------------

    async def _blocks(self, scope: Scope, start: float, end: float, period: int) -> list[Block]:
        if period < MINUTE:
            return await self._stored(SECONDS, self._seconds, scope, start, end)
        blocks = await self._stored(MINUTES, self._minutes, scope, start, end)
        # Minutes that are not over: their seconds, those of other routers too as far as they are written.
        running = max(start, self._clock() // MINUTE * MINUTE - MINUTE)
        if end > running:
            known = {
                (block.router, int(point.time))
                for block in blocks
                for series in block.series
                for point in block.points(series)
            }
            for block in await self._stored(SECONDS, self._seconds, scope, running, end):
                begins = block.start // MINUTE * MINUTE
                if (block.router, begins) not in known:
                    minute = Block(begins, MINUTE, block.router)
                    for series, point in block.totals():
                        minute.add(series, point)
                    blocks.append(minute)
        return blocks

    async def _stored(
        self, kind: Kind, gathered: dict[tuple[Scope, int], Block], scope: Scope, start: float, end: float
    ) -> list[Block]:
        """The blocks that reach into a time, those of this router as they are in memory if they still are."""
        first = int(start // kind.span * kind.span)
        found = (gathered.get((scope, begins)) for begins in range(first, ceil(end), kind.span))
        mine = [block for block in found if block is not None and block.series]
        held = {block.start for block in mine}
        prefix = _scope_bytes(scope) + b"\0"
        blocks: list[Block] = []
        time = first // kind.chunk * kind.chunk
        while time < end:
            partition = kind.partition(time)
            lower: Bound | None = Bound(prefix + max(first, 0).to_bytes(8, "big"), inclusive=True)
            upper = Bound(prefix + max(0, int(-(-end // 1))).to_bytes(8, "big"), inclusive=False)
            while lower is not None:
                page = await self._range(partition, lower, upper)
                for row in page.rows:
                    router = row.sort[len(prefix) + 8 :]
                    if router != self._router or int.from_bytes(row.sort[len(prefix) :][:8], "big") not in held:
                        blocks.append(Block.decode(row.value, router))
                await asyncio.sleep(0)  # unpacking takes a tenth of a millisecond for each row
                lower = Bound(page.rows[-1].sort, inclusive=False) if page.more else None
            time += kind.chunk
        return blocks + mine

    def _add(
        self, blocks: dict[tuple[Scope, int], Block], kind: Kind, scope: Scope, series: Series, point: Point
    ) -> None:
        start = int(point.time // kind.span * kind.span)
        block = blocks.get((scope, start))
        if block is None:
            block = blocks[scope, start] = Block(start, kind.unit, self._router)
        if series not in block.series:
            if self._gathered >= SERIES_MAX * 2:  # each is there twice, in a minute and in an hour
                self.lost += 1
                return
            self._gathered += 1
        block.add(series, point)

    async def _roll(self, before: float) -> None:
        """Make points of one minute of the minutes that began before that, and forget their seconds."""
        due: dict[Scope, list[int]] = {}
        for scope, start in self._seconds:
            if start // MINUTE * MINUTE <= before:
                due.setdefault(scope, []).append(start)
        for scope, starts in due.items():  # those of one table at once: half a minute would be read as a whole one
            for start in starts:
                block = self._seconds.pop((scope, start))
                self._gathered -= len(block.series)
                for series, point in block.totals():
                    self._add(self._minutes, MINUTES, scope, series, point)
            await asyncio.sleep(0)

    def _forget(self, before: float) -> None:
        for key in [key for key in self._minutes if key[1] <= before]:
            self._gathered -= len(self._minutes.pop(key).series)

    # -- writing ------------------------------------------------------------------------------------------------------

    async def _write(self, kind: Kind, blocks: dict[tuple[Scope, int], Block]) -> int:
        dirty = [(scope, block) for (scope, _), block in blocks.items() if block.dirty]
        for first in range(0, len(dirty), _BATCH):
            batch = dirty[first : first + _BATCH]
            puts = []
            for scope, block in batch:
                value = block.encode()
                puts.append(Put(points_key(kind, scope, block.start, self._router), len(value), value))
                block.dirty = False
            try:
                await self._store.transact((), _putting(puts))
            except Exception:
                for _, block in batch:
                    block.dirty = True
                raise
        return len(dirty)

    async def _write_names(self, now: float) -> int:
        """Note down which series there are, those of the last minutes."""
        due: dict[Scope, dict[Series, float]] = {}
        for (scope, _), block in [*self._seconds.items(), *self._minutes.items()]:
            if block.start < now - HOUR:
                continue
            seen = self._seen.get(scope, {})
            for series, columns in block.series.items():
                last = block.start + columns.at[-1] * block.unit
                if last >= seen.get(series, 0.0) + _SEEN_SECONDS:
                    due.setdefault(scope, {})[series] = float(last)
        scopes = list(due)
        for first in range(0, len(scopes), _BATCH):
            batch = {_scope_bytes(scope): due[scope] for scope in scopes[first : first + _BATCH]}
            keys = [Key(_SPACE, _NAMES, sort) for sort in batch]
            await self._store.transact(keys, _seeing(batch))
        for scope, names in due.items():
            self._seen.setdefault(scope, {}).update(names)
        return len(due)

    async def _delete(self, keys: list[Key]) -> int:
        if keys:
            await self._store.transact((), lambda _: Change(deletes=keys))
        return len(keys)

    async def _range(self, partition: bytes, lower: Bound | None, upper: Bound | None) -> Page:
        return await self._store.range(
            _SPACE, partition, lower, upper, reverse=False, rows_max=_PAGE_ROWS, bytes_max=_PAGE_BYTES
        )


def scope_of(account: str, region: str, series: Series) -> Scope:
    if series.namespace == OWN_NAMESPACE:
        return "", "", ""
    return account, region, series.table


def _scope_bytes(scope: Scope) -> bytes:
    return "/".join(scope).encode()


def points_key(kind: Kind, scope: Scope, time: float, router: bytes) -> Key:
    """Where the block is that holds the points of a time."""
    start = int(time // kind.span * kind.span)
    return Key(_SPACE, kind.partition(start), _scope_bytes(scope) + b"\0" + start.to_bytes(8, "big") + router)


def names_key(scope: Scope) -> Key:
    return Key(_SPACE, _NAMES, _scope_bytes(scope))


def put_names(scope: Scope, names: dict[Series, float]) -> Put:
    return _put_names(_scope_bytes(scope), names)


def decode_names(row: Row) -> dict[Series, float]:
    form, names = orjson.loads(row.value)
    if form != _NAMES_FORMAT:
        raise ValueError(f"names of series of format {form}; this version reads format {_NAMES_FORMAT}")
    return {
        Series(namespace, name, tuple((key, value) for key, value in dimensions)): seen
        for namespace, name, dimensions, seen in names
    }


def _put_names(sort: bytes, names: dict[Series, float]) -> Put:
    value = orjson.dumps([_NAMES_FORMAT, [[*series, seen] for series, seen in names.items()]])
    return Put(Key(_SPACE, _NAMES, sort), len(value), value)


def _putting(puts: Sequence[Put]) -> Callable[[Sequence[Row | None]], Change]:
    return lambda _: Change(puts=puts)


def _seeing(batch: dict[bytes, dict[Series, float]]) -> Callable[[Sequence[Row | None]], Change]:
    """Add series to the rows of `batch`, by their sorts."""

    def decide(rows: Sequence[Row | None]) -> Change:
        puts = []
        for row, (sort, names) in zip(rows, batch.items(), strict=True):
            known = {} if row is None else decode_names(row)
            merged = known | {series: max(seen, known.get(series, 0.0)) for series, seen in names.items()}
            puts.append(_put_names(sort, merged))
        return Change(puts=puts)

    return decide


def _forgetting(sort: bytes, oldest: float) -> Callable[[Sequence[Row | None]], Change]:
    def decide(rows: Sequence[Row | None]) -> Change:
        row = rows[0]
        if row is None:
            return Change()
        kept = {series: seen for series, seen in decode_names(row).items() if seen >= oldest}
        return Change(puts=[_put_names(sort, kept)]) if kept else Change(deletes=[Key(_SPACE, _NAMES, sort)])

    return decide
