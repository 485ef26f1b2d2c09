"""What the auto scaler sees: the load of each resource second by second, metrics that people chose, alarms."""

import logging
from collections.abc import Sequence
from functools import lru_cache

from stator.autoscaling.configuration import custom_metric
from stator.autoscaling.load import Load, Second
from stator.autoscaling.metric_tracking import metric_queries
from stator.autoscaling.resource import READ, Resource
from stator.autoscaling.scaling import STEPPING, Scaling
from stator.autoscaling.tracking import TRIGGER_SECONDS
from stator.metrics.alarm import ALARM, Alarm
from stator.metrics.alarms import Alarms
from stator.metrics.answer import Source, Window, answer
from stator.metrics.math.line import Line
from stator.metrics.query import QueryError, queries_of
from stator.metrics.series import Series, series
from stator.metrics.series_store import SeriesStore
from stator.metrics.statistic import statistic_of
from stator.services.metering import FLUSH_SECONDS

_log = logging.getLogger(__name__)

_LATE_SECONDS = 12  # what is read anew each time: points of other routers come some seconds later
_GAP_SECONDS = 15.0  # after a pause as long as that, what was seen before it is no history
_METRIC_SECONDS = 180


class Sight:
    def __init__(self, points: SeriesStore, alarms: Alarms, low_seconds: int) -> None:
        self._points = points
        self._alarms = alarms
        self._horizon = max(low_seconds, 60) + TRIGGER_SECONDS + _LATE_SECONDS
        self._loads: dict[bytes, Load] = {}
        self._looked = float("-inf")

    def begin(self, scalings: Sequence[Scaling], now: float) -> None:
        """Before the looks at a time: forget what is not scaled any more, and what was seen too long ago."""
        if not 0 <= now - self._looked <= _GAP_SECONDS:
            self._loads.clear()
        self._looked = now
        known = {scaling.sort for scaling in scalings}
        for sort in self._loads.keys() - known:
            del self._loads[sort]

    async def loads(self, scalings: Sequence[Scaling], now: float) -> list[Load]:
        """Of scalings of one table, in their order."""
        fresh = [scaling for scaling in scalings if scaling.sort not in self._loads]
        for scaling in fresh:
            self._loads[scaling.sort] = Load(now, self._horizon)
        seconds = self._horizon if fresh else _LATE_SECONDS
        wanted = [each for scaling in scalings for each in _watched(scaling.resource)]
        first = scalings[0]
        found = await self._points.read_all(first.account, first.region, wanted, now - seconds, now + 1, period=1)
        for scaling, consumed, throttled in zip(scalings, found[::2], found[1::2], strict=True):
            units = {int(point.time): point.sum for point in consumed}
            refused = {int(point.time): point.sum for point in throttled}
            load = self._loads[scaling.sort]
            load.tell(
                Second(time, units.get(time, 0.0), refused.get(time, 0.0)) for time in units.keys() | refused.keys()
            )
            load.forget(now)
        return [self._loads[scaling.sort] for scaling in scalings]

    async def metrics(self, scaling: Scaling, now: float) -> dict[str, float]:
        """The newest values of the metrics that policies name, by the policies' names."""
        values: dict[str, float] = {}
        end = (now - FLUSH_SECONDS - 1) // 60 * 60  # a minute that is not over holds less than it will
        window = Window(end - _METRIC_SECONDS, end)
        for policy in scaling.policies:
            custom = custom_metric(policy)
            if custom is None:
                continue
            try:
                queries = queries_of(metric_queries(custom), "Metrics")
                source = Source(self._points, scaling.account, scaling.region)
                found = await answer(queries, source, window)
            except QueryError as fault:
                _log.warning("policy %s has no value: %s", scaling.policy_arn(policy), fault)
                continue
            value = next(found[query.id] for query in queries if query.returns)
            if isinstance(value, float):
                values[policy.name] = value
            elif isinstance(value, Line) and value.points:
                values[policy.name] = value.points[max(value.points)]
        return values

    async def breaches(self, scaling: Scaling, now: float) -> dict[str, float]:
        """How far the metrics of alarms that went off are past their thresholds, by the names of the policies that the
        alarms name."""
        policies = {scaling.policy_arn(policy): policy for policy in scaling.policies if policy.kind == STEPPING}
        if not policies:
            return {}
        found: dict[str, float] = {}
        for alarm in await self._alarms.all(scaling.account, scaling.region):
            if alarm.state == ALARM and alarm.actions_enabled:
                for arn in policies.keys() & set(alarm.alarm_actions):
                    found[policies[arn].name] = await self._breach(alarm, now)
        return found

    async def _breach(self, alarm: Alarm, now: float) -> float:
        """0 where nothing is known: somebody has set the alarm's state by hand."""
        value = statistic_of(alarm.statistic) if alarm.series is not None else None
        if alarm.series is None or value is None:
            return 0.0
        # A period that is not over holds less than it will.
        end = now // alarm.period * alarm.period
        start = end - 3 * alarm.period
        points = await self._points.read(alarm.account, alarm.region, alarm.series, start, end, period=alarm.period)
        seen = [figure for figure in map(value, points) if figure is not None]
        return seen[-1] - alarm.threshold if seen else 0.0


@lru_cache(maxsize=10_000)
def _watched(resource: Resource) -> tuple[Series, Series]:
    unit = "Read" if resource.unit == READ else "Write"
    dimensions = resource.dimensions
    # Of what was refused only that for want of what the policy can give: no hot key asks for more of the table.
    return (
        series(f"Consumed{unit}CapacityUnits", **dimensions),
        series(f"{unit}ProvisionedThroughputThrottleEvents", **dimensions),
    )
