from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import invalid


@pytest.fixture
def hundred(dynamodb: Any, table: str) -> str:
    for start in range(0, 100, 25):
        puts = [
            {
                "PutRequest": {
                    "Item": {"pk": {"S": f"p{number % 30}"}, "sk": {"S": f"{number:03}"}, "n": {"N": str(number)}}
                }
            }
            for number in range(start, start + 25)
        ]
        dynamodb.batch_write_item(RequestItems={table: puts})
    return table


def pages(dynamodb: Any, **request: Any) -> list[str]:
    seen: list[str] = []
    while True:
        page = dynamodb.scan(**request)
        seen += [item["n"]["N"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return seen
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_pages_cover_everything_once(dynamodb: Any, hundred: str, limit: int) -> None:
    assert sorted(map(int, pages(dynamodb, TableName=hundred, Limit=limit))) == list(range(100))


@pytest.mark.parametrize("segments", [1, 2, 7, 1_000])
def test_segments_cover_everything_once(dynamodb: Any, hundred: str, segments: int) -> None:
    step = max(1, segments // 100)
    found = []
    if segments <= 7:
        for segment in range(segments):
            found += pages(dynamodb, TableName=hundred, Segment=segment, TotalSegments=segments, Limit=9)
        assert sorted(map(int, found)) == list(range(100))
    else:
        for segment in range(0, segments, step):
            found += pages(dynamodb, TableName=hundred, Segment=segment, TotalSegments=segments)
        assert len(found) == len(set(found)) < 100


def test_items_of_one_partition_come_together_in_order(dynamodb: Any, hundred: str) -> None:
    items = dynamodb.scan(TableName=hundred)["Items"]
    order = list(dict.fromkeys(item["pk"]["S"] for item in items))
    by_partition = sorted(items, key=lambda item: (order.index(item["pk"]["S"]), item["sk"]["S"]))
    assert items == by_partition


def test_filter_and_projection(dynamodb: Any, hundred: str) -> None:
    answer = dynamodb.scan(
        TableName=hundred,
        FilterExpression="n BETWEEN :a AND :b AND begins_with(sk, :s)",
        ProjectionExpression="n",
        ExpressionAttributeValues={":a": {"N": "5"}, ":b": {"N": "12"}, ":s": {"S": "01"}},
    )
    assert sorted(item["n"]["N"] for item in answer["Items"]) == ["10", "11", "12"]
    assert (answer["Count"], answer["ScannedCount"]) == (3, 100)


def test_index_scan_pages_with_both_keys(dynamodb: Any) -> None:
    table = create_table(dynamodb, "indexed", "pk:S", indexes={"by_n": {"hash": ["n:N"], "projection": "KEYS_ONLY"}})
    for number in range(9):
        item = {"pk": {"S": str(number)}} | ({"n": {"N": str(number % 2)}} if number < 6 else {})
        dynamodb.put_item(TableName=table, Item=item)
    first = dynamodb.scan(TableName=table, IndexName="by_n", Limit=4)
    assert set(first["LastEvaluatedKey"]) == {"pk", "n"}
    rest = dynamodb.scan(TableName=table, IndexName="by_n", ExclusiveStartKey=first["LastEvaluatedKey"])
    assert {item["pk"]["S"] for item in first["Items"] + rest["Items"]} == set("012345")
    assert (first["Count"], rest["Count"]) == (4, 2)


def test_legacy_filter(dynamodb: Any, hundred: str) -> None:
    answer = dynamodb.scan(
        TableName=hundred,
        ScanFilter={
            "n": {"AttributeValueList": [{"N": "98"}], "ComparisonOperator": "GE"},
            "sk": {"AttributeValueList": [{"S": "000"}], "ComparisonOperator": "EQ"},
        },
        ConditionalOperator="OR",
    )
    assert sorted(item["n"]["N"] for item in answer["Items"]) == ["0", "98", "99"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"Segment": 1},
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        ),
        (
            {"TotalSegments": 1},
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            {"Segment": 5, "TotalSegments": 5},
            (
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less "
                "than TotalSegments: 5"
            ),
        ),
        (
            {"Select": "ALL_PROJECTED_ATTRIBUTES"},
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
        (
            {"ExclusiveStartKey": {"pk": {"S": "a"}}},
            "The provided starting key is invalid: The provided key element does not match the schema",
        ),
        (
            {"FilterExpression": "pk.a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
    ],
)
def test_faults(dynamodb: Any, table: str, request_: dict[str, Any], message: str) -> None:
    assert invalid(dynamodb.scan, TableName=table, **request_) == message


def test_a_starting_key_of_another_segment_is_refused(dynamodb: Any, hundred: str) -> None:
    last = dynamodb.scan(TableName=hundred, Segment=0, TotalSegments=2, Limit=1)["LastEvaluatedKey"]
    assert invalid(dynamodb.scan, TableName=hundred, Segment=1, TotalSegments=2, ExclusiveStartKey=last) == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
        "Segment. TotalSegments: 2 Segment: 1"
    )
