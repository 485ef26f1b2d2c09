"""Select, projections and filters, against each other and against what an index holds."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.operations.exact.conftest import Ask
from tests.operations.faults import ENVELOPE

WERE_INVALID = "One or more parameter values were invalid: "
NO_NAMES = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
NO_INDEX = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"


def of(operation: str, **more: Any) -> dict[str, Any]:
    """A good request on the table, or with `IndexName` on the index."""
    request: dict[str, Any] = {"TableName": "full"} | more
    if operation == "Scan":
        return request
    name = {"global": "g", "all": "g"}.get(more.get("IndexName", ""), "pk")
    value = {"S": "a"}
    if "AttributesToGet" in more or "QueryFilter" in more:
        return request | {"KeyConditions": {name: {"ComparisonOperator": "EQ", "AttributeValueList": [value]}}}
    values = {":k": value} | request.pop("ExpressionAttributeValues", {})
    return request | {"KeyConditionExpression": f"{name} = :k", "ExpressionAttributeValues": values}


def cannot(name: str, chosen: str) -> str:
    return f"Cannot specify the {name} when choosing to get {chosen}"


CONFLICTS = [
    ({"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "v"}, cannot("ProjectionExpression", "ALL_ATTRIBUTES")),
    ({"Select": "ALL_ATTRIBUTES", "AttributesToGet": ["v"]}, cannot("AttributesToGet", "ALL_ATTRIBUTES")),
    ({"Select": "COUNT", "ProjectionExpression": "v"}, cannot("ProjectionExpression", "only the Count")),
    ({"Select": "COUNT", "AttributesToGet": ["v"]}, cannot("AttributesToGet", "only the Count")),
    (
        {"Select": "ALL_PROJECTED_ATTRIBUTES", "ProjectionExpression": "v", "IndexName": "all"},
        cannot("ProjectionExpression", "ALL_PROJECTED_ATTRIBUTES"),
    ),
    ({"Select": "SPECIFIC_ATTRIBUTES"}, NO_NAMES),
    ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, NO_INDEX),
]


@pytest.mark.parametrize(("request_", "message"), CONFLICTS)
def test_conflicts(refused: Callable[..., str], request_: Any, message: str) -> None:
    """Before the table is looked for; told with a prefix by Query alone."""
    assert refused("Scan", of("Scan", **request_) | {"TableName": "absent"}) == message
    assert refused("Query", of("Query", **request_) | {"TableName": "absent"}) == f"{ENVELOPE}{message}"


@pytest.fixture
def filled(ask: Ask, full: str) -> str:
    item = {name: {"S": "a"} for name in ("pk", "sk", "l", "g", "p", "q")} | {"n": {"N": "1"}}
    assert ask("PutItem", {"TableName": full, "Item": item}).status == 200
    return full


SHOWN = [
    ({}, {"pk", "sk", "l", "g", "n", "p", "q"}),
    ({"Select": "ALL_ATTRIBUTES"}, {"pk", "sk", "l", "g", "n", "p", "q"}),
    ({"IndexName": "all"}, {"pk", "sk", "l", "g", "n", "p", "q"}),
    ({"IndexName": "all", "Select": "ALL_ATTRIBUTES"}, {"pk", "sk", "l", "g", "n", "p", "q"}),
    ({"IndexName": "global"}, {"pk", "sk", "g", "n", "p"}),
    ({"IndexName": "global", "Select": "ALL_PROJECTED_ATTRIBUTES"}, {"pk", "sk", "g", "n", "p"}),
    ({"IndexName": "local"}, {"pk", "sk", "l"}),
    ({"IndexName": "local", "Select": "ALL_ATTRIBUTES"}, {"pk", "sk", "l", "g", "n", "p", "q"}),
    ({"IndexName": "local", "ProjectionExpression": "q, l"}, {"q", "l"}),
    ({"IndexName": "local", "AttributesToGet": ["q"]}, {"q"}),
    ({"IndexName": "local", "ProjectionExpression": "q", "Select": "SPECIFIC_ATTRIBUTES"}, {"q"}),
]


@pytest.mark.parametrize("operation", ["Query", "Scan"])
@pytest.mark.parametrize(("request_", "names"), SHOWN)
def test_what_is_shown(ask: Ask, filled: str, operation: str, request_: Any, names: set[str]) -> None:
    (item,) = ask(operation, of(operation, **request_)).body["Items"]
    assert set(item) == names


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_a_global_index_shows_what_it_holds(refused: Callable[..., str], filled: str, operation: str) -> None:
    whole = of(operation, IndexName="global", Select="ALL_ATTRIBUTES")
    assert refused(operation, whole) == (
        f"{WERE_INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index global because its "
        "projection type is not ALL"
    )
    for more in ({"ProjectionExpression": "q, p, l.x"}, {"AttributesToGet": ["q", "p", "l"]}):
        message = refused(operation, of(operation, IndexName="global", **more))
        if "l.x" in str(more):
            assert message.startswith("Key attributes must be scalars")
        else:
            assert message == f"{WERE_INVALID}Global secondary index global does not project [q, l]"


@pytest.mark.parametrize("index", ["global", "local"])
@pytest.mark.parametrize(
    "more",
    [
        {"FilterExpression": "q = :q AND sk = :q OR q = :q", "ExpressionAttributeValues": {":q": {"S": "a"}}},
        {"QueryFilter": {"q": {"ComparisonOperator": "NOT_NULL"}}},
    ],
)
def test_a_query_filters_on_what_the_index_holds(
    refused: Callable[..., str], filled: str, index: str, more: Any
) -> None:
    assert refused("Query", of("Query", IndexName=index, **more)) == (
        f"{WERE_INVALID}Secondary index {index} does not project one or more filter attributes: [q]"
    )


@pytest.mark.parametrize("index", ["global", "local"])
def test_a_scan_finds_nothing_by_what_the_index_does_not_hold(ask: Ask, filled: str, index: str) -> None:
    page = ask("Scan", of("Scan", IndexName=index, FilterExpression="attribute_exists(q)")).body
    assert page == {"Items": [], "Count": 0, "ScannedCount": 1}


FILTERS = [
    ({"FilterExpression": "pk = :k"}, "Filter Expression", "pk"),
    ({"FilterExpression": "v = :k AND sk = :k"}, "Filter Expression", "sk"),
    ({"FilterExpression": "g = :k", "IndexName": "all"}, "Filter Expression", "g"),
    ({"FilterExpression": "l = :k", "IndexName": "local"}, "Filter Expression", "l"),
    ({"QueryFilter": {"sk": {"ComparisonOperator": "NOT_NULL"}}}, "QueryFilter", "sk"),
]


@pytest.mark.parametrize(("request_", "kind", "name"), FILTERS)
def test_a_query_leaves_its_keys_to_the_key_condition(
    refused: Callable[..., str], filled: str, request_: Any, kind: str, name: str
) -> None:
    assert refused("Query", of("Query", **request_)) == (
        f"{kind} can only contain non-primary key attributes: Primary key attribute: {name}"
    )


def test_keys_of_the_table_may_filter_an_index(ask: Ask, filled: str) -> None:
    assert ask("Query", of("Query", IndexName="all", FilterExpression="pk = :k")).body["Count"] == 1
    assert ask("Scan", {"TableName": filled, "FilterExpression": "attribute_exists(pk)"}).body["Count"] == 1


def test_a_count_has_no_items(ask: Ask, filled: str) -> None:
    for operation in ("Query", "Scan"):
        request = of(operation, Select="COUNT", FilterExpression="attribute_exists(nothing)")
        assert ask(operation, request).body == {"Count": 0, "ScannedCount": 1}


def test_consistent_reads(ask: Ask, refused: Callable[..., str], filled: str) -> None:
    for operation in ("Query", "Scan"):
        assert ask(operation, of(operation, IndexName="local", ConsistentRead=True)).status == 200
        assert refused(operation, of(operation, IndexName="all", ConsistentRead=True)) == (
            "Consistent reads are not supported on global secondary indexes"
        )
        assert refused(operation, of(operation, IndexName="none", ConsistentRead=True)) == (
            "The table does not have the specified index: none"
        )
