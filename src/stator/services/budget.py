"""The capacity of tables, right across processes and restarts.

Each process keeps a mirror of every bucket it uses. Once a second it writes down, in a row of its own, what it has let
in so far, and takes from its mirrors what the others have: debts carry over, so that over time all of them together let
in what is provisioned and no more. The row has the levels as well, from which a process that starts goes on. Peaks of
on-demand tables are summed up over all processes in a row for each table.

Formats are in docs/formats.md.
"""

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Self

import orjson

from stator.clock import Clock
from stator.items.throughput import Allowance, Peak
from stator.metrics.bucket import Budget
from stator.metrics.meter import Level, Meter, Meters
from stator.services.supervisor import Duty
from stator.storage.failure import StoreError
from stator.storage.rows import rows_of
from stator.storage.store import Change, Key, Put, Row, Store
from stator.tables.catalog import CATALOG_SPACE, Catalog

BUDGETS: Final = bytes(8) + b"budgets"
PEAKS: Final = bytes(8) + b"peaks"
FORMAT: Final = 1

EXCHANGE_SECONDS: Final = 1.0
PEAK_SECONDS: Final = 1800.0
"""A peak counts as a previous one after so long: only then more than twice of the one before is served."""

_KEPT_SECONDS = 3600.0  # who has written nothing for so long is gone, and its buckets have been filled since
_GAP_SECONDS = 10.0  # after so long without a look at the others, what they have left counts, not what they took
_MINUTE_SECONDS = 60.0
_PEAK_UNITS_MIN = 1000.0  # a second; below it twice the peak is less than what every table is served anyway


class Share(NamedTuple):
    """What one process has let in of one table or index since it began to be limited, and how full its mirrors were;
    None where nothing limits that side."""

    read: float
    read_level: float | None
    write: float
    write_level: float | None


_NOTHING = Share(0.0, None, 0.0, None)


class Peaks(NamedTuple):
    """What an on-demand table did, in units a second: `previous` counts, `lately` does once its period is over. The
    sums of `minute` are not complete yet."""

    previous: Peak
    lately: Peak
    since: float
    minute: int
    sum: Peak


