from typing import Any

from tests.operations.conftest import create_table
from tests.operations.faults import CONDITION_FAILED, ENVELOPE, fault, invalid

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}


def test_is_idempotent_and_shows_the_old_item_once(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY | {"v": {"N": "1"}})
    assert dynamodb.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD")["Attributes"] == KEY | {
        "v": {"N": "1"}
    }
    assert "Attributes" not in dynamodb.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD")
    assert "Item" not in dynamodb.get_item(TableName=table, Key=KEY)


def test_condition(dynamodb: Any, table: str) -> None:
    wanted = {"TableName": table, "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}
    assert fault(dynamodb.delete_item, **wanted) == CONDITION_FAILED
    dynamodb.put_item(TableName=table, Item=KEY)
    dynamodb.delete_item(**wanted)


def test_removes_the_entries(dynamodb: Any) -> None:
    table = create_table(dynamodb, "indexed", "pk:S", indexes={"by_g": {"hash": ["g:S"]}, "by_h": {"hash": ["h:S"]}})
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "g": {"S": "x"}})
    consumed = dynamodb.delete_item(TableName=table, Key={"pk": {"S": "a"}}, ReturnConsumedCapacity="INDEXES")
    assert consumed["ConsumedCapacity"]["GlobalSecondaryIndexes"] == {"by_g": {"CapacityUnits": 1.0}}
    assert dynamodb.scan(TableName=table, IndexName="by_g")["Count"] == 0
    again = dynamodb.delete_item(TableName=table, Key={"pk": {"S": "a"}}, ReturnConsumedCapacity="INDEXES")
    assert again["ConsumedCapacity"] == {
        "TableName": table,
        "CapacityUnits": 1.0,
        "Table": {"CapacityUnits": 1.0},
    }


def test_refuses_what_the_service_refuses(dynamodb: Any, table: str) -> None:
    assert invalid(dynamodb.delete_item, TableName=table, Key={"pk": {"S": "a"}}) == (
        "The provided key element does not match the schema"
    )
    assert invalid(dynamodb.delete_item, TableName=table, Key=KEY, ReturnValues="ALL_NEW") == (
        f"{ENVELOPE}ReturnValues can only be ALL_OLD or NONE"
    )
