from typing import Any

from tests.operations.faults import fault, invalid


def specification(enabled: bool, attribute: str = "expires") -> dict[str, Any]:
    return {"Enabled": enabled, "AttributeName": attribute}


def test_the_setting_is_echoed_and_described(dynamodb: Any, table: str) -> None:
    answer = dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification(True))
    assert answer["TimeToLiveSpecification"] == specification(True)
    assert dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }


def test_a_key_may_be_the_attribute(dynamodb: Any, table: str) -> None:
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification(True, "pk"))


def test_refusals(dynamodb: Any, table: str) -> None:
    def refusal(enabled: bool, attribute: str = "expires") -> str:
        return invalid(
            dynamodb.update_time_to_live,
            TableName=table,
            TimeToLiveSpecification=specification(enabled, attribute),
        )

    assert refusal(False) == "TimeToLive is already disabled"
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification(True))
    assert refusal(True) == "TimeToLive is already enabled"
    assert refusal(True, "other") == (
        "TimeToLive is active on a different AttributeName: current AttributeName is expires"
    )
    assert refusal(False) == "Time to live has been modified multiple times within a fixed interval"
    assert "Member must have length less than or equal to 255" in refusal(True, "x" * 256)


def test_no_such_table(dynamodb: Any) -> None:
    assert fault(dynamodb.update_time_to_live, TableName="nowhere", TimeToLiveSpecification=specification(True)) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )
