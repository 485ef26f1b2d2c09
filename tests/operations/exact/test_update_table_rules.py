"""What UpdateTable may change, what not, and how it says so."""

from typing import Any

import pytest

from tests.operations.faults import ENVELOPE, fault, invalid

LEAD = "One or more parameter values were invalid: "


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


@pytest.fixture
def paid(dynamodb: Any) -> str:
    """A provisioned table "paid" of 5 and 6 units with a global index "by-x" of 1 and 1."""
    dynamodb.create_table(
        TableName="paid",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "x")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-x",
                "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": units(1, 1),
            }
        ],
        ProvisionedThroughput=units(5, 6),
    )
    return "paid"


def refused(dynamodb: Any, name: str, **members: Any) -> str:
    return invalid(dynamodb.update_table, TableName=name, **members)


def unchanged(owner: str, whose: str, read: int, write: int) -> str:
    return (
        f"The provisioned throughput for {owner} will not change. The requested value equals the current value. "
        f"Current ReadCapacityUnits provisioned for {whose}: {read}. Requested ReadCapacityUnits: {read}. "
        f"Current WriteCapacityUnits provisioned for {whose}: {write}. Requested WriteCapacityUnits: {write}. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )


def test_throughput(dynamodb: Any, paid: str) -> None:
    assert refused(dynamodb, paid, ProvisionedThroughput=units(5, 6)) == unchanged("the table", "the table", 5, 6)
    assert refused(dynamodb, paid, ProvisionedThroughput=units(0, 6)) == (
        f"{ENVELOPE}Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )
    assert refused(dynamodb, paid, ProvisionedThroughput=units(1_000_000_000_001, 6)) == (
        f"{LEAD}Given value 1000000000001 for ReadCapacityUnits is out of bounds"
    )
    dynamodb.update_table(TableName=paid, ProvisionedThroughput=units(40_000, 40_000))


def test_billing_mode(dynamodb: Any, paid: str) -> None:
    assert refused(dynamodb, paid, BillingMode="PROVISIONED") == (
        f"{LEAD}ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
    )
    assert refused(dynamodb, paid, BillingMode="PAY_PER_REQUEST", ProvisionedThroughput=units(1, 1)) == (
        f"{LEAD}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
    )
    dynamodb.update_table(TableName=paid, BillingMode="PAY_PER_REQUEST")
    dynamodb.update_table(TableName=paid, BillingMode="PAY_PER_REQUEST")
    index = dynamodb.describe_table(TableName=paid)["Table"]["GlobalSecondaryIndexes"][0]
    assert index["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    back = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(2, 2)}
    assert refused(dynamodb, paid, **back).startswith(LEAD)  # its index needs units, too
    updates = [{"Update": {"IndexName": "by-x", "ProvisionedThroughput": units(3, 3)}}]
    dynamodb.update_table(TableName=paid, **back, GlobalSecondaryIndexUpdates=updates)


def test_maxima_on_demand(dynamodb: Any, paid: str, table: str) -> None:
    def shown() -> Any:
        return dynamodb.describe_table(TableName=table)["Table"].get("OnDemandThroughput")

    def maxima(**members: int) -> dict[str, Any]:
        return {"OnDemandThroughput": members}

    assert refused(dynamodb, paid, **maxima(MaxReadRequestUnits=0)) == (
        f"{LEAD}MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"
    )
    for outside in (0, -2):
        assert refused(dynamodb, table, **maxima(MaxReadRequestUnits=outside)) == (
            f"{LEAD}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"
        )
    dynamodb.update_table(TableName=table, **maxima(MaxReadRequestUnits=7))
    dynamodb.update_table(TableName=table, **maxima(MaxWriteRequestUnits=8))
    assert shown() == {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8}
    dynamodb.update_table(TableName=table, **maxima(MaxReadRequestUnits=-1))
    assert shown() == {"MaxWriteRequestUnits": 8}
    dynamodb.update_table(TableName=table, **maxima(MaxWriteRequestUnits=-1))
    assert shown() is None


def test_warm_throughput_only_grows(dynamodb: Any, paid: str) -> None:
    reply = dynamodb.update_table(TableName=paid, WarmThroughput={"ReadUnitsPerSecond": 50, "WriteUnitsPerSecond": 60})[
        "TableDescription"
    ]
    assert reply["WarmThroughput"]["Status"] == "UPDATING"
    warm = dynamodb.describe_table(TableName=paid)["Table"]["WarmThroughput"]
    assert warm == {"ReadUnitsPerSecond": 50, "WriteUnitsPerSecond": 60, "Status": "ACTIVE"}
    assert refused(dynamodb, paid, WarmThroughput={"ReadUnitsPerSecond": 49}).startswith(
        f"{LEAD}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than "
    )


def test_streams(dynamodb: Any, table: str) -> None:
    def stream(enabled: bool, view: str | None = None) -> dict[str, Any]:
        members: dict[str, Any] = {"StreamEnabled": enabled}
        return {"StreamSpecification": members | ({"StreamViewType": view} if view else {})}

    assert "no stream to disable" in refused(dynamodb, table, **stream(False))
    first = dynamodb.update_table(TableName=table, **stream(True, "NEW_IMAGE"))["TableDescription"]["LatestStreamArn"]
    for view in ("NEW_IMAGE", "KEYS_ONLY"):
        message = refused(dynamodb, table, **stream(True, view))
        assert "already" in message
        assert "enabled" in message
    dynamodb.update_table(TableName=table, **stream(False))
    assert dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"] == first
    second = dynamodb.update_table(TableName=table, **stream(True, "KEYS_ONLY"))["TableDescription"]["LatestStreamArn"]
    assert second != first


def test_indexes(dynamodb: Any, paid: str) -> None:
    def changing(*updates: dict[str, Any]) -> dict[str, Any]:
        return {"TableName": paid, "GlobalSecondaryIndexUpdates": list(updates)}

    update = {"Update": {"IndexName": "by-x", "ProvisionedThroughput": units(1, 1)}}
    delete = {"Delete": {"IndexName": "by-x"}}
    assert invalid(dynamodb.update_table, **changing(update)) == unchanged("the index by-x", "index by-x", 1, 1)
    assert invalid(dynamodb.update_table, **changing(update, delete)) == (
        f"{LEAD}Only one global secondary index update per index is allowed simultaneously. Index: by-x"
    )
    assert fault(dynamodb.update_table, **changing(delete, {"Delete": {"IndexName": "other"}})) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )
    for action in ({"Delete": {"IndexName": "ghost"}}, {"Update": update["Update"] | {"IndexName": "ghost"}}):
        code, message = fault(dynamodb.update_table, **changing(action))
        assert code == "ResourceNotFoundException"
        assert message.startswith("Requested resource not found")


def test_nothing_at_all(dynamodb: Any, table: str) -> None:
    nothings: tuple[dict[str, Any], ...] = ({}, {"GlobalSecondaryIndexUpdates": []}, {"AttributeDefinitions": []})
    for members in nothings:
        message = refused(dynamodb, table, **members)
        assert message.startswith("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, ")
        assert message.endswith(" is required")


@pytest.mark.parametrize(
    "members",
    [
        {"DeletionProtectionEnabled": True, "TableClass": "STANDARD"},
        {"TableClass": "STANDARD", "BillingMode": "PAY_PER_REQUEST"},
        {
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            "ProvisionedThroughput": units(9, 9),
        },
        {
            "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-x"}}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        },
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-x"}}], "ProvisionedThroughput": units(9, 9)},
    ],
)
def test_one_kind_of_change_at_a_time(dynamodb: Any, paid: str, members: dict[str, Any]) -> None:
    before = dynamodb.describe_table(TableName=paid)["Table"]
    assert refused(dynamodb, paid, **members).startswith(LEAD)
    assert dynamodb.describe_table(TableName=paid)["Table"] == before


def test_no_such_table(dynamodb: Any) -> None:
    assert fault(dynamodb.update_table, TableName="nowhere", BillingMode="PAY_PER_REQUEST") == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )


def test_names(dynamodb: Any) -> None:
    short = "TableName must be at least 3 characters long and at most 255 characters long"
    assert invalid(dynamodb.update_table, TableName="ab", BillingMode="PAY_PER_REQUEST") == short
    assert invalid(dynamodb.delete_table, TableName="ab") == short
