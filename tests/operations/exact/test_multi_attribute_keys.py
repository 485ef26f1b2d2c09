"""Global indexes keyed by several attributes: what a Query must say, what it finds, and where it goes on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import invalid
from tests.running import RunningServer, new_account

INDEX = {"hash": ["h1:S", "h2:N"], "range": ["r1:S", "r2:N", "r3:S"]}
FULL = {"h1": {"S": "h"}, "h2": {"N": "1"}, "r1": {"S": "a"}, "r2": {"N": "2"}, "r3": {"S": "z"}}
ROWS = [("a", 2, "z"), ("a", 10, "a"), ("a", 2, "b"), ("b", 1, "a"), ("a", -3, "q"), ("aa", 1, "a")]


@pytest.fixture(scope="module")
def dynamodb(server: RunningServer) -> Iterator[Any]:
    client = new_account(server.url).client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    name = create_table(dynamodb, "several", "pk:S", indexes={"many": INDEX})
    for number, (r1, r2, r3) in enumerate(ROWS):
        item = FULL | {"r1": {"S": r1}, "r2": {"N": str(r2)}, "r3": {"S": r3}, "pk": {"S": str(number)}}
        dynamodb.put_item(TableName=name, Item=item)
    for missing in FULL:  # an item that lacks one is not in the index
        dynamodb.put_item(
            TableName=name,
            Item={"pk": {"S": f"without {missing}"}} | {key: value for key, value in FULL.items() if key != missing},
        )
    return name


VALUES = {
    ":h": {"S": "h"},
    ":one": {"N": "1"},
    ":a": {"S": "a"},
    ":two": {"N": "2"},
    ":ten": {"N": "10"},
    ":b": {"S": "b"},
    ":z": {"S": "z"},
}
HASH = "h1 = :h AND h2 = :one"


def request(table: str, condition: str) -> dict[str, Any]:
    words = set(condition.replace("(", " ").replace(")", " ").replace(",", " ").split())
    used = {name: value for name, value in VALUES.items() if name in words}
    return {
        "TableName": table,
        "IndexName": "many",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": used,
    }


@pytest.mark.parametrize(
    "condition, found",
    [
        (HASH, "420153"),
        ("h2 = :one AND h1 = :h", "420153"),
        (f"{HASH} AND r1 = :a", "4201"),
        (f"{HASH} AND begins_with(r1, :a)", "42015"),
        (f"{HASH} AND r1 > :a", "53"),
        (f"{HASH} AND r1 = :a AND r2 = :two", "20"),
        (f"{HASH} AND r1 = :a AND r2 BETWEEN :two AND :ten", "201"),
        (f"r2 < :ten AND {HASH} AND r1 = :a", "420"),
        (f"{HASH} AND r1 = :a AND r2 = :two AND r3 = :z", "0"),
        (f"{HASH} AND r1 = :a AND r2 = :two AND r3 >= :b", "20"),
    ],
)
def test_what_is_found(dynamodb: Any, table: str, condition: str, found: str) -> None:
    def names(**more: Any) -> list[str]:
        return [item["pk"]["S"] for item in dynamodb.query(**request(table, condition), **more)["Items"]]

    # The order is that of all range attributes: "a" before "aa", -3 before 2 before 10.
    expected = list(found)
    assert names() == expected
    assert names(ScanIndexForward=False) == expected[::-1]


@pytest.mark.parametrize(
    "condition, message",
    [
        ("h1 = :h", "Query condition missed key schema element: h2"),
        ("h2 = :one AND r1 = :a", "Query condition missed key schema element: h1"),
        ("h1 = :h AND h2 > :one", "Query key condition not supported"),
        (f"{HASH} AND r2 = :two", "Query condition missed key schema element: r1"),
        (f"{HASH} AND r1 = :a AND r3 = :z", "Query condition missed key schema element: r2"),
        (f"{HASH} AND r1 > :a AND r2 = :two", "Query key condition not supported"),
        (f"{HASH} AND begins_with(r1, :a) AND r2 = :two", "Query key condition not supported"),
        (
            f"{HASH} AND r1 = :one",
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            f"{HASH} AND r1 = :a AND r2 = :two AND r3 = :z AND pk = :a",
            "The number of query conditions (6) exceeds the number of key attributes defined in the schema (5)",
        ),
    ],
)
def test_what_cannot_be_asked(dynamodb: Any, table: str, condition: str, message: str) -> None:
    assert invalid(dynamodb.query, **request(table, condition)) == message


def test_legacy_key_conditions(dynamodb: Any, table: str) -> None:
    def equal(value: Any) -> dict[str, Any]:
        return {"ComparisonOperator": "EQ", "AttributeValueList": [value]}

    conditions = {"h1": equal({"S": "h"}), "h2": equal({"N": "1"}), "r1": equal({"S": "a"})}
    conditions["r2"] = {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "2"}]}
    reply = dynamodb.query(TableName=table, IndexName="many", KeyConditions=conditions)
    assert [item["pk"]["S"] for item in reply["Items"]] == ["2", "0", "1"]


def test_pages(dynamodb: Any, table: str) -> None:
    reply = dynamodb.query(**request(table, HASH), Limit=2)
    assert set(reply["LastEvaluatedKey"]) == {"pk", "h1", "h2", "r1", "r2", "r3"}
    pages = dynamodb.get_paginator("query").paginate(**request(table, HASH), PaginationConfig={"PageSize": 1})
    assert [item["pk"]["S"] for page in pages for item in page["Items"]] == list("420153")
    assert dynamodb.scan(TableName=table, IndexName="many")["Count"] == len(ROWS)
