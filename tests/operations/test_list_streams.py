"""ListStreams."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.shards import StreamHouse, stream_house


@pytest.fixture
def house() -> Iterator[StreamHouse]:
    with stream_house() as made:
        yield made


def test_streams_in_pages(house: StreamHouse) -> None:
    arns = [house.table(name) for name in ("aaa", "bbb", "ccc")]
    house.table("ddd", view=None)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = house.streams.list_streams(Limit=2, **after)
        seen += [stream["StreamArn"] for stream in page["Streams"]]
        if "LastEvaluatedStreamArn" not in page:
            break
        after = {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    assert seen == arns


def test_of_one_table_old_and_new(house: StreamHouse) -> None:
    first = house.table("aaa")
    house.table("aaa.b")
    house.disable("aaa")
    second = house.enable("aaa", "KEYS_ONLY")
    streams = house.streams.list_streams(TableName="aaa")["Streams"]
    assert streams == [
        {"StreamArn": arn, "StreamLabel": arn.rpartition("/")[2], "TableName": "aaa"} for arn in (first, second)
    ]
    page = house.streams.list_streams(TableName="aaa", ExclusiveStartStreamArn=first)
    assert [stream["StreamArn"] for stream in page["Streams"]] == [second]
    house.server.clock.advance(24 * 3600)
    assert [stream["StreamArn"] for stream in house.streams.list_streams(TableName="aaa")["Streams"]] == [second]


def test_an_unknown_table_has_none(house: StreamHouse) -> None:
    assert house.streams.list_streams(TableName="unknown")["Streams"] == []


@pytest.mark.parametrize(
    "request_", [{"Limit": 0}, {"Limit": 101}, {"TableName": "a"}, {"ExclusiveStartStreamArn": "x" * 40}]
)
def test_refusals(house: StreamHouse, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        house.streams.list_streams(**request_)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
