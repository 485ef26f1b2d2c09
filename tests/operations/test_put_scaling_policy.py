"""PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy and GetPredictiveScalingForecast."""

import re
from typing import Any

import pytest

from tests.operations.autoscaling import INDEX, NAMED, TABLE, register, tracking
from tests.operations.faults import fault, invalid
from tests.running import Account

STEPS = {
    "PolicyName": "steps",
    "PolicyType": "StepScaling",
    "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 10}],
        "Cooldown": 60,
    },
}


def policies(scaling: Any, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", **wanted)[
        "ScalingPolicies"
    ]
    return found


def test_a_policy_as_it_is_described(scaling: Any, music: None, account: Account, cloudwatch: Any) -> None:
    register(scaling)
    answer = scaling.put_scaling_policy(**TABLE, **tracking(ScaleInCooldown=60, DisableScaleIn=False))
    arn = answer["PolicyARN"]
    assert re.fullmatch(
        rf"arn:aws:autoscaling:eu-west-1:{account.number}:scalingPolicy:[0-9a-f-]{{36}}:resource/dynamodb/table/music:"
        "policyName/follow",
        arn,
    )
    (policy,) = policies(scaling)
    assert policy.pop("CreationTime").year >= 2025
    assert policy == {
        **TABLE,
        **tracking(ScaleInCooldown=60, DisableScaleIn=False),
        "PolicyARN": arn,
        "Alarms": answer["Alarms"],
    }
    names = [alarm["AlarmName"].rsplit("-", 5)[0] for alarm in answer["Alarms"]]
    assert names == [
        f"TargetTracking-table/music-{kind}"
        for kind in ("AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow")
    ]
    alarms = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert {each["AlarmName"]: each["AlarmARN"] for each in answer["Alarms"]} == {
        name: alarm["AlarmArn"] for name, alarm in alarms.items()
    }
    high, low, provisioned, _ = (alarms[alarm["AlarmName"]] for alarm in answer["Alarms"])
    assert (high["MetricName"], high["Statistic"], high["Period"]) == ("ConsumedWriteCapacityUnits", "Sum", 60)
    assert (high["Threshold"], high["ComparisonOperator"]) == (420.0, "GreaterThanThreshold")
    assert high["EvaluationPeriods"] == 2
    assert (low["Threshold"], low["EvaluationPeriods"]) == (300.0, 15)
    assert (provisioned["MetricName"], provisioned["Threshold"]) == ("ProvisionedWriteCapacityUnits", 10.0)
    assert high["AlarmActions"] == [arn]
    assert high["Dimensions"] == [{"Name": "TableName", "Value": "music"}]


def test_an_index_has_alarms_of_its_own(scaling: Any, music: None, cloudwatch: Any) -> None:
    register(scaling, INDEX)
    answer = scaling.put_scaling_policy(**INDEX, **tracking(unit="Read"))
    name = answer["Alarms"][0]["AlarmName"]
    assert name.startswith("TargetTracking-table/music/index/by-year-AlarmHigh-")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "TableName": "music",
        "GlobalSecondaryIndexName": "by-year",
    }


