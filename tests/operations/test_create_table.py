import re
from typing import Any

import pytest

from tests.operations.faults import fault, invalid

SIMPLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
LEAD = "One or more parameter values were invalid: "


def test_the_reply_is_creating_and_the_next_look_is_active(dynamodb: Any) -> None:
    created = dynamodb.create_table(TableName="music", **SIMPLE)["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    assert created["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert (created["ItemCount"], created["TableSizeBytes"]) == (0, 0)
    assert re.fullmatch(r"arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table/music", created["TableArn"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", created["TableId"])
    table = dynamodb.describe_table(TableName="music")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert (table["TableId"], table["CreationDateTime"]) == (created["TableId"], created["CreationDateTime"])


def test_the_waiter_of_the_sdk(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="music", **SIMPLE)
    dynamodb.get_waiter("table_exists").wait(TableName="music", WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def test_a_provisioned_table_with_indexes(dynamodb: Any) -> None:
    request: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("sk", "N"), ("other", "B"))
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "local",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "other", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
            }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "global",
                "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": UNITS,
            }
        ],
    }
    created = dynamodb.create_table(TableName="music", ProvisionedThroughput=UNITS, **request)["TableDescription"]
    assert created["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    table = dynamodb.describe_table(TableName="music")["Table"]
    assert table["AttributeDefinitions"] == request["AttributeDefinitions"]
    assert table["KeySchema"] == request["KeySchema"]
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **UNITS}
    assert "BillingModeSummary" not in table
    (local,) = table["LocalSecondaryIndexes"]
    assert {name: local[name] for name in request["LocalSecondaryIndexes"][0]} == request["LocalSecondaryIndexes"][0]
    assert "IndexStatus" not in local
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexStatus"] == "ACTIVE"
    assert index["IndexArn"] == f"{table['TableArn']}/index/global"
    assert index["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **UNITS}


def test_an_existing_name(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="music", **SIMPLE)
    assert fault(dynamodb.create_table, TableName="music", **SIMPLE) == (
        "ResourceInUseException",
        "Table already exists: music",
    )
    dynamodb.create_table(TableName="Music", **SIMPLE)


def test_the_reply_of_an_invalid_request_comes_before_the_name_is_looked_at(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="music", **SIMPLE)
    request = SIMPLE | {"KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]}
    assert invalid(dynamodb.create_table, TableName="music", **request) == (
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
    )


def test_settings_given_at_creation(dynamodb: Any) -> None:
    created = dynamodb.create_table(
        TableName="music",
        **SIMPLE,
        Tags=[{"Key": "team", "Value": "one"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        OnDemandThroughput={"MaxReadRequestUnits": 7},
        WarmThroughput={"ReadUnitsPerSecond": 20_000},
        SSESpecification={"Enabled": False},
    )["TableDescription"]
    table = dynamodb.describe_table(TableName="music")["Table"]
    assert dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [{"Key": "team", "Value": "one"}]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", table["LatestStreamLabel"])
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    assert created["LatestStreamArn"] == table["LatestStreamArn"]
    assert table["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert table["DeletionProtectionEnabled"] is True
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 7}
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}
    assert "SSEDescription" not in table


@pytest.mark.parametrize(
    "name, value, refusal",
    [
        ("SSESpecification", {"Enabled": True}, "SSESpecification with Enabled true"),
        ("ResourcePolicy", "{}", "ResourcePolicy"),
        ("GlobalTableSettingsReplicationMode", "ENABLED", "GlobalTableSettingsReplicationMode"),
    ],
)
def test_what_this_server_cannot_honour_is_refused(dynamodb: Any, name: str, value: Any, refusal: str) -> None:
    message = invalid(dynamodb.create_table, TableName="music", **SIMPLE, **{name: value})
    assert message == f"{LEAD}{refusal} is not supported by this server"
    assert dynamodb.list_tables()["TableNames"] == []


def test_warm_throughput_below_what_the_mode_brings(dynamodb: Any) -> None:
    message = invalid(dynamodb.create_table, TableName="music", **SIMPLE, WarmThroughput={"WriteUnitsPerSecond": 3999})
    assert message.startswith(
        f"{LEAD}Requested WriteUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand."
    )


def test_a_bad_tag_creates_nothing(dynamodb: Any) -> None:
    tags = [{"Key": "aws:team", "Value": "one"}]
    assert invalid(dynamodb.create_table, TableName="music", **SIMPLE, Tags=tags) == (
        "Tag Key cannot be prefixed with aws:, Key: aws:team"
    )
    assert dynamodb.list_tables()["TableNames"] == []
