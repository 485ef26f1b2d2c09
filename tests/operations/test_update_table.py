from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import fault, invalid

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}
LEAD = "One or more parameter values were invalid: "


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


@pytest.fixture
def provisioned(dynamodb: Any) -> str:
    dynamodb.create_table(
        TableName="paid",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "x", "AttributeType": "S"},
        ],
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


def describe(dynamodb: Any, name: str) -> dict[str, Any]:
    table: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
    return table


def test_throughput(dynamodb: Any, provisioned: str) -> None:
    reply = dynamodb.update_table(TableName=provisioned, ProvisionedThroughput=units(7, 6))["TableDescription"]
    assert reply["TableStatus"] == "UPDATING"
    assert reply["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert "LastIncreaseDateTime" in reply["ProvisionedThroughput"]
    table = describe(dynamodb, provisioned)
    assert table["TableStatus"] == "ACTIVE"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert table["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0


def test_decreases_run_out(dynamodb: Any, provisioned: str) -> None:
    for read in (4, 3, 2, 1):
        dynamodb.update_table(TableName=provisioned, ProvisionedThroughput=units(read, 6))
    assert describe(dynamodb, provisioned)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    code, message = fault(dynamodb.update_table, TableName=provisioned, ProvisionedThroughput=units(1, 5))
    assert code == "LimitExceededException"
    assert message.startswith(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day."
    )
    dynamodb.update_table(TableName=provisioned, ProvisionedThroughput=units(9, 9))


def test_billing_mode_there_and_back(dynamodb: Any, provisioned: str) -> None:
    reply = dynamodb.update_table(TableName=provisioned, BillingMode="PAY_PER_REQUEST")["TableDescription"]
    assert reply["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert reply["GlobalSecondaryIndexes"][0]["IndexStatus"] == "UPDATING"
    table = describe(dynamodb, provisioned)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    since = table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    back = {"TableName": provisioned, "BillingMode": "PROVISIONED", "ProvisionedThroughput": units(2, 3)}
    assert invalid(dynamodb.update_table, **back) == f"{LEAD}ProvisionedThroughput must be specified for index: by-x"
    index = {"Update": {"IndexName": "by-x", "ProvisionedThroughput": units(4, 5)}}
    dynamodb.update_table(**back, GlobalSecondaryIndexUpdates=[index])
    table = describe(dynamodb, provisioned)
    assert table["BillingModeSummary"] == {"BillingMode": "PROVISIONED", "LastUpdateToPayPerRequestDateTime": since}
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 5


def test_the_same_billing_mode_is_accepted(dynamodb: Any, table: str) -> None:
    dynamodb.update_table(TableName=table, BillingMode="PAY_PER_REQUEST")
    assert describe(dynamodb, table)["TableStatus"] == "ACTIVE"


def test_delete_of_an_index(dynamodb: Any) -> None:
    create_table(dynamodb, "indexed", "pk:S", "sk:S", indexes={"by-x": {"hash": ["x:S"]}, "by-y": {"hash": ["y:S"]}})
    item = KEY | {"x": {"S": "1"}, "y": {"S": "2"}}
    dynamodb.put_item(TableName="indexed", Item=item)
    reply = dynamodb.update_table(TableName="indexed", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-x"}}])
    statuses = {each["IndexName"]: each["IndexStatus"] for each in reply["TableDescription"]["GlobalSecondaryIndexes"]}
    assert statuses == {"by-x": "DELETING", "by-y": "ACTIVE"}
    table = describe(dynamodb, "indexed")
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["by-y"]
    assert [each["AttributeName"] for each in table["AttributeDefinitions"]] == ["pk", "sk", "y"]
    dynamodb.put_item(TableName="indexed", Item=item | {"x": {"N": "1"}})  # no key of any index now
    assert dynamodb.scan(TableName="indexed", IndexName="by-y")["Count"] == 1
    assert invalid(dynamodb.scan, TableName="indexed", IndexName="by-x") == (
        "The table does not have the specified index: by-x"
    )


def test_an_unknown_index(dynamodb: Any, table: str) -> None:
    updates = [{"Delete": {"IndexName": "ghost"}}]
    assert fault(dynamodb.update_table, TableName=table, GlobalSecondaryIndexUpdates=updates) == (
        "ResourceNotFoundException",
        "Requested resource not found: Index ghost for table things",
    )


def test_a_stream(dynamodb: Any, table: str) -> None:
    on = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    reply = dynamodb.update_table(TableName=table, StreamSpecification=on)["TableDescription"]
    assert reply["StreamSpecification"] == on
    assert reply["LatestStreamArn"] == describe(dynamodb, table)["LatestStreamArn"]
    assert invalid(dynamodb.update_table, TableName=table, StreamSpecification=on) == (
        "Table already has an enabled stream: TableName: things"
    )
    dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    after = describe(dynamodb, table)
    assert "StreamSpecification" not in after
    assert after["LatestStreamArn"] == reply["LatestStreamArn"]


def test_table_class(dynamodb: Any, table: str) -> None:
    dynamodb.update_table(TableName=table, TableClass="STANDARD_INFREQUENT_ACCESS")
    summary = describe(dynamodb, table)["TableClassSummary"]
    assert summary["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert "LastUpdateDateTime" in summary


def test_maxima_on_demand(dynamodb: Any, table: str) -> None:
    dynamodb.update_table(TableName=table, OnDemandThroughput={"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6})
    reply = dynamodb.update_table(TableName=table, OnDemandThroughput={"MaxReadRequestUnits": -1})["TableDescription"]
    assert reply["OnDemandThroughput"] == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 6}
    assert describe(dynamodb, table)["OnDemandThroughput"] == {"MaxWriteRequestUnits": 6}


def test_items_survive(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY)
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == KEY


def test_nothing_to_change(dynamodb: Any, table: str) -> None:
    assert invalid(dynamodb.update_table, TableName=table).startswith(
        "At least one of ProvisionedThroughput, BillingMode,"
    )


def test_no_such_table(dynamodb: Any) -> None:
    assert fault(dynamodb.update_table, TableName="nowhere", ProvisionedThroughput=units(1, 1)) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )


def test_replicas_are_refused(dynamodb: Any, table: str) -> None:
    updates = [{"Create": {"RegionName": "us-west-2"}}]
    assert invalid(dynamodb.update_table, TableName=table, ReplicaUpdates=updates) == (
        f"{LEAD}ReplicaUpdates is not supported by this server"
    )
