from typing import Any

import pytest

from tests.operations.faults import NO_TABLE, fault, invalid

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}
ITEM = KEY | {"m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, "l": {"L": [{"S": "p"}, {"S": "q"}, {"S": "r"}]}}


def test_absent_item_has_no_item_member(dynamodb: Any, table: str) -> None:
    assert "Item" not in dynamodb.get_item(TableName=table, Key=KEY)


def test_projection(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    answer = dynamodb.get_item(
        TableName=table,
        Key=KEY,
        ProjectionExpression="#m.x, l[2], l[0], nothing",
        ExpressionAttributeNames={"#m": "m"},
    )
    assert answer["Item"] == {"m": {"M": {"x": {"N": "1"}}}, "l": {"L": [{"S": "p"}, {"S": "r"}]}}
    assert dynamodb.get_item(TableName=table, Key=KEY, ProjectionExpression="nothing")["Item"] == {}
    assert dynamodb.get_item(TableName=table, Key=KEY, AttributesToGet=["pk"])["Item"] == {"pk": {"S": "a"}}


@pytest.mark.parametrize(("length", "strong", "eventual"), [(3000, 1.0, 0.5), (4200, 2.0, 1.0), (9000, 3.0, 1.5)])
def test_capacity(dynamodb: Any, table: str, length: int, strong: float, eventual: float) -> None:
    dynamodb.put_item(TableName=table, Item=KEY | {"v": {"S": "x" * length}})
    for consistent, units in ((True, strong), (False, eventual)):
        answer = dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
        assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": units}


@pytest.mark.parametrize("key", [{"pk": {"S": "a"}}, KEY | {"x": {"S": "a"}}, {"pk": {"S": "a"}, "sk": {"N": "1"}}])
def test_key_must_match_the_schema(dynamodb: Any, table: str, key: dict[str, Any]) -> None:
    assert invalid(dynamodb.get_item, TableName=table, Key=key) == (
        "The provided key element does not match the schema"
    )
    assert fault(dynamodb.get_item, TableName="absent", Key=key) == NO_TABLE


def test_expression_faults_are_bare_and_come_before_the_table(dynamodb: Any) -> None:
    assert invalid(dynamodb.get_item, TableName="absent", Key=KEY, ProjectionExpression="a,") == (
        'Invalid ProjectionExpression: Syntax error; token: "<EOF>", near: ","'
    )
    assert invalid(dynamodb.get_item, TableName="absent", Key=KEY, ExpressionAttributeNames={"#a": "b"}) == (
        "ExpressionAttributeNames can only be specified when using expressions"
    )


def test_regions_and_accounts_are_apart(account: Any, dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY)
    assert fault(account.client(region="us-west-2").get_item, TableName=table, Key=KEY) == NO_TABLE
    arn = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/{table}"
    assert dynamodb.get_item(TableName=arn, Key=KEY)["Item"] == KEY
