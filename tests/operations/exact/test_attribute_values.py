"""Malformed attribute values: what converts badly, what is empty, several at once, or against the rules of its type."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.exact.conftest import Ask
from tests.operations.faults import ENVELOPE

EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
INVALID = "One or more parameter values were invalid: "
NESTED = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
NULL_FALSE = f"{INVALID}Null attribute value types must have the value of true"


def nested(levels: int, kind: str = "M") -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        value = {"M": {"a": value}} if kind == "M" else {"L": [value]}
    return value


BARE = [
    ({}, EMPTY),
    ({"X": "a"}, EMPTY),
    ({"S": None}, EMPTY),
    ({"L": [{}]}, EMPTY),
    ({"L": [None]}, EMPTY),
    ({"M": {"a": {"Q": 1}}}, EMPTY),
    ({"S": "a", "N": "1"}, SEVERAL),
    ({"S": "a", "SS": []}, SEVERAL),
    ({"S": "", "BOOL": False}, SEVERAL),
    ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
    ({"N": ""}, "The parameter cannot be converted to a numeric value"),
    ({"S": "a", "N": "x"}, "The parameter cannot be converted to a numeric value: x"),
    ({"NS": ["1", ""]}, "The parameter cannot be converted to a numeric value"),
    (nested(32), NESTED),
    (nested(32, "L"), NESTED),
    (nested(400), NESTED),
]
PREFIXED = [
    ({"NULL": False}, NULL_FALSE),
    ({"NULL": "no"}, NULL_FALSE),
    ({"M": {"a": {"NULL": False}}}, NULL_FALSE),
    ({"SS": []}, f"{INVALID}An string set  may not be empty"),
    ({"NS": []}, f"{INVALID}An number set  may not be empty"),
    ({"BS": []}, f"{INVALID}Binary sets should not be empty"),
    ({"SS": ["a", "b", "a"]}, f"{INVALID}Input collection [a, b, a] contains duplicates."),
    ({"NS": ["1", "2", "1.0"]}, "Input collection contains duplicates"),
    ({"BS": ["Yg==", "Yg=="]}, f"{INVALID}Input collection [Yg==, Yg==]of type BS contains duplicates."),
]
WRITES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "PutItem": lambda value: {"Item": {"v": value}},
    "UpdateItem": lambda value: {"Key": {"v": value}},
    "DeleteItem": lambda value: {"Key": {"v": value}},
}
OTHERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "GetItem": lambda value: {"TableName": "absent", "Key": {"v": value}},
    "BatchGetItem": lambda value: {"RequestItems": {"absent": {"Keys": [{"v": value}]}}},
    "BatchWriteItem": lambda value: {"RequestItems": {"absent": [{"PutRequest": {"Item": {"v": value}}}]}},
}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(("value", "message"), BARE + [(value, f"{ENVELOPE}{message}") for value, message in PREFIXED])
def test_writes(refused: Callable[..., str], operation: str, value: Any, message: str) -> None:
    assert refused(operation, {"TableName": "absent"} | WRITES[operation](value)) == message


@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize(("value", "message"), BARE + PREFIXED)
def test_others_are_bare(refused: Callable[..., str], operation: str, value: Any, message: str) -> None:
    assert refused(operation, OTHERS[operation](value)) == message


def test_32_levels_are_legal(ask: Ask, simple: str) -> None:
    item = {"pk": {"S": "a"}, "v": nested(31)}
    assert ask("PutItem", {"TableName": simple, "Item": item}).status == 200
    assert ask("GetItem", {"TableName": simple, "Key": {"pk": {"S": "a"}}}).body == {"Item": item}


WRAPPED = "ExpressionAttributeValues contains invalid value: {} for key :v"


@pytest.mark.parametrize(
    ("value", "message"),
    [(value, message if message is NESTED else WRAPPED.format(message)) for value, message in BARE]
    + [(value, f"{ENVELOPE}{message}") for value, message in PREFIXED],
)
def test_expression_values(refused: Callable[..., str], value: Any, message: str) -> None:
    request = {
        "TableName": "absent",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET a = :v",
        "ExpressionAttributeValues": {":v": value},
    }
    assert refused("UpdateItem", request) == message


@pytest.mark.parametrize(
    "value",
    [
        {"S": ""},
        {"B": ""},
        {"L": []},
        {"M": {}},
        {"SS": [""]},
        {"BS": [""]},
        {"L": [{"S": ""}]},
        {"M": {"a": {"B": ""}}},
    ],
)
def test_what_may_be_empty(ask: Ask, simple: str, value: Any) -> None:
    item = {"pk": {"S": "a"}, "v": value}
    assert ask("PutItem", {"TableName": simple, "Item": item}).status == 200
    assert ask("GetItem", {"TableName": simple, "Key": {"pk": {"S": "a"}}}).body == {"Item": item}


@pytest.mark.parametrize(
    "name", ["é", "e\u0301", "日本", "\U0001f600", " ", "a.b[0]", "#x", ":y", "x" * 65_535, "é" * 32_767]
)
def test_any_name(ask: Ask, simple: str, name: str) -> None:
    item = {"pk": {"S": "a"}, name: {"S": name}}
    assert ask("PutItem", {"TableName": simple, "Item": item}).status == 200
    assert ask("GetItem", {"TableName": simple, "Key": {"pk": {"S": "a"}}}).body == {"Item": item}


def test_an_empty_name(refused: Callable[..., str], simple: str) -> None:
    for item in ({"": {"S": "a"}}, {"m": {"M": {"": {"S": "a"}}}}):
        message = refused("PutItem", {"TableName": simple, "Item": {"pk": {"S": "a"}} | item})
        assert message == f"{INVALID}Empty attribute name"


def test_sets_come_back_whole(ask: Ask, simple: str) -> None:
    item = {"pk": {"S": "a"}, "ns": {"NS": ["3.0", "1e1", "-2"]}, "bs": {"BS": ["/w==", "AA=="]}}
    assert ask("PutItem", {"TableName": simple, "Item": item}).status == 200
    stored = ask("GetItem", {"TableName": simple, "Key": {"pk": {"S": "a"}}}).body["Item"]
    assert sorted(stored["ns"]["NS"]) == ["-2", "10", "3"]
    assert sorted(stored["bs"]["BS"]) == ["/w==", "AA=="]


JAVA = "com.amazonaws.dynamodb.v20120810"
LIST_FOR_MAP = f"Unrecognized collection type java.util.Map<java.lang.String, {JAVA}.AttributeValue>"
CONVERSIONS = [
    ({"N": 123}, "NUMBER_VALUE cannot be converted to String"),
    ({"S": 1.5}, "DECIMAL_VALUE cannot be converted to String"),
    ({"S": True}, "TRUE_VALUE cannot be converted to String"),
    ({"N": False}, "FALSE_VALUE cannot be converted to String"),
    ({"S": ["a"]}, "Unrecognized collection type class java.lang.String"),
    ({"S": {}}, "Start of structure or map found where not expected"),
    ({"BOOL": "maybe"}, "Unexpected token received from parser"),
    ({"BOOL": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
    ({"NULL": 1.5}, "DECIMAL_VALUE cannot be converted to Boolean"),
    ({"BOOL": []}, "Unrecognized collection type class java.lang.Boolean"),
    ({"B": 1}, "only base-64-encoded strings are convertible to bytes"),
    ({"B": True}, "only base-64-encoded strings are convertible to bytes"),
    ({"B": []}, "Unrecognized collection type class java.nio.ByteBuffer"),
    ({"B": {}}, "Start of structure or map found where not expected"),
    ({"B": "abc"}, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
    ({"B": "ab=="}, "Invalid last non-pad Base64 character dectected"),
    ({"SS": "a"}, "Unexpected field type"),
    ({"SS": {}}, "Start of structure or map found where not expected"),
    ({"NS": [1]}, "NUMBER_VALUE cannot be converted to String"),
    ({"BS": ["a"]}, "Base64 encoded length is expected a multiple of 4 bytes but found: 1"),
    ({"L": "a"}, "Unexpected field type"),
    ({"L": {}}, "Start of structure or map found where not expected"),
    ({"L": ["a"]}, "Unexpected value type in payload"),
    ({"L": [[]]}, f"Unrecognized collection type class {JAVA}.AttributeValue"),
    ({"M": "a"}, "Unexpected field type"),
    ({"M": []}, LIST_FOR_MAP),
    ({"M": {"a": 1}}, "Unexpected value type in payload"),
    ("a", "Unexpected value type in payload"),
    ([], f"Unrecognized collection type class {JAVA}.AttributeValue"),
]


@pytest.mark.parametrize(("value", "message"), CONVERSIONS)
def test_what_cannot_be_converted(ask: Ask, value: Any, message: str) -> None:
    """Before anything else is said, of a missing TableName for example."""
    reply = ask("PutItem", {"Item": {"v": value}, "ReturnValues": "NO"})
    assert (reply.status, reply.body) == (
        400,
        {"__type": "com.amazon.coral.service#SerializationException", "Message": message},
    )


@pytest.mark.parametrize("value", [True, "true", "1", "yes", "YES"])
def test_strings_for_booleans(ask: Ask, simple: str, value: Any) -> None:
    item = {"pk": {"S": "a"}, "v": {"BOOL": value}}
    assert ask("PutItem", {"TableName": simple, "Item": item}).status == 200
    stored = ask("GetItem", {"TableName": simple, "Key": {"pk": {"S": "a"}}}).body["Item"]
    assert stored["v"] == {"BOOL": True}


def test_unknown_members_and_nulls_are_ignored(ask: Ask, simple: str) -> None:
    reply = ask("PutItem", {"TableName": simple, "Item": {"pk": {"S": "a", "N": None}}, "Nope": 1, "Expected": None})
    assert (reply.status, reply.body) == (200, {})
