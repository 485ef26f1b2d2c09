"""UpdateTableReplicaAutoScaling and DescribeTableReplicaAutoScaling: other words for targets and policies."""

from typing import Any

import pytest

from tests.operations.autoscaling import TABLE, register, tracking
from tests.operations.conftest import create_table
from tests.operations.faults import fault, invalid
from tests.running import wait_until

WRITES = "ProvisionedWriteCapacityAutoScalingUpdate"
READS = "ReplicaProvisionedReadCapacityAutoScalingUpdate"
INDEX_READS = "ProvisionedReadCapacityAutoScalingUpdate"


def settings(minimum: int = 5, maximum: int = 50, target: float = 60.0, **policy: Any) -> dict[str, Any]:
    configuration = {"TargetValue": target, "ScaleInCooldown": 60, "DisableScaleIn": False}
    return {
        "MinimumUnits": minimum,
        "MaximumUnits": maximum,
        "ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": configuration, **policy},
    }


def replica(dynamodb: Any) -> dict[str, Any]:
    described = dynamodb.describe_table_replica_auto_scaling(TableName="music")["TableAutoScalingDescription"]
    (found,) = described["Replicas"]
    return dict(found)


def test_a_table_without_auto_scaling(dynamodb: Any, music: None) -> None:
    off = {"AutoScalingDisabled": True}
    assert replica(dynamodb) == {
        "RegionName": "eu-west-1",
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-year",
                "IndexStatus": "ACTIVE",
                "ProvisionedReadCapacityAutoScalingSettings": off,
                "ProvisionedWriteCapacityAutoScalingSettings": off,
            }
        ],
        "ReplicaProvisionedReadCapacityAutoScalingSettings": off,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": off,
        "ReplicaStatus": "ACTIVE",
    }


def test_settings_are_targets_and_policies(dynamodb: Any, music: None, scaling: Any, cloudwatch: Any) -> None:
    answer = dynamodb.update_table_replica_auto_scaling(
        TableName="music",
        **{WRITES: settings(12)},
        GlobalSecondaryIndexUpdates=[{"IndexName": "by-year", WRITES: settings(6)}],
        ReplicaUpdates=[
            {
                "RegionName": "eu-west-1",
                READS: settings(7, PolicyName="mine"),
                "ReplicaGlobalSecondaryIndexUpdates": [{"IndexName": "by-year", INDEX_READS: settings(8)}],
            }
        ],
    )
    assert answer["TableAutoScalingDescription"]["Replicas"] == [replica(dynamodb)]
    found = replica(dynamodb)
    writes = found["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert writes.pop("AutoScalingRoleArn").endswith("AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")
    assert writes == {
        "MinimumUnits": 12,
        "MaximumUnits": 50,
        "AutoScalingDisabled": False,
        "ScalingPolicies": [
            {
                "PolicyName": "DynamoDBWriteCapacityUtilization:table/music",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 60.0,
                    "ScaleInCooldown": 60,
                    "DisableScaleIn": False,
                },
            }
        ],
    }
    reads = found["ReplicaProvisionedReadCapacityAutoScalingSettings"]
    assert reads["ScalingPolicies"][0]["PolicyName"] == "mine"
    (index,) = found["GlobalSecondaryIndexes"]
    assert index["ProvisionedReadCapacityAutoScalingSettings"]["MinimumUnits"] == 8
    assert index["ProvisionedWriteCapacityAutoScalingSettings"]["MinimumUnits"] == 6
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert sorted(target["MinCapacity"] for target in targets) == [6, 7, 8, 12]
    assert len(scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]) == 4
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 16

    def raised() -> bool:
        throughput = dynamodb.describe_table(TableName="music")["Table"]["ProvisionedThroughput"]
        return bool(throughput["WriteCapacityUnits"] == 12)

    wait_until(raised)


def test_one_metric_has_one_policy(dynamodb: Any, music: None, scaling: Any, cloudwatch: Any) -> None:
    register(scaling)
    scaling.put_scaling_policy(**TABLE, **tracking())
    dynamodb.update_table_replica_auto_scaling(TableName="music", **{WRITES: settings()})
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["PolicyName"] == "follow"
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 60.0
    dynamodb.update_table_replica_auto_scaling(TableName="music", **{WRITES: settings(PolicyName="renamed")})
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["PolicyName"] == "renamed"
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 4
    dynamodb.update_table_replica_auto_scaling(TableName="music", **{WRITES: {"MaximumUnits": 70}})
    assert replica(dynamodb)["ReplicaProvisionedWriteCapacityAutoScalingSettings"]["MaximumUnits"] == 70
    dynamodb.update_table_replica_auto_scaling(TableName="music", **{WRITES: {"AutoScalingDisabled": True}})
    assert replica(dynamodb)["ReplicaProvisionedWriteCapacityAutoScalingSettings"] == {"AutoScalingDisabled": True}
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "request_, part",
    [
        ({}, "At least one"),
        ({WRITES: {"MinimumUnits": 5}}, "MinimumUnits and MaximumUnits must be"),
        ({WRITES: {"MinimumUnits": 5, "MaximumUnits": 6}}, "ScalingPolicyUpdate must be"),
        ({WRITES: settings(60)}, "cannot be less"),
        ({WRITES: settings(0)}, "greater than or equal to 1"),
        ({WRITES: settings(target=95.0)}, "between 20.0 and 90.0"),
        ({"ReplicaUpdates": [{"RegionName": "us-east-1", READS: settings()}]}, "no replica in region us-east-1"),
        ({"GlobalSecondaryIndexUpdates": [{WRITES: settings()}]}, "IndexName must be specified"),
        ({"GlobalSecondaryIndexUpdates": []}, "length greater than or equal to 1"),
    ],
)
def test_what_is_refused(dynamodb: Any, music: None, scaling: Any, request_: dict[str, Any], part: str) -> None:
    assert part in invalid(dynamodb.update_table_replica_auto_scaling, TableName="music", **request_)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_what_is_not_there(dynamodb: Any, music: None) -> None:
    update = [{"IndexName": "none", WRITES: settings()}]
    code, _ = fault(dynamodb.update_table_replica_auto_scaling, TableName="music", GlobalSecondaryIndexUpdates=update)
    assert code == "ResourceNotFoundException"
    gone = ("ResourceNotFoundException", "Requested resource not found: Table: none not found")
    assert fault(dynamodb.update_table_replica_auto_scaling, TableName="none", **{WRITES: settings()}) == gone
    assert fault(dynamodb.describe_table_replica_auto_scaling, TableName="none") == gone


def test_a_table_on_demand_has_nothing_to_scale(dynamodb: Any) -> None:
    create_table(dynamodb, "music", "artist:S")
    message = invalid(dynamodb.update_table_replica_auto_scaling, TableName="music", **{WRITES: settings()})
    assert message.endswith("when BillingMode is PAY_PER_REQUEST")
