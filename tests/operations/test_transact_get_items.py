from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, NO_TABLE, fault, invalid

TWICE = "Transaction request cannot include multiple operations on one item"


def key(number: int) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}}


def get(table: str, number: int, **more: Any) -> dict[str, Any]:
    return {"Get": {"TableName": table, "Key": key(number)} | more}


def test_items_of_several_tables_in_the_order_asked(dynamodb: Any, table: str) -> None:
    other = create_table(dynamodb, "other", "pk:S", "sk:S")
    dynamodb.put_item(TableName=table, Item=key(1) | {"v": {"S": "x" * 5000}, "w": {"N": "1"}})
    dynamodb.put_item(TableName=other, Item=key(1))
    answer = dynamodb.transact_get_items(
        TransactItems=[
            get(other, 1),
            get(table, 2),
            get(table, 1, ProjectionExpression="#w", ExpressionAttributeNames={"#w": "w"}),
        ],
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["Responses"] == [{"Item": key(1)}, {}, {"Item": {"w": {"N": "1"}}}]
    assert answer["ConsumedCapacity"] == [
        {
            "TableName": name,
            "CapacityUnits": units,
            "ReadCapacityUnits": units,
            "Table": {"CapacityUnits": units, "ReadCapacityUnits": units},
        }
        for name, units in ((other, 2.0), (table, 6.0))
    ]


def test_a_projection_that_finds_nothing_leaves_the_item_out(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=key(1))
    answer = dynamodb.transact_get_items(TransactItems=[get(table, 1, ProjectionExpression="v")])
    assert answer["Responses"] == [{}]
    assert "ConsumedCapacity" not in answer


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({}, "The provided key element does not match the schema"),
        ({"pk": {"S": "a"}, "sk": {"N": "1"}}, "The provided key element does not match the schema"),
        (
            {"pk": {"S": "a"}, "sk": {"S": ""}},
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
                "string value. Key: sk"
            ),
        ),
    ],
)
def test_a_key_of_the_wrong_shape_cancels(dynamodb: Any, table: str, bad: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_get_items(TransactItems=[get(table, 1), {"Get": {"TableName": table, "Key": bad}}])
    assert caught.value.response["Error"] == {
        "Code": "TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]",
    }
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": message},
    ]


def test_faults_of_the_whole_request(dynamodb: Any, table: str) -> None:
    def refused(*gets: Any) -> str:
        return invalid(dynamodb.transact_get_items, TransactItems=list(gets))

    at = "at 'transactItems' failed to satisfy constraint: Member must have length"
    assert refused() == f"{ENVELOPE}Value '[]' {at} greater than or equal to 1"
    assert refused(*[get(table, number) for number in range(101)]).endswith(f"]' {at} less than or equal to 100")
    assert refused({}).startswith(f"{ENVELOPE}Value null at 'transactItems.1.member.get' failed")
    assert refused(get(table, 1), get(table, 1)) == TWICE
    assert refused(get("absent", 1), get("absent", 1)) == TWICE
    assert refused(get(table, 1, ProjectionExpression="!")).startswith("Invalid ProjectionExpression: Syntax error")
    assert refused(get(table, 1, ProjectionExpression="v", ExpressionAttributeNames={"#v": "v"})) == (
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#v}"
    )
    assert refused(get(table, 1, ExpressionAttributeNames={"#v": "v"})) == (
        "ExpressionAttributeNames can only be specified when using expressions"
    )
    bad_key = {"Get": {"TableName": table, "Key": {}}}
    assert fault(dynamodb.transact_get_items, TransactItems=[bad_key, get("absent", 1)]) == NO_TABLE


def test_more_than_4_mb_are_not_read(dynamodb: Any, table: str) -> None:
    for number in range(11):
        dynamodb.put_item(TableName=table, Item=key(number) | {"v": {"S": "x" * 400_000}})
    gets = [get(table, number) for number in range(11)]
    assert "size cannot exceed 4 MB" in invalid(dynamodb.transact_get_items, TransactItems=gets)
    assert len(dynamodb.transact_get_items(TransactItems=gets[:10])["Responses"]) == 10
