"""Keys of tables and of indexes: missing, of the wrong type, empty, too long, in every request that has one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.exact.conftest import Ask
from tests.operations.faults import ENVELOPE

WERE_INVALID = "One or more parameter values were invalid: "
MISMATCH = "The provided key element does not match the schema"
NOT_VALID = "One or more parameter values are not valid. "
LONG_HASH = f"{WERE_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes"
LONG_RANGE = f"{WERE_INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"


def empty(name: str, kind: str = "string") -> str:
    return f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty {kind} value. Key: {name}"


def item(**values: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, dict) else {"S": value} for name, value in values.items()}


BOTH = item(pk="a", sk="b")

ITEMS = [
    (item(sk="b"), f"{WERE_INVALID}Missing the key pk in the item"),
    (item(pk="a"), f"{WERE_INVALID}Missing the key sk in the item"),
    ({}, f"{WERE_INVALID}Missing the key pk in the item"),
    (item(pk={"N": "1"}, sk="b"), f"{WERE_INVALID}Type mismatch for key pk expected: S actual: N"),
    (item(pk="a", sk={"M": {}}), f"{WERE_INVALID}Type mismatch for key sk expected: S actual: M"),
    (item(pk={"NULL": True}, sk="b"), f"{WERE_INVALID}Type mismatch for key pk expected: S actual: NULL"),
    (item(pk="", sk="b"), empty("pk")),
    (item(pk="a", sk=""), empty("sk")),
    (item(pk="a" * 2049, sk="b"), LONG_HASH),
    (item(pk="é" * 1025, sk="b"), LONG_HASH),
    (item(pk="a", sk="b" * 1025), LONG_RANGE),
]


@pytest.mark.parametrize(("given", "message"), ITEMS)
def test_of_whole_items(refused: Callable[..., str], full: str, given: Any, message: str) -> None:
    assert refused("PutItem", {"TableName": full, "Item": given}) == message
    in_batch = MISMATCH if "Missing" in message or "Type mismatch" in message else message
    assert refused("BatchWriteItem", {"RequestItems": {full: [{"PutRequest": {"Item": given}}]}}) == in_batch


KEYS = [
    (item(pk="a"), MISMATCH),
    ({}, MISMATCH),
    (BOTH | item(x="c"), MISMATCH),
    (item(pk="a", x="b"), MISMATCH),
    (item(pk="a", sk={"N": "1"}), MISMATCH),
    (item(pk={"SS": ["a"]}, sk="b"), MISMATCH),
    (item(pk="", sk="b"), empty("pk")),
    (item(pk="a", sk=""), empty("sk")),
    (item(pk="a" * 2049, sk="b"), LONG_HASH),
    (item(pk="a", sk="b" * 1025), LONG_RANGE),
]


@pytest.mark.parametrize(("given", "message"), KEYS)
def test_of_keys(refused: Callable[..., str], full: str, given: Any, message: str) -> None:
    for operation in ("GetItem", "UpdateItem", "DeleteItem"):
        assert refused(operation, {"TableName": full, "Key": given}) == message
    assert refused("BatchGetItem", {"RequestItems": {full: {"Keys": [given]}}}) == message
    assert refused("BatchWriteItem", {"RequestItems": {full: [{"DeleteRequest": {"Key": given}}]}}) == message


def test_of_the_greatest_length(ask: Ask, full: str) -> None:
    key = item(pk="é" * 1024, sk="b" * 1024)
    assert ask("PutItem", {"TableName": full, "Item": key | item(l="l" * 1024, g="g" * 2048)}).status == 200
    assert ask("GetItem", {"TableName": full, "Key": key}).body["Item"]["pk"] == key["pk"]


def mismatch(name: str, expected: str, actual: str, index: str) -> str:
    return f"{WERE_INVALID}Type mismatch for Index Key {name} Expected: {expected} Actual: {actual} IndexName: {index}"


def empty_index_key(name: str, index: str, kind: str = "string") -> str:
    return (
        f"{NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key attribute "
        f"cannot contain an empty {kind} value. IndexName: {index}, IndexKey: {name}"
    )


def empty_update(kind: str = "string") -> str:
    return (
        f"{NOT_VALID}The update expression attempted to update a secondary index key to a value that is not supported. "
        f"The AttributeValue for a key attribute cannot contain an empty {kind} value."
    )


INDEX_KEYS = [
    # the alphabetically first of the indexes is named
    (item(g={"N": "1"}), mismatch("g", "S", "N", "all"), None),
    (item(g={"M": {}}), mismatch("g", "S", "M", "all"), None),
    (item(n={"NULL": True}), mismatch("n", "N", "NULL", "global"), None),
    (item(b={"S": "x"}), mismatch("b", "B", "S", "binary"), None),
    (item(l={"N": "1"}), mismatch("l", "S", "N", "local"), None),
    (item(g={"N": "1"}, b={"S": "x"}), mismatch("g", "S", "N", "all"), None),
    (item(g=""), empty_index_key("g", "all"), empty_update()),
    (item(l=""), empty_index_key("l", "local"), empty_update()),
    (item(b={"B": ""}), empty_index_key("b", "binary", "binary"), empty_update("binary")),
    (item(g="x" * 2049), LONG_HASH, None),
    (item(l="x" * 1025), LONG_RANGE, None),
]


@pytest.mark.parametrize(("attributes", "on_put", "on_update"), INDEX_KEYS)
def test_of_indexes(
    ask: Ask, refused: Callable[..., str], full: str, attributes: Any, on_put: str, on_update: str | None
) -> None:
    assert refused("PutItem", {"TableName": full, "Item": BOTH | attributes}) == on_put
    batch = {full: [{"PutRequest": {"Item": BOTH | attributes}}]}
    assert refused("BatchWriteItem", {"RequestItems": batch}) == on_put
    names = list(attributes)
    update = {
        "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in names),
        "ExpressionAttributeValues": {f":{name}": attributes[name] for name in names},
    }
    assert refused("UpdateItem", {"TableName": full, "Key": BOTH} | update) == (on_update or on_put)
    legacy = {"AttributeUpdates": {name: {"Value": attributes[name]} for name in names}}
    assert refused("UpdateItem", {"TableName": full, "Key": BOTH} | legacy) == (on_update or on_put)
    assert ask("Scan", {"TableName": full}).body["Count"] == 0


def test_an_update_answers_only_for_the_index_keys_it_touches(ask: Ask, refused: Callable[..., str], full: str) -> None:
    assert ask("PutItem", {"TableName": full, "Item": BOTH | item(g="x", n={"N": "1"})}).status == 200
    update = {"TableName": full, "Key": BOTH, "UpdateExpression": "ADD n :n"}
    assert ask("UpdateItem", update | {"ExpressionAttributeValues": {":n": {"N": "1"}}}).status == 200
    moved = {"TableName": full, "Key": BOTH, "UpdateExpression": "SET g = n"}
    assert refused("UpdateItem", moved) == mismatch("g", "S", "N", "all")
    within = {"TableName": full, "Key": BOTH, "UpdateExpression": "SET g.a = n"}
    assert refused("UpdateItem", within) == (
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: g"
    )


@pytest.mark.parametrize("expression", ["SET pk = :v", "REMOVE sk", "ADD pk :v", "DELETE sk :v", "SET sk = sk"])
def test_no_update_of_a_key(refused: Callable[..., str], full: str, expression: str) -> None:
    request: dict[str, Any] = {"TableName": full, "Key": BOTH, "UpdateExpression": expression}
    if ":v" in expression:
        value = {"SS": ["a"]} if expression.startswith("DELETE") else {"N": "1"}
        request["ExpressionAttributeValues"] = {":v": value}
    name = "pk" if "pk" in expression else "sk"
    assert refused("UpdateItem", request) == (
        f"{WERE_INVALID}Cannot update attribute {name}. This attribute is part of the key"
    )


CONDITIONS = [
    ("pk = :a", {":a": {"N": "1"}}, f"{WERE_INVALID}Condition parameter type does not match schema type"),
    ("pk = :a", {":a": {"S": ""}}, empty("pk")),
    ("pk = :a", {":a": {"S": "x" * 2049}}, LONG_HASH),
    ("pk = :a AND sk = :b", {":a": {"S": "a"}, ":b": {"S": ""}}, empty("sk")),
    ("pk = :a AND sk > :b", {":a": {"S": "a"}, ":b": {"S": "x" * 1025}}, LONG_RANGE),
    ("sk = :a", {":a": {"S": "a"}}, "Query condition missed key schema element: pk"),
    ("pk = :a AND x = :a", {":a": {"S": "a"}}, "Query condition missed key schema element: sk"),
    ("pk < :a", {":a": {"S": "a"}}, "Query key condition not supported"),
    ("begins_with(pk, :a)", {":a": {"S": "a"}}, "Query key condition not supported"),
]


@pytest.mark.parametrize(("expression", "values", "message"), CONDITIONS)
def test_of_key_conditions(refused: Callable[..., str], full: str, expression: str, values: Any, message: str) -> None:
    request = {"TableName": full, "KeyConditionExpression": expression, "ExpressionAttributeValues": values}
    assert refused("Query", request) == message


def test_of_key_conditions_on_an_index(refused: Callable[..., str], full: str) -> None:
    request = {
        "TableName": full,
        "IndexName": "all",
        "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": {"S": "x" * 2049}},
    }
    assert refused("Query", request) == LONG_HASH


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetItem", {"ProjectionExpression": "sk, pk[0]"}),
        ("UpdateItem", {"UpdateExpression": "REMOVE x", "ConditionExpression": "attribute_exists(pk.a)"}),
        ("DeleteItem", {"ConditionExpression": "attribute_exists(pk.a)"}),
    ],
)
def test_are_scalars(refused: Callable[..., str], full: str, operation: str, request_: Any) -> None:
    message = refused(operation, {"TableName": full, "Key": BOTH} | request_)
    assert message == (
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"
    )
    assert not message.startswith(ENVELOPE)
