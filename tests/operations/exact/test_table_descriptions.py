"""Every member of a TableDescription: when it is there, and what it says."""

import re
from typing import Any

from tests.operations.exact.conftest import Ask

UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
MINIMAL: dict[str, Any] = {
    "TableName": "music",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
ALWAYS = {
    "AttributeDefinitions",
    "TableName",
    "KeySchema",
    "TableStatus",
    "CreationDateTime",
    "ProvisionedThroughput",
    "TableSizeBytes",
    "ItemCount",
    "TableArn",
    "TableId",
    "DeletionProtectionEnabled",
    "WarmThroughput",
}
FULL: dict[str, Any] = {
    "TableName": "music",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "x")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
    "LocalSecondaryIndexes": [
        {
            "IndexName": "local",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "x", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "global",
            "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
            "OnDemandThroughput": {"MaxWriteRequestUnits": 9},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    "TableClass": "STANDARD",
    "OnDemandThroughput": {"MaxReadRequestUnits": 3, "MaxWriteRequestUnits": 4},
    "DeletionProtectionEnabled": True,
}
NOTHING_PROVISIONED = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}


def described(ask: Ask) -> dict[str, Any]:
    table: dict[str, Any] = ask("DescribeTable", {"TableName": "music"}).body["Table"]
    return table


def test_the_least(ask: Ask) -> None:
    created = ask("CreateTable", MINIMAL | {"ProvisionedThroughput": UNITS}).body["TableDescription"]
    table = described(ask)
    assert set(created) - {"WarmThroughput"} == ALWAYS - {"WarmThroughput"}
    assert set(table) == ALWAYS
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **UNITS}
    assert table["DeletionProtectionEnabled"] is False
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6, "Status": "ACTIVE"}
    assert type(table["CreationDateTime"]) in (int, float)
    assert table["CreationDateTime"] == round(table["CreationDateTime"], 3)
    assert re.fullmatch(r"arn:aws:dynamodb:eu-west-1:\d{12}:table/music", table["TableArn"])
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", table["TableId"])


def test_provisioned_said_aloud_is_no_billing_mode_to_tell_of(ask: Ask) -> None:
    ask("CreateTable", MINIMAL | {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS})
    assert "BillingModeSummary" not in described(ask)


def test_the_most(ask: Ask) -> None:
    created = ask("CreateTable", FULL).body["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    assert created["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    assert "Backfilling" not in created["GlobalSecondaryIndexes"][0]
    table = described(ask)
    assert set(table) == ALWAYS | {
        "BillingModeSummary",
        "LocalSecondaryIndexes",
        "GlobalSecondaryIndexes",
        "StreamSpecification",
        "LatestStreamLabel",
        "LatestStreamArn",
        "TableClassSummary",
        "OnDemandThroughput",
    }
    assert table["AttributeDefinitions"] == FULL["AttributeDefinitions"]
    assert table["KeySchema"] == FULL["KeySchema"]
    assert table["ProvisionedThroughput"] == NOTHING_PROVISIONED
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert type(table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"]) in (int, float)
    assert table["StreamSpecification"] == FULL["StreamSpecification"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", table["LatestStreamLabel"])
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    assert table["TableClassSummary"] == {"TableClass": "STANDARD"}
    assert table["OnDemandThroughput"] == FULL["OnDemandThroughput"]
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}
    assert table["DeletionProtectionEnabled"] is True


def test_indexes(ask: Ask) -> None:
    ask("CreateTable", FULL)
    table = described(ask)
    assert table["LocalSecondaryIndexes"] == [
        FULL["LocalSecondaryIndexes"][0]
        | {"IndexSizeBytes": 0, "ItemCount": 0, "IndexArn": f"{table['TableArn']}/index/local"}
    ]
    assert table["GlobalSecondaryIndexes"] == [
        FULL["GlobalSecondaryIndexes"][0]
        | {
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "IndexArn": f"{table['TableArn']}/index/global",
            "IndexStatus": "ACTIVE",
            "ProvisionedThroughput": NOTHING_PROVISIONED,
            "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"},
        }
    ]


def test_the_last(ask: Ask) -> None:
    ask("CreateTable", FULL | {"DeletionProtectionEnabled": False})
    before = described(ask)
    deleted = ask("DeleteTable", {"TableName": before["TableArn"]}).body["TableDescription"]
    assert deleted["TableStatus"] == "DELETING"
    assert set(deleted) < set(before)
    for name in ("TableName", "TableArn", "TableId", "ItemCount", "TableSizeBytes"):
        assert deleted[name] == before[name]
    for name in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        assert name not in deleted
