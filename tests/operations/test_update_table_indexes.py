"""Global indexes created and deleted on a table that is there."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import fault, invalid
from tests.running import RunningServer, new_account, start_server

LEAD = "One or more parameter values were invalid: "
ONE_AT_A_TIME = (
    "LimitExceededException",
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
)
IN_USE = (
    "ResourceInUseException",
    "Attempt to change a resource which is still in use: Table is being updated: things",
)


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "1"}}


def creation(name: str, *keys: str, **members: Any) -> dict[str, Any]:
    """Members of a request that creates an index. Keys are `name:TYPE:HASH`."""
    parts = [each.split(":") for each in keys]
    schema = [{"AttributeName": attribute, "KeyType": role} for attribute, _, role in parts]
    create = {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    return {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind, _ in parts if kind],
        "GlobalSecondaryIndexUpdates": [{"Create": create | members}],
    }


def deletion(name: str) -> dict[str, Any]:
    return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


def describe(dynamodb: Any) -> dict[str, Any]:
    table: dict[str, Any] = dynamodb.describe_table(TableName="things")["Table"]
    return table


def wait_until_active(dynamodb: Any) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while (table := describe(dynamodb))["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline, table
        time.sleep(0.005)
    return table


def index(table: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in table["GlobalSecondaryIndexes"] if each["IndexName"] == name)
    return found


def add(dynamodb: Any, name: str, *keys: str, **members: Any) -> dict[str, Any]:
    dynamodb.update_table(TableName="things", **creation(name, *keys, **members))
    return index(wait_until_active(dynamodb), name)


def scanned(dynamodb: Any, name: str) -> set[str]:
    return {item["pk"]["S"] for item in dynamodb.scan(TableName="things", IndexName=name)["Items"]}


def test_an_index_gets_the_items_that_were_there(dynamodb: Any, table: str) -> None:
    values = {"a": {"S": "1"}, "b": {"S": ""}, "c": {"N": "1"}, "d": {"S": "x" * 2049}, "e": {"S": "1"}}
    for pk, value in values.items():
        dynamodb.put_item(TableName=table, Item=key(pk) | {"x": value})
    dynamodb.put_item(TableName=table, Item=key("f"))
    reply = dynamodb.update_table(TableName=table, **creation("by-x", "x:S:HASH"))["TableDescription"]
    assert reply["TableStatus"] == "UPDATING"
    created = index(reply, "by-x")
    assert (created["IndexStatus"], created["Backfilling"]) == ("CREATING", False)
    assert {"AttributeName": "x", "AttributeType": "S"} in reply["AttributeDefinitions"]
    after = index(wait_until_active(dynamodb), "by-x")
    assert after["IndexStatus"] == "ACTIVE"
    assert "Backfilling" not in after
    assert after["ItemCount"] == 2
    assert after["IndexSizeBytes"] > 0
    assert scanned(dynamodb, "by-x") == {"a", "e"}
    condition = {"KeyConditionExpression": "x = :x", "ExpressionAttributeValues": {":x": {"S": "1"}}}
    assert dynamodb.query(TableName=table, IndexName="by-x", **condition)["Count"] == 2


def test_a_small_table_is_active_at_once(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=key("a") | {"x": {"S": "1"}})
    dynamodb.update_table(TableName=table, **creation("by-x", "x:S:HASH"))
    assert describe(dynamodb)["TableStatus"] == "ACTIVE"


def test_writes_keep_to_the_new_index(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=key("a") | {"x": {"S": "1"}})
    add(dynamodb, "by-x", "x:S:HASH")
    dynamodb.put_item(TableName=table, Item=key("b") | {"x": {"S": "1"}})
    dynamodb.delete_item(TableName=table, Key=key("a"))
    assert scanned(dynamodb, "by-x") == {"b"}
    assert invalid(dynamodb.put_item, TableName=table, Item=key("c") | {"x": {"N": "1"}}) == (
        f"{LEAD}Type mismatch for Index Key x Expected: S Actual: N IndexName: by-x"
    )


def test_an_item_of_the_wrong_kind_stays_writable_in_other_attributes(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=key("a") | {"x": {"N": "1"}})
    add(dynamodb, "by-x", "x:S:HASH")
    update = {"UpdateExpression": "SET y = :y", "ExpressionAttributeValues": {":y": {"S": "1"}}}
    dynamodb.update_item(TableName=table, Key=key("a"), **update)
    assert scanned(dynamodb, "by-x") == set()
    update = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "1"}}}
    dynamodb.update_item(TableName=table, Key=key("a"), **update)
    assert scanned(dynamodb, "by-x") == {"a"}


def test_projections_and_many_keys(dynamodb: Any, table: str) -> None:
    item = key("a") | {name: {"S": name} for name in "uvwxyz"}
    dynamodb.put_item(TableName=table, Item=item)
    included = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["z"]}
    add(dynamodb, "by-u-v", "u:S:HASH", "v:S:HASH", "w:S:RANGE", Projection=included)
    (found,) = dynamodb.scan(TableName=table, IndexName="by-u-v")["Items"]
    assert sorted(found) == ["pk", "sk", "u", "v", "w", "z"]
    add(dynamodb, "by-y", "y:S:HASH", Projection={"ProjectionType": "KEYS_ONLY"})
    (found,) = dynamodb.scan(TableName=table, IndexName="by-y")["Items"]
    assert sorted(found) == ["pk", "sk", "y"]


def test_definitions_are_a_delta(dynamodb: Any, table: str) -> None:
    assert invalid(dynamodb.update_table, TableName=table, **creation("by-x", "x::HASH")) == (
        f"{LEAD}Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [x], AttributeDefinitions: [pk, sk]"
    )
    add(dynamodb, "by-sk", "sk::HASH")  # the table has defined it
    request = creation("by-x", "x:N:HASH")
    request["AttributeDefinitions"].append({"AttributeName": "unused", "AttributeType": "S"})
    dynamodb.update_table(TableName=table, **request)
    names = [each["AttributeName"] for each in wait_until_active(dynamodb)["AttributeDefinitions"]]
    assert names == ["pk", "sk", "x"]
    assert invalid(dynamodb.update_table, TableName=table, **creation("other", "x:S:HASH", "sk:S:RANGE")) == (
        "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
        "Existing schema: Schema:[SchemaElement: key{x:N:HASH}] "
        "New schema: Schema:[SchemaElement: key{x:S:HASH}, SchemaElement: key{sk:S:RANGE}]"
    )
    dynamodb.update_table(TableName=table, **deletion("by-x"))
    assert [each["AttributeName"] for each in describe(dynamodb)["AttributeDefinitions"]] == ["pk", "sk"]
    add(dynamodb, "by-x", "x:S:HASH")  # free to be another type now


@pytest.mark.parametrize(
    "members, message",
    [
        (
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            "ProvisionedThroughput should not be specified for index: by-x when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"Projection": {"ProjectionType": "INCLUDE"}},
            "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 0}},
            "Requested MaxReadRequestUnits for OnDemandThroughput for index : by-x is outside of valid range",
        ),
    ],
)
def test_what_cannot_be(dynamodb: Any, table: str, members: dict[str, Any], message: str) -> None:
    assert invalid(dynamodb.update_table, TableName=table, **creation("by-x", "x:S:HASH", **members)) == LEAD + message
    assert "GlobalSecondaryIndexes" not in describe(dynamodb)


def test_an_index_of_a_provisioned_table_has_throughput(dynamodb: Any) -> None:
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
    dynamodb.create_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        ProvisionedThroughput=units,
    )
    assert invalid(dynamodb.update_table, TableName="things", **creation("by-x", "x:S:HASH")) == (
        f"{LEAD}ProvisionedThroughput is not specified for index: by-x"
    )
    made = add(dynamodb, "by-x", "x:S:HASH", ProvisionedThroughput=units)
    assert made["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    update = {"Update": {"IndexName": "by-x", "ProvisionedThroughput": units | {"ReadCapacityUnits": 9}}}
    dynamodb.update_table(TableName="things", GlobalSecondaryIndexUpdates=[update])
    assert index(describe(dynamodb), "by-x")["ProvisionedThroughput"]["ReadCapacityUnits"] == 9


def test_at_most_twenty(dynamodb: Any, table: str) -> None:
    for number in range(20):
        add(dynamodb, f"by-{number}", "x:S:HASH")
    assert invalid(dynamodb.update_table, TableName=table, **creation("one-more", "x:S:HASH")) == (
        f"{LEAD}GlobalSecondaryIndex count exceeds the per-table limit of 20"
    )


def test_at_most_a_hundred_projected_attributes(dynamodb: Any) -> None:
    def names(start: int) -> list[str]:
        return [f"a{number}" for number in range(start, start + 20)]

    indexes = {f"by-{n}": {"hash": ["x:S"], "projection": names(n)} for n in range(0, 100, 20)}
    create_table(dynamodb, "things", "pk:S", "sk:S", indexes=indexes)
    more = {"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a0"]}}
    assert invalid(dynamodb.update_table, TableName="things", **creation("one-more", "x:S:HASH", **more)) == (
        f"{LEAD}Number of NonKeyAttributes over all indexes exceeds the per-table limit of 100"
    )


def test_one_at_a_time_in_a_request(dynamodb: Any, table: str) -> None:
    add(dynamodb, "by-x", "x:S:HASH")
    request = creation("by-y", "y:S:HASH")
    request["GlobalSecondaryIndexUpdates"] += deletion("by-x")["GlobalSecondaryIndexUpdates"]
    assert fault(dynamodb.update_table, TableName=table, **request) == ONE_AT_A_TIME


def test_a_name_that_exists(dynamodb: Any, table: str) -> None:
    add(dynamodb, "by-x", "x:S:HASH")
    assert invalid(dynamodb.update_table, TableName=table, **creation("by-x", "y:S:HASH")) == (
        "Attempting to create an index which already exists"
    )


@pytest.fixture(scope="module")
def slow() -> Iterator[RunningServer]:
    """A server whose transitions take 10 seconds of a clock that stands still."""
    running = start_server(transition_seconds=10.0)
    yield running
    running.close()


@pytest.fixture
def slow_dynamodb(slow: RunningServer) -> Iterator[Any]:
    client = new_account(slow.url).client()
    create_table(client, "things", "pk:S", "sk:S", indexes={"kept": {"hash": ["k:S"]}})
    slow.clock.advance(10)
    yield client
    client.close()


def test_while_an_index_is_being_allotted(slow: RunningServer, slow_dynamodb: Any) -> None:
    dynamodb = slow_dynamodb
    dynamodb.put_item(TableName="things", Item=key("old") | {"x": {"S": "1"}})
    dynamodb.update_table(TableName="things", **creation("by-x", "x:S:HASH"))
    table = describe(dynamodb)
    assert table["TableStatus"] == "UPDATING"
    assert (index(table, "by-x")["IndexStatus"], index(table, "by-x")["Backfilling"]) == ("CREATING", False)
    assert index(table, "kept")["IndexStatus"] == "ACTIVE"
    dynamodb.put_item(TableName="things", Item=key("new") | {"x": {"S": "1"}})
    assert index(describe(dynamodb), "by-x")["ItemCount"] == 0  # of either: not every router may know of it yet
    condition = {"KeyConditionExpression": "x = :x", "ExpressionAttributeValues": {":x": {"S": "1"}}}
    refusals = (
        invalid(dynamodb.scan, TableName="things", IndexName="by-x"),
        invalid(dynamodb.query, TableName="things", IndexName="by-x", **condition),
        invalid(dynamodb.execute_statement, Statement="""SELECT * FROM "things"."by-x" """),
    )
    assert set(refusals) == {"Cannot read from backfilling global secondary index: by-x"}
    assert dynamodb.scan(TableName="things", IndexName="kept")["Count"] == 0
    assert fault(dynamodb.update_table, TableName="things", **creation("by-y", "y:S:HASH")) == ONE_AT_A_TIME
    assert fault(dynamodb.update_table, TableName="things", **deletion("kept")) == ONE_AT_A_TIME
    assert fault(dynamodb.update_table, TableName="things", **deletion("by-x")) == IN_USE
    assert fault(dynamodb.update_table, TableName="things", TableClass="STANDARD") == IN_USE
    assert fault(dynamodb.delete_table, TableName="things") == IN_USE
    slow.clock.advance(10)
    wait_until_active(dynamodb)
    assert scanned(dynamodb, "by-x") == {"old", "new"}
    dynamodb.update_table(TableName="things", **deletion("by-x"))
    assert index(describe(dynamodb), "by-x")["IndexStatus"] == "DELETING"
    assert fault(dynamodb.update_table, TableName="things", **creation("by-y", "y:S:HASH")) == ONE_AT_A_TIME
    assert invalid(dynamodb.scan, TableName="things", IndexName="by-x") == (
        "The table does not have the specified index: by-x"
    )
    slow.clock.advance(10)
    assert [each["IndexName"] for each in describe(dynamodb)["GlobalSecondaryIndexes"]] == ["kept"]
    dynamodb.delete_table(TableName="things")
