"""From items to a real Kinesis over HTTP."""

from typing import Any

import pytest

from tests.crash.counting import skips
from tests.kinesis import Kinesis, wait_for_status
from tests.operations.conftest import create_table
from tests.operations.faults import invalid
from tests.running import RunningServer, wait_until

STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "
NOT_OVER = f"{STATE}EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
NOT_ACTIVE = f"{STATE}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
MISSING = "arn:aws:kinesis:eu-west-1:123456789012:stream/missing-stream"


@pytest.fixture
def table(dynamodb: Any) -> str:
    return create_table(dynamodb, "things", "pk:S", "sk:S")


def destinations(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    answer = dynamodb.describe_kinesis_streaming_destination(TableName=table)
    assert answer["TableName"] == table
    found: list[dict[str, Any]] = answer["KinesisDataStreamDestinations"]
    return found


def body(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def enable(dynamodb: Any, table: str, stream: str, **more: Any) -> None:
    dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream, **more)
    wait_for_status(dynamodb, table, "ACTIVE")


def test_a_change_arrives_as_the_service_writes_it(
    dynamodb: Any, table: str, stream: str, kinesis: Kinesis, server: RunningServer
) -> None:
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    dynamodb.put_item(TableName=table, Item=key | {"before": {"N": "1"}})
    assert destinations(dynamodb, table) == []
    answer = dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    assert body(answer) == {
        "TableName": table,
        "StreamArn": stream,
        "DestinationStatus": "ENABLING",
        "EnableKinesisStreamingConfiguration": {},
    }
    dynamodb.put_item(TableName=table, Item=key | {"v": {"N": "2"}})  # whatever the status: it is delivered
    assert wait_for_status(dynamodb, table, "ACTIVE") == {"StreamArn": stream, "DestinationStatus": "ACTIVE"}
    dynamodb.delete_item(TableName=table, Key=key)
    dynamodb.put_item(TableName=table, Item=key)
    wait_until(lambda: len(kinesis.records(stream)) == 3)
    modified, removed, inserted = kinesis.records(stream)
    assert modified == {
        "awsRegion": "eu-west-1",
        "eventID": modified["eventID"],
        "eventName": "MODIFY",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": table,
        "dynamodb": {
            "ApproximateCreationDateTime": int(server.clock() * 1000),
            "ApproximateCreationDateTimePrecision": "MILLISECOND",
            "Keys": key,
            "NewImage": key | {"v": {"N": "2"}},
            "OldImage": key | {"before": {"N": "1"}},
            "SizeBytes": 6 + (6 + 3) + (6 + 8),
        },
        "eventSource": "aws:dynamodb",
    }
    assert len({each["eventID"] for each in (modified, removed, inserted)}) == 3
    assert (removed["eventName"], removed["dynamodb"]["OldImage"]) == ("REMOVE", key | {"v": {"N": "2"}})
    assert "NewImage" not in removed["dynamodb"]
    assert (inserted["eventName"], inserted["dynamodb"]["NewImage"]) == ("INSERT", key)
    assert "OldImage" not in inserted["dynamodb"]


def test_many_changes_arrive_in_order_for_each_item(dynamodb: Any, table: str, stream: str, kinesis: Kinesis) -> None:
    enable(dynamodb, table, stream)
    for value in range(8):
        for start in range(0, 100, 25):
            puts = [
                {"PutRequest": {"Item": {"pk": {"S": f"{n}"}, "sk": {"S": "s"}, "v": {"N": str(value)}}}}
                for n in range(start, start + 25)
            ]
            dynamodb.batch_write_item(RequestItems={table: puts})

    def arrived() -> dict[str, list[int]]:
        """By item; a busy machine may have something sent again, from some change on."""
        seen: dict[str, list[int]] = {}
        for record in kinesis.records(stream):
            image = record["dynamodb"]["NewImage"]
            seen.setdefault(image["pk"]["S"], []).append(int(image["v"]["N"]))
        return seen

    wait_until(lambda: sum(len(set(values)) for values in arrived().values()) == 800)
    seen = arrived()
    assert {name: skips(values) for name, values in seen.items()} == {f"{n}": [] for n in range(100)}
    assert {name: set(values) for name, values in seen.items()} == {f"{n}": set(range(8)) for n in range(100)}


def test_an_item_of_full_size_arrives(dynamodb: Any, table: str, stream: str, kinesis: Kinesis) -> None:
    enable(dynamodb, table, stream)
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "v": {"S": "x" * (400 * 1024 - 100)}}
    dynamodb.put_item(TableName=table, Item=item)
    wait_until(lambda: len(kinesis.records(stream)) == 1)
    assert kinesis.records(stream)[0]["dynamodb"]["NewImage"] == item


