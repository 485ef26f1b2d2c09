"""What an item counts, and the limits that go by it, to the byte."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.exact.conftest import Ask

LIMIT = 409_600
TOO_LARGE = "Item size has exceeded the maximum allowed size"
TOO_LARGE_TO_UPDATE = "Item size to update has exceeded the maximum allowed size"
KEY = {"pk": {"S": "a"}}
KEY_BYTES = 3

VALUES = [
    ({"S": ""}, 0),
    ({"S": "héllo"}, 6),
    ({"S": "\U0001f600"}, 4),
    ({"B": "AAEC"}, 3),
    ({"B": "AA=="}, 1),
    ({"BOOL": False}, 1),
    ({"NULL": True}, 1),
    ({"N": "5"}, 2),
    ({"N": "-5"}, 3),
    ({"N": "100000"}, 2),
    ({"N": "123"}, 3),
    ({"N": "1.5"}, 3),
    ({"N": "0.0000001"}, 2),
    ({"N": "9" * 38}, 20),
    ({"SS": ["a", "bc"]}, 3),
    ({"NS": ["1", "22"]}, 4),
    ({"BS": ["AA==", "AAE="]}, 3),
    ({"L": []}, 3),
    ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 2 + 2 + 1),
    ({"M": {}}, 3),
    ({"M": {"é": {"S": "x"}}}, 3 + 1 + 2 + 1),
    ({"M": {"a": {"L": [{"NULL": True}]}}}, 3 + 1 + 1 + 3 + 1 + 1),
]


def padded(value: dict[str, Any], size: int, over: int) -> dict[str, Any]:
    """An item of `over` bytes more than the limit, if `value` has `size`."""
    rest = LIMIT + over - KEY_BYTES - len("v") - size - len("w")
    return KEY | {"v": value, "w": {"S": "x" * rest}}


@pytest.mark.parametrize(("value", "size"), VALUES)
def test_values(ask: Ask, refused: Callable[..., str], simple: str, value: Any, size: int) -> None:
    assert ask("PutItem", {"TableName": simple, "Item": padded(value, size, 0)}).status == 200
    assert refused("PutItem", {"TableName": simple, "Item": padded(value, size, 1)}) == TOO_LARGE
    batch = {simple: [{"PutRequest": {"Item": padded(value, size, 1)}}]}
    assert refused("BatchWriteItem", {"RequestItems": batch}) == TOO_LARGE


def test_an_oversized_item_is_told_before_its_table(refused: Callable[..., str]) -> None:
    assert refused("PutItem", {"TableName": "absent", "Item": padded({"S": ""}, 0, 1)}) == TOO_LARGE


UPDATES = [
    # expression, values, bytes of the attributes that it makes, bytes that the service adds for the actions
    ("SET b = :v", {":v": {"S": "y"}}, 2, 3 + 19 - KEY_BYTES),
    ("SET b = :v, c = :v", {":v": {"S": "y"}}, 4, 3 + 19 * 2 - KEY_BYTES),
    ("SET b = :v REMOVE c", {":v": {"S": "y"}}, 2, 3 + 19 + 2 - KEY_BYTES),
    ("ADD b :v", {":v": {"N": "1"}}, 3, 3 + 19 - KEY_BYTES),
]


@pytest.mark.parametrize(("expression", "values", "made", "added"), UPDATES)
def test_updates(
    ask: Ask, refused: Callable[..., str], simple: str, expression: str, values: Any, made: int, added: int
) -> None:
    for over, fits in ((0, True), (1, False)):
        length = LIMIT + over - added - made - KEY_BYTES - len("w")
        assert ask("PutItem", {"TableName": simple, "Item": KEY | {"w": {"S": "x" * length}}}).status == 200
        request = {
            "TableName": simple,
            "Key": KEY,
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
        }
        if fits:
            assert ask("UpdateItem", request).status == 200
        else:
            assert refused("UpdateItem", request) == TOO_LARGE_TO_UPDATE


def test_an_index_entry_does_not_count_towards_the_item(ask: Ask, full: str) -> None:
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "g": {"S": "x"}}
    rest = LIMIT - 3 - 3 - 2 - len("w")
    assert ask("PutItem", {"TableName": full, "Item": item | {"w": {"S": "x" * rest}}}).status == 200


def test_entries_of_local_indexes_count_towards_the_item(ask: Ask, refused: Callable[..., str], dynamodb: Any) -> None:
    """The item and its entries in all local indexes share the limit."""
    local = {"range": ["l:S"], "local": True}
    table = create_table(
        dynamodb, "locals", "pk:S", "sk:S", indexes={"some": local | {"projection": ["p"]}, "all": local}
    )
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    keys, entry = 3 + 3 + 2, 3 + 3 + 2 + 11
    for over in (0, 1):
        item = key | {"l": {"S": "c"}, "p": {"S": "x" * 10}}
        rest = (LIMIT - 2 * (keys + 11 + 1) - entry) // 2 + over
        put = {"TableName": table, "Item": item | {"w": {"S": "x" * rest}}}
        if not over:
            assert ask("PutItem", put).status == 200
            continue
        assert refused("PutItem", put) == TOO_LARGE
        update = {"UpdateExpression": "SET w = :w", "ExpressionAttributeValues": {":w": {"S": "x" * rest}}}
        assert refused("UpdateItem", {"TableName": table, "Key": key} | update) == TOO_LARGE_TO_UPDATE
        # outside the indexes it fits
        assert ask("PutItem", {"TableName": table, "Item": key | {"w": {"S": "x" * rest}}}).status == 200
