"""Target tracking by a metric of somebody's choice, which is taken to fall as capacity grows. Pure."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from stator.autoscaling.policy import Situation, Wish
from stator.autoscaling.tracking import Tracking

LOW: Final = 0.9
"""Of the target: below that there is too much, as the service has it for such metrics."""

_LOW_SINCE: Final = "low_since"


def metric_queries(custom: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A CustomizedMetricSpecification as MetricDataQuery structures, of which one returns data: the value."""
    if custom.get("Metrics"):
        return [_minutely(query) for query in custom["Metrics"]]
    metric = {name: custom[name] for name in ("Namespace", "MetricName", "Dimensions") if name in custom}
    stat = {"Metric": metric, "Stat": custom["Statistic"], "Unit": custom.get("Unit")}
    return [_minutely({"Id": "metric", "MetricStat": stat, "ReturnData": True})]


def _minutely(query: Mapping[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in query:
        return dict(query)
    return {**query, "MetricStat": {**query["MetricStat"], "Period": 60}}


class MetricTracking(Tracking, frozen=True):
    """`target` in what the metric is measured in. The newest minute counts."""

    def wish(self, situation: Situation) -> Wish:
        value = situation.metrics.get(self.name)
        if value is None:  # nothing is known: nothing is done
            return Wish(situation.capacity, "", {})
        wanted = max(1, ceil(situation.capacity * value / self.target - 1e-9))
        memory, now = situation.memory, situation.now
        reason = f"its metric is {value:g} with {situation.capacity} {situation.unit} units a second, and the target is"
        if value > self.target:
            # The metric of a minute tells of a change only when that is over.
            if now - memory.changed_at < max(self.out_cooldown, 60.0):
                return Wish(situation.capacity, "", {})
            return Wish(max(wanted, situation.capacity), f"{reason} {self.target:g}", {})
        if value > self.target * LOW or not self.scales_in:
            return Wish(situation.capacity, "", {})
        since = memory.notes.get(f"{self.name}.{_LOW_SINCE}", now)
        notes = {_LOW_SINCE: since}
        if now - since < self.low_seconds or now - memory.changed_at < max(self.in_cooldown, 60.0):
            return Wish(situation.capacity, "", notes)
        return Wish(min(wanted, situation.capacity), f"{reason} {self.target:g}, for {now - since:.0f} seconds", notes)
