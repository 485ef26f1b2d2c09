"""BatchGetItem and BatchWriteItem: how many, which twice, and what is said first."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.exact.conftest import Ask

DUPLICATES = "Provided list of item keys contains duplicates"
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
NULL = "1 validation error detected: Value null at 'requestItems' failed to satisfy constraint: Member must not be null"
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def keys(count: int) -> list[dict[str, Any]]:
    return [{"pk": {"S": "a"}, "sk": {"S": str(number)}} for number in range(count)]


def put(key: dict[str, Any]) -> dict[str, Any]:
    return {"PutRequest": {"Item": key}}


def delete(key: dict[str, Any]) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": key}}


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_request_items(refused: Callable[..., str], operation: str) -> None:
    assert refused(operation, {}) == NULL
    assert refused(operation, {"RequestItems": None}) == NULL
    assert refused(operation, {"RequestItems": {}}) == f"The requestItems parameter is required for {operation}"
    assert refused(operation, {"ReturnConsumedCapacity": "x"}).startswith("2 validation errors detected: ")


def test_100_keys(ask: Ask, refused: Callable[..., str], full: str, simple: str) -> None:
    assert ask("BatchGetItem", {"RequestItems": {full: {"Keys": keys(100)}}}).status == 200
    assert refused("BatchGetItem", {"RequestItems": {full: {"Keys": keys(101)}}}) == (
        "1 validation error detected: Value at 'RequestItems.full.member.Keys' failed to satisfy constraint: "
        "Member must have length less than or equal to 100"
    )
    asked = {full: {"Keys": keys(60)}, simple: {"Keys": keys(41)}}
    assert refused("BatchGetItem", {"RequestItems": asked}) == "Too many items requested for the BatchGetItem call"
    none = refused("BatchGetItem", {"RequestItems": {full: {"Keys": []}}})
    assert none.endswith("Member must have length greater than or equal to 1")


def test_25_writes(ask: Ask, refused: Callable[..., str], full: str, simple: str) -> None:
    assert ask("BatchWriteItem", {"RequestItems": {full: [put(key) for key in keys(25)]}}).status == 200
    bounds = (
        "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: "
        "[Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
    )
    for count in (0, 26):
        message = refused("BatchWriteItem", {"RequestItems": {full: [put(key) for key in keys(count)]}})
        assert message.startswith("1 validation error detected: Value '{full=[")
        assert message.endswith(bounds)
    asked = {full: [put(key) for key in keys(13)], simple: [delete(key) for key in keys(13)]}
    assert refused("BatchWriteItem", {"RequestItems": asked}) == "Too many items requested for the BatchWriteItem call"


TURNED = dict(reversed(KEY.items()))


@pytest.mark.parametrize("twice", [[KEY, KEY], [KEY, TURNED], [KEY, *keys(3), TURNED]])
def test_a_key_twice(refused: Callable[..., str], full: str, twice: list[Any]) -> None:
    assert refused("BatchGetItem", {"RequestItems": {full: {"Keys": twice}}}) == DUPLICATES
    for kinds in ((put, put), (put, delete), (delete, delete)):
        writes = [kinds[0](twice[0]), *map(delete, twice[1:-1]), kinds[1](twice[-1])]
        assert refused("BatchWriteItem", {"RequestItems": {full: writes}}) == DUPLICATES


def test_reads_see_duplicates_before_they_look_for_the_table(refused: Callable[..., str]) -> None:
    assert refused("BatchGetItem", {"RequestItems": {"absent": {"Keys": [KEY, KEY]}}}) == DUPLICATES


def test_one_unknown_table_refuses_all(ask: Ask, full: str) -> None:
    for operation, request in (
        ("BatchGetItem", {full: {"Keys": [KEY]}, "absent": {"Keys": [{}]}}),
        ("BatchWriteItem", {full: [put(KEY)], "absent": [put({})]}),
    ):
        reply = ask(operation, {"RequestItems": request})
        assert (reply.code, reply.message) == ("ResourceNotFoundException", "Requested resource not found")
    assert ask("Scan", {"TableName": full}).body["Count"] == 0


@pytest.mark.parametrize(
    ("write", "message"),
    [
        ({}, EMPTY),
        ({"Other": {}}, EMPTY),
        (put(KEY) | delete(KEY), SEVERAL),
        (put(KEY | {"v": {}}), EMPTY),
        (delete({"pk": {"S": "a", "N": "1"}}), SEVERAL),
        (put(KEY | {"v": {"S": "x" * 409_600}}), "Item size has exceeded the maximum allowed size"),
    ],
)
def test_bad_writes_are_told_before_the_table_is_looked_for(
    refused: Callable[..., str], write: Any, message: str
) -> None:
    assert refused("BatchWriteItem", {"RequestItems": {"absent": [put(KEY), write]}}) == message


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        ({"PutRequest": {}}, "requestItems.full.member.1.member.putRequest.item"),
        ({"DeleteRequest": {}}, "requestItems.full.member.1.member.deleteRequest.key"),
    ],
)
def test_writes_without_content(refused: Callable[..., str], write: Any, fault: str) -> None:
    assert refused("BatchWriteItem", {"RequestItems": {"full": [write]}}) == (
        f"1 validation error detected: Value null at '{fault}' failed to satisfy constraint: Member must not be null"
    )


def test_absent_items_are_left_out_but_their_table_is_there(ask: Ask, full: str) -> None:
    ask("PutItem", {"TableName": full, "Item": KEY | {"v": {"S": "x"}, "w": {"S": "y"}}})
    asked = {"Keys": [KEY, *keys(2)], "ProjectionExpression": "#v", "ExpressionAttributeNames": {"#v": "v"}}
    assert ask("BatchGetItem", {"RequestItems": {full: asked}}).body == {
        "Responses": {full: [{"v": {"S": "x"}}]},
        "UnprocessedKeys": {},
    }
    assert ask("BatchGetItem", {"RequestItems": {full: {"Keys": keys(2)}}}).body["Responses"] == {full: []}


PROJECTIONS = [
    ({"ProjectionExpression": "a,"}, 'Invalid ProjectionExpression: Syntax error; token: "<EOF>", near: ","'),
    (
        {"ProjectionExpression": "a", "ExpressionAttributeNames": {"#b": "b"}},
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
    ),
    (
        {"ExpressionAttributeNames": {"#b": "b"}},
        "ExpressionAttributeNames can only be specified when using expressions",
    ),
    (
        {"AttributesToGet": ["a", "a"]},
        "One or more parameter values were invalid: Duplicate value in attribute name: a",
    ),
]


@pytest.mark.parametrize(("more", "message"), PROJECTIONS)
def test_projections_are_told_before_the_table_is_looked_for(
    refused: Callable[..., str], more: Any, message: str
) -> None:
    assert refused("BatchGetItem", {"RequestItems": {"absent": {"Keys": [KEY]} | more}}) == message


def test_capacity_rounds_for_each_item(ask: Ask, full: str) -> None:
    writes = [put(key | {"v": {"S": "x" * 1100}}) for key in keys(10)]
    written = ask("BatchWriteItem", {"RequestItems": {full: writes}, "ReturnConsumedCapacity": "TOTAL"}).body
    assert written["ConsumedCapacity"] == [{"TableName": full, "CapacityUnits": 20.0}]
    for consistent, expected in ((True, 10.0), (False, 5.0)):
        asked = {full: {"Keys": keys(10), "ConsistentRead": consistent}}
        read = ask("BatchGetItem", {"RequestItems": asked, "ReturnConsumedCapacity": "TOTAL"}).body
        assert read["ConsumedCapacity"] == [{"TableName": full, "CapacityUnits": expected}]
