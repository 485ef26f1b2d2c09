"""boto3's client of Application Auto Scaling as it comes: nothing is configured but where the server is."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.running import RunningServer, start_server

WHAT = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/music",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
WHERE = {"region_name": "eu-central-1", "aws_access_key_id": "any", "aws_secret_access_key": "any"}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    running = start_server()
    yield running
    running.close()


@pytest.fixture
def scaling(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", server.url)
    dynamodb = boto3.client("dynamodb", endpoint_url=server.url, **WHERE)
    dynamodb.create_table(
        TableName="music",
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "artist", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    client = boto3.client("application-autoscaling", **WHERE)
    yield client
    client.close()
    dynamodb.close()


def test_every_operation(scaling: Any) -> None:
    arn = scaling.register_scalable_target(**WHAT, MinCapacity=5, MaxCapacity=50, Tags={"team": "a"})[
        "ScalableTargetARN"
    ]
    made = scaling.put_scaling_policy(
        **WHAT,
        PolicyName="follow",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
        },
    )
    assert len(made["Alarms"]) == 4
    action = {"ScheduledActionName": "morning", "ScalableTargetAction": {"MinCapacity": 10, "MaxCapacity": 50}}
    scaling.put_scheduled_action(**WHAT, **action, Schedule="cron(0 8 ? * MON-FRI *)", Timezone="Europe/Berlin")
    everything = {"ServiceNamespace": "dynamodb"}
    (target,) = scaling.describe_scalable_targets(**everything)["ScalableTargets"]
    assert target["ScalableTargetARN"] == arn
    (policy,) = scaling.describe_scaling_policies(**everything)["ScalingPolicies"]
    assert policy["PolicyARN"] == made["PolicyARN"]
    (scheduled,) = scaling.describe_scheduled_actions(**everything)["ScheduledActions"]
    assert scheduled["ScalableTargetAction"] == action["ScalableTargetAction"]
    assert scaling.describe_scaling_activities(**everything)["ScalingActivities"] == []
    with pytest.raises(scaling.exceptions.ValidationException, match="not a predictive scaling policy"):
        scaling.get_predictive_scaling_forecast(
            **WHAT, PolicyName="follow", StartTime="2026-11-21T00:00:00Z", EndTime="2026-11-22T00:00:00Z"
        )
    scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}
    scaling.delete_scheduled_action(**WHAT, ScheduledActionName="morning")
    scaling.delete_scaling_policy(**WHAT, PolicyName="follow")
    scaling.deregister_scalable_target(**WHAT)
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.deregister_scalable_target(**WHAT)
    with pytest.raises(scaling.exceptions.ResourceNotFoundException) as caught:
        scaling.list_tags_for_resource(ResourceARN=arn)
    assert caught.value.response["ResourceName"] == arn
    with pytest.raises(scaling.exceptions.InvalidNextTokenException):
        scaling.describe_scalable_targets(**everything, NextToken="nonsense")
