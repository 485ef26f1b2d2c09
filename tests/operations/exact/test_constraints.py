"""Modelled constraints: their texts, their order, and that all broken ones are told at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.exact.conftest import Ask

KEY = {"pk": {"S": "a"}}
ONE = "1 validation error detected: "
NULL_TABLE = "Value null at 'tableName' failed to satisfy constraint: Member must not be null"
CAPACITY = (
    "Value 'x' at 'returnConsumedCapacity' failed to satisfy constraint: "
    "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
)
METRICS = (
    "Value 'x' at 'returnItemCollectionMetrics' failed to satisfy constraint: "
    "Member must satisfy enum value set: [SIZE, NONE]"
)
VALUES = (
    "Value 'x' at 'returnValues' failed to satisfy constraint: "
    "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
)
ON_FAILURE = (
    "Value 'x' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: "
    "Member must satisfy enum value set: [ALL_OLD, NONE]"
)
OPERATOR = (
    "Value 'x' at 'conditionalOperator' failed to satisfy constraint: Member must satisfy enum value set: [OR, AND]"
)
SELECT = (
    "Value 'count' at 'select' failed to satisfy constraint: Member must satisfy enum value set: "
    "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"
)
COMPARISONS = "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"

ALL_OPERATIONS = ["PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan"]
NEEDED = {"PutItem": {"Item": KEY}, "GetItem": {"Key": KEY}, "UpdateItem": {"Key": KEY}, "DeleteItem": {"Key": KEY}}


@pytest.mark.parametrize("operation", ALL_OPERATIONS)
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (None, NULL_TABLE),
        (
            "",
            "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        ("a b", f"Value 'a b' at 'tableName' failed to satisfy constraint: {PATTERN}"),
        (
            "a" * 256,
            (
                f"Value '{'a' * 256}' at 'tableName' failed to satisfy constraint: "
                "Member must have length less than or equal to 255"
            ),
        ),
        (
            "arn:" + "a" * 1021,
            (
                f"Value 'arn:{'a' * 1021}' at 'tableName' failed to satisfy constraint: "
                "Member must have length less than or equal to 1024"
            ),
        ),
    ],
)
def test_table_names(refused: Callable[..., str], operation: str, name: Any, fault: str) -> None:
    assert refused(operation, NEEDED.get(operation, {}) | {"TableName": name}) == f"{ONE}{fault}"


@pytest.mark.parametrize("operation", ALL_OPERATIONS)
@pytest.mark.parametrize("name", ["a", "ab"])
def test_short_names_are_names(ask: Ask, operation: str, name: str) -> None:
    request = NEEDED.get(operation, {}) | {"TableName": name}
    if operation == "Query":
        request |= {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
    reply = ask(operation, request)
    assert (reply.code, reply.message) == ("ResourceNotFoundException", "Requested resource not found")


JOINED = [
    (
        "PutItem",
        {"ReturnValues": "x", "ReturnConsumedCapacity": "x", "ReturnItemCollectionMetrics": "x"},
        [CAPACITY, "Value null at 'item' failed to satisfy constraint: Member must not be null", VALUES, METRICS],
    ),
    ("PutItem", {"Item": {}, "ReturnValuesOnConditionCheckFailure": "x"}, [ON_FAILURE]),
    ("PutItem", {"Item": {}, "ConditionalOperator": "x"}, [OPERATOR]),
    (
        "UpdateItem",
        {"ReturnValues": "x", "ReturnConsumedCapacity": "x", "ReturnItemCollectionMetrics": "x"},
        [CAPACITY, METRICS, VALUES, "Value null at 'key' failed to satisfy constraint: Member must not be null"],
    ),
    (
        "UpdateItem",
        {"Key": {}, "AttributeUpdates": {"a": {"Action": "x"}}},
        [
            (
                "Value 'x' at 'attributeUpdates.a.member.action' failed to satisfy constraint: "
                "Member must satisfy enum value set: [ADD, DELETE, PUT]"
            )
        ],
    ),
    (
        "UpdateItem",
        {"Key": {}, "Expected": {"a": {"ComparisonOperator": "x"}}},
        [
            (
                "Value 'x' at 'expected.a.member.comparisonOperator' failed to satisfy constraint: "
                f"Member must satisfy enum value set: {COMPARISONS}"
            )
        ],
    ),
    (
        "DeleteItem",
        {"ReturnValues": "x", "ReturnConsumedCapacity": "x", "ReturnItemCollectionMetrics": "x"},
        [CAPACITY, VALUES, METRICS, "Value null at 'key' failed to satisfy constraint: Member must not be null"],
    ),
    (
        "GetItem",
        {"ReturnConsumedCapacity": "x", "AttributesToGet": []},
        [
            CAPACITY,
            (
                "Value '[]' at 'attributesToGet' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
            "Value null at 'key' failed to satisfy constraint: Member must not be null",
        ],
    ),
    (
        "Scan",
        {
            "Select": "count",
            "IndexName": "a",
            "TotalSegments": 0,
            "Segment": -1,
            "Limit": 0,
            "ConditionalOperator": "x",
        },
        [
            SELECT,
            "Value 'a' at 'indexName' failed to satisfy constraint: Member must have length greater than or equal to 3",
            (
                "Value '0' at 'totalSegments' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ),
            OPERATOR,
            "Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0",
            "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ],
    ),
    (
        "Scan",
        {"TotalSegments": 1_000_001, "Segment": 1_000_000},
        [
            (
                "Value '1000001' at 'totalSegments' failed to satisfy constraint: "
                "Member must have value less than or equal to 1000000"
            ),
            (
                "Value '1000000' at 'segment' failed to satisfy constraint: "
                "Member must have value less than or equal to 999999"
            ),
        ],
    ),
    (
        "Scan",
        {"ScanFilter": {"a": {}, "b": {"ComparisonOperator": "eq"}}},
        [
            (
                "Value null at 'scanFilter.a.member.comparisonOperator' failed to satisfy constraint: "
                "Member must not be null"
            ),
            (
                "Value 'eq' at 'scanFilter.b.member.comparisonOperator' failed to satisfy constraint: "
                f"Member must satisfy enum value set: {COMPARISONS}"
            ),
        ],
    ),
    (
        "Query",
        {"Limit": 0},
        ["Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"],
    ),
    (
        "Query",
        {"Select": "count", "KeyConditions": {"a": {"AttributeValueList": []}}, "AttributesToGet": []},
        [
            SELECT,
            (
                "Value '[]' at 'attributesToGet' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
            (
                "Value null at 'keyConditions.a.member.comparisonOperator' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ],
    ),
]


@pytest.mark.parametrize(("operation", "request_", "faults"), JOINED)
def test_all_are_told(refused: Callable[..., str], operation: str, request_: Any, faults: list[str]) -> None:
    count = len(faults)
    head = f"{count} validation error{'s' if count > 1 else ''} detected: "
    assert refused(operation, {"TableName": "absent"} | request_) == head + "; ".join(faults)


def test_ten_are_told(refused: Callable[..., str]) -> None:
    conditions = {f"a{number}": {"ComparisonOperator": "x"} for number in range(12)}
    message = refused("Scan", {"TableName": "absent", "ScanFilter": conditions})
    assert message.startswith("10 validation errors detected: Value 'x' at 'scanFilter.a0.member")
    assert message.count("; ") == 9


def test_a_bad_table_name_is_told_alone_on_puts_only(refused: Callable[..., str]) -> None:
    request = {"TableName": "", "Item": {}, "Key": {}, "ReturnValues": "x"}
    name = "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1"
    assert refused("PutItem", request) == f"{ONE}{name}"
    assert refused("DeleteItem", request) == f"2 validation errors detected: {name}; {VALUES}"


def test_conversion_comes_first(ask: Ask) -> None:
    reply = ask("Query", {"Limit": "1", "Select": "x"})
    assert (reply.code, reply.message) == ("SerializationException", "STRING_VALUE cannot be converted to Integer")
    reply = ask("Scan", {"Limit": True})
    assert (reply.code, reply.message) == ("SerializationException", "TRUE_VALUE cannot be converted to Integer")
    reply = ask("Query", {"ScanIndexForward": 1, "ExclusiveStartKey": {"a": {"N": 1}}})
    assert reply.message == "NUMBER_VALUE cannot be converted to String"
    reply = ask("BatchGetItem", {"RequestItems": {"absent": {"Keys": "a"}}})
    assert reply.message == "Unexpected field type"
