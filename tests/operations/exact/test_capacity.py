"""What requests consume, to the half unit, and how it is told."""

from typing import Any

import pytest

from tests.operations.exact.conftest import Ask

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def sized(bytes_: int, **attributes: Any) -> dict[str, Any]:
    """An item of so many bytes beside the attributes given, which are one character each."""
    return KEY | attributes | {"v": {"S": "x" * (bytes_ - 6 - 1)}}


def units(ask: Ask, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    reply = ask(operation, request | {"ReturnConsumedCapacity": "INDEXES"})
    assert reply.status == 200, reply
    consumed = reply.body["ConsumedCapacity"]
    assert consumed.pop("TableName") == "full"
    assert isinstance(consumed["CapacityUnits"], float)
    total = consumed.pop("CapacityUnits")
    table = consumed.pop("Table")["CapacityUnits"]
    indexes = {name: (arm[0], one["CapacityUnits"]) for arm, group in consumed.items() for name, one in group.items()}
    assert total == table + sum(amount for _, amount in indexes.values())
    return {"table": table} | {name: amount for name, (_, amount) in indexes.items()}


@pytest.mark.parametrize(("size", "strong"), [(100, 1.0), (4096, 1.0), (4097, 2.0), (9000, 3.0), (409_600, 100.0)])
def test_reads_of_one_item(ask: Ask, full: str, size: int, strong: float) -> None:
    ask("PutItem", {"TableName": full, "Item": sized(size)})
    for consistent in (True, False):
        asked = {"TableName": full, "Key": KEY, "ConsistentRead": consistent}
        expected = strong if consistent else strong / 2
        assert units(ask, "GetItem", asked) == {"table": expected}
        assert units(ask, "GetItem", asked | {"ProjectionExpression": "sk"}) == {"table": expected}
        query = {
            "TableName": full,
            "ConsistentRead": consistent,
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "a"}},
        }
        assert units(ask, "Query", query) == {"table": expected}
        assert units(ask, "Scan", {"TableName": full, "ConsistentRead": consistent}) == {"table": expected}


def test_reads_of_nothing(ask: Ask, full: str) -> None:
    for consistent, expected in ((True, 1.0), (False, 0.5)):
        assert units(ask, "GetItem", {"TableName": full, "Key": KEY, "ConsistentRead": consistent}) == {
            "table": expected
        }
        query = {
            "TableName": full,
            "ConsistentRead": consistent,
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "a"}},
        }
        assert units(ask, "Query", query) == {"table": expected}
        assert units(ask, "Query", query | {"IndexName": "local"}) == {"table": 0.0, "local": expected}


def test_a_page_is_rounded_once(ask: Ask, full: str) -> None:
    for number in range(10):
        item = sized(1024, l={"S": "l"}) | {"sk": {"S": str(number)}}
        ask("PutItem", {"TableName": full, "Item": item})
    query = {
        "TableName": full,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "a"}},
    }
    assert units(ask, "Query", query) == {"table": 1.5}
    assert units(ask, "Query", query | {"ConsistentRead": True, "Select": "COUNT"}) == {"table": 3.0}
    assert units(ask, "Query", query | {"FilterExpression": "attribute_exists(nothing)"}) == {"table": 1.5}
    assert units(ask, "Query", query | {"Limit": 4}) == {"table": 1.0}
    # entries of the local index hold keys alone; each whole item behind one is read for itself
    assert units(ask, "Query", query | {"IndexName": "local"}) == {"table": 0.0, "local": 0.5}
    whole = query | {"IndexName": "local", "Select": "ALL_ATTRIBUTES", "Limit": 3}
    assert units(ask, "Query", whole) == {"table": 1.5, "local": 0.5}
    assert units(ask, "Query", whole | {"ConsistentRead": True}) == {"table": 3.0, "local": 1.0}


WRITES = [
    # bytes before, bytes after (None: no item), units
    (None, 100, 1.0),
    (None, 1024, 1.0),
    (None, 1025, 2.0),
    (None, 1536, 2.0),
    (3072, 100, 3.0),
    (100, 3072, 3.0),
    (3072, 3072, 3.0),
    (None, None, 1.0),
    (1025, None, 2.0),
]


@pytest.mark.parametrize(("before", "after", "expected"), WRITES)
def test_writes_count_the_larger_image(
    ask: Ask, full: str, before: int | None, after: int | None, expected: float
) -> None:
    if before is not None:
        ask("PutItem", {"TableName": full, "Item": sized(before)})
    if after is None:
        assert units(ask, "DeleteItem", {"TableName": full, "Key": KEY}) == {"table": expected}
        return
    assert units(ask, "PutItem", {"TableName": full, "Item": sized(after)}) == {"table": expected}
    if before is not None:
        ask("PutItem", {"TableName": full, "Item": sized(before)})
        update = {
            "TableName": full,
            "Key": KEY,
            "UpdateExpression": "SET v = :v",
            "ExpressionAttributeValues": {":v": sized(after)["v"]},
        }
        assert units(ask, "UpdateItem", update) == {"table": expected}


