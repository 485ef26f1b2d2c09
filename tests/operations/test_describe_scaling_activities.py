"""DescribeScalingActivities, on what the server does by itself."""

from typing import Any

from tests.operations.autoscaling import INDEX, register
from tests.operations.conftest import create_table
from tests.operations.faults import fault
from tests.running import wait_until


def activities(scaling: Any, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scaling_activities(ServiceNamespace="dynamodb", **wanted)[
        "ScalingActivities"
    ]
    return found


def test_bounds_are_heeded_and_told_of(scaling: Any, music: None, dynamodb: Any) -> None:
    register(scaling, minimum=20)
    wait_until(lambda: bool(activities(scaling)))
    (activity,) = activities(scaling)
    assert activity["StartTime"] == activity["EndTime"]
    assert len(activity["ActivityId"]) == 36
    assert {name: activity[name] for name in ("Description", "Cause", "StatusCode", "StatusMessage")} == {
        "Description": "Setting write capacity units to 20.",
        "Cause": "minimum capacity was set to 20",
        "StatusCode": "Successful",
        "StatusMessage": "Successfully set write capacity units to 20. Change successfully fulfilled by dynamodb.",
    }
    table = dynamodb.describe_table(TableName="music")["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 20
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 10


def test_filters_and_pages(scaling: Any, music: None) -> None:
    register(scaling, INDEX, minimum=20)
    for minimum in (11, 12, 13):
        register(scaling, minimum=minimum)
        wait_until(lambda wanted=minimum: len(activities(scaling, ResourceId="table/music")) == wanted - 10)  # type: ignore[misc]
    wait_until(lambda: len(activities(scaling)) == 4)
    assert len(activities(scaling, ScalableDimension=INDEX["ScalableDimension"])) == 1
    assert activities(scaling, ResourceId="table/other") == []
    assert scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] == []
    pages = list(
        scaling.get_paginator("describe_scaling_activities").paginate(
            ServiceNamespace="dynamodb", ResourceId="table/music", PaginationConfig={"PageSize": 2}
        )
    )
    told = [activity["Description"] for page in pages for activity in page["ScalingActivities"]]
    assert told == [f"Setting write capacity units to {units}." for units in (13, 12, 11)]
    token = pages[0]["NextToken"]
    code, _ = fault(scaling.describe_scaling_activities, ServiceNamespace="dynamodb", NextToken=token)
    assert code == "InvalidNextTokenException"


def test_what_was_not_scaled_is_told_to_who_asks(scaling: Any, dynamodb: Any) -> None:
    create_table(dynamodb, "music", "artist:S")
    register(scaling)
    wait_until(lambda: bool(activities(scaling, IncludeNotScaledActivities=True)))
    (activity,) = activities(scaling, IncludeNotScaledActivities=True)
    assert activity["Cause"] == "table music is on demand"
    assert activity["NotScaledReasons"] == [{"Code": "TargetServicePutResourceAsUnscalable"}]
    assert activities(scaling) == []
