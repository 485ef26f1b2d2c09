"""Once a second: what was counted becomes points, and every few seconds these are written."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from stator.metrics.meter import Meters
from stator.metrics.metric import LOST_SERIES, READ_UNITS, REQUESTS, THROTTLES, WRITE_UNITS, Figure, Metric
from stator.metrics.recorder import Sample
from stator.metrics.series_store import SeriesStore
from stator.metrics.totals import OTHERS, TABLES_MAX, Totals
from stator.services.consumption import Consumption
from stator.services.gauges import Gauges
from stator.services.insights import Insights
from stator.services.parts import Parts
from stator.services.shards import Shards
from stator.services.vitals import Vitals

FLUSH_SECONDS = 5
"""Between two writes of points: what a reader of another router waits for, and what a crash may take of the seconds."""

_LATE_SECONDS = 2.0
_SAMPLES_AT_ONCE = 200  # then others have a turn of the loop


class Metering:
    """Drains this process. Each router does that for itself; what is pruned is pruned for all of them."""

    def __init__(
        self,
        parts: Parts,
        series: SeriesStore,
        meters: Meters,
        *,
        vitals: Vitals | None = None,
        insights: Insights | None = None,
        shards: Shards | None = None,
    ) -> None:
        self._parts = parts
        self.series = series
        self._meters = meters
        self._vitals = vitals
        self._insights = insights
        self._shards = shards
        self._consumption = Consumption(meters)
        self._gauges = Gauges(parts, series)
        self._totals = Totals()
        self._drained = parts.clock()
        self._flushed = parts.clock()

    async def run_once(self) -> int:
        """How many points of tables and accounts there were."""
        now = self._parts.clock()
        # They are of the time since the last drain. Where that was long ago, because the loop was busy, of the last
        # second or two: a minute that is over has been added up already.
        time = float(int(min(max(self._drained, now - _LATE_SECONDS), now)))
        self._drained = now
        samples = chain(self._parts.recorder.drain(time), self._consumption.drain(time))
        done = 0
        while some := list(islice(samples, _SAMPLES_AT_ONCE)):
            known = self._known(some)
            self._totals.add(known)
            self.series.add(known)
            if self._vitals is not None:
                self._vitals.add(known)
            done += len(known)
            await asyncio.sleep(0)
        if self._vitals is not None:
            self.series.add(self._vitals.drain(time, self._parts.recorder.requests))
        if self._insights is not None:
            await self._insights.run_once()
        if not 0 <= now - self._flushed < FLUSH_SECONDS:
            self._flushed = now
            await self.series.flush()
        return done

    async def gauge_once(self) -> int:
        """What changes seldom, for all routers."""
        told = 0 if self._shards is None else await self._shards.run_once()
        return told + await self._gauges.run_once()

    async def prune_once(self) -> int:
        pruned = 0 if self._insights is None else await self._insights.prune()
        return pruned + await self.series.prune()

    async def prune_names(self) -> int:
        return await self.series.prune_names()

    async def close(self) -> None:
        """Write what there is, the second and the minute that run among it."""
        await self.run_once()
        await self.series.close()
        if self._insights is not None:
            await self._insights.close()

    def figures(self) -> Iterator[Figure]:
        """For Prometheus; those that are drained are up to a second old."""
        recorder = self._parts.recorder
        for operation, number in recorder.requests.items():
            yield Figure(REQUESTS, (operation,), number)
        yield from self._totals.figures(self._is_there)
        yield from self._consumed()
        yield Figure(LOST_SERIES, (), recorder.lost + self.series.lost)

    def _consumed(self) -> Iterator[Figure]:
        """Of as many tables and indexes as may have labels of their own; all others together."""
        sums: dict[tuple[Metric, tuple[str, ...]], float] = {}
        for number, meter in enumerate(self._meters.all()):
            labels = (meter.account, meter.region, meter.table, meter.index or "")
            if number >= TABLES_MAX:
                labels = ("", "", OTHERS, "")
            told: list[tuple[Metric, tuple[str, ...], float]] = [
                (READ_UNITS, labels, meter.read_units),
                (WRITE_UNITS, labels, meter.write_units),
                *((THROTTLES, (*labels, reason), count) for reason, count in meter.throttled.items()),
            ]
            for metric, place, value in told:
                sums[metric, place] = sums.get((metric, place), 0.0) + value
        for (metric, place), value in sums.items():
            yield Figure(metric, place, value)

    def _known(self, samples: Sequence[Sample]) -> list[Sample]:
        """Nobody's metrics are of tables that he does not have, whatever requests named."""
        known: dict[tuple[str, str, str], bool] = {}
        kept: list[Sample] = []
        for sample in samples:
            place = sample.account, sample.region, sample.series.table
            there = known.get(place)
            if there is None:
                there = known[place] = not place[2] or self._is_there(*place)
            if there:
                kept.append(sample)
        return kept

    def _is_there(self, account: str, region: str, table: str) -> bool:
        return self._parts.catalog.find(account, region, table) is not None
