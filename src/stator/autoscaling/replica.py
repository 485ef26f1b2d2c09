"""Auto scaling as the operations on replicas see it: settings of a table and its indexes, instead of targets and
policies. What they set is the same. Pure.

A table is its own only replica.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stator.autoscaling.alarms import alarm_names
from stator.autoscaling.configuration import ConfigurationError, check_tracking
from stator.autoscaling.resource import READ, WRITE, Resource
from stator.autoscaling.scaling import TRACKING, PolicyRecord, Scaling
from stator.model.table import Table
from stator.tables import lifecycle

Settings = Mapping[str, Any]
"""AutoScalingSettingsUpdate."""

_PREDEFINED = "PredefinedMetricSpecification"


def changed(scaling: Scaling, settings: Settings, now: float) -> Scaling:
    """A scaling with these settings. Raises ConfigurationError for what cannot be."""
    minimum = settings.get("MinimumUnits", scaling.minimum)
    maximum = settings.get("MaximumUnits", scaling.maximum)
    if not minimum or not maximum:
        raise ConfigurationError("MinimumUnits and MaximumUnits must be specified where there is no auto scaling yet")
    if maximum < minimum:
        raise ConfigurationError("MaximumUnits cannot be less than MinimumUnits")
    after = replace(
        scaling,
        minimum=minimum,
        maximum=maximum,
        role_arn=settings.get("AutoScalingRoleArn", scaling.role_arn),
        bounded=scaling.bounded + 1,
        bounded_by="",
    )
    update = settings.get("ScalingPolicyUpdate")
    if update is not None:
        return _with_policy(after, update, now)
    if not after.policies:
        raise ConfigurationError("ScalingPolicyUpdate must be specified where there is no auto scaling yet")
    return after


def describe_replica(table: Table, scalings: Sequence[Scaling]) -> dict[str, Any]:
    """TableAutoScalingDescription. `scalings` are those of the table and its indexes."""
    known = {scaling.resource: scaling for scaling in scalings}

    def settings(index: str | None, unit: str) -> dict[str, Any]:
        return _settings(known.get(Resource(table.name, index, unit)))

    indexes = [
        {
            "IndexName": index.name,
            "IndexStatus": lifecycle.index_status(table, index),
            "ProvisionedReadCapacityAutoScalingSettings": settings(index.name, READ),
            "ProvisionedWriteCapacityAutoScalingSettings": settings(index.name, WRITE),
        }
        for index in table.indexes
        if not index.local
    ]
    replica = {
        "RegionName": table.region,
        "GlobalSecondaryIndexes": indexes,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": settings(None, READ),
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": settings(None, WRITE),
        "ReplicaStatus": table.status,
    }
    return {"TableName": table.name, "TableStatus": table.status, "Replicas": [replica]}


def _with_policy(scaling: Scaling, update: Mapping[str, Any], now: float) -> Scaling:
    resource = scaling.resource
    metric = f"DynamoDB{'Read' if resource.unit == READ else 'Write'}CapacityUtilization"
    # Of one metric there is one policy: it is changed, whatever its name.
    old = next((policy for policy in scaling.policies if _PREDEFINED in policy.configuration), None)
    named = scaling.policy(update.get("PolicyName", ""))
    name = update.get("PolicyName") or (old.name if old else f"{metric}:{resource.id}")
    configuration = {
        **_described(update["TargetTrackingScalingPolicyConfiguration"]),
        _PREDEFINED: {"PredefinedMetricType": metric},
    }
    check_tracking(resource, configuration)
    names = old.alarms if old is not None else alarm_names(resource, TRACKING, configuration)
    id, created = (old.id, old.created) if old is not None else (str(uuid.uuid4()), now)
    policy = PolicyRecord(name, id, TRACKING, configuration, created, names)
    kept = tuple(each for each in scaling.policies if each not in (old, named))
    return replace(scaling, policies=(*kept, policy))


def _settings(scaling: Scaling | None) -> dict[str, Any]:
    """AutoScalingSettingsDescription."""
    if scaling is None:
        return {"AutoScalingDisabled": True}
    return {
        "MinimumUnits": scaling.minimum,
        "MaximumUnits": scaling.maximum,
        "AutoScalingDisabled": False,
        "AutoScalingRoleArn": scaling.role_arn,
        "ScalingPolicies": [
            {"PolicyName": policy.name, "TargetTrackingScalingPolicyConfiguration": _described(policy.configuration)}
            for policy in scaling.policies
            if policy.kind == TRACKING
        ],
    }


def _described(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a configuration, and can be set."""
    names = ("DisableScaleIn", "ScaleInCooldown", "ScaleOutCooldown", "TargetValue")
    return {name: configuration[name] for name in names if name in configuration}