def test_putting_again_keeps_the_arn_and_the_alarms(scaling: Any, music: None, cloudwatch: Any) -> None:
    register(scaling)
    first = scaling.put_scaling_policy(**TABLE, **tracking())
    second = scaling.put_scaling_policy(**TABLE, **tracking(50.0))
    assert (first["PolicyARN"], first["Alarms"]) == (second["PolicyARN"], second["Alarms"])
    thresholds = {alarm["Threshold"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert thresholds == {300.0, 180.0, 10.0}
    (policy,) = policies(scaling)
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50.0
    scaling.put_scaling_policy(**TABLE, **STEPS | {"PolicyName": "follow"})
    (policy,) = policies(scaling)
    assert policy["PolicyType"] == "StepScaling"
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_step_scaling_is_taken(scaling: Any, music: None) -> None:
    register(scaling)
    assert scaling.put_scaling_policy(**TABLE, **STEPS)["Alarms"] == []
    (policy,) = policies(scaling)
    assert policy["StepScalingPolicyConfiguration"] == STEPS["StepScalingPolicyConfiguration"]


def test_a_metric_of_somebodys_choice(scaling: Any, music: None, cloudwatch: Any) -> None:
    register(scaling)
    custom = {
        "MetricName": "SuccessfulRequestLatency",
        "Namespace": "AWS/DynamoDB",
        "Statistic": "Average",
        "Dimensions": [{"Name": "TableName", "Value": "music"}, {"Name": "Operation", "Value": "PutItem"}],
    }
    configuration = {"TargetValue": 12.5, "CustomizedMetricSpecification": custom}
    kind = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": configuration}
    scaling.put_scaling_policy(**TABLE, PolicyName="latency", **kind)
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {(alarm["MetricName"], alarm["Threshold"]) for alarm in alarms} == {
        ("SuccessfulRequestLatency", 12.5),
        ("SuccessfulRequestLatency", 11.25),
    }
    message = invalid(scaling.put_scaling_policy, **TABLE, PolicyName="again", **kind)
    assert message == "Only one TargetTrackingScaling policy for a given metric specification is allowed."


def test_filters_and_pages(scaling: Any, music: None) -> None:
    register(scaling)
    register(scaling, INDEX)
    for at in range(5):
        scaling.put_scaling_policy(**TABLE, **STEPS | {"PolicyName": f"steps-{at}"})
    arn = scaling.put_scaling_policy(**INDEX, **STEPS)["PolicyARN"]
    assert [each["PolicyName"] for each in policies(scaling, PolicyNames=["steps-3"])] == ["steps-3"]
    assert [each["PolicyName"] for each in policies(scaling, PolicyNames=[arn])] == ["steps"]
    assert len(policies(scaling, ResourceId="table/music")) == 5
    pages = list(
        scaling.get_paginator("describe_scaling_policies").paginate(
            ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 4}
        )
    )
    assert [len(page["ScalingPolicies"]) for page in pages] == [4, 2]


def test_deleting(scaling: Any, music: None, cloudwatch: Any) -> None:
    register(scaling)
    alarms = scaling.put_scaling_policy(**TABLE, **tracking())["Alarms"]
    cloudwatch.delete_alarms(AlarmNames=[alarms[0]["AlarmName"]])  # people do
    scaling.delete_scaling_policy(**TABLE, PolicyName="follow")
    assert policies(scaling) == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    gone = ("ObjectNotFoundException", f"No scaling policy found for {NAMED}, policy name: follow")
    assert fault(scaling.delete_scaling_policy, **TABLE, PolicyName="follow") == gone
    scaling.deregister_scalable_target(**TABLE)
    assert fault(scaling.delete_scaling_policy, **TABLE, PolicyName="follow") == gone


def test_a_policy_needs_a_target(scaling: Any, music: None) -> None:
    assert fault(scaling.put_scaling_policy, **TABLE, **tracking()) == (
        "ObjectNotFoundException",
        f"No scalable target registered for {NAMED}",
    )


def changed_steps(**members: Any) -> dict[str, Any]:
    return {**STEPS, "StepScalingPolicyConfiguration": STEPS["StepScalingPolicyConfiguration"] | members}  # type: ignore[operator]


@pytest.mark.parametrize(
    "request_, part",
    [
        (tracking(19.9), "between 20.0 and 90.0"),
        (tracking(90.5), "between 20.0 and 90.0"),
        (tracking(unit="Read"), "is not valid for scalable dimension"),
        (tracking(ScaleInCooldown=-1), "ScaleInCooldown"),
        (tracking(PredefinedMetricSpecification=None), "Exactly one of"),
        (tracking(PredefinedMetricSpecification={"PredefinedMetricType": "Nonsense"}), "enum value set"),
        (tracking(CustomizedMetricSpecification={}), "Exactly one of"),
        (tracking(PredefinedMetricSpecification=None, CustomizedMetricSpecification={}), "must be specified"),
        (tracking() | {"PolicyType": "StepScaling"}, "Only StepScalingPolicyConfiguration"),
        (tracking() | {"PolicyType": "PredictiveScaling"}, "is not supported"),
        ({"PolicyName": "x"}, "PolicyType must be specified"),
        ({"PolicyName": "x", "PolicyType": "StepScaling"}, "StepScalingPolicyConfiguration must be specified"),
        (tracking() | {"PolicyName": "a\nb"}, "regular expression"),
        (changed_steps(StepAdjustments=[]), "At least one"),
        (changed_steps(AdjustmentType=None), "AdjustmentType must be"),
        (changed_steps(MinAdjustmentMagnitude=1), "MinAdjustmentMagnitude is only"),
        (changed_steps(Cooldown=-1), "Cooldown"),
        (changed_steps(StepAdjustments=[{"ScalingAdjustment": 1}] * 2), "must not overlap"),
        (changed_steps(StepAdjustments=[{"ScalingAdjustment": 1}] * 21), "At most 20"),
        (
            changed_steps(
                StepAdjustments=[
                    {"MetricIntervalUpperBound": 5, "ScalingAdjustment": 1},
                    {"MetricIntervalLowerBound": 6, "ScalingAdjustment": 1},
                ]
            ),
            "must not leave a gap",
        ),
        (
            changed_steps(
                StepAdjustments=[{"MetricIntervalLowerBound": 6, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1}]
            ),
            "must be greater than its",
        ),
    ],
)
def test_what_is_refused(scaling: Any, music: None, request_: dict[str, Any], part: str) -> None:
    register(scaling)
    assert part in invalid(scaling.put_scaling_policy, **TABLE, **request_)
    assert policies(scaling) == []


def test_there_are_no_forecasts(scaling: Any, music: None) -> None:
    register(scaling)
    scaling.put_scaling_policy(**TABLE, **tracking())
    span = {"StartTime": 1_750_000_000, "EndTime": 1_750_100_000}
    message = invalid(scaling.get_predictive_scaling_forecast, **TABLE, PolicyName="follow", **span)
    assert message == "The scaling policy follow is not a predictive scaling policy"
    assert "No scaling policy found" in invalid(
        scaling.get_predictive_scaling_forecast, **TABLE, PolicyName="none", **span
    )
