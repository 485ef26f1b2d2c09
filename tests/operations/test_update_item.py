from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import CONDITION_FAILED, ENVELOPE, fault, invalid

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}


def update(dynamodb: Any, table: str, expression: str, values: dict[str, Any] | None = None, **more: Any) -> Any:
    if values:
        more["ExpressionAttributeValues"] = values
    return dynamodb.update_item(TableName=table, Key=KEY, UpdateExpression=expression, **more)


def read(dynamodb: Any, table: str) -> Any:
    return dynamodb.get_item(TableName=table, Key=KEY).get("Item")


def test_creates_from_the_key(dynamodb: Any, table: str) -> None:
    dynamodb.update_item(TableName=table, Key=KEY)
    assert read(dynamodb, table) == KEY


def test_clearing_alone_creates_nothing(dynamodb: Any, table: str) -> None:
    update(dynamodb, table, "REMOVE a, b.c")
    assert read(dynamodb, table) is None


def test_right_sides_see_the_old_item(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY | {"a": {"N": "1"}, "b": {"N": "2"}})
    update(dynamodb, table, "SET a = b, b = a ADD c :one", {":one": {"N": "1"}})
    assert read(dynamodb, table) == KEY | {"a": {"N": "2"}, "b": {"N": "1"}, "c": {"N": "1"}}


def test_return_values(dynamodb: Any, table: str) -> None:
    before = KEY | {"m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}
    after = KEY | {"m": {"M": {"x": {"N": "5"}, "y": {"N": "2"}}}}
    expected = {
        "ALL_OLD": before,
        "ALL_NEW": after,
        "UPDATED_OLD": {"m": {"M": {"x": {"N": "1"}}}},
        "UPDATED_NEW": {"m": {"M": {"x": {"N": "5"}}}},
    }
    for mode, shown in expected.items():
        dynamodb.put_item(TableName=table, Item=before)
        assert update(dynamodb, table, "SET m.x = :v", {":v": {"N": "5"}}, ReturnValues=mode)["Attributes"] == shown
    assert "Attributes" not in update(dynamodb, table, "SET m.x = :v", {":v": {"N": "5"}})
    assert "Attributes" not in update(dynamodb, table, "REMOVE m.x", ReturnValues="UPDATED_NEW")


@pytest.mark.parametrize("mode", ["ALL_OLD", "UPDATED_OLD"])
def test_created_items_have_no_old_values(dynamodb: Any, table: str, mode: str) -> None:
    assert "Attributes" not in update(dynamodb, table, "SET a = :v", {":v": {"N": "5"}}, ReturnValues=mode)


def test_failed_condition_changes_nothing(dynamodb: Any, table: str) -> None:
    call = {
        "TableName": table,
        "Key": KEY,
        "UpdateExpression": "SET a = :v",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }
    assert fault(dynamodb.update_item, **call) == CONDITION_FAILED
    assert read(dynamodb, table) is None


def test_key_attributes_cannot_be_updated(dynamodb: Any, table: str) -> None:
    with pytest.raises(dynamodb.exceptions.ClientError) as caught:
        update(dynamodb, table, "SET pk = :v", {":v": {"S": "a"}})
    assert caught.value.response["Error"]["Message"] == (
        "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
    )


@pytest.mark.parametrize(
    ("expression", "values", "message"),
    [
        (
            "SET x.y = :v",
            {":v": {"N": "1"}},
            "The document path provided in the update expression is invalid for update",
        ),
        ("SET a = b", None, "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = pk + :v", {":v": {"N": "1"}}, "An operand in the update expression has an incorrect data type"),
        ("SET a", None, f'{ENVELOPE}Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "a"'),
        ("", None, f"{ENVELOPE}Invalid UpdateExpression: The expression can not be empty;"),
    ],
)
def test_faults(dynamodb: Any, table: str, expression: str, values: Any, message: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY)
    request = {"TableName": table, "Key": KEY, "UpdateExpression": expression}
    if values:
        request["ExpressionAttributeValues"] = values
    assert invalid(dynamodb.update_item, **request) == message
    assert read(dynamodb, table) == KEY


def test_legacy_updates(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY | {"n": {"N": "1"}, "l": {"L": []}, "gone": {"S": "x"}})
    dynamodb.update_item(
        TableName=table,
        Key=KEY,
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": {"N": "2"}},
            "l": {"Action": "ADD", "Value": {"L": [{"S": "x"}]}},
            "gone": {"Action": "DELETE"},
            "new": {"Value": {"S": "y"}},
        },
        Expected={"n": {"Value": {"N": "1"}}},
    )
    assert read(dynamodb, table) == KEY | {"n": {"N": "3"}, "l": {"L": [{"S": "x"}]}, "new": {"S": "y"}}


def test_entries_follow(dynamodb: Any) -> None:
    table = create_table(dynamodb, "indexed", "pk:S", "sk:S", indexes={"by_g": {"hash": ["g:S"], "range": ["n:N"]}})

    def entries() -> Any:
        return dynamodb.scan(TableName=table, IndexName="by_g")["Items"]

    update(dynamodb, table, "SET g = :g, n = :n", {":g": {"S": "x"}, ":n": {"N": "1"}})
    assert entries() == [KEY | {"g": {"S": "x"}, "n": {"N": "1"}}]
    update(dynamodb, table, "SET n = n + :n", {":n": {"N": "1"}})
    assert entries() == [KEY | {"g": {"S": "x"}, "n": {"N": "2"}}]
    update(dynamodb, table, "REMOVE g")
    assert entries() == []
    bad = {"UpdateExpression": "SET g = :g", "ExpressionAttributeValues": {":g": {"N": "1"}}}
    assert invalid(dynamodb.update_item, TableName=table, Key=KEY, **bad) == (
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: by_g"
    )


def test_the_actions_count_towards_the_size(dynamodb: Any, table: str) -> None:
    """The measure of an update leaves the key out and adds 3 bytes and 19 for each action that writes."""
    short = 409_600 - (len("pk") + 1 + len("sk") + 1 + len("v")) - 10
    dynamodb.put_item(TableName=table, Item=KEY | {"v": {"S": "x" * short}})
    size = 409_600 - 10 + len("w") + 1
    assert size < 409_600 < size - 6 + 22
    request = {"UpdateExpression": "SET w = :w", "ExpressionAttributeValues": {":w": {"S": "y"}}}
    assert invalid(dynamodb.update_item, TableName=table, Key=KEY, **request) == (
        "Item size to update has exceeded the maximum allowed size"
    )
