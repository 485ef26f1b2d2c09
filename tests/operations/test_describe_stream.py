"""DescribeStream: the description, the lineage of shards, and its pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.shards import StreamHouse, stream_house


@pytest.fixture
def house() -> Iterator[StreamHouse]:
    with stream_house() as made:
        yield made


def test_the_description(house: StreamHouse) -> None:
    arn = house.table(view="KEYS_ONLY")
    described = house.streams.describe_stream(StreamArn=arn)["StreamDescription"]
    shards = described.pop("Shards")
    assert described.pop("CreationRequestDateTime").timestamp() == house.server.clock()
    label = arn.rpartition("/")[2]
    assert described == {
        "StreamArn": arn,
        "StreamLabel": label,
        "StreamStatus": "ENABLED",
        "StreamViewType": "KEYS_ONLY",
        "TableName": "things",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    assert len(shards) == 4
    for shard in shards:
        assert shard.keys() == {"ShardId", "SequenceNumberRange"}
        assert 28 <= len(shard["ShardId"]) <= 65
        assert shard["SequenceNumberRange"].keys() == {"StartingSequenceNumber"}


def test_a_table_made_with_a_stream_has_it_at_once(house: StreamHouse) -> None:
    answer = house.dynamodb.create_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    )
    arn = answer["TableDescription"]["LatestStreamArn"]
    described = house.streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert described["StreamStatus"] == "ENABLED"
    assert [key["KeyType"] for key in described["KeySchema"]] == ["HASH", "RANGE"]


def test_the_lineage_of_shards_in_pages(house: StreamHouse) -> None:
    arn = house.table()
    for _ in range(3):
        house.roll(arn)
    shards = house.shards(arn)
    assert len(shards) == 16
    by_id = {shard["ShardId"]: shard for shard in shards}
    assert list(by_id) == sorted(by_id)
    for shard in shards[4:]:
        parent = by_id[shard["ParentShardId"]]["SequenceNumberRange"]
        assert int(parent["EndingSequenceNumber"]) < int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
        assert int(parent["StartingSequenceNumber"]) <= int(parent["EndingSequenceNumber"])
    assert all("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards[12:])
    assert len({shard.get("ParentShardId") for shard in shards}) == 13, "each has one child at most"
    seen: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        described = house.streams.describe_stream(StreamArn=arn, Limit=5, **after)["StreamDescription"]
        seen += described["Shards"]
        if "LastEvaluatedShardId" not in described:
            break
        assert described["LastEvaluatedShardId"] == seen[-1]["ShardId"]
        after = {"ExclusiveStartShardId": seen[-1]["ShardId"]}
    assert seen == shards


def test_a_disabled_stream(house: StreamHouse) -> None:
    arn = house.table()
    house.disable("things")
    described = house.streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert all("EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in described["Shards"])
    again = house.enable("things", "KEYS_ONLY")
    assert again != arn
    assert house.streams.describe_stream(StreamArn=again)["StreamDescription"]["StreamStatus"] == "ENABLED"
    assert house.streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    house.server.clock.advance(24 * 3600)
    with pytest.raises(ClientError) as refused:
        house.streams.describe_stream(StreamArn=arn)
    assert refused.value.response["Error"]["Message"] == f"Requested resource not found: Stream: {arn} not found"


def test_statuses_take_their_time() -> None:
    with stream_house(transition_seconds=5.0) as house:
        house.dynamodb.create_table(
            TableName="things",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )
        (stream,) = house.streams.list_streams()["Streams"]

        def status() -> str:
            return str(
                house.streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["StreamStatus"]
            )

        assert status() == "ENABLING"
        house.server.clock.advance(5)
        assert status() == "ENABLED"
        house.disable("things")
        assert status() == "DISABLING"
        house.server.clock.advance(5)
        assert status() == "DISABLED"


@pytest.mark.parametrize("limit", [0, 101])
def test_limits_out_of_range(house: StreamHouse, limit: int) -> None:
    arn = house.table()
    with pytest.raises(ClientError) as refused:
        house.streams.describe_stream(StreamArn=arn, Limit=limit)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_stream_of_somebody_else(house: StreamHouse) -> None:
    arn = house.table()
    other = StreamHouse(house.server)
    with pytest.raises(ClientError) as refused:
        other.streams.describe_stream(StreamArn=arn)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    other.close()
