"""Once a second: what was counted becomes points, and every few seconds these are written."""

from stator.metrics.recorder import Sample
from stator.metrics.series_store import SeriesStore
from stator.services.parts import Parts

FLUSH_SECONDS = 5
"""Between two writes of points: what a reader of another router waits for, and what a crash may take of the seconds."""

_LATE_SECONDS = 2.0


class Metering:
    """Drains this process. Each router does that for itself; what is pruned is pruned for all of them."""

    def __init__(self, parts: Parts, series: SeriesStore) -> None:
        self._parts = parts
        self._series = series
        self._drained = parts.clock()
        self._flushed = parts.clock()

    async def run_once(self) -> int:
        """How many points there were."""
        now = self._parts.clock()
        # They are of the time since the last drain. Where that was long ago, because the loop was busy, of the last
        # second or two: a minute that is over has been added up already.
        time = float(int(min(max(self._drained, now - _LATE_SECONDS), now)))
        self._drained = now
        samples = [sample for sample in self._parts.recorder.drain(time) if self._known(sample)]
        self._series.add(samples)
        if not 0 <= now - self._flushed < FLUSH_SECONDS:
            self._flushed = now
            await self._series.flush()
        return len(samples)

    async def prune_once(self) -> int:
        return await self._series.prune()

    async def prune_names(self) -> int:
        return await self._series.prune_names()

    async def close(self) -> None:
        """Write what there is, the second and the minute that run among it."""
        await self.run_once()
        await self._series.close()

    def _known(self, sample: Sample) -> bool:
        """Nobody's metrics are of tables that he does not have, whatever requests named."""
        table = sample.series.table
        return not table or self._parts.catalog.find(sample.account, sample.region, table) is not None
