"""The setting of time to live: members, texts and tables in between."""

from typing import Any

import pytest

from tests.operations.exact.conftest import Ask
from tests.operations.faults import ENVELOPE, fault, invalid

ON = {"Enabled": True, "AttributeName": "expires"}
OFF = ON | {"Enabled": False}


def test_never_set_and_set(dynamodb: Any, table: str) -> None:
    assert dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    reply = dynamodb.update_time_to_live(TableName=arn, TimeToLiveSpecification=ON)
    assert reply["TimeToLiveSpecification"] == ON
    assert dynamodb.describe_time_to_live(TableName=arn)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }


@pytest.mark.parametrize("name, fine", [("x", True), ("é" * 255, True), ("pk", True), ("", False), ("x" * 256, False)])
def test_attribute_names(dynamodb: Any, table: str, name: str, fine: bool) -> None:
    request = {"TableName": table, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": name}}
    if fine:
        dynamodb.update_time_to_live(**request)
        return
    bound = "less than or equal to 255" if name else "greater than or equal to 1"
    assert invalid(dynamodb.update_time_to_live, **request) == (
        f"{ENVELOPE}Value '{name}' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: "
        f"Member must have length {bound}"
    )


def test_missing_members(ask: Ask) -> None:
    reply = ask("UpdateTimeToLive", {"TableName": "things", "TimeToLiveSpecification": {}})
    assert reply.code == "ValidationException"
    assert "2 validation errors detected: " in reply.message
    for member in ("enabled", "attributeName"):
        assert f"Value null at 'timeToLiveSpecification.{member}' failed to satisfy constraint" in reply.message


def test_changes_in_vain(dynamodb: Any, table: str) -> None:
    def refusal(specification: dict[str, Any]) -> str:
        return invalid(dynamodb.update_time_to_live, TableName=table, TimeToLiveSpecification=specification)

    assert refusal(OFF) == "TimeToLive is already disabled"
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=ON)
    assert refusal(ON) == "TimeToLive is already enabled"
    assert refusal(ON | {"AttributeName": "other"}) == (
        "TimeToLive is active on a different AttributeName: current AttributeName is expires"
    )
    assert refusal(OFF) == "Time to live has been modified multiple times within a fixed interval"


def test_no_such_table(dynamodb: Any) -> None:
    gone = ("ResourceNotFoundException", "Requested resource not found: Table: nowhere not found")
    assert fault(dynamodb.update_time_to_live, TableName="nowhere", TimeToLiveSpecification=ON) == gone
    assert fault(dynamodb.describe_time_to_live, TableName="nowhere") == gone
