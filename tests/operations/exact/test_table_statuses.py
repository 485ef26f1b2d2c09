"""CREATING, UPDATING and DELETING over time: seen, waited for, in the way of other requests, and outliving a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.operations.faults import NO_TABLE, fault, invalid
from tests.running import RunningServer, new_account, start_server

KEY = {"pk": {"S": "a"}}
IN_USE = "Attempt to change a resource which is still in use: Table is being {}: music"
GONE = ("ResourceNotFoundException", "Requested resource not found: Table: music not found")
ONCE = {"Delay": 1, "MaxAttempts": 1}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
CREATION: dict[str, Any] = {
    "TableName": "music",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "x", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "ProvisionedThroughput": UNITS,
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-x",
            "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": UNITS,
        }
    ],
}


@pytest.fixture(scope="module")
def slow() -> Iterator[RunningServer]:
    """A server on which each change of a table takes five seconds of its own clock."""
    running = start_server(transition_seconds=5)
    yield running
    running.close()


@pytest.fixture
def dynamodb(slow: RunningServer) -> Iterator[Any]:
    client = new_account(slow.url).client()
    yield client
    client.close()


def describe(dynamodb: Any) -> dict[str, Any]:
    table: dict[str, Any] = dynamodb.describe_table(TableName="music")["Table"]
    return table


def statuses(dynamodb: Any) -> tuple[str, ...]:
    """Of the table and its index."""
    table = describe(dynamodb)
    return table["TableStatus"], table["GlobalSecondaryIndexes"][0]["IndexStatus"]


def data_operations(dynamodb: Any) -> list[tuple[Any, dict[str, Any]]]:
    keys = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}
    return [
        (dynamodb.get_item, {"TableName": "music", "Key": KEY}),
        (dynamodb.put_item, {"TableName": "music", "Item": KEY}),
        (dynamodb.update_item, {"TableName": "music", "Key": KEY}),
        (dynamodb.delete_item, {"TableName": "music", "Key": KEY}),
        (dynamodb.query, {"TableName": "music", "KeyConditions": keys}),
        (dynamodb.scan, {"TableName": "music"}),
        (dynamodb.batch_get_item, {"RequestItems": {"music": {"Keys": [KEY]}}}),
        (dynamodb.batch_write_item, {"RequestItems": {"music": [{"DeleteRequest": {"Key": KEY}}]}}),
    ]


def test_creating(slow: RunningServer, dynamodb: Any) -> None:
    created = dynamodb.create_table(**CREATION)["TableDescription"]
    assert (created["TableStatus"], created["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("CREATING", "CREATING")
    slow.clock.advance(4.9)
    assert statuses(dynamodb) == ("CREATING", "CREATING")
    assert dynamodb.list_tables()["TableNames"] == ["music"]
    for call, request in data_operations(dynamodb):
        assert fault(call, **request) == NO_TABLE
    assert fault(dynamodb.create_table, **CREATION) == ("ResourceInUseException", "Table already exists: music")
    being_created = ("ResourceInUseException", IN_USE.format("created"))
    assert fault(dynamodb.delete_table, TableName="music") == being_created
    assert fault(dynamodb.update_table, TableName="music", BillingMode="PAY_PER_REQUEST") == being_created
    with pytest.raises(WaiterError):
        dynamodb.get_waiter("table_exists").wait(TableName="music", WaiterConfig=ONCE)
    slow.clock.advance(0.1)
    dynamodb.get_waiter("table_exists").wait(TableName="music", WaiterConfig=ONCE)
    assert statuses(dynamodb) == ("ACTIVE", "ACTIVE")
    for call, request in data_operations(dynamodb):
        call(**request)


def test_updating(slow: RunningServer, dynamodb: Any) -> None:
    dynamodb.create_table(**CREATION)
    slow.clock.advance(5)
    wanted = {"ReadCapacityUnits": 6, "WriteCapacityUnits": 5}
    reply = dynamodb.update_table(TableName="music", ProvisionedThroughput=wanted)["TableDescription"]
    assert reply["TableStatus"] == "UPDATING"
    assert reply["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    slow.clock.advance(4.9)
    assert statuses(dynamodb) == ("UPDATING", "ACTIVE")
    assert describe(dynamodb)["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    being_updated = ("ResourceInUseException", IN_USE.format("updated"))
    assert fault(dynamodb.update_table, TableName="music", ProvisionedThroughput=UNITS) == being_updated
    assert fault(dynamodb.delete_table, TableName="music") == being_updated
    for call, request in data_operations(dynamodb):
        call(**request)
    slow.clock.advance(0.1)
    assert statuses(dynamodb) == ("ACTIVE", "ACTIVE")
    assert describe(dynamodb)["ProvisionedThroughput"]["ReadCapacityUnits"] == 6


def test_an_index_updating_and_deleting(slow: RunningServer, dynamodb: Any) -> None:
    dynamodb.create_table(**CREATION)
    slow.clock.advance(5)
    wanted = {"IndexName": "by-x", "ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 5}}
    dynamodb.update_table(TableName="music", GlobalSecondaryIndexUpdates=[{"Update": wanted}])
    assert statuses(dynamodb) == ("UPDATING", "UPDATING")
    slow.clock.advance(5)
    assert describe(dynamodb)["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 6
    dynamodb.update_table(TableName="music", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-x"}}])
    assert statuses(dynamodb) == ("UPDATING", "DELETING")
    slow.clock.advance(5)
    table = describe(dynamodb)
    assert table["TableStatus"] == "ACTIVE"
    assert "GlobalSecondaryIndexes" not in table
    assert [each["AttributeName"] for each in table["AttributeDefinitions"]] == ["pk"]


def test_deleting(slow: RunningServer, dynamodb: Any) -> None:
    dynamodb.create_table(**CREATION)
    slow.clock.advance(5)
    dynamodb.put_item(TableName="music", Item=KEY)
    assert dynamodb.delete_table(TableName="music")["TableDescription"]["TableStatus"] == "DELETING"
    slow.clock.advance(4.9)
    described = describe(dynamodb)
    assert described["TableStatus"] == "DELETING"
    assert dynamodb.list_tables()["TableNames"] == ["music"]
    for call, request in data_operations(dynamodb):
        assert fault(call, **request) == NO_TABLE
    being_deleted = ("ResourceInUseException", IN_USE.format("deleted"))
    assert fault(dynamodb.delete_table, TableName="music") == being_deleted
    assert fault(dynamodb.update_table, TableName="music", ProvisionedThroughput=UNITS) == being_deleted
    tags = [{"Key": "a", "Value": "b"}]
    assert fault(dynamodb.tag_resource, ResourceArn=described["TableArn"], Tags=tags) == being_deleted
    assert fault(dynamodb.create_table, **CREATION) == ("ResourceInUseException", "Table already exists: music")
    with pytest.raises(WaiterError):
        dynamodb.get_waiter("table_not_exists").wait(TableName="music", WaiterConfig=ONCE)
    slow.clock.advance(0.1)
    dynamodb.get_waiter("table_not_exists").wait(TableName="music", WaiterConfig=ONCE)
    assert fault(dynamodb.describe_table, TableName="music") == GONE
    dynamodb.create_table(**CREATION)
    slow.clock.advance(5)
    assert dynamodb.scan(TableName="music")["Count"] == 0


def test_time_to_live_over_time(slow: RunningServer, dynamodb: Any) -> None:
    def described() -> Any:
        return dynamodb.describe_time_to_live(TableName="music")["TimeToLiveDescription"]

    dynamodb.create_table(**CREATION)
    slow.clock.advance(5)
    on = {"Enabled": True, "AttributeName": "expires"}
    dynamodb.update_time_to_live(TableName="music", TimeToLiveSpecification=on)
    assert described() == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    slow.clock.advance(5)
    assert described() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    off = on | {"Enabled": False}
    assert invalid(dynamodb.update_time_to_live, TableName="music", TimeToLiveSpecification=off) == (
        "Time to live has been modified multiple times within a fixed interval"
    )
    slow.clock.advance(3600)
    dynamodb.update_time_to_live(TableName="music", TimeToLiveSpecification=off)
    assert described() == {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires"}
    slow.clock.advance(5)
    assert described() == {"TimeToLiveStatus": "DISABLED"}


def test_decreases_of_throughput_in_a_day(slow: RunningServer, dynamodb: Any) -> None:
    dynamodb.create_table(**CREATION | {"ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 50}})
    slow.clock.advance(86_400 - slow.clock() % 86_400)  # a new day of UTC

    def lower(units: int) -> dict[str, Any]:
        wanted = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
        return {"TableName": "music", "ProvisionedThroughput": wanted}

    for units in (49, 48, 47, 46):
        dynamodb.update_table(**lower(units))
        slow.clock.advance(5)
    assert describe(dynamodb)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    code, message = fault(dynamodb.update_table, **lower(45))
    assert code == "LimitExceededException"
    assert message.startswith("Subscriber limit exceeded: Provisioned throughput decreases are limited within a given ")
    for hour in range(1, 23):
        slow.clock.advance(3_600)
        dynamodb.update_table(**lower(46 - hour))
        slow.clock.advance(5)
        assert fault(dynamodb.update_table, **lower(1))[0] == "LimitExceededException"
    assert describe(dynamodb)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 26
    slow.clock.advance(7_200)
    assert describe(dynamodb)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    dynamodb.update_table(**lower(1))


def test_a_restart_in_the_middle(tmp_path: Path) -> None:
    server = start_server(tmp_path, transition_seconds=5)
    account = new_account(server.url)
    dynamodb = account.client()
    for name in ("going", "changing"):
        dynamodb.create_table(**CREATION | {"TableName": name})
    server.clock.advance(5)
    for name in ("going", "changing"):
        dynamodb.put_item(TableName=name, Item=KEY)
    dynamodb.create_table(**CREATION | {"TableName": "coming"})
    dynamodb.delete_table(TableName="going")
    dynamodb.update_table(TableName="changing", ProvisionedThroughput=UNITS | {"ReadCapacityUnits": 9})
    server.clock.advance(1)
    now = server.clock()
    dynamodb.close()
    server.close()

    server = start_server(tmp_path, transition_seconds=5)
    try:
        server.clock.advance(now - server.clock())
        dynamodb = type(account)(server.url, account.number).client()
        tables = {name: dynamodb.describe_table(TableName=name)["Table"] for name in ("going", "changing", "coming")}
        assert [tables[name]["TableStatus"] for name in ("going", "changing", "coming")] == [
            "DELETING",
            "UPDATING",
            "CREATING",
        ]
        server.clock.advance(4)
        assert dynamodb.list_tables()["TableNames"] == ["changing", "coming"]
        changed = dynamodb.describe_table(TableName="changing")["Table"]
        assert (changed["TableStatus"], changed["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("ACTIVE", 9)
        assert dynamodb.get_item(TableName="changing", Key=KEY)["Item"] == KEY
        dynamodb.put_item(TableName="coming", Item=KEY)
        dynamodb.close()
    finally:
        server.close()