def test_updates_that_do_nothing_are_charged(ask: Ask, full: str) -> None:
    ask("PutItem", {"TableName": full, "Item": sized(2000)})
    assert units(ask, "UpdateItem", {"TableName": full, "Key": KEY}) == {"table": 2.0}
    remove = {"TableName": full, "Key": KEY, "UpdateExpression": "REMOVE nothing"}
    assert units(ask, "UpdateItem", remove) == {"table": 2.0}
    absent = remove | {"Key": KEY | {"sk": {"S": "other"}}}
    assert units(ask, "UpdateItem", absent) == {"table": 1.0}


G, N, B, L = {"S": "g"}, {"N": "1"}, {"B": "AA=="}, {"S": "l"}

INDEXED = [
    # attributes before, after, units of indexes
    (None, {"g": G}, {"all": 1.0}),
    (None, {"g": G, "n": N}, {"all": 1.0, "global": 1.0}),
    (None, {"l": L, "b": B}, {"local": 1.0, "binary": 1.0}),
    ({"g": G}, {"g": G}, {}),
    ({"g": G, "n": N, "l": L}, {"g": G, "n": N, "l": L}, {}),
    ({"g": G, "n": N}, {"g": {"S": "h"}, "n": N}, {"all": 2.0, "global": 2.0}),
    ({"g": G, "n": N}, {"g": G, "n": {"N": "2"}}, {"all": 1.0, "global": 2.0}),
    ({"g": G, "n": N}, {"g": G, "n": N, "q": L}, {"all": 1.0}),
    ({"g": G, "n": N}, {"g": G, "n": N, "p": L}, {"all": 1.0, "global": 1.0}),
    ({"g": G, "n": N}, {}, {"all": 1.0, "global": 1.0}),
    ({"l": L}, {"l": L, "q": L}, {}),
    ({"g": G, "s": {"SS": ["a", "b"]}}, {"g": G, "s": {"SS": ["b", "a"]}}, {}),
]


@pytest.mark.parametrize(("before", "after", "expected"), INDEXED)
def test_indexes_are_charged_for_what_changes(
    ask: Ask, full: str, before: Any, after: Any, expected: dict[str, float]
) -> None:
    if before is not None:
        ask("PutItem", {"TableName": full, "Item": KEY | before})
    request = {"TableName": full, "Item": KEY | after}
    assert units(ask, "PutItem", request) == {"table": 1.0} | expected


def test_large_entries(ask: Ask, full: str) -> None:
    assert units(ask, "PutItem", {"TableName": full, "Item": sized(2500, g=G)}) == {"table": 3.0, "all": 3.0}
    assert units(ask, "PutItem", {"TableName": full, "Item": sized(100, g=G)}) == {"table": 3.0, "all": 3.0}
    assert units(ask, "PutItem", {"TableName": full, "Item": sized(1500, g={"S": "h"})}) == {"table": 2.0, "all": 3.0}
    assert units(ask, "DeleteItem", {"TableName": full, "Key": KEY}) == {"table": 2.0, "all": 2.0}
    assert units(ask, "DeleteItem", {"TableName": full, "Key": KEY}) == {"table": 1.0}


def test_total_and_none(ask: Ask, full: str) -> None:
    request = {"TableName": full, "Item": KEY | {"g": G}}
    assert ask("PutItem", request | {"ReturnConsumedCapacity": "TOTAL"}).body == {
        "ConsumedCapacity": {"TableName": full, "CapacityUnits": 2.0}
    }
    assert ask("PutItem", request | {"ReturnConsumedCapacity": "NONE"}).body == {}
    assert ask("PutItem", request).body == {}


def test_an_arn_comes_back_as_it_was_sent(ask: Ask, full: str) -> None:
    arn = ask("DescribeTable", {"TableName": full}).body["Table"]["TableArn"]
    asked = {"TableName": arn, "Key": KEY, "ReturnConsumedCapacity": "TOTAL"}
    assert ask("GetItem", asked).body["ConsumedCapacity"] == {"TableName": arn, "CapacityUnits": 0.5}
    batch = {"RequestItems": {arn: {"Keys": [KEY]}}, "ReturnConsumedCapacity": "INDEXES"}
    assert ask("BatchGetItem", batch).body == {
        "Responses": {arn: []},
        "UnprocessedKeys": {},
        "ConsumedCapacity": [{"TableName": arn, "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}}],
    }


def test_item_collections(ask: Ask, full: str, simple: str) -> None:
    shown = {"ItemCollectionMetrics": {"ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]}}
    size = {"TableName": full, "ReturnItemCollectionMetrics": "SIZE"}
    assert ask("PutItem", size | {"Item": KEY}).body == shown
    assert ask("UpdateItem", size | {"Key": KEY}).body == shown
    assert ask("DeleteItem", size | {"Key": KEY}).body == shown
    assert ask("PutItem", size | {"Item": KEY, "ReturnItemCollectionMetrics": "NONE"}).body == {}
    assert ask("PutItem", size | {"TableName": simple, "Item": {"pk": {"S": "a"}}}).body == {}
    batch = {"RequestItems": {simple: [{"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]}}
    reply = ask("BatchWriteItem", batch | {"ReturnItemCollectionMetrics": "SIZE"})
    assert reply.body == {"UnprocessedItems": {}}
