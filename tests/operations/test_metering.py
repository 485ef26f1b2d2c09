"""From requests over HTTP to points of metrics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stator.metrics.series import OWN_NAMESPACE, Point, Series, series
from tests.operations.conftest import create_table
from tests.running import Account, new_account, start_server, wait_until


class House:
    """A server of its own; its clock stands still unless it is turned."""

    def __init__(self, data_dir: Path) -> None:
        self.running = start_server(data_dir)
        self.account = new_account(self.running.url)
        self.client = self.account.client()

    def settle(self) -> None:
        """Drain what was counted."""
        self.running._run(self.running.server.background.metering.run_once())

    def points(self, name: str, namespace: str = "AWS/DynamoDB", **dimensions: str) -> list[Point]:
        which = series(name, namespace, **dimensions)
        now = self.running.clock.now
        points = self.running.server.background.metering.series
        found: list[Point] = self.running._run(
            points.read(self.account.number, "eu-west-1", which, now - 3600, now + 60, period=60)
        )
        return found

    def sum(self, name: str, namespace: str = "AWS/DynamoDB", **dimensions: str) -> float:
        return sum(point.sum for point in self.points(name, namespace, **dimensions))

    def names(self) -> list[Series]:
        points = self.running.server.background.metering.series
        found: list[Series] = self.running._run(points.names(self.account.number, "eu-west-1", "AWS/DynamoDB"))
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.running.close()


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def test_each_operation_is_told_of_by_table(house: House) -> None:
    client = house.client
    create_table(client, "songs", "pk:S")
    create_table(client, "films", "pk:S")
    arn = client.describe_table(TableName="songs")["Table"]["TableArn"]
    key = {"pk": {"S": "a"}}
    client.put_item(TableName="songs", Item=key)
    client.get_item(TableName=arn, Key=key)
    client.update_item(TableName="songs", Key=key)
    client.query(TableName="songs", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "a"}})
    client.scan(TableName="songs")
    client.batch_get_item(RequestItems={"songs": {"Keys": [key]}, "films": {"Keys": [key]}})
    client.batch_write_item(RequestItems={"songs": [{"PutRequest": {"Item": key}}]})
    client.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": key}} for name in ("songs", "films")])
    client.transact_write_items(TransactItems=[{"Put": {"TableName": "films", "Item": key}}])
    client.execute_statement(Statement="SELECT * FROM songs WHERE pk = 'a'")
    client.batch_execute_statement(Statements=[{"Statement": "SELECT * FROM songs WHERE pk = 'a'"}])
    client.execute_transaction(TransactStatements=[{"Statement": "SELECT * FROM films WHERE pk = 'a'"}])
    client.delete_item(TableName="songs", Key=key)
    house.settle()
    operations = {
        table: {
            dict(which.dimensions)["Operation"]
            for which in house.names()
            if which.name == "SuccessfulRequestLatency" and which.table == table
        }
        for table in ("songs", "films")
    }
    both = {"BatchGetItem", "TransactGetItems"}
    assert operations["films"] == both | {"TransactWriteItems", "ExecuteTransaction"}
    assert operations["songs"] == both | {
        "PutItem",
        "GetItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchWriteItem",
        "ExecuteStatement",
        "BatchExecuteStatement",
    }
    for operation in ("Query", "Scan", "ExecuteStatement"):
        assert house.sum("ReturnedItemCount", TableName="songs", Operation=operation) == 1
    (point,) = house.points("SuccessfulRequestLatency", TableName="songs", Operation="GetItem")
    assert (point.count, sum((point.histogram or {}).values())) == (1, 1)


def test_refusals_are_told_of(house: House) -> None:
    client = house.client
    create_table(client, "doors", "pk:S")
    create_table(client, "locks", "pk:S")
    before = house.sum("UserErrors")
    there = "attribute_exists(pk)"
    key = {"pk": {"S": "a"}}
    assert refused(client.put_item, TableName="doors", Item=key, ConditionExpression=there) == (
        "ConditionalCheckFailedException"
    )
    check = {"Key": key, "ConditionExpression": there}
    actions = [{"ConditionCheck": {"TableName": name, **check}} for name in ("doors", "locks")]
    actions.append({"Put": {"TableName": "locks", "Item": {"pk": {"S": "b"}}}})
    assert refused(client.transact_write_items, TransactItems=actions) == "TransactionCanceledException"
    client.put_item(TableName="doors", Item={"pk": {"S": "b"}})
    statement = "DELETE FROM doors WHERE pk = 'b' AND x = 1"
    answer = client.batch_execute_statement(Statements=[{"Statement": statement}])
    assert answer["Responses"][0]["Error"]["Code"] == "ConditionalCheckFailed"
    assert refused(client.get_item, TableName="doors", Key={"other": {"S": "a"}}) == "ValidationException"
    assert refused(client.get_item, TableName="doors") == "ValidationException"  # before it is known which table
    assert refused(client.get_item, TableName="none", Key=key) == "ResourceNotFoundException"
    house.settle()
    assert house.sum("ConditionalCheckFailedRequests", TableName="doors") == 3
    assert house.sum("ConditionalCheckFailedRequests", TableName="locks") == 1
    assert house.sum("UserErrors") - before == 4
    assert all(which.table != "none" for which in house.names())


def test_transactions_that_lack_capacity_are_told_of(house: House) -> None:
    client = house.client
    create_table(client, "wide", "pk:S")
    client.create_table(
        TableName="narrow",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    house.settle()
    before = house.sum("UserErrors")
    item = {"pk": {"S": "a"}}
    actions = [{"Put": {"TableName": name, "Item": item}} for name in ("wide", "narrow")]
    refusals = 0
    for _ in range(200):  # two units each, of a burst of 300
        try:
            client.transact_write_items(TransactItems=actions)
        except client.exceptions.TransactionCanceledException:
            refusals += 1
    house.settle()
    assert refusals > 0
    assert house.sum("ThrottledRequests", TableName="narrow", Operation="TransactWriteItems") == refusals
    assert house.sum("ThrottledRequests", TableName="wide", Operation="TransactWriteItems") == 0
    assert house.sum("UserErrors") == before


def test_stream_records_are_told_of(house: House) -> None:
    client = house.client
    client.create_table(
        TableName="news",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    client.put_item(TableName="news", Item={"pk": {"S": "a"}})
    streams = house.account.client("dynamodbstreams")
    arn = client.describe_table(TableName="news")["Table"]["LatestStreamArn"]
    records = 0
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += len(streams.get_records(ShardIterator=iterator)["Records"])
    house.settle()
    label = {"TableName": "news", "Operation": "GetRecords", "StreamLabel": arn.rpartition("/")[2]}
    assert records == 1
    assert house.sum("ReturnedRecordsCount", **label) == 1
    assert house.sum("ReturnedBytes", **label) == 3
    assert len(house.points("SuccessfulRequestLatency", **label)) == 1


def test_the_node_is_told_of(house: House) -> None:
    house.client.list_tables()
    house.settle()
    assert house.sum("Requests", OWN_NAMESPACE, Instance="stator", Operation="ListTables") >= 1
    assert house.points("Connections", OWN_NAMESPACE, Instance="stator")
    house.running._run(house.running.server.background.metering.gauge_once())  # of PostgreSQL's nodes, if it is that
    assert house.sum("StorageBytes", OWN_NAMESPACE, Instance="stator") > 0
    assert house.sum("StorageBytes", OWN_NAMESPACE, Shard="0") > 0


def test_points_are_there_after_a_restart(tmp_path: Path) -> None:
    first = House(tmp_path)
    create_table(first.client, "songs", "pk:S")
    for _ in range(3):
        first.client.get_item(TableName="songs", Key={"pk": {"S": "a"}})
    now = first.running.clock.now
    first.running.close()
    second = House(tmp_path)
    try:
        second.account = Account(second.running.url, first.account.number)
        second.running.clock.now = now + 600
        (point,) = second.points("SuccessfulRequestLatency", TableName="songs", Operation="GetItem")
        assert point.count == 3
        assert series("SuccessfulRequestLatency", TableName="songs", Operation="GetItem") in second.names()
    finally:
        second.running.close()


def test_expired_items_are_told_of(house: House) -> None:
    client = house.client
    create_table(client, "milk", "pk:S")
    client.update_time_to_live(TableName="milk", TimeToLiveSpecification={"Enabled": True, "AttributeName": "till"})
    client.put_item(TableName="milk", Item={"pk": {"S": "a"}, "till": {"N": str(int(house.running.clock.now) - 10)}})
    wait_until(lambda: "Item" not in client.get_item(TableName="milk", Key={"pk": {"S": "a"}}))

    def told() -> bool:
        house.settle()
        return house.sum("TimeToLiveDeletedItemCount", TableName="milk") == 1

    wait_until(told)
