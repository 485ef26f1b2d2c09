"""What is asked: the table, its items, and the body of each request by its number.

Items are about 300 bytes in seven attributes, fifty to a partition. Each write has a value that no other write has:
an engine that sees the same bytes again writes nothing and syncs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import orjson

TABLE = "Bench"
PARTITION_ITEMS = 50
BATCH_ITEMS = 25
TRANSACTION_ITEMS = 4

CREATE_TABLE = orjson.dumps(
    {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
)

_NOTE = "the quick brown fox jumps over the lazy dog and then sits down for a while to think about it "
_UNIQUE = count(1)  # of the process, so no two runs write the same value
_STRIDE = 7919  # prime: walks over all items in an order that is not theirs

Value = dict[str, object]


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request. `body` takes the number of the request and how many items there are."""

    name: str
    operation: str
    body: Callable[[int, int], bytes]
    weight: int = 1  # how many simple requests it is worth, to choose how many to prepare


def key_of(number: int) -> dict[str, Value]:
    return {"pk": {"S": f"partition-{number // PARTITION_ITEMS:07d}"}, "sk": {"N": str(number % PARTITION_ITEMS)}}


def item_of(number: int) -> dict[str, Value]:
    """An item with a value of its own."""
    unique = next(_UNIQUE)
    return key_of(number) | {
        "name": {"S": f"Customer {number}"},
        "email": {"S": f"customer.{number}@example.com"},
        "visits": {"N": str(unique)},
        "active": {"BOOL": True},
        "note": {"S": f"{unique:012d} {_NOTE}"},
    }


def _chosen(number: int, items: int) -> int:
    return number * _STRIDE % items


def get_item(number: int, items: int) -> bytes:
    return orjson.dumps({"TableName": TABLE, "Key": key_of(_chosen(number, items))})


def put_item(number: int, items: int) -> bytes:
    return orjson.dumps({"TableName": TABLE, "Item": item_of(_chosen(number, items))})


def update_item(number: int, items: int) -> bytes:
    return orjson.dumps({"TableName": TABLE, "Key": key_of(_chosen(number, items)), **_update()})


def query(number: int, items: int) -> bytes:
    partition = key_of(_chosen(number, items))["pk"]
    return orjson.dumps(
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": partition},
        }
    )


def batch_write_item(number: int, items: int) -> bytes:
    first = number * BATCH_ITEMS
    puts = [{"PutRequest": {"Item": item_of((first + offset) % items)}} for offset in range(BATCH_ITEMS)]
    return orjson.dumps({"RequestItems": {TABLE: puts}})


def transact_write_items(number: int, items: int) -> bytes:
    first = number * TRANSACTION_ITEMS
    keys = [key_of(_chosen(first + offset, items)) for offset in range(TRANSACTION_ITEMS)]
    return orjson.dumps({"TransactItems": [{"Update": {"TableName": TABLE, "Key": key, **_update()}} for key in keys]})


def _update() -> dict[str, object]:
    return {
        "UpdateExpression": "SET #visits = #visits + :one, note = :note",
        "ConditionExpression": "attribute_exists(pk) AND active = :yes",
        "ExpressionAttributeNames": {"#visits": "visits"},
        "ExpressionAttributeValues": {
            ":one": {"N": "1"},
            ":yes": {"BOOL": True},
            ":note": {"S": f"{next(_UNIQUE):012d} {_NOTE}"},
        },
    }


GET_ITEM = Workload("GetItem", "GetItem", get_item)
PUT_ITEM = Workload("PutItem", "PutItem", put_item)

WORKLOADS = {
    workload.name: workload
    for workload in (
        GET_ITEM,
        PUT_ITEM,
        Workload("UpdateItem", "UpdateItem", update_item),
        Workload("Query", "Query", query, weight=6),
        Workload("BatchWriteItem", "BatchWriteItem", batch_write_item, weight=12),
        Workload("TransactWriteItems", "TransactWriteItems", transact_write_items, weight=4),
    )
}
