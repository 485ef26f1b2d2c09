"""The alarms that a target tracking policy comes with, named and set as the service does. Pure.

The auto scaler does not wait for them: they tell people, and programs that look for them, what it goes by.
"""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from stator.autoscaling.configuration import custom_metric
from stator.autoscaling.metric_tracking import LOW, metric_queries
from stator.autoscaling.resource import READ, Resource
from stator.autoscaling.scaling import TRACKING, PolicyRecord, Scaling
from stator.autoscaling.tracking import TargetTracking
from stator.metrics.alarm import Alarm
from stator.metrics.series import Series, series

_CONSUMED: Final = ("AlarmHigh", "AlarmLow")
_PROVISIONED: Final = ("ProvisionedCapacityHigh", "ProvisionedCapacityLow")
OWNER: Final = "TargetTracking-"
"""What the names of all of them begin with."""

_ABOVE, _BELOW = "GreaterThanThreshold", "LessThanThreshold"


def alarm_names(resource: Resource, kind: str, configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """Names for the alarms of a new policy; none where it has none of its own."""
    if kind != TRACKING:
        return ()
    kinds = _CONSUMED if "CustomizedMetricSpecification" in configuration else _CONSUMED + _PROVISIONED
    return tuple(f"{OWNER}{resource.id}-{each}-{uuid.uuid4()}" for each in kinds)


def alarms_of(scaling: Scaling, policy: PolicyRecord, capacity: int) -> list[Alarm]:
    """All of a policy, as they are while so much is provisioned."""
    if not policy.alarms:
        return []
    target = float(policy.configuration["TargetValue"])
    custom = custom_metric(policy)
    if custom is not None:
        high, low = policy.alarms
        watched = _watched(custom)
        return [
            _alarm(scaling, policy, high, comparison=_ABOVE, threshold=target, evaluation_periods=3, **watched),
            _alarm(scaling, policy, low, comparison=_BELOW, threshold=target * LOW, evaluation_periods=15, **watched),
        ]
    high, low, provisioned_high, provisioned_low = policy.alarms
    unit = "Read" if scaling.resource.unit == READ else "Write"
    dimensions = scaling.resource.dimensions
    consumed = {"series": series(f"Consumed{unit}CapacityUnits", **dimensions), "statistic": "Sum", "period": 60}
    provisioned = {
        "series": series(f"Provisioned{unit}CapacityUnits", **dimensions),
        "statistic": "Average",
        "period": 300,
        "threshold": float(capacity),
        "evaluation_periods": 3,
    }
    most = capacity * 60 * target / 100
    least = capacity * 60 * TargetTracking(policy.name, target).low / 100
    return [
        _alarm(scaling, policy, high, comparison=_ABOVE, threshold=most, evaluation_periods=2, **consumed),
        _alarm(scaling, policy, low, comparison=_BELOW, threshold=least, evaluation_periods=15, **consumed),
        _alarm(scaling, policy, provisioned_high, comparison=_ABOVE, **provisioned),
        _alarm(scaling, policy, provisioned_low, comparison=_BELOW, **provisioned),
    ]


def _watched(custom: Mapping[str, Any]) -> dict[str, Any]:
    if custom.get("Metrics"):
        return {"queries": tuple(metric_queries(custom))}
    dimensions = tuple(sorted((each["Name"], each["Value"]) for each in custom.get("Dimensions") or ()))
    return {
        "series": Series(custom["Namespace"], custom["MetricName"], dimensions),
        "statistic": custom["Statistic"],
        "period": 60,
        "unit": custom.get("Unit"),
    }


def _alarm(scaling: Scaling, policy: PolicyRecord, name: str, **members: Any) -> Alarm:
    arn = scaling.policy_arn(policy)
    return Alarm(
        account=scaling.account,
        region=scaling.region,
        name=name,
        description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
        alarm_actions=(arn,),
        **members,
    )
