"""The configuration of a policy, as it was sent, to the policy. Pure."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from stator.autoscaling.metric_tracking import MetricTracking, metric_queries
from stator.autoscaling.policy import Policy
from stator.autoscaling.resource import READ, Resource
from stator.autoscaling.scaling import STEPPING, TRACKING, PolicyRecord, Scaling
from stator.autoscaling.stepping import CHANGE, EXACT, PERCENT, Step, StepScaling
from stator.autoscaling.tracking import LOW_SECONDS, TargetTracking
from stator.metrics.query import QueryError, queries_of

TARGET_MIN: Final = 20.0
TARGET_MAX: Final = 90.0
STEPS_MAX: Final = 20
_METRIC_MAX: Final = 2.0**360

MANY_OF_A_METRIC: Final = "Only one TargetTrackingScaling policy for a given metric specification is allowed."


class ConfigurationError(ValueError):
    """A configuration that no policy can have; the text says why."""


def policies_of(scaling: Scaling, low_seconds: int = LOW_SECONDS) -> list[Policy]:
    """`low_seconds`: how long consumption must have been low before target tracking scales in."""
    return [_policy_of(record, low_seconds) for record in scaling.policies]


def custom_metric(record: PolicyRecord) -> Mapping[str, Any] | None:
    """The CustomizedMetricSpecification that a policy goes by; None if it goes by what is consumed, or by alarms."""
    metric: Mapping[str, Any] | None = record.configuration.get("CustomizedMetricSpecification")
    return metric if record.kind == TRACKING else None


def check_tracking(resource: Resource, configuration: Mapping[str, Any]) -> None:
    """Raise ConfigurationError unless a target tracking policy of the resource can be made of it."""
    predefined = configuration.get("PredefinedMetricSpecification")
    custom = configuration.get("CustomizedMetricSpecification")
    target = configuration["TargetValue"]
    if (predefined is None) == (custom is None):
        raise ConfigurationError(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified."
        )
    if predefined is not None:
        _check_predefined(resource, predefined)
        if not TARGET_MIN <= target <= TARGET_MAX:
            raise ConfigurationError(
                f"Target value must be between {TARGET_MIN} and {TARGET_MAX} for metric type: "
                f"{predefined['PredefinedMetricType']}"
            )
    if custom is not None:
        _check_custom(custom)
        if not 1 / _METRIC_MAX <= target <= _METRIC_MAX:
            raise ConfigurationError("Target value must be greater than 0 and at most 2^360.")
    for name in ("ScaleOutCooldown", "ScaleInCooldown"):
        if configuration.get(name, 0) < 0:
            raise ConfigurationError(f"{name} must be greater than or equal to 0.")


def check_stepping(configuration: Mapping[str, Any]) -> None:
    """Raise ConfigurationError unless a step scaling policy can be made of it."""
    kind = configuration.get("AdjustmentType")
    steps = configuration.get("StepAdjustments") or ()
    if kind is None:
        raise ConfigurationError("AdjustmentType must be specified.")
    if not steps:
        raise ConfigurationError("At least one StepAdjustment must be specified.")
    if len(steps) > STEPS_MAX:
        raise ConfigurationError(f"At most {STEPS_MAX} StepAdjustments may be specified.")
    if "MinAdjustmentMagnitude" in configuration:
        if kind != PERCENT:
            raise ConfigurationError(f"MinAdjustmentMagnitude is only for the AdjustmentType {PERCENT}.")
        if configuration["MinAdjustmentMagnitude"] < 1:
            raise ConfigurationError("MinAdjustmentMagnitude must be greater than 0.")
    if configuration.get("Cooldown", 0) < 0:
        raise ConfigurationError("Cooldown must be greater than or equal to 0.")
    if kind == EXACT and any(step["ScalingAdjustment"] < 1 for step in steps):
        raise ConfigurationError(f"With the AdjustmentType {EXACT} every ScalingAdjustment must be at least 1.")
    _check_intervals(sorted(map(_step, steps), key=_place))


def same_metric(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configurations of target tracking go by one metric."""
    names = "PredefinedMetricSpecification", "CustomizedMetricSpecification"
    return all(one.get(name) == other.get(name) for name in names)


def _policy_of(record: PolicyRecord, low_seconds: int) -> Policy:
    configuration = record.configuration
    if record.kind == STEPPING:
        return StepScaling(
            record.name,
            configuration.get("AdjustmentType", CHANGE),
            tuple(map(_step, configuration["StepAdjustments"])),
            configuration.get("MinAdjustmentMagnitude", 0),
            float(configuration.get("Cooldown", 0)),
        )
    kind = TargetTracking if custom_metric(record) is None else MetricTracking
    return kind(
        record.name,
        float(configuration["TargetValue"]),
        float(configuration.get("ScaleOutCooldown", 0)),
        float(configuration.get("ScaleInCooldown", 0)),
        not configuration.get("DisableScaleIn", False),
        low_seconds,
    )


def _check_predefined(resource: Resource, predefined: Mapping[str, Any]) -> None:
    kind = predefined["PredefinedMetricType"]
    if kind != f"DynamoDB{'Read' if resource.unit == READ else 'Write'}CapacityUtilization":
        raise ConfigurationError(f"Metric type: {kind} is not valid for scalable dimension: {resource.dimension}")
    if "ResourceLabel" in predefined:
        raise ConfigurationError(f"ResourceLabel is not valid for metric type: {kind}")


def _check_custom(custom: Mapping[str, Any]) -> None:
    queries = custom.get("Metrics")
    plain = [name for name in ("MetricName", "Namespace", "Statistic") if custom.get(name) is not None]
    if queries:
        if plain or custom.get("Dimensions") or custom.get("Unit"):
            raise ConfigurationError("Metrics cannot be specified together with a single metric.")
    elif len(plain) < 3:
        raise ConfigurationError("MetricName, Namespace and Statistic of a customized metric must be specified.")
    try:
        told = queries_of(metric_queries(custom), "Metrics")
    except QueryError as fault:
        raise ConfigurationError(str(fault)) from None
    if sum(1 for query in told if query.returns) != 1:
        raise ConfigurationError("Exactly one of the Metrics must return data.")


def _step(step: Mapping[str, Any]) -> Step:
    return Step(
        step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound"), int(step["ScalingAdjustment"])
    )


def _place(step: Step) -> float:
    return float("-inf") if step.lower is None else step.lower


def _check_intervals(steps: list[Step]) -> None:
    """They follow each other without a gap and without an overlap."""
    for step in steps:
        if step.lower is not None and step.upper is not None and step.lower >= step.upper:
            raise ConfigurationError(
                "The MetricIntervalUpperBound of a StepAdjustment must be greater than its MetricIntervalLowerBound."
            )
    for before, after in pairwise(steps):
        if before.upper is None or after.lower is None or before.upper > after.lower:
            raise ConfigurationError("The intervals of StepAdjustments must not overlap.")
        if before.upper < after.lower:
            raise ConfigurationError("The intervals of StepAdjustments must not leave a gap.")
