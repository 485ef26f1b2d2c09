from typing import Any

from tests.operations.conftest import create_table
from tests.operations.faults import NO_TABLE, fault, invalid


def key(number: int) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}}


def test_items_of_several_tables(dynamodb: Any, table: str) -> None:
    other = create_table(dynamodb, "other", "id:N")
    dynamodb.put_item(TableName=table, Item=key(1) | {"v": {"S": "x"}})
    dynamodb.put_item(TableName=other, Item={"id": {"N": "7"}, "v": {"S": "y"}})
    answer = dynamodb.batch_get_item(
        RequestItems={
            table: {"Keys": [key(1), key(2)], "ConsistentRead": True},
            other: {
                "Keys": [{"id": {"N": "7"}}, {"id": {"N": "7.0"}}],
                "ProjectionExpression": "#v",
                "ExpressionAttributeNames": {"#v": "v"},
            },
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == {table: [key(1) | {"v": {"S": "x"}}], other: [{"v": {"S": "y"}}]}
    assert answer["UnprocessedKeys"] == {}
    assert {one["TableName"]: one["CapacityUnits"] for one in answer["ConsumedCapacity"]} == {table: 2.0, other: 1.0}


def test_what_does_not_fit_into_16_megabytes_is_left(dynamodb: Any, table: str) -> None:
    for number in range(45):
        dynamodb.put_item(TableName=table, Item=key(number) | {"v": {"S": "x" * 400_000}})
    asked: dict[str, Any] = {"Keys": [key(number) for number in range(45)], "ConsistentRead": True}
    answer = dynamodb.batch_get_item(RequestItems={table: asked})
    found = len(answer["Responses"][table])
    assert found == 16 * 1024 * 1024 // (400_000 + 9)
    left = answer["UnprocessedKeys"]
    assert left == {table: asked | {"Keys": asked["Keys"][found:]}}
    rest = dynamodb.batch_get_item(RequestItems=left)
    assert len(rest["Responses"][table]) == 45 - found


def test_faults(dynamodb: Any, table: str) -> None:
    def refused(**asked: Any) -> str:
        return invalid(dynamodb.batch_get_item, RequestItems=asked)

    assert refused(**{table: {"Keys": [key(1), key(1)]}}) == "Provided list of item keys contains duplicates"
    assert refused(**{table: {"Keys": [{"pk": {"S": "a"}}]}}) == "The provided key element does not match the schema"
    many = {"Keys": [key(number) for number in range(60)]}
    other = create_table(dynamodb, "other", "pk:S", "sk:S")
    assert refused(**{table: many, other: many}) == "Too many items requested for the BatchGetItem call"
    mixed = {
        table: {"Keys": [key(1)], "AttributesToGet": ["a"]},
        other: {"Keys": [key(1)], "ProjectionExpression": "a"},
    }
    assert refused(**mixed) == (
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
    )
    assert fault(dynamodb.batch_get_item, RequestItems={"absent": {"Keys": [key(1)]}}) == NO_TABLE
