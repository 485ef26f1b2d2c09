from typing import Any

from tests.operations.conftest import create_table
from tests.operations.faults import NO_TABLE, fault, invalid

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}
GONE = ("ResourceNotFoundException", "Requested resource not found: Table: things not found")


def test_the_table_is_deleting_and_then_gone(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY)
    deleted = dynamodb.delete_table(TableName=table)["TableDescription"]
    assert deleted["TableStatus"] == "DELETING"
    assert deleted["TableName"] == table
    assert "KeySchema" not in deleted
    assert fault(dynamodb.describe_table, TableName=table) == GONE
    assert fault(dynamodb.delete_table, TableName=table) == GONE
    assert fault(dynamodb.get_item, TableName=table, Key=KEY) == NO_TABLE
    assert dynamodb.list_tables()["TableNames"] == []
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def test_a_new_table_of_the_name_is_empty(dynamodb: Any, table: str) -> None:
    old = dynamodb.describe_table(TableName=table)["Table"]
    dynamodb.put_item(TableName=table, Item=KEY)
    dynamodb.delete_table(TableName=table)
    create_table(dynamodb, table, "pk:S", "sk:S")
    new = dynamodb.describe_table(TableName=table)["Table"]
    assert new["ItemCount"] == 0
    assert new["TableArn"] == old["TableArn"]
    assert new["TableId"] != old["TableId"]
    assert "Item" not in dynamodb.get_item(TableName=table, Key=KEY)


def test_by_arn(dynamodb: Any, table: str) -> None:
    dynamodb.delete_table(TableName=dynamodb.describe_table(TableName=table)["Table"]["TableArn"])
    assert fault(dynamodb.describe_table, TableName=table) == GONE


def test_protection(dynamodb: Any, table: str) -> None:
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    assert invalid(dynamodb.delete_table, TableName=table) == (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    )
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)


def test_no_such_table(dynamodb: Any) -> None:
    assert fault(dynamodb.delete_table, TableName="things") == GONE
