"""RegisterScalableTarget, DescribeScalableTargets and DeregisterScalableTarget."""

import re
from typing import Any

import pytest

from tests.operations.autoscaling import INDEX, NAMED, TABLE, register, tracking
from tests.operations.faults import fault, invalid
from tests.running import Account

UNSUPPORTED = "Unsupported service namespace, resource type or scalable dimension"


def targets(scaling: Any, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", **wanted)[
        "ScalableTargets"
    ]
    return found


def test_a_target_as_it_is_described(scaling: Any, music: None, account: Account) -> None:
    arn = register(scaling)
    assert re.fullmatch(
        rf"arn:aws:application-autoscaling:eu-west-1:{account.number}:scalable-target/[0-9a-f]{{36}}", arn
    )
    (target,) = targets(scaling)
    assert target.pop("CreationTime").year >= 2025
    assert target == {
        **TABLE,
        "MinCapacity": 5,
        "MaxCapacity": 100,
        "RoleARN": f"arn:aws:iam::{account.number}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "ScalableTargetARN": arn,
    }


def test_registering_again_changes_what_is_given(scaling: Any, music: None) -> None:
    arn = register(scaling)
    assert scaling.register_scalable_target(**TABLE, MaxCapacity=50)["ScalableTargetARN"] == arn
    scaling.register_scalable_target(**TABLE, SuspendedState={"DynamicScalingInSuspended": True})
    scaling.register_scalable_target(**TABLE, SuspendedState={"ScheduledScalingSuspended": True})
    (target,) = targets(scaling)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (5, 50)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }


def test_filters(scaling: Any, music: None) -> None:
    register(scaling)
    register(scaling, INDEX)
    assert len(targets(scaling)) == 2
    assert [each["ResourceId"] for each in targets(scaling, ResourceIds=[INDEX["ResourceId"]])] == [INDEX["ResourceId"]]
    assert len(targets(scaling, ResourceIds=["table/other"])) == 0
    assert len(targets(scaling, ScalableDimension=TABLE["ScalableDimension"], ResourceIds=[TABLE["ResourceId"]])) == 1
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []


def test_pages(scaling: Any, music: None) -> None:
    for unit in ("Read", "Write"):
        register(scaling, TABLE | {"ScalableDimension": f"dynamodb:table:{unit}CapacityUnits"})
        register(scaling, INDEX | {"ScalableDimension": f"dynamodb:index:{unit}CapacityUnits"})
    pages = list(
        scaling.get_paginator("describe_scalable_targets").paginate(
            ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["ScalableTargets"]) for page in pages] == [3, 1]
    assert len({target["ScalableTargetARN"] for page in pages for target in page["ScalableTargets"]}) == 4
    token = pages[0]["NextToken"]
    for request in ({"ResourceIds": ["table/music"], "NextToken": token}, {"NextToken": "x"}, {"NextToken": "é"}):
        code, _ = fault(scaling.describe_scalable_targets, ServiceNamespace="dynamodb", **request)
        assert code == "InvalidNextTokenException"
    for most in (0, 51):
        invalid(scaling.describe_scalable_targets, ServiceNamespace="dynamodb", MaxResults=most)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"ServiceNamespace": "ecs"}, UNSUPPORTED),
        ({"ResourceId": "dynamo/music"}, UNSUPPORTED),
        ({"ScalableDimension": "dynamodb:index:WriteCapacityUnits"}, UNSUPPORTED),
        ({"ScalableDimension": "ecs:service:DesiredCount"}, UNSUPPORTED),
        ({"ResourceId": "table/none"}, "DynamoDB table does not exist: table/none"),
        (INDEX | {"ResourceId": "table/music/index/none"}, "DynamoDB index does not exist: table/music/index/none"),
        ({"MinCapacity": 101}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": 0}, "Minimum capacity must be at least 1 for DynamoDB"),
        ({"MinCapacity": None}, "MinCapacity must be specified for a new scalable target"),
        (
            {"MinCapacity": None, "MaxCapacity": None},
            "MinCapacity and MaxCapacity must be specified for a new scalable target",
        ),
        (
            {"ServiceNamespace": "dynamo", "ScalableDimension": None},
            (
                "2 validation errors detected: Value 'dynamo' at 'serviceNamespace' failed to satisfy constraint: Member must "
                "satisfy enum value set: [ecs, elasticmapreduce, ec2, appstream, dynamodb, rds, sagemaker, custom-resource, "
                "comprehend, lambda, cassandra, kafka, elasticache, neptune, workspaces]; Value null at 'scalableDimension' "
                "failed to satisfy constraint: Member must not be null"
            ),
        ),
        ({"Tags": {"aws:x": "1"}}, "Tag keys cannot begin with aws:, which is reserved: aws:x"),
        ({"Tags": {f"t{at}": "1" for at in range(51)}}, "A scalable target has at most 50 tags"),
    ],
)
def test_what_is_refused(scaling: Any, music: None, changes: dict[str, Any], message: str) -> None:
    request = {**TABLE, "MinCapacity": 5, "MaxCapacity": 100} | changes
    given = {name: value for name, value in request.items() if value is not None}
    assert invalid(scaling.register_scalable_target, **given) == message
    assert targets(scaling) == []


def test_deregistering_takes_policies_actions_and_alarms_along(scaling: Any, music: None, cloudwatch: Any) -> None:
    register(scaling)
    scaling.put_scaling_policy(**TABLE, **tracking())
    scaling.put_scheduled_action(
        **TABLE, ScheduledActionName="up", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 7}
    )
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 4
    scaling.deregister_scalable_target(**TABLE)
    assert targets(scaling) == []
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert fault(scaling.deregister_scalable_target, **TABLE) == (
        "ObjectNotFoundException",
        f"No scalable target found for {NAMED}",
    )


def test_a_deleted_table_leaves_its_target(scaling: Any, music: None, dynamodb: Any) -> None:
    register(scaling)
    dynamodb.delete_table(TableName="music")
    assert len(targets(scaling)) == 1
    scaling.register_scalable_target(**TABLE, MaxCapacity=60)
    scaling.deregister_scalable_target(**TABLE)


def test_tags(scaling: Any, music: None) -> None:
    request = {**TABLE, "MinCapacity": 1, "MaxCapacity": 2}
    arn = scaling.register_scalable_target(**request, Tags={"team": "a", "stage": "test"})["ScalableTargetARN"]
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "a", "stage": "test"}
    scaling.tag_resource(ResourceARN=arn, Tags={"team": "b", "new": ""})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["stage", "absent"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "b", "new": ""}
    scaling.register_scalable_target(**request)
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "b", "new": ""}
    invalid(scaling.register_scalable_target, **request, Tags={"team": "c"})
    invalid(scaling.tag_resource, ResourceARN=arn, Tags={"AWS:team": "c"})
    invalid(scaling.tag_resource, ResourceARN="arn:x", Tags={"team": "c"})
    many = {f"t{at}": "" for at in range(49)}
    assert fault(scaling.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"
    for call, members in (
        (scaling.tag_resource, {"Tags": {"a": "b"}}),
        (scaling.untag_resource, {"TagKeys": ["a"]}),
        (scaling.list_tags_for_resource, {}),
    ):
        assert fault(call, ResourceARN=arn[:-1] + "z", **members)[0] == "ResourceNotFoundException"


def test_accounts_and_regions_are_apart(scaling: Any, music: None, account: Account) -> None:
    register(scaling)
    assert targets(account.client("application-autoscaling", region="us-east-1")) == []