class Budgets:
    """`id` is that of this process; nobody else writes its row. `mode` is the setting `throttling`."""

    def __init__(self, store: Store, clock: Clock, mode: str, id: str) -> None:
        self._store = store
        self._clock = clock
        self._peaks: dict[int, Peak] = {}  # those that count, by space
        self.meters = Meters(clock, Allowance(mode, self._peaks))
        self._own = Key(CATALOG_SPACE, BUDGETS, id.encode())
        self._seen: dict[bytes, dict[int, Share]] = {}  # of the others, by process
        self._told: dict[int, tuple[float, float]] = {}  # what the own row says was let in
        self._told_at = 0.0
        self._looked = 0.0
        self._counted: dict[int, tuple[float, float]] = {}  # all units, when peaks were last summed up
        self._counted_at = 0.0
        self._recent: dict[int, Peaks] = {}  # as last read or written, by space

    @classmethod
    async def open(cls, store: Store, clock: Clock, mode: str, id: str) -> Self:
        """Go on from the levels and the peaks that others have left."""
        budgets = cls(store, clock, mode, id)
        await budgets._load()
        return budgets

    async def _load(self) -> None:
        now = self._clock()
        for row in await rows_of(self._store, CATALOG_SPACE, BUDGETS):
            time, shares = _shares(row)
            self._seen[row.sort] = shares
            self._remember(shares, time)
        for row in await rows_of(self._store, CATALOG_SPACE, PEAKS):
            self._recent[int.from_bytes(row.sort, "big")] = _peaks(row)
        self._count_peaks(now)
        self._looked = self._counted_at = now

    def duties(self, catalog: Catalog) -> list[Duty]:
        return [
            Duty("budgets", self.run_once, EXCHANGE_SECONDS, everywhere=True),
            Duty("peaks", self.peaks_once, _MINUTE_SECONDS, everywhere=True),
            Duty("meters", partial(self.prune_once, catalog), _MINUTE_SECONDS, everywhere=True),
        ]

    async def run_once(self) -> int:
        """Take what others let in from the own mirrors and tell what was let in here; returns how many said so."""
        now = self._clock()
        gap = now - self._looked > _GAP_SECONDS
        self._looked = now
        old: list[Key] = []
        others = 0
        seen: dict[bytes, dict[int, Share]] = {}
        for row in await rows_of(self._store, CATALOG_SPACE, BUDGETS):
            if row.sort != self._own.sort:
                time, shares = _shares(row)
                others += self._take(self._seen.get(row.sort, {}), shares, time, now, gap=gap)
                if time < now - _KEPT_SECONDS:
                    old.append(Key(CATALOG_SPACE, BUDGETS, row.sort))
                else:
                    seen[row.sort] = shares
        self._seen = seen
        own = {meter.space: _share(meter) for meter in self.meters.all() if meter.reads or meter.writes}
        told = {space: (share.read, share.write) for space, share in own.items()}
        puts: list[Put] = []
        # Whose row is old is taken for gone, and would be charged all of it again with the next one.
        if told != self._told or (told and now - self._told_at > _KEPT_SECONDS / 2):
            value = orjson.dumps([FORMAT, now, [[space, *share] for space, share in own.items()]])
            puts.append(Put(self._own, len(value), value))
        if puts or old:
            await self._store.transact((), partial(_decided, Change(puts, old)))
        if puts:
            self._told, self._told_at = told, now
        return others

    async def close(self) -> None:
        """Leave the levels of this moment to who comes next; if the store takes nothing any more, those of before."""
        with contextlib.suppress(StoreError):
            await self.run_once()

    async def peaks_once(self) -> int:
        """Sum up what on-demand tables did in the last minute; returns how many did much."""
        now = self._clock()
        seconds = now - self._counted_at
        if seconds < _MINUTE_SECONDS / 2:  # too short to say what it was a second
            return 0
        self._counted_at = now
        busy = 0
        for meter in self.meters.all():
            before = self._counted.get(meter.space, (0.0, 0.0))
            self._counted[meter.space] = units = (meter.read_units, meter.write_units)
            rate = Peak((units[0] - before[0]) / seconds, (units[1] - before[1]) / seconds)
            if meter.definition is not None and meter.definition.on_demand and max(rate) >= _PEAK_UNITS_MIN:
                await self._sum_up(meter.space, rate, now)
                busy += 1
        self._count_peaks(now)
        return busy

    async def prune_once(self, catalog: Catalog) -> int:
        """Forget tables and indexes that are gone; returns how many rows that took."""
        spaces = {space for table in catalog.tables() for space in table.spaces}
        self.meters.prune(spaces)
        for space in [space for space in self._counted if space not in spaces]:
            del self._counted[space]
        gone = [
            row.sort
            for row in await rows_of(self._store, CATALOG_SPACE, PEAKS)
            if int.from_bytes(row.sort, "big") not in spaces
        ]
        if gone:
            keys = [Key(CATALOG_SPACE, PEAKS, sort) for sort in gone]
            await self._store.transact((), partial(_decided, Change(deletes=keys)))
            for sort in gone:
                self._peaks.pop(int.from_bytes(sort, "big"), None)
                self._recent.pop(int.from_bytes(sort, "big"), None)
        return len(gone)

    def _take(
        self, seen: Mapping[int, Share], shares: Mapping[int, Share], time: float, now: float, *, gap: bool
    ) -> int:
        """Charge what another process has let in since the last look; returns 1 if there was anything."""
        if shares == seen:
            return 0
        self._remember(shares, time)
        for space, share in shares.items():
            meter = self.meters.find(space)
            before = seen.get(space)
            if meter is None or share == before:
                continue
            old = before or _NOTHING
            if meter.reads is not None:
                _charge(meter.reads, _grown(old.read, share.read), None if not gap else share.read_level)
            if meter.writes is not None:
                _charge(meter.writes, _grown(old.write, share.write), None if not gap else share.write_level)
        return 1

    def _remember(self, shares: Mapping[int, Share], time: float) -> None:
        levels = self.meters.levels
        for space, share in shares.items():
            known = levels.get(space)
            if known is None or known.time <= time:
                levels[space] = Level(share.read_level, share.write_level, time)

    def _count_peaks(self, now: float) -> None:
        """Have those peaks count that are old enough."""
        for space, peaks in self._recent.items():
            counts = counting(peaks, now)
            if self._peaks.get(space) != counts:
                self._peaks[space] = counts
                self.meters.refresh()

    async def _sum_up(self, space: int, rate: Peak, now: float) -> None:
        key = Key(CATALOG_SPACE, PEAKS, space.to_bytes(8, "big"))
        minute = int(now // _MINUTE_SECONDS)

        def decide(rows: Sequence[Row | None]) -> Change:
            peaks = _NO_PEAKS._replace(since=now) if rows[0] is None else _peaks(rows[0])
            peaks = add_minute(peaks, rate, minute, now)
            fields = [list(field) if isinstance(field, Peak) else field for field in peaks]
            value = orjson.dumps([FORMAT, *fields])
            return Change([Put(key, len(value), value)], result=peaks)

        self._recent[space] = await self._store.transact([key], decide)


_NO_PEAKS = Peaks(Peak(), Peak(), 0.0, 0, Peak())


def add_minute(peaks: Peaks, rate: Peak, minute: int, now: float) -> Peaks:
    """What one process did in a minute, added to what others did in the same. Pure."""
    total = rate if minute != peaks.minute else Peak(*(a + b for a, b in zip(peaks.sum, rate, strict=True)))
    if now - peaks.since < PEAK_SECONDS:
        return Peaks(peaks.previous, _higher(peaks.lately, total), peaks.since, minute, total)
    return Peaks(counting(peaks, now), total, now, minute, total)


def counting(peaks: Peaks, now: float) -> Peak:
    """The previous peak as of now."""
    return peaks.previous if now - peaks.since < PEAK_SECONDS else _higher(peaks.previous, peaks.lately)


def _higher(one: Peak, other: Peak) -> Peak:
    return Peak(max(one.read, other.read), max(one.write, other.write))


def _grown(before: float, after: float) -> float:
    """What came to a sum: it begins anew where a limit was taken away and came back."""
    return after - before if after >= before else after


def _charge(budget: Budget, units: float, level: float | None) -> None:
    """Charge what another let in, or have no more than it has left, where its level is given."""
    if level is None:
        budget.take(units)
    else:
        budget.lower(level)


def _share(meter: Meter) -> Share:
    return Share(*_side(meter.reads), *_side(meter.writes))


def _side(budget: Budget | None) -> tuple[float, float | None]:
    if budget is None:
        return 0.0, None
    return budget.spent, budget.level


def _shares(row: Row) -> tuple[float, dict[int, Share]]:
    """When a process wrote its row, and what it says."""
    _, time, shares = orjson.loads(row.value)
    return time, {space: Share(*share) for space, *share in shares}


def _peaks(row: Row) -> Peaks:
    _, previous, lately, since, minute, total = orjson.loads(row.value)
    return Peaks(Peak(*previous), Peak(*lately), since, minute, Peak(*total))


def _decided(change: Change, _rows: Any) -> Change:
    return change
