"""Look whether what alarms watch is as it should be, each once in every period that is over."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Final

from stator.clock import Clock
from stator.metrics.alarm import Alarm
from stator.metrics.alarm_state import LOOK_BACK, Measured, judge
from stator.metrics.alarms import Alarms
from stator.metrics.answer import Source, Window, answer
from stator.metrics.math.line import Line
from stator.metrics.metric import ALARMS, Figure
from stator.metrics.query import QueryError, queries_of
from stator.metrics.series import Point, merge
from stator.metrics.series_store import SeriesStore
from stator.metrics.statistic import statistic_of
from stator.services.metering import FLUSH_SECONDS

_log = logging.getLogger(__name__)

SETTLE_SECONDS: Final = FLUSH_SECONDS + 1
"""After the end of a period, until what all routers have seen in it can be read."""

_MINUTE = 60


class Watch:
    def __init__(self, alarms: Alarms, series: SeriesStore, clock: Clock) -> None:
        self._alarms, self._series, self._clock = alarms, series, clock
        self._seen: dict[str, tuple[int, float]] = {}  # by ARN: configuration and period that were looked at last
        self._states: Counter[tuple[str, str, str]] = Counter()  # by account, region and state

    async def run_once(self) -> int:
        """How many alarms changed their state."""
        now = self._clock()
        seen: dict[str, tuple[int, float]] = {}
        states: Counter[tuple[str, str, str]] = Counter()
        moved = 0
        for alarm in await self._alarms.all():
            looked = (alarm.revision, end_of(alarm, now))
            if self._seen.get(alarm.arn) != looked:
                try:
                    moved += await self._look(alarm, looked[1], now)
                except Exception:  # noqa: BLE001  one alarm must not keep the others from being looked at
                    _log.exception("alarm %r could not be evaluated", alarm.arn)
                await asyncio.sleep(0)
            seen[alarm.arn] = looked
            states[alarm.account, alarm.region, alarm.state] += 1
        self._seen, self._states = seen, states
        return moved

    def figures(self) -> Iterator[Figure]:
        for labels, number in self._states.items():
            yield Figure(ALARMS, labels, number)

    async def _look(self, alarm: Alarm, end: float, now: float) -> bool:
        verdict = judge(alarm, await self._measured(alarm, end), now)
        if verdict is None:
            return False
        return await self._alarms.set_state(
            alarm, verdict.state, verdict.reason, verdict.reason_data, revision=alarm.revision
        )

    async def _measured(self, alarm: Alarm, end: float) -> list[Measured]:
        """The periods before `end`, the latest first."""
        period = period_of(alarm)
        times = [end - period * (place + 1) for place in range(alarm.evaluation_periods + LOOK_BACK)]
        if alarm.series is None:
            values = await self._calculated(alarm, Window(times[-1], end))
            return [Measured(time, values.get(time)) for time in times]
        # Periods of minutes end with the last minute, not on the hour or whatever else they are multiples of.
        points = await self._series.read(
            alarm.account, alarm.region, alarm.series, times[-1], end, period=min(period, _MINUTE)
        )
        value = statistic_of(alarm.statistic)
        periods: dict[int, list[Point]] = {}
        for point in points:
            periods.setdefault(int((end - point.time - 1e-6) // period), []).append(point)
        measured: list[Measured] = []
        for place, time in enumerate(times):
            found = merge(periods[place], time) if place in periods else None
            if found is None or value is None:
                measured.append(Measured(time, None))
            else:
                measured.append(Measured(time, value(found), found.count))
        return measured

    async def _calculated(self, alarm: Alarm, window: Window) -> dict[float, float]:
        """Of an alarm on metric math; nothing where its expression has no single line for a value."""
        try:
            queries = queries_of(alarm.queries, "Metrics")
            values = await answer(queries, Source(self._series, alarm.account, alarm.region), window)
        except QueryError as fault:
            if alarm.arn not in self._seen or self._seen[alarm.arn][0] != alarm.revision:  # once, not every minute
                _log.warning("alarm %r has no value: %s", alarm.arn, fault)
            return {}
        value = next(values[query.id] for query in queries if query.returns)
        if isinstance(value, float):
            return dict.fromkeys(window.span(period_of(alarm)).times(), value)
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else Line({}, 0)
        return dict(value.points)


def period_of(alarm: Alarm) -> int:
    if alarm.period:
        return alarm.period
    own = [query.get("Period") or query.get("MetricStat", {}).get("Period") or 0 for query in alarm.queries]
    return max(own, default=0) or _MINUTE


def end_of(alarm: Alarm, now: float) -> float:
    """The end of the last period that all is known of."""
    period = period_of(alarm)
    step = period if alarm.series is None else min(period, _MINUTE)
    return (now - SETTLE_SECONDS) // step * step
