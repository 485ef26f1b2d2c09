"""ExclusiveStartKey: what is said of values in it, of its shape, and of where it lies."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.exact.conftest import Ask

INVALID = "The provided starting key is invalid"
MISMATCH = "The provided key element does not match the schema"
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
WERE_INVALID = "One or more parameter values were invalid: "

VALUES = [
    ({}, f"{INVALID}: {EMPTY}"),
    ({"a": ""}, f"{INVALID}: {EMPTY}"),
    ({"M": {"a": {}}}, f"{INVALID}: {EMPTY}"),
    ({"L": [{"a": {}}]}, f"{INVALID}: {EMPTY}"),
    ({"S": "a", "BOOL": True}, f"{INVALID}: {SEVERAL}"),
    ({"S": "a", "N": "1"}, f"{INVALID}: {SEVERAL}"),
    ({"NULL": False}, f"{INVALID}: {WERE_INVALID}Null attribute value types must have the value of true"),
    ({"SS": []}, f"{INVALID}: {WERE_INVALID}An string set  may not be empty"),
    ({"BS": []}, f"{INVALID}: {WERE_INVALID}Binary sets should not be empty"),
    # no lead-in for these
    ({"NS": []}, f"{WERE_INVALID}An number set  may not be empty"),
    ({"SS": ["a", "a"]}, f"{WERE_INVALID}Input collection [a, a] contains duplicates."),
    ({"BS": ["Yg==", "Yg=="]}, f"{WERE_INVALID}Input collection [Yg==, Yg==]of type BS contains duplicates."),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
    ({"N": ""}, "The parameter cannot be converted to a numeric value"),
    ({"S": "a", "N": "b"}, "The parameter cannot be converted to a numeric value: b"),
    ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
    ({"N": "1e126"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ({"N": "1e-131"}, "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
]


@pytest.mark.parametrize(("value", "message"), VALUES)
@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_values(refused: Callable[..., str], operation: str, value: Any, message: str) -> None:
    """Told before expressions are read and before the table is looked for."""
    request = {"TableName": "absent", "ExclusiveStartKey": {"a": value}}
    expression = {"KeyConditionExpression": "a"} if operation == "Query" else {"FilterExpression": "a"}
    assert refused(operation, request | expression) == message


def condition(text: str, **values: str) -> dict[str, Any]:
    given = {f":{name}": {"N" if name in ("n", "m") else "S": value} for name, value in values.items()}
    return {"KeyConditionExpression": text, "ExpressionAttributeValues": given}


A = condition("pk = :p", p="a")
G = {"IndexName": "global"} | condition("g = :g", g="x")
L = {"IndexName": "local"} | A


def start(**attributes: Any) -> dict[str, Any]:
    return {
        name: value if isinstance(value, dict) else {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in attributes.items()
    }


QUERIES = [
    # number of attributes
    (A, start(), INVALID),
    (A, start(pk="a"), INVALID),
    (A, start(pk="a", sk="b", l="c"), INVALID),
    (L, start(pk="a", sk="b"), INVALID),
    (G, start(g="x", n=1), INVALID),
    (G, start(g="x", n=1, pk="a", sk="b", l="c"), INVALID),
    # names and types of what is queried
    (A, start(pk="a", xx="b"), INVALID),
    (A, start(pk=1, sk="b"), MISMATCH),
    (A, start(pk="a", sk=1), MISMATCH),
    (L, start(pk="a", sk="b", l=1), MISMATCH),
    (G, start(g="x", n="1", pk="a", sk="b"), MISMATCH),
    # and then of the table
    (L, start(pk="a", sk=1, l="c"), f"{INVALID}: {MISMATCH}"),
    (L, start(pk="a", xx="b", l="c"), f"{INVALID}: {MISMATCH}"),
    (G, start(g="x", n=1, pk=1, sk="b"), f"{INVALID}: {MISMATCH}"),
    # a faulty partition key is told before, all else after a condition that lacks its own
    (condition("xx = :p", p="a"), start(pk=1, sk="b"), MISMATCH),
    (condition("xx = :p", p="a"), start(pk="a", sk=1), "Query condition missed key schema element: pk"),
    # where it lies
    (A, start(pk="b", sk="b"), "The provided starting key is outside query boundaries based on provided conditions"),
    (
        G,
        start(g="y", n=1, pk="a", sk="b"),
        "The provided starting key is outside query boundaries based on provided conditions",
    ),
    (
        condition("pk = :p AND sk > :s", p="a", s="b"),
        start(pk="a", sk="b"),
        "The provided starting key does not match the range key predicate",
    ),
    (
        condition("pk = :p AND sk > :s", p="a", s="b"),
        start(pk="z", sk="a"),
        "The provided starting key does not match the range key predicate",
    ),
    (
        condition("pk = :p AND sk = :s", p="a", s="b"),
        start(pk="a", sk="b"),
        "The query can return at most one row and cannot be restarted",
    ),
    (
        condition("pk = :p AND sk < :s", p="a", s="b"),
        start(pk="z", sk="a"),
        "The query can return at most one row and cannot be restarted",
    ),
    # sizes and empty values
    (
        A,
        start(pk="", sk="b"),
        (
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
            "string value. Key: pk"
        ),
    ),
    (
        A,
        start(pk="a" * 2049, sk="b"),
        f"{WERE_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
    ),
    (
        A,
        start(pk="a", sk="b" * 1025),
        f"{WERE_INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    ),
]


@pytest.mark.parametrize(("request_", "key", "message"), QUERIES)
def test_queries(refused: Callable[..., str], full: str, request_: Any, key: Any, message: str) -> None:
    assert refused("Query", {"TableName": full, "ExclusiveStartKey": key} | request_) == message


SCANS = [
    ({}, start(), f"{INVALID}: {MISMATCH}"),
    ({}, start(pk="a"), f"{INVALID}: {MISMATCH}"),
    ({}, start(pk="a", xx="b"), f"{INVALID}: {MISMATCH}"),
    ({}, start(pk="a", sk=1), f"{INVALID}: {MISMATCH}"),
    ({"IndexName": "local"}, start(pk="a", sk="b"), INVALID),
    ({"IndexName": "local"}, start(pk="a", sk="b", xx="c"), INVALID),
    ({"IndexName": "global"}, start(pk="a", sk="b", g="x", n="1"), MISMATCH),
    ({"IndexName": "global"}, start(pk="a", xx="b", g="x", n=1), f"{INVALID}: {MISMATCH}"),
    (
        {},
        start(pk="a" * 2049, sk="b"),
        f"{INVALID}: {WERE_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
    ),
    (
        {"IndexName": "global"},
        start(pk="a", sk="b", g="x" * 2049, n=1),
        f"{WERE_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
    ),
]


@pytest.mark.parametrize(("request_", "key", "message"), SCANS)
def test_scans(refused: Callable[..., str], full: str, request_: Any, key: Any, message: str) -> None:
    assert refused("Scan", {"TableName": full, "ExclusiveStartKey": key} | request_) == message


def test_need_not_name_an_item(ask: Ask, full: str) -> None:
    for sort in "ac":
        assert ask("PutItem", {"TableName": full, "Item": start(pk="a", sk=sort)}).status == 200
    reply = ask("Query", {"TableName": full, "ExclusiveStartKey": start(pk="a", sk="b")} | A)
    assert reply.body["Items"] == [start(pk="a", sk="c")]
