"""GetRecords: the shape of records, what makes one, pages, ends of shards, and time."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.shards import StreamHouse, keys, stream_house


@pytest.fixture
def house() -> Iterator[StreamHouse]:
    with stream_house() as made:
        yield made


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_the_shape_of_a_record(house: StreamHouse) -> None:
    arn = house.table()
    house.put("a", v="1")
    house.put("a", v="22")
    house.dynamodb.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    records = house.records(arn)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    modify = records[1]
    assert modify.keys() == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"}
    assert len(modify["eventID"]) == 32
    assert int(modify["eventID"], 16) >= 0
    assert (modify["eventVersion"], modify["eventSource"], modify["awsRegion"]) == ("1.1", "aws:dynamodb", "eu-west-1")
    change = modify["dynamodb"]
    created, number = change.pop("ApproximateCreationDateTime"), change.pop("SequenceNumber")
    assert created.timestamp() == int(house.server.clock())
    assert 21 <= len(number) <= 40
    assert change == {
        "Keys": {"pk": {"S": "a"}},
        "NewImage": {"pk": {"S": "a"}, "v": {"S": "22"}},
        "OldImage": {"pk": {"S": "a"}, "v": {"S": "1"}},
        "SizeBytes": 3 + 6 + 5,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    assert "OldImage" not in records[0]["dynamodb"]
    assert "NewImage" not in records[2]["dynamodb"]
    assert len({record["eventID"] for record in records}) == 3
    assert house.records(arn) == [
        records[0],
        modify
        | {"dynamodb": records[1]["dynamodb"] | {"ApproximateCreationDateTime": created, "SequenceNumber": number}},
        records[2],
    ], "the same at every reading"


@pytest.mark.parametrize(
    ("view", "images", "size"),
    [
        ("KEYS_ONLY", set(), 3),
        ("NEW_IMAGE", {"NewImage"}, 3 + 6),
        ("OLD_IMAGE", {"OldImage"}, 3 + 5),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}, 3 + 6 + 5),
    ],
)
def test_view_types(house: StreamHouse, view: str, images: set[str], size: int) -> None:
    arn = house.table(view=view)
    house.put("a", v="1")
    house.put("a", v="22")
    change = house.records(arn)[1]["dynamodb"]
    assert {name for name in change if name.endswith("Image")} == images
    assert change["SizeBytes"] == size
    assert change["StreamViewType"] == view


def test_a_creation_time_is_whole_seconds_on_the_wire(house: StreamHouse) -> None:
    house.server.clock.advance(0.75)
    arn = house.table()
    house.put("a")
    found: list[bytes] = []
    house.streams.meta.events.register(
        "before-parse.dynamodb-streams.GetRecords", lambda response_dict, **_: found.append(response_dict["body"])
    )
    house.records(arn)
    assert f'"ApproximateCreationDateTime":{int(house.server.clock())},'.encode() in b"".join(found)


def test_what_changes_nothing_makes_no_record(house: StreamHouse) -> None:
    arn = house.table()
    client: Any = house.dynamodb
    key = {"pk": {"S": "a"}}
    client.delete_item(TableName="things", Key=key)
    client.put_item(TableName="things", Item=key | {"n": {"N": "1.0"}, "s": {"SS": ["x", "y"]}})
    client.put_item(TableName="things", Item={"s": {"SS": ["y", "x"]}, "n": {"N": "1"}} | key)
    client.update_item(TableName="things", Key=key)
    client.update_item(
        TableName="things", Key=key, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "1"}}
    )
    client.update_item(TableName="things", Key=key, UpdateExpression="REMOVE nothing")
    with pytest.raises(ClientError):
        client.delete_item(TableName="things", Key=key, ConditionExpression="attribute_not_exists(pk)")
    assert [record["eventName"] for record in house.records(arn)] == ["INSERT"]


def test_every_way_to_write_leaves_its_record(house: StreamHouse) -> None:
    arn = house.table()
    client: Any = house.dynamodb
    client.update_item(
        TableName="things",
        Key={"pk": {"S": "updated"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    client.batch_write_item(
        RequestItems={"things": [{"PutRequest": {"Item": {"pk": {"S": pk}}}} for pk in ("batch1", "batch2")]}
    )
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "things", "Item": {"pk": {"S": "transacted"}}}},
            {"Delete": {"TableName": "things", "Key": {"pk": {"S": "batch1"}}}},
            {
                "ConditionCheck": {
                    "TableName": "things",
                    "Key": {"pk": {"S": "updated"}},
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
        ]
    )
    client.execute_statement(Statement="INSERT INTO things VALUE {'pk': 'stated'}")
    client.execute_statement(Statement="DELETE FROM things WHERE pk = 'stated'")
    seen = sorted((record["dynamodb"]["Keys"]["pk"]["S"], record["eventName"]) for record in house.records(arn))
    assert seen == [
        ("batch1", "INSERT"),
        ("batch1", "REMOVE"),
        ("batch2", "INSERT"),
        ("stated", "INSERT"),
        ("stated", "REMOVE"),
        ("transacted", "INSERT"),
        ("updated", "INSERT"),
    ]


def test_a_cancelled_transaction_leaves_none(house: StreamHouse) -> None:
    arn = house.table()
    with pytest.raises(ClientError):
        house.dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "things", "Item": {"pk": {"S": "a"}}}},
                {
                    "Delete": {
                        "TableName": "things",
                        "Key": {"pk": {"S": "b"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )
    assert house.records(arn) == []


def test_records_are_there_when_the_write_is_acknowledged(house: StreamHouse) -> None:
    arn = house.table()
    iterators = [house.iterator(arn, shard, "LATEST") for shard in house.shards(arn)]
    house.put("a")
    began = time.monotonic()
    assert sum(len(house.streams.get_records(ShardIterator=each)["Records"]) for each in iterators) == 1
    assert time.monotonic() - began < 60.0


def test_limit_and_the_iterator_that_goes_on(house: StreamHouse) -> None:
    arn = house.table()
    for number in range(7):
        house.put("a", v=str(number))
    shard = next(each for each in house.shards(arn) if house.drain(house.iterator(arn, each)))
    iterator: str | None = house.iterator(arn, shard)
    sizes, versions = [], []
    for _ in range(5):
        page = house.streams.get_records(ShardIterator=iterator, Limit=2)
        sizes.append(len(page["Records"]))
        versions += [record["dynamodb"]["NewImage"]["v"]["S"] for record in page["Records"]]
        iterator = page["NextShardIterator"]
    assert sizes == [2, 2, 2, 1, 0]
    assert versions == [str(number) for number in range(7)]


def test_a_page_ends_at_a_megabyte(house: StreamHouse) -> None:
    arn = house.table(view="NEW_IMAGE")
    for number in range(5):
        house.put("a", v=str(number) * 300_000)
    shard = next(each for each in house.shards(arn) if house.drain(house.iterator(arn, each)))
    page = house.streams.get_records(ShardIterator=house.iterator(arn, shard))
    assert len(page["Records"]) == 3
    assert len(house.drain(house.iterator(arn, shard))) == 5


def test_shards_roll_and_their_readers_go_on_with_the_children(house: StreamHouse) -> None:
    arn = house.table()
    house.put("a", v="1")
    open_before = {shard["ShardId"]: house.iterator(arn, shard) for shard in house.shards(arn)}
    house.roll(arn)
    house.put("a", v="2")
    seen = []
    for shard_id, iterator in open_before.items():
        page = house.streams.get_records(ShardIterator=iterator)
        seen += page["Records"]
        assert "NextShardIterator" not in page, "a closed shard that was read to its end"
        children = house.shards(arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": shard_id})
        assert [child["ParentShardId"] for child in children] == [shard_id]
        seen += house.drain(house.iterator(arn, children[0]))
    assert [record["dynamodb"]["NewImage"]["v"]["S"] for record in seen] == ["1", "2"]


def test_a_disabled_stream_is_readable_for_a_day(house: StreamHouse) -> None:
    arn = house.table()
    house.put("a")
    house.disable("things")
    house.put("b")
    assert keys(house.records(arn)) == ["a"]
    house.server.clock.advance(24 * 3600 - 1)
    iterator = house.iterator(arn, house.shards(arn)[0])
    house.server.clock.advance(1)
    with pytest.raises(ClientError) as refused:
        house.streams.get_records(ShardIterator=iterator)
    assert code(refused) == "ResourceNotFoundException"


def test_an_iterator_expires(house: StreamHouse) -> None:
    arn = house.table()
    iterator = house.iterator(arn, house.shards(arn)[0])
    house.server.clock.advance(15 * 60)
    following = house.streams.get_records(ShardIterator=iterator)["NextShardIterator"]
    house.server.clock.advance(1)
    with pytest.raises(ClientError) as refused:
        house.streams.get_records(ShardIterator=iterator)
    assert code(refused) == "ExpiredIteratorException"
    assert house.streams.get_records(ShardIterator=following)["Records"] == []


def test_what_was_trimmed_under_an_iterator_is_told(house: StreamHouse) -> None:
    arn = house.table()
    house.put("a", v="0")
    shard = next(each for each in house.shards(arn) if house.drain(house.iterator(arn, each)))
    house.server.clock.advance(24 * 3600)
    house.put("a", v="1")
    iterator = house.iterator(arn, shard)
    house.server.clock.advance(1)

    def trimmed() -> bool:
        try:
            return len(house.drain(house.iterator(arn, shard))) == 1
        except ClientError as error:  # the records went between the iterator and its use
            if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                raise
            return False

    house.run("trim", trimmed)
    with pytest.raises(ClientError) as refused:
        house.streams.get_records(ShardIterator=iterator)
    assert code(refused) == "TrimmedDataAccessException"


@pytest.mark.parametrize("request_", [{"Limit": 0}, {"Limit": 1001}, {"ShardIterator": ""}, {"ShardIterator": "no"}])
def test_refusals(house: StreamHouse, request_: dict[str, Any]) -> None:
    arn = house.table()
    whole = {"ShardIterator": house.iterator(arn, house.shards(arn)[0])} | request_
    with pytest.raises(ClientError) as refused:
        house.streams.get_records(**whole)
    assert code(refused) == "ValidationException"
