"""Scalings as Application Auto Scaling describes them. Pure."""

from typing import Any

from stator.autoscaling.resource import NAMESPACE
from stator.autoscaling.scaling import STEPPING, PolicyRecord, Scaling, ScheduledAction
from stator.metrics.alarm import alarm_arn


def describe_target(scaling: Scaling) -> dict[str, Any]:
    """ScalableTarget."""
    return {
        **_resource(scaling),
        "MinCapacity": scaling.minimum,
        "MaxCapacity": scaling.maximum,
        "RoleARN": scaling.role_arn,
        "CreationTime": round(scaling.created, 3),
        "SuspendedState": {
            "DynamicScalingInSuspended": scaling.in_suspended,
            "DynamicScalingOutSuspended": scaling.out_suspended,
            "ScheduledScalingSuspended": scaling.scheduled_suspended,
        },
        "ScalableTargetARN": scaling.arn,
    }


def describe_policy(scaling: Scaling, policy: PolicyRecord) -> dict[str, Any]:
    """ScalingPolicy."""
    kind = "StepScaling" if policy.kind == STEPPING else "TargetTrackingScaling"
    return {
        "PolicyARN": scaling.policy_arn(policy),
        "PolicyName": policy.name,
        **_resource(scaling),
        "PolicyType": policy.kind,
        f"{kind}PolicyConfiguration": dict(policy.configuration),
        "Alarms": describe_alarms(scaling, policy),
        "CreationTime": round(policy.created, 3),
    }


def describe_alarms(scaling: Scaling, policy: PolicyRecord) -> list[dict[str, str]]:
    return [{"AlarmName": name, "AlarmARN": alarm_arn(scaling.account, scaling.region, name)} for name in policy.alarms]


def describe_action(scaling: Scaling, action: ScheduledAction) -> dict[str, Any]:
    """ScheduledAction."""
    bounds = {"MinCapacity": action.minimum, "MaxCapacity": action.maximum}
    described = {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": scaling.action_arn(action),
        **_resource(scaling),
        "Schedule": action.schedule,
        "Timezone": action.zone,
        "StartTime": action.start,
        "EndTime": action.end,
        "ScalableTargetAction": {name: bound for name, bound in bounds.items() if bound is not None},
        "CreationTime": round(action.created, 3),
    }
    return {name: value for name, value in described.items() if value is not None}


def _resource(scaling: Scaling) -> dict[str, str]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": scaling.resource.id,
        "ScalableDimension": scaling.resource.dimension,
    }