def test_a_stream_that_is_not_there_fails_and_may_be_tried_again(dynamodb: Any, table: str, stream: str) -> None:
    for _ in range(2):
        dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=MISSING)
        failed = wait_for_status(dynamodb, table, "ENABLE_FAILED")
        assert failed["DestinationStatusDescription"] == "User does not have a permission to use kinesis stream"
    enable(dynamodb, table, stream)
    assert [(each["StreamArn"], each["DestinationStatus"]) for each in destinations(dynamodb, table)] == [
        (stream, "ACTIVE"),
        (MISSING, "ENABLE_FAILED"),
    ]


def test_disabled_is_silent_and_what_came_before_arrives(
    dynamodb: Any, table: str, stream: str, kinesis: Kinesis, server: RunningServer
) -> None:
    enable(dynamodb, table, stream)
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    dynamodb.put_item(TableName=table, Item=item | {"v": {"N": "1"}})
    answer = dynamodb.disable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    assert body(answer) == {"TableName": table, "StreamArn": stream, "DestinationStatus": "DISABLING"}
    wait_for_status(dynamodb, table, "DISABLED")
    assert [record["dynamodb"]["NewImage"]["v"] for record in kinesis.records(stream)] == [{"N": "1"}]
    dynamodb.put_item(TableName=table, Item=item | {"v": {"N": "2"}})
    server.clock.advance(1)
    enable(dynamodb, table, stream)
    dynamodb.put_item(TableName=table, Item=item | {"v": {"N": "3"}})
    wait_until(lambda: len(kinesis.records(stream)) == 2)
    last = kinesis.records(stream)[1]
    assert (last["dynamodb"]["OldImage"]["v"], last["dynamodb"]["NewImage"]["v"]) == ({"N": "2"}, {"N": "3"})


def test_only_one_is_live(dynamodb: Any, table: str, stream: str) -> None:
    assert invalid(dynamodb.disable_kinesis_streaming_destination, TableName=table, StreamArn=stream) == NOT_ACTIVE
    enable(dynamodb, table, stream)
    for other in (stream, MISSING):
        assert invalid(dynamodb.enable_kinesis_streaming_destination, TableName=table, StreamArn=other) == NOT_OVER
    assert invalid(dynamodb.disable_kinesis_streaming_destination, TableName=table, StreamArn=MISSING) == NOT_ACTIVE
    assert [each["StreamArn"] for each in destinations(dynamodb, table)] == [stream]


def test_microseconds(dynamodb: Any, table: str, stream: str, kinesis: Kinesis, server: RunningServer) -> None:
    enable(dynamodb, table, stream)

    def update(**request: Any) -> Any:
        return dynamodb.update_kinesis_streaming_destination(TableName=table, **request)

    micro = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    answer = update(StreamArn=stream, UpdateKinesisStreamingConfiguration=micro)
    assert body(answer) == {
        "TableName": table,
        "StreamArn": stream,
        "DestinationStatus": "UPDATING",
        "UpdateKinesisStreamingConfiguration": micro,
    }
    assert wait_for_status(dynamodb, table, "ACTIVE") == {"StreamArn": stream, "DestinationStatus": "ACTIVE"} | micro
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    wait_until(lambda: len(kinesis.records(stream)) == 1)
    told = kinesis.records(stream)[0]["dynamodb"]
    assert told["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    assert told["ApproximateCreationDateTime"] == int(server.clock() * 1_000_000)


def test_a_table_that_is_deleted_takes_its_destination_along(
    dynamodb: Any, table: str, stream: str, kinesis: Kinesis
) -> None:
    enable(dynamodb, table, stream)
    dynamodb.delete_table(TableName=table)
    create_table(dynamodb, table, "pk:S", "sk:S")
    assert destinations(dynamodb, table) == []
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    enable(dynamodb, table, stream)
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "c"}, "sk": {"S": "b"}})
    wait_until(lambda: bool(kinesis.records(stream)))
    assert [record["dynamodb"]["Keys"]["pk"] for record in kinesis.records(stream)] == [{"S": "c"}]
