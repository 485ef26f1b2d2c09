"""GetShardIterator: the five ways to begin, and what is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.shards import StreamHouse, stream_house


@pytest.fixture(scope="module")
def server() -> Iterator[StreamHouse]:
    with stream_house() as made:
        yield made


@pytest.fixture
def house(server: StreamHouse) -> Iterator[StreamHouse]:
    made = StreamHouse(server.server)
    yield made
    made.close()


def versions(records: list[dict[str, Any]]) -> str:
    return "".join(record["dynamodb"]["NewImage"]["v"]["S"] for record in records)


def begin(house: StreamHouse) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """A stream with the versions 0 to 4 of one item, a second apart: its ARN, their shard and their records."""
    arn = house.table()
    for number in range(5):
        house.server.clock.advance(1)
        house.put("a", v=str(number))
    shard = next(each for each in house.shards(arn) if house.drain(house.iterator(arn, each)))
    return arn, shard, house.drain(house.iterator(arn, shard))


def test_ways_to_begin(house: StreamHouse) -> None:
    arn, shard, records = begin(house)
    number = records[2]["dynamodb"]["SequenceNumber"]
    third = records[2]["dynamodb"]["ApproximateCreationDateTime"]

    def read(kind: str, **more: Any) -> str:
        return versions(house.drain(house.iterator(arn, shard, kind, **more)))

    assert read("TRIM_HORIZON") == "01234"
    assert read("LATEST") == ""
    assert read("AT_SEQUENCE_NUMBER", SequenceNumber=number) == "234"
    assert read("AFTER_SEQUENCE_NUMBER", SequenceNumber=number) == "34"
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    assert read("AT_SEQUENCE_NUMBER", SequenceNumber=start) == "01234"
    assert read("AFTER_SEQUENCE_NUMBER", SequenceNumber=start) == "01234"
    assert read("AT_TIMESTAMP", Timestamp=third) == "234"
    assert read("AT_TIMESTAMP", Timestamp=datetime.fromtimestamp(0, UTC)) == "01234"
    assert read("AT_TIMESTAMP", Timestamp=datetime.fromtimestamp(house.server.clock() + 60, UTC)) == ""
    latest = house.iterator(arn, shard, "LATEST")
    house.put("a", v="5")
    assert versions(house.drain(latest)) == "5"


def test_a_closed_shard_keeps_to_itself(house: StreamHouse) -> None:
    arn, shard, records = begin(house)
    house.roll(arn)
    house.put("a", v="6")
    closed = next(each for each in house.shards(arn) if each["ShardId"] == shard["ShardId"])
    last = records[-1]["dynamodb"]["SequenceNumber"]
    assert closed["SequenceNumberRange"]["EndingSequenceNumber"] == last
    for kind, more, seen in (
        ("TRIM_HORIZON", {}, "01234"),
        ("LATEST", {}, ""),
        ("AFTER_SEQUENCE_NUMBER", {"SequenceNumber": last}, ""),
        ("AT_TIMESTAMP", {"Timestamp": datetime.fromtimestamp(house.server.clock() + 60, UTC)}, ""),
    ):
        iterator = house.iterator(arn, closed, kind, **more)
        page = house.streams.get_records(ShardIterator=iterator)
        assert versions(page["Records"]) == seen
        assert "NextShardIterator" not in page
    child = house.shards(arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": shard["ShardId"]})[0]
    assert versions(house.drain(house.iterator(arn, child))) == "6"
    assert (
        versions(house.drain(house.iterator(arn, child, "AT_TIMESTAMP", Timestamp=datetime.fromtimestamp(0, UTC))))
        == "6"
    )
    with pytest.raises(ClientError) as refused:
        house.iterator(arn, child, "AT_SEQUENCE_NUMBER", SequenceNumber=last)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_trimmed_sequence_number_is_told(house: StreamHouse) -> None:
    arn, shard, records = begin(house)
    house.server.clock.advance(24 * 3600 + 1)
    house.put("a", v="5")

    def trimmed() -> bool:
        try:
            return versions(house.drain(house.iterator(arn, shard))) == "5"
        except ClientError as error:  # the records went between the iterator and its use
            if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                raise
            return False

    house.run("trim", trimmed)
    with pytest.raises(ClientError) as refused:
        house.iterator(arn, shard, "AT_SEQUENCE_NUMBER", SequenceNumber=records[1]["dynamodb"]["SequenceNumber"])
    assert refused.value.response["Error"]["Code"] == "TrimmedDataAccessException"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, "ValidationException"),
        ({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}, "ValidationException"),
        ({"ShardIteratorType": "AT_TIMESTAMP"}, "ValidationException"),
        ({"ShardIteratorType": "SOMEWHERE"}, "ValidationException"),
        ({"SequenceNumber": "1" * 25}, "ValidationException"),
        ({"ShardIteratorType": "LATEST", "SequenceNumber": "1" * 25}, "ValidationException"),
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "9" * 25}, "ValidationException"),
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "1"}, "ValidationException"),
        ({"ShardId": "shardId-00000000000000000000-00000000"}, "ResourceNotFoundException"),
        ({"ShardId": "short"}, "ValidationException"),
        ({"StreamArn": "arn:aws:dynamodb:eu-west-1:{account}:table/things/stream/none"}, "ValidationException"),
        (
            {"StreamArn": "arn:aws:dynamodb:eu-west-1:{account}:table/things/stream/2020-01-01T00:00:00.000"},
            "ResourceNotFoundException",
        ),
        ({"StreamArn": "x" * 37}, "ValidationException"),
    ],
)
def test_refusals(house: StreamHouse, change: dict[str, str], expected: str) -> None:
    arn = house.table()
    whole = {"StreamArn": arn, "ShardId": house.shards(arn)[0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    whole |= {name: text.replace("{account}", arn.split(":")[4]) for name, text in change.items()}
    with pytest.raises(ClientError) as refused:
        house.streams.get_shard_iterator(**whole)
    assert refused.value.response["Error"]["Code"] == expected
