"""Which of several faults is told: for each operation a request with all of them, mended one by one."""

from typing import Any

import pytest

from tests.operations.exact.conftest import Ask
from tests.operations.faults import ENVELOPE

NO_TABLE = "Requested resource not found"
FAILED = "The conditional request failed"
MISMATCH = "The provided key element does not match the schema"
WERE_INVALID = "One or more parameter values were invalid: "
ENUM = "failed to satisfy constraint: Member must satisfy enum value set"
MIX = "Can not use both expression and non-expression parameters in the same request: "
EMPTY_VALUE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
NO_NUMBER = "The parameter cannot be converted to a numeric value"
SYNTAX = "Invalid {}: Syntax error; "
UNDEFINED = "An expression attribute value used in expression is not defined"
UNUSED = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"

GONE: Any = object()
Step = tuple[str, dict[str, Any]]  # what is told (in part), and what mends it
NAMES = {"#k": "pk", "#x": "x"}

PUT: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Item": {"pk": {"N": 1}, "v": {"N": "x"}, "w": {"S": "x" * 409_600}},
        "ReturnValues": "no",
        "Expected": {"a": {}},
        "ConditionExpression": "a =",
        "ExpressionAttributeNames": {},
    },
    [
        ("NUMBER_VALUE cannot be converted to String", {"Item": {"pk": {"N": "1"}, "v": {"N": "x"}}}),
        (ENUM, {"ReturnValues": "ALL_NEW"}),
        (f"{ENVELOPE}{MIX}", {"Expected": GONE}),
        (f"{NO_NUMBER}: x", {"Item": {"pk": {"N": "1"}, "w": {"S": "x" * 409_600}}}),
        (f"{ENVELOPE}ExpressionAttributeNames must not be empty", {"ExpressionAttributeNames": NAMES}),
        (f"{ENVELOPE}{SYNTAX.format('ConditionExpression')}", {"ConditionExpression": "attribute_exists(#k.a)"}),
        (f"{ENVELOPE}{UNUSED}", {"ExpressionAttributeNames": {"#k": "pk"}}),
        (f"{ENVELOPE}ReturnValues can only be ALL_OLD or NONE", {"ReturnValues": "ALL_OLD"}),
        ("Item size has exceeded the maximum allowed size", {"Item": {"pk": {"N": "1"}}}),
        (NO_TABLE, {"TableName": "full"}),
        (f"{WERE_INVALID}Type mismatch for key pk expected: S actual: N", {"Item": {"pk": {"S": "1"}}}),
        (f"{WERE_INVALID}Missing the key sk in the item", {"Item": {"pk": {"S": "1"}, "sk": {"S": "1"}}}),
        ("Key attributes must be scalars", {"ConditionExpression": "attribute_exists(#k)"}),
        (FAILED, {"ConditionExpression": "attribute_not_exists(#k)"}),
    ],
)
LEGACY_PUT: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Item": {"pk": {"S": "1"}, "v": {}, "w": {"S": "x" * 409_600}},
        "ReturnValues": "ALL_NEW",
        "Expected": {"a": {"Exists": False, "Value": {"S": "a"}}},
        "ConditionalOperator": "OR",
    },
    [
        ("ConditionalOperator can only be used when Filter or Expected has two", {"ConditionalOperator": GONE}),
        (EMPTY_VALUE, {"Item": {"pk": {"S": "1"}, "w": {"S": "x" * 409_600}}}),
        (f"{ENVELOPE}ReturnValues can only be ALL_OLD or NONE", {"ReturnValues": "NONE"}),
        (f"{WERE_INVALID}Value cannot be used when Exists is false", {"Expected": {"a": {"Exists": False}}}),
        ("Item size has exceeded the maximum allowed size", {"Item": {}}),
        (NO_TABLE, {"TableName": "full"}),
        (f"{WERE_INVALID}Missing the key pk in the item", {"Item": {"pk": {"S": "1"}, "sk": {"S": "1"}}}),
    ],
)
GET: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Key": {"a": {}},
        "ReturnConsumedCapacity": "no",
        "AttributesToGet": ["a", "a"],
        "ProjectionExpression": "#k[0],",
        "ExpressionAttributeNames": NAMES,
    },
    [
        (ENUM, {"ReturnConsumedCapacity": "NONE"}),
        (MIX, {"AttributesToGet": GONE}),
        (EMPTY_VALUE, {"Key": {"a": {"S": "a"}}}),
        (SYNTAX.format("ProjectionExpression"), {"ProjectionExpression": "#k[0]"}),
        (UNUSED, {"ExpressionAttributeNames": {"#k": "pk"}}),
        (NO_TABLE, {"TableName": "full"}),
        (MISMATCH, {"Key": {"pk": {"S": "a"}, "sk": {"S": "a"}}}),
        ("Key attributes must be scalars", {"ProjectionExpression": "#k"}),
    ],
)
UPDATE: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Key": {"a": {}},
        "ReturnValues": "no",
        "AttributeUpdates": {"a": {}},
        "UpdateExpression": "SET pk = :v, a",
        "ConditionExpression": "a = :w AND",
        "ExpressionAttributeNames": {"#x": "x"},
        "ExpressionAttributeValues": {":v": {"N": "y"}},
    },
    [
        (ENUM, {"ReturnValues": "NONE"}),
        (f"{ENVELOPE}{MIX}", {"AttributeUpdates": GONE}),
        (EMPTY_VALUE, {"Key": {"a": {"S": "a"}}}),
        (
            f"ExpressionAttributeValues contains invalid value: {NO_NUMBER}: y for key :v",
            {"ExpressionAttributeValues": {":v": {"N": "1"}, ":z": {"N": "1"}}},
        ),
        (f"{ENVELOPE}{SYNTAX.format('UpdateExpression')}", {"UpdateExpression": "SET pk = :v"}),
        (f"{ENVELOPE}{SYNTAX.format('ConditionExpression')}", {"ConditionExpression": "a = :w"}),
        (
            f"{ENVELOPE}Invalid ConditionExpression: {UNDEFINED}",
            {"ConditionExpression": "attribute_exists(sk)"},
        ),
        (f"{ENVELOPE}{UNUSED}", {"ExpressionAttributeNames": GONE}),
        (
            f"{ENVELOPE}Value provided in ExpressionAttributeValues unused in expressions: keys: {{:z}}",
            {"ExpressionAttributeValues": {":v": {"N": "1"}}},
        ),
        (NO_TABLE, {"TableName": "full"}),
        (MISMATCH, {"Key": {"pk": {"S": "a"}, "sk": {"S": "a"}}}),
        (f"{WERE_INVALID}Cannot update attribute pk", {"UpdateExpression": "SET a = nope + :v"}),
        (FAILED, {"ConditionExpression": GONE}),
        ("The provided expression refers to an attribute that does not", {"UpdateExpression": "SET a = :v"}),
    ],
)
DELETE: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Key": {"a": {}},
        "ReturnValues": "no",
        "Expected": {"a": {}},
        "ConditionExpression": "a",
    },
    [
        (ENUM, {"ReturnValues": "ALL_NEW"}),
        (f"{ENVELOPE}{MIX}", {"Expected": GONE}),
        (EMPTY_VALUE, {"Key": {"a": {"S": "a"}}}),
        (f"{ENVELOPE}{SYNTAX.format('ConditionExpression')}", {"ConditionExpression": "attribute_exists(sk)"}),
        (f"{ENVELOPE}ReturnValues can only be ALL_OLD or NONE", {"ReturnValues": "NONE"}),
        (NO_TABLE, {"TableName": "full"}),
        (MISMATCH, {"Key": {"pk": {"S": "a"}, "sk": {"S": "a"}}}),
        (FAILED, {"ConditionExpression": GONE}),
    ],
)
QUERY: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Limit": 0,
        "QueryFilter": {"a": {"ComparisonOperator": "EQ"}},
        "ConditionalOperator": "OR",
        "AttributesToGet": ["a", "a"],
        "ExclusiveStartKey": {"a": {}},
        "FilterExpression": "a",
        "Select": "SPECIFIC_ATTRIBUTES",
        "IndexName": "none",
        "ConsistentRead": True,
    },
    [
        ("Value at 'Limit'", {"Limit": 1}),
        (MIX, {"FilterExpression": GONE}),
        (
            "ConditionalOperator can only be used when Filter or Expected has two",
            {"ConditionalOperator": GONE},
        ),
        (f"{WERE_INVALID}Invalid number of argument(s) for the EQ", {"QueryFilter": GONE}),
        (f"{WERE_INVALID}Duplicate value in attribute name: a", {"AttributesToGet": GONE}),
        (f"The provided starting key is invalid: {EMPTY_VALUE}", {"ExclusiveStartKey": {"a": {"S": "a"}}}),
        ("Either the KeyConditions or KeyConditionExpression parameter", {"KeyConditionExpression": "a"}),
        (
            SYNTAX.format("KeyConditionExpression"),
            {
                "KeyConditionExpression": "l < :v",
                "ExpressionAttributeValues": {":v": {"N": "1"}},
                "FilterExpression": "a",
            },
        ),
        (SYNTAX.format("FilterExpression"), {"FilterExpression": "attribute_exists(q)"}),
        (f"{ENVELOPE}Must specify the AttributesToGet or ProjectionExpression", {"Select": "ALL_ATTRIBUTES"}),
        (NO_TABLE, {"TableName": "full"}),
        ("The table does not have the specified index: none", {"IndexName": "global"}),
        ("Consistent reads are not supported on global", {"ConsistentRead": False}),
        (
            "The provided starting key is invalid",
            {"ExclusiveStartKey": {"pk": {"S": "a"}, "sk": {"S": "a"}, "g": {"S": "a"}, "n": {"N": "1"}}},
        ),
        (
            "Query condition missed key schema element: g",
            {"KeyConditionExpression": "g = :v AND n > :v", "FilterExpression": "attribute_exists(g)"},
        ),
        (
            f"{WERE_INVALID}Condition parameter type does not match schema type",
            {"KeyConditionExpression": "g = :v", "ExpressionAttributeValues": {":v": {"S": "b"}}},
        ),
        (
            "The provided starting key is outside query boundaries",
            {"ExpressionAttributeValues": {":v": {"S": "a"}}},
        ),
        ("Filter Expression can only contain non-primary key attributes", {"FilterExpression": "attribute_exists(q)"}),
        (
            f"{WERE_INVALID}Secondary index global does not project one or more filter attributes: [q]",
            {"FilterExpression": GONE},
        ),
        (f"{WERE_INVALID}Select type ALL_ATTRIBUTES is not supported", {"Select": GONE}),
    ],
)
SCAN: tuple[dict[str, Any], list[Step]] = (
    {
        "TableName": "absent",
        "Limit": 0,
        "AttributesToGet": ["a", "a"],
        "ScanFilter": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{}]}},
        "ExclusiveStartKey": {"a": {"NS": ["1", "1"]}},
        "Segment": 2,
        "FilterExpression": "a",
        "Select": "COUNT",
        "IndexName": "none",
        "ConsistentRead": True,
    },
    [
        ("Value '0' at 'limit'", {"Limit": 1}),
        (MIX, {"FilterExpression": GONE}),
        (f"{WERE_INVALID}Duplicate value in attribute name: a", {"AttributesToGet": GONE}),
        (
            EMPTY_VALUE,
            {"ScanFilter": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "a"}]}}},
        ),
        (f"{WERE_INVALID}Invalid number of argument(s) for the BETWEEN", {"ScanFilter": GONE, "FilterExpression": "a"}),
        ("Input collection contains duplicates", {"ExclusiveStartKey": {"a": {"S": "a"}}}),
        ("The TotalSegments parameter is required but was not present", {"TotalSegments": 2}),
        ("The Segment parameter is zero-based and must be less than", {"Segment": 0}),
        (SYNTAX.format("FilterExpression"), {"FilterExpression": GONE, "ProjectionExpression": "a,"}),
        (SYNTAX.format("ProjectionExpression"), {"ProjectionExpression": "l[0]"}),
        ("Cannot specify the ProjectionExpression when choosing to get only the Count", {"Select": GONE}),
        (NO_TABLE, {"TableName": "full"}),
        ("The table does not have the specified index: none", {"IndexName": "all"}),
        ("Consistent reads are not supported on global", {"ConsistentRead": False}),
        ("The provided starting key is invalid", {"ExclusiveStartKey": GONE}),
        ("Key attributes must be scalars", {"ProjectionExpression": "l"}),
    ],
)


@pytest.mark.parametrize(
    ("operation", "chain"),
    [
        ("PutItem", PUT),
        ("PutItem", LEGACY_PUT),
        ("GetItem", GET),
        ("UpdateItem", UPDATE),
        ("DeleteItem", DELETE),
        ("Query", QUERY),
        ("Scan", SCAN),
    ],
    ids=["put", "legacy put", "get", "update", "delete", "query", "scan"],
)
def test_order(ask: Ask, full: str, operation: str, chain: tuple[dict[str, Any], list[Step]]) -> None:
    request, steps = chain
    for message, mended in steps:
        reply = ask(operation, request)
        assert reply.status == 400
        if message.startswith((ENVELOPE, "The ", "Invalid ", "Value provided")):
            assert reply.message.startswith(message)
        else:
            assert message in reply.message
            assert reply.message.startswith(ENVELOPE) == (message == ENUM or message.startswith("Value "))
        request = {name: value for name, value in (request | mended).items() if value is not GONE}
    assert ask(operation, request).status == 200
