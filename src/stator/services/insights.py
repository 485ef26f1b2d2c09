"""Watches the keys of those tables and global indexes that Contributor Insights are wished for of."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from stator.metrics.insight_store import MINUTE, Found, InsightStore, Owner, Texts
from stator.metrics.meter import Meter, Meters
from stator.metrics.sketch import Heaviest
from stator.metrics.watch import Place, Watch
from stator.model.table import Index, Insight, KeySchema, Table
from stator.services.parts import Parts
from stator.tables import insights
from stator.values.attribute import AttributeValue
from stator.values.coded import partition_values, sort_values

WRITE_SECONDS: Final = 10
"""Between two writes of the running minute: what readers at other routers wait for, and what a crash may take."""

_OWED_MAX: Final = 1000  # minutes that are kept in memory while the store does not take them

_LOOK_SECONDS: Final = 10.0  # between two looks at all tables where no change of one was told


class _Watched(Struct):
    meter: Meter
    watch: Watch
    owner: Owner
    keys: KeySchema
    written: float = 0.0  # all weights together, as far as they are in the store

    @property
    def weight(self) -> float:
        return self.watch.consumed.total + self.watch.throttled.total

    def found(self) -> Found:
        return {rule: _told(each, self.keys) for rule, each in self.watch.take().items()}


class Insights:
    """Each router does it for itself."""

    def __init__(self, parts: Parts, meters: Meters, kept: InsightStore) -> None:
        self._parts = parts
        self._meters = meters
        self._kept = kept
        self._watched: dict[int, _Watched] = {}  # by space
        self._minute = 0
        self._owed: dict[tuple[Owner, int], Found] = {}  # of minutes that are over, until it is written
        self._wrote = self._looked = float("-inf")
        parts.catalog.watch(self._look_again)

    async def run_once(self) -> int:
        """How many tables and indexes are watched."""
        now = self._parts.clock()
        minute = int(now // MINUTE) * MINUTE
        if minute != self._minute:
            await self._end_minute(minute, now)
        elif not 0 <= now - self._wrote < WRITE_SECONDS:
            await self._write(now)
        if not 0 <= now - self._looked < _LOOK_SECONDS:
            self._looked = now
            await self._look(now)
        return len(self._watched)

    async def prune(self) -> int:
        """Delete some of what is too old, of all routers."""
        return await self._kept.prune()

    async def close(self) -> None:
        """Write what there is."""
        await self._write(self._parts.clock())

    def _look_again(self, _table: Table) -> None:
        self._looked = float("-inf")

    async def _look(self, now: float) -> None:
        """Begin and end watching, as is wished now."""
        wanted = {
            (table if index is None else index).space: (table, index, insight)
            for table in self._parts.catalog.tables()
            for index, insight in _wished(table)
        }
        if any(space not in wanted for space in self._watched):
            await self._write(now)
        for space in [space for space in self._watched if space not in wanted]:
            self._watched.pop(space).meter.watch = None
        for space, (table, index, insight) in wanted.items():
            meter = self._meters.of(table) if index is None else self._meters.of_index(table, index)
            keys = table.keys if index is None else index.keys
            owner = owner_of(table, insight)
            how = {"accessed": insight.mode == insights.ACCESSED, "sorts": bool(keys.range)}
            known = self._watched.get(space)
            if known is None or known.owner != owner or not known.watch.follows(**how):
                known = self._watched[space] = _Watched(meter, Watch(**how), owner, keys)
            known.meter = meter
            meter.watch = known.watch

    async def _end_minute(self, minute: int, now: float) -> None:
        """What comes from now on belongs to another minute."""
        ended, self._minute = self._minute, minute
        for each in self._watched.values():
            if each.weight > each.written and len(self._owed) < _OWED_MAX:
                self._owed[each.owner, ended] = each.found()
            each.watch = each.meter.watch = each.watch.fresh()
            each.written = 0.0
        await self._write(now)

    async def _write(self, now: float) -> None:
        self._wrote = now
        owed = dict(self._owed)
        due = [(each, each.watch, each.weight) for each in self._watched.values() if each.weight > each.written]
        told = {(each.owner, self._minute): each.found() for each, _, _ in due}
        await self._kept.put(owed | told)
        for key in owed:
            self._owed.pop(key, None)
        for each, watch, weight in due:
            if each.watch is watch:
                each.written = weight


def owner_of(table: Table, insight: Insight) -> Owner:
    return Owner(table.account, table.region, table.id, insight.index or "", insight.created)


def _wished(table: Table) -> Iterator[tuple[Index | None, Insight]]:
    indexes = {index.name: index for index in table.indexes if not index.local}
    for insight in table.insights:
        if insight.enabled and insight.index is None:
            yield None, insight
        elif insight.enabled and insight.index in indexes:
            yield indexes[insight.index], insight


def _told(heaviest: Heaviest[Place], keys: KeySchema) -> Heaviest[Texts]:
    """With keys as people read them. Entries of an index under one key, of several items, are one."""
    weights: dict[Texts, float] = {}
    for (partition, sort), weight in heaviest.weights.items():
        values = [*partition_values(partition), *sort_values(sort)[: len(keys.range)]]
        texts = tuple(map(_text, values))
        weights[texts] = weights.get(texts, 0.0) + weight
    return Heaviest(weights, heaviest.total, heaviest.distinct, heaviest.error)


def _text(value: AttributeValue) -> str:
    (text,) = value.values()
    return str(text)
