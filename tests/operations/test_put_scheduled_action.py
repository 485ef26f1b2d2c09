"""PutScheduledAction, DescribeScheduledActions and DeleteScheduledAction."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.operations.autoscaling import NAMED, TABLE, register
from tests.operations.faults import fault, invalid
from tests.running import Account

NIGHT = {"ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": {"MaxCapacity": 10}}


def actions(scaling: Any, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb", **wanted)[
        "ScheduledActions"
    ]
    return found


def test_an_action_as_it_is_described(scaling: Any, music: None, account: Account) -> None:
    register(scaling)
    start, end = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    scaling.put_scheduled_action(**TABLE, **NIGHT, Timezone="Europe/Berlin", StartTime=start, EndTime=end)
    (action,) = actions(scaling)
    assert action.pop("CreationTime").year >= 2025
    assert re.fullmatch(
        rf"arn:aws:autoscaling:eu-west-1:{account.number}:scheduledAction:[0-9a-f-]{{36}}:resource/dynamodb/table/music:"
        "scheduledActionName/night",
        action.pop("ScheduledActionARN"),
    )
    assert action == {**TABLE, **NIGHT, "Timezone": "Europe/Berlin", "StartTime": start, "EndTime": end}


def test_an_update_keeps_all_but_the_times(scaling: Any, music: None) -> None:
    register(scaling)
    start = datetime(2030, 1, 1, tzinfo=UTC)
    scaling.put_scheduled_action(**TABLE, **NIGHT, Timezone="Europe/Berlin", StartTime=start)
    (first,) = actions(scaling)
    scaling.put_scheduled_action(**TABLE, ScheduledActionName="night", ScalableTargetAction={"MinCapacity": 7})
    (second,) = actions(scaling)
    assert second.pop("ScalableTargetAction") == {"MinCapacity": 7}
    assert first.pop("StartTime") == start
    first.pop("ScalableTargetAction")
    assert second == first
    scaling.put_scheduled_action(**TABLE, ScheduledActionName="night", Schedule="rate(1 day)")
    (third,) = actions(scaling)
    assert (third["Schedule"], third["ScalableTargetAction"]) == ("rate(1 day)", {"MinCapacity": 7})


def test_filters_and_pages(scaling: Any, music: None) -> None:
    register(scaling)
    for at in range(5):
        scaling.put_scheduled_action(**TABLE, **NIGHT | {"ScheduledActionName": f"night {at}"})
    assert len(actions(scaling, ScheduledActionNames=["night 1", "night 2", "day"])) == 2
    assert actions(scaling, ResourceId="table/other") == []
    pages = list(
        scaling.get_paginator("describe_scheduled_actions").paginate(
            ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["ScheduledActions"]) for page in pages] == [2, 2, 1]


def test_deleting(scaling: Any, music: None) -> None:
    register(scaling)
    scaling.put_scheduled_action(**TABLE, **NIGHT)
    scaling.delete_scheduled_action(**TABLE, ScheduledActionName="night")
    assert actions(scaling) == []
    assert fault(scaling.delete_scheduled_action, **TABLE, ScheduledActionName="night") == (
        "ObjectNotFoundException",
        f"No scheduled action found for {NAMED}, scheduled action name: night",
    )


def test_an_action_needs_a_target(scaling: Any, music: None) -> None:
    assert fault(scaling.put_scheduled_action, **TABLE, **NIGHT) == (
        "ObjectNotFoundException",
        f"No scalable target registered for {NAMED}",
    )


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"Schedule": None}, "Schedule must be specified"),
        ({"Schedule": "* * * * *"}, "Invalid schedule"),
        ({"Schedule": "cron(0 22 * * * )"}, "has 6 fields"),
        ({"Schedule": "rate(1 fortnight)"}, "Invalid schedule"),
        ({"Schedule": "at(2001-01-01T00:00:00)"}, "must be in the future"),
        ({"Timezone": "Middle/Earth"}, "is no time zone"),
        ({"ScalableTargetAction": None}, "at least one of"),
        ({"ScalableTargetAction": {}}, "at least one of"),
        ({"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}}, "cannot be less"),
        ({"ScalableTargetAction": {"MinCapacity": 0}}, "at least 1"),
        ({"StartTime": 2_000_000_000, "EndTime": 1_999_999_999}, "EndTime must be after"),
        ({"StartTime": -100_000}, "StartTime must be between"),
        ({"EndTime": 8_000_000_000}, "EndTime must be between"),
        ({"Schedule": "at(9999-12-31T23:59:59)", "Timezone": "America/New_York"}, "years go from 1970 to 2199"),
        ({"ScheduledActionName": "a/b"}, "regular expression"),
        ({"ScheduledActionName": " a"}, "regular expression"),
    ],
)
def test_what_is_refused(scaling: Any, music: None, changes: dict[str, Any], part: str) -> None:
    register(scaling)
    request = {name: value for name, value in {**NIGHT, **changes}.items() if value is not None}
    assert part in invalid(scaling.put_scheduled_action, **TABLE, **request)
    assert actions(scaling) == []
