"""Where pages end, and what is said of it."""

from typing import Any

import pytest

from tests.operations.exact.conftest import Ask

MIB = 1024 * 1024


def key(number: int) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": f"{number:02}"}}


KEY_BYTES = 2 + 1 + 2 + 2


def fill(ask: Ask, table: str, sizes: list[int]) -> None:
    for number, size in enumerate(sizes):
        item = key(number) | {"v": {"S": "x" * (size - KEY_BYTES - 1)}}
        assert ask("PutItem", {"TableName": table, "Item": item}).status == 200


def read(ask: Ask, operation: str, table: str, **more: Any) -> dict[str, Any]:
    request = {"TableName": table} | more
    if operation == "Query":
        request |= {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    return ask(operation, request).body


QUARTER = MIB // 4
CUTS = [
    # sizes of the items, items on the first page, whether there is a LastEvaluatedKey
    ([QUARTER] * 3, 3, False),
    ([QUARTER] * 4, 4, True),  # ends exactly at 1 MB, and so do the data
    ([QUARTER] * 3 + [QUARTER - 1], 4, False),
    ([QUARTER] * 3 + [QUARTER - 1, 100], 5, True),  # the item that crosses 1 MB is on the page
    ([QUARTER] * 5, 4, True),
]


@pytest.mark.parametrize("operation", ["Query", "Scan"])
@pytest.mark.parametrize(("sizes", "count", "more"), CUTS)
def test_one_megabyte(ask: Ask, full: str, operation: str, sizes: list[int], count: int, more: bool) -> None:
    fill(ask, full, sizes)
    for shown in ({}, {"ProjectionExpression": "sk"}, {"Select": "COUNT"}):
        page = read(ask, operation, full, **shown)
        assert (page["Count"], page["ScannedCount"]) == (count, count)
        assert page.get("LastEvaluatedKey") == (key(count - 1) if more else None)


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_what_a_filter_drops_counts(ask: Ask, full: str, operation: str) -> None:
    fill(ask, full, [QUARTER] * 5)
    request: dict[str, Any] = {"TableName": full, "FilterExpression": "attribute_exists(nothing)"}
    if operation == "Query":
        request |= {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    page = ask(operation, request).body
    assert page == {"Items": [], "Count": 0, "ScannedCount": 4, "LastEvaluatedKey": key(3)}
    rest = ask(operation, request | {"ExclusiveStartKey": key(3)}).body
    assert rest == {"Items": [], "Count": 0, "ScannedCount": 1}


@pytest.mark.parametrize("operation", ["Query", "Scan"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 1000])
def test_limits(ask: Ask, full: str, operation: str, limit: int) -> None:
    fill(ask, full, [100] * 3)
    page = read(ask, operation, full, Limit=limit)
    assert page["Count"] == min(limit, 3)
    assert page.get("LastEvaluatedKey") == (key(limit - 1) if limit <= 3 else None)
    if limit == 3:
        after = read(ask, operation, full, Limit=limit, ExclusiveStartKey=key(2))
        assert after == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_a_table_without_sort_key_can_be_paged(ask: Ask, simple: str) -> None:
    ask("PutItem", {"TableName": simple, "Item": {"pk": {"S": "a"}}})
    request = {
        "TableName": simple,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "a"}},
        "Limit": 1,
    }
    first = ask("Query", request).body
    assert (first["Count"], first["LastEvaluatedKey"]) == (1, {"pk": {"S": "a"}})
    second = ask("Query", request | {"ExclusiveStartKey": first["LastEvaluatedKey"]}).body
    assert second == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_the_key_of_a_page_of_an_index(ask: Ask, full: str) -> None:
    for number in range(3):
        ask("PutItem", {"TableName": full, "Item": key(number) | {"g": {"S": "x"}, "n": {"N": "7"}}})
    seen = []
    request: dict[str, Any] = {
        "TableName": full,
        "IndexName": "global",
        "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": {"S": "x"}},
        "Limit": 1,
    }
    while True:
        page = ask("Query", request).body
        seen += [item["sk"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        assert set(page["LastEvaluatedKey"]) == {"pk", "sk", "g", "n"}
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert sorted(seen) == ["00", "01", "02"]
