from typing import Any

from tests.operations.conftest import create_table
from tests.operations.faults import NO_TABLE, fault, invalid


def put(number: int, **more: Any) -> dict[str, Any]:
    return {"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}} | more}}


def delete(number: int) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}}}}


def test_puts_and_deletes_in_several_tables(dynamodb: Any, table: str) -> None:
    other = create_table(dynamodb, "other", "pk:S", "sk:S", indexes={"by_g": {"hash": ["g:S"]}})
    dynamodb.put_item(TableName=table, Item=put(1)["PutRequest"]["Item"])
    answer = dynamodb.batch_write_item(
        RequestItems={table: [delete(1), put(2)], other: [put(1, g={"S": "x"}), put(2, v={"S": "x" * 2000})]},
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["UnprocessedItems"] == {}
    consumed = {one["TableName"]: one for one in answer["ConsumedCapacity"]}
    assert consumed[table]["CapacityUnits"] == 2.0
    assert consumed[other]["GlobalSecondaryIndexes"] == {"by_g": {"CapacityUnits": 1.0}}
    assert consumed[other]["CapacityUnits"] == 4.0
    assert [item["sk"]["S"] for item in dynamodb.scan(TableName=table)["Items"]] == ["002"]
    assert dynamodb.scan(TableName=other)["Count"] == 2


def test_one_bad_request_refuses_the_whole_call(dynamodb: Any, table: str) -> None:
    def refused(*requests: Any) -> str:
        return invalid(dynamodb.batch_write_item, RequestItems={table: list(requests)})

    duplicates = "Provided list of item keys contains duplicates"
    assert refused(put(1), put(1)) == duplicates
    assert refused(put(1), delete(1)) == duplicates
    assert refused(put(1), {"PutRequest": {"Item": {"pk": {"S": "a"}}}}) == (
        "The provided key element does not match the schema"
    )
    assert refused(put(1), put(2, v={"S": "x" * 409_600})) == "Item size has exceeded the maximum allowed size"
    assert refused(put(1), put(2) | delete(2)) == (
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    )
    other = create_table(dynamodb, "other", "pk:S", "sk:S")
    many = [put(number) for number in range(13)]
    assert invalid(dynamodb.batch_write_item, RequestItems={table: many, other: many}) == (
        "Too many items requested for the BatchWriteItem call"
    )
    assert fault(dynamodb.batch_write_item, RequestItems={table: [put(1)], "absent": [put(1)]}) == NO_TABLE
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_numerically_equal_keys_are_duplicates(dynamodb: Any) -> None:
    table = create_table(dynamodb, "numbers", "id:N")
    puts = [{"PutRequest": {"Item": {"id": {"N": number}}}} for number in ("1", "1.0")]
    assert invalid(dynamodb.batch_write_item, RequestItems={table: puts}) == (
        "Provided list of item keys contains duplicates"
    )


def test_item_collections(dynamodb: Any) -> None:
    table = create_table(dynamodb, "local", "pk:S", "sk:S", indexes={"by_l": {"range": ["l:S"], "local": True}})
    answer = dynamodb.batch_write_item(RequestItems={table: [put(1), put(2)]}, ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"] == {
        table: [{"ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]}]
    }
