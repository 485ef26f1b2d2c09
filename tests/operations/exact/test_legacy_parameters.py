"""What came before expressions: Expected, AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, AttributesToGet."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, fault, invalid
from tests.running import RunningServer, new_account

KEY: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "1"}}
LEAD = "One or more parameter values were invalid: "
S, N = {"S": "x"}, {"N": "1"}
SETS: dict[str, Any] = {"SS": {"SS": ["a"]}, "NS": {"NS": ["1"]}, "BS": {"BS": [b"a"]}}
DOCUMENTS: dict[str, Any] = {"L": {"L": []}, "M": {"M": {}}}
FLAGS: dict[str, Any] = {"BOOL": {"BOOL": True}, "NULL": {"NULL": True}}
SCALARS: dict[str, Any] = {"S": S, "N": N, "B": {"B": b"a"}}
ALL = SCALARS | FLAGS | SETS | DOCUMENTS


@pytest.fixture(scope="module")
def dynamodb(server: RunningServer) -> Iterator[Any]:
    client = new_account(server.url).client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    return create_table(dynamodb, "things", "pk:S", "sk:S")


def compared(operator: str, *arguments: Any) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(arguments)}


@pytest.mark.parametrize(
    "expectation, message",
    [
        (
            {"Exists": True, "ComparisonOperator": "EQ", "Value": S},
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            {"Value": S, "AttributeValueList": [S], "ComparisonOperator": "EQ"},
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        ({"AttributeValueList": [S]}, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
        (
            {"ComparisonOperator": "LT"},
            "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a",
        ),
        ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
        ({}, "Value must be provided when Exists is null for Attribute: a"),
        ({"Exists": False, "Value": S}, "Value cannot be used when Exists is false for Attribute: a"),
        (compared("BETWEEN", S), "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        (compared("LT", SETS["SS"]), "ComparisonOperator LT is not valid for SS AttributeValue type"),
        (compared("BETWEEN", S, N), "AttributeValues inside AttributeValueList must be of same type"),
        (compared("IN", S, N), "AttributeValues inside AttributeValueList must be of same type"),
    ],
)
def test_expectations_that_make_no_sense(dynamodb: Any, table: str, expectation: dict[str, Any], message: str) -> None:
    for call, own in (
        (dynamodb.put_item, {"Item": KEY}),
        (dynamodb.update_item, {"Key": KEY}),
        (dynamodb.delete_item, {"Key": KEY}),
    ):
        assert invalid(call, TableName=table, Expected={"a": expectation}, **own) == LEAD + message


def test_bounds_in_the_wrong_order(dynamodb: Any, table: str) -> None:
    reversed_ = {"a": compared("BETWEEN", {"N": "10"}, {"N": "9"})}
    message = (
        "One or more parameter values were invalid: "
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    )
    assert invalid(dynamodb.put_item, TableName=table, Item=KEY, Expected=reversed_) == message
    assert invalid(dynamodb.scan, TableName=table, ScanFilter=reversed_) == message


NOTHING_TO_JOIN = "ConditionalOperator cannot be used without Filter or Expected"
ONE_TO_JOIN = "ConditionalOperator can only be used when Filter or Expected has two or more elements"


def test_conditional_operator(dynamodb: Any, table: str) -> None:
    keys = {"pk": compared("EQ", S)}
    one = {"a": compared("NULL")}
    calls: list[tuple[Any, dict[str, Any], str]] = [
        (dynamodb.put_item, {"Item": KEY}, "Expected"),
        (dynamodb.update_item, {"Key": KEY}, "Expected"),
        (dynamodb.delete_item, {"Key": KEY}, "Expected"),
        (dynamodb.query, {"KeyConditions": keys}, "QueryFilter"),
        (dynamodb.scan, {}, "ScanFilter"),
    ]
    for call, own, parameter in calls:
        request = {"TableName": table, "ConditionalOperator": "OR", **own}
        assert invalid(call, **request) == NOTHING_TO_JOIN
        assert invalid(call, **request, **{parameter: one}) == ONE_TO_JOIN
        message = invalid(call, **request | {"ConditionalOperator": "or"}, **{parameter: one})
        assert message == (
            f"{ENVELOPE}Value 'or' at 'conditionalOperator' failed to satisfy constraint: "
            "Member must satisfy enum value set: [OR, AND]"
        )


COUNTS: dict[str, set[int]] = {
    "NULL": {0},
    "NOT_NULL": {0},
    "BETWEEN": {2},
    "IN": {1, 2, 3},
    **{name: {1} for name in ("EQ", "NE", "LT", "LE", "GT", "GE", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH")},
}
TYPES: dict[str, dict[str, Any]] = {
    "EQ": ALL,
    "NE": ALL,
    **dict.fromkeys(("LT", "LE", "GT", "GE", "IN"), SCALARS),
    "CONTAINS": SCALARS | FLAGS,
    "NOT_CONTAINS": SCALARS | FLAGS,
    "BEGINS_WITH": {"S": S, "B": {"B": b"a"}},
}


@pytest.mark.parametrize("operator", COUNTS)
def test_argument_counts(dynamodb: Any, table: str, operator: str) -> None:
    for count in range(4):
        request = {"TableName": table, "ScanFilter": {"a": compared(operator, *[S] * count)}}
        if count in COUNTS[operator]:
            dynamodb.scan(**request)
        else:
            assert invalid(dynamodb.scan, **request) == (
                f"{LEAD}Invalid number of argument(s) for the {operator} ComparisonOperator"
            )


@pytest.mark.parametrize("operator", TYPES)
def test_argument_types(dynamodb: Any, table: str, operator: str) -> None:
    for kind, value in ALL.items():
        request = {"TableName": table, "ScanFilter": {"a": compared(operator, value)}}
        if kind in TYPES[operator]:
            dynamodb.scan(**request)
        else:
            assert invalid(dynamodb.scan, **request) == (
                f"{LEAD}ComparisonOperator {operator} is not valid for {kind} AttributeValue type"
            )


def test_an_unknown_operator(dynamodb: Any, table: str) -> None:
    message = invalid(dynamodb.scan, TableName=table, ScanFilter={"a": compared("eq", S)})
    assert message == (
        f"{ENVELOPE}Value 'eq' at 'scanFilter.a.member.comparisonOperator' failed to satisfy constraint: "
        "Member must satisfy enum value set: "
        "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
    )


ITEM: dict[str, Any] = {
    **KEY,
    "s": {"S": "abc"},
    "n": {"N": "5"},
    "ss": {"SS": ["a", "b"]},
    "l": {"L": [{"N": "1"}]},
    "nil": {"NULL": True},
}


@pytest.mark.parametrize(
    "name, condition, holds",
    [
        ("s", compared("EQ", {"S": "abc"}), True),
        ("s", compared("NE", {"S": "abc"}), False),
        ("n", compared("EQ", {"N": "5.0"}), True),
        ("n", compared("LT", {"N": "10"}), True),
        ("n", compared("GE", {"S": "1"}), False),
        ("n", compared("BETWEEN", {"N": "5"}, {"N": "5"}), True),
        ("s", compared("BEGINS_WITH", {"S": "ab"}), True),
        ("s", compared("CONTAINS", {"S": "bc"}), True),
        ("ss", compared("CONTAINS", {"S": "a"}), True),
        ("l", compared("CONTAINS", {"N": "1"}), True),
        ("s", compared("NOT_CONTAINS", {"S": "bc"}), False),
        ("ss", compared("NOT_CONTAINS", {"S": "c"}), True),
        ("ss", compared("EQ", {"SS": ["b", "a"]}), True),
        ("s", compared("IN", {"S": "x"}, {"S": "abc"}), True),
        ("nil", compared("NOT_NULL"), True),
        ("absent", compared("NULL"), True),
        ("absent", compared("NOT_NULL"), False),
        ("absent", compared("EQ", S), False),
        ("absent", compared("NE", S), True),
    ],
)
def test_what_holds(dynamodb: Any, table: str, name: str, condition: dict[str, Any], holds: bool) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    assert dynamodb.scan(TableName=table, ScanFilter={name: condition})["Count"] == int(holds)
    keys = {"pk": compared("EQ", {"S": "a"})}
    assert dynamodb.query(TableName=table, KeyConditions=keys, QueryFilter={name: condition})["Count"] == int(holds)
    request = {"TableName": table, "Item": ITEM, "Expected": {name: condition}}
    if holds:
        dynamodb.put_item(**request)
    else:
        assert fault(dynamodb.put_item, **request)[0] == "ConditionalCheckFailedException"


def test_joined(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    both = {"s": compared("EQ", {"S": "abc"}), "n": compared("EQ", {"N": "6"})}
    assert dynamodb.scan(TableName=table, ScanFilter=both)["Count"] == 0
    assert dynamodb.scan(TableName=table, ScanFilter=both, ConditionalOperator="AND")["Count"] == 0
    assert dynamodb.scan(TableName=table, ScanFilter=both, ConditionalOperator="OR")["Count"] == 1
    absent = {"s": {"Value": {"S": "abc"}}, "new": {"Exists": False}}
    dynamodb.put_item(TableName=table, Item=ITEM, Expected=absent)
    refused = {"TableName": table, "Item": ITEM, "Expected": {"s": {"Exists": False}}}
    assert fault(dynamodb.put_item, **refused)[0] == "ConditionalCheckFailedException"


@pytest.mark.parametrize(
    "conditions, message",
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        ({"sk": compared("EQ", S)}, "Query condition missed key schema element: pk"),
        ({"pk": compared("EQ", S), "a": compared("EQ", S)}, "Query condition missed key schema element: sk"),
        (
            {name: compared("EQ", S) for name in ("pk", "sk", "a")},
            "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)",
        ),
        ({"pk": compared("LT", S)}, "Query key condition not supported"),
        ({"pk": compared("EQ", N)}, f"{LEAD}Condition parameter type does not match schema type"),
        *[
            (
                {"pk": compared("EQ", S), "sk": compared(operator, *arguments)},
                "Attempted conditional constraint is not an indexable operation",
            )
            for operator, arguments in (
                ("NE", [S]),
                ("NULL", []),
                ("NOT_NULL", []),
                ("CONTAINS", [S]),
                ("NOT_CONTAINS", [S]),
                ("IN", [S]),
            )
        ],
        ({"pk": compared("EQ")}, f"{LEAD}Invalid number of argument(s) for the EQ ComparisonOperator"),
    ],
)
def test_key_conditions_that_cannot_be(dynamodb: Any, table: str, conditions: dict[str, Any], message: str) -> None:
    assert invalid(dynamodb.query, TableName=table, KeyConditions=conditions) == message


@pytest.mark.parametrize(
    "condition, found",
    [
        (compared("EQ", {"S": "b"}), "b"),
        (compared("LE", {"S": "b"}), "ab"),
        (compared("LT", {"S": "b"}), "a"),
        (compared("GE", {"S": "b"}), "bc"),
        (compared("GT", {"S": "b"}), "c"),
        (compared("BEGINS_WITH", {"S": "c"}), "c"),
        (compared("BETWEEN", {"S": "a"}, {"S": "b"}), "ab"),
    ],
)
def test_key_conditions(dynamodb: Any, table: str, condition: dict[str, Any], found: str) -> None:
    for sort in "abc":
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "k"}, "sk": {"S": sort}})
    reply = dynamodb.query(TableName=table, KeyConditions={"pk": compared("EQ", {"S": "k"}), "sk": condition})
    assert "".join(item["sk"]["S"] for item in reply["Items"]) == found


def test_a_filter_names_no_keys(dynamodb: Any, table: str) -> None:
    request = {"TableName": table, "KeyConditions": {"pk": compared("EQ", S)}}
    assert invalid(dynamodb.query, **request, QueryFilter={"sk": compared("EQ", S)}) == (
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
    )
    dynamodb.scan(TableName=table, ScanFilter={"sk": compared("EQ", S)})


def test_attributes_to_get(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM | {"x.y": S})
    get = {"TableName": table, "Key": KEY}
    assert dynamodb.get_item(**get, AttributesToGet=["x.y", "absent"])["Item"] == {"x.y": S}
    assert dynamodb.get_item(**get, AttributesToGet=["l[0]"])["Item"] == {}
    keys = {"pk": compared("EQ", S)}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (dynamodb.get_item, get),
        (dynamodb.scan, {"TableName": table}),
        (dynamodb.query, {"TableName": table, "KeyConditions": keys}),
    ]
    for call, request in calls:
        assert invalid(call, **request, AttributesToGet=[]) == (
            f"{ENVELOPE}Value '[]' at 'attributesToGet' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )
        message = f"{LEAD}Duplicate value in attribute name: a"
        assert invalid(call, **request, AttributesToGet=["a", "b", "a"]) == message


@pytest.mark.parametrize(
    "change, message",
    [
        ({}, "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "ADD"}, "Only DELETE action is allowed when no attribute value is specified"),
        *[
            ({"Action": "DELETE", "Value": ALL[kind]}, f"DELETE action with value is not supported for the type {kind}")
            for kind in ALL
            if kind not in SETS
        ],
        *[
            ({"Action": "ADD", "Value": ALL[kind]}, f"ADD action is not supported for the type {kind}")
            for kind in ("S", "B", "BOOL", "NULL", "M")
        ],
    ],
)
def test_updates_that_make_no_sense(dynamodb: Any, table: str, change: dict[str, Any], message: str) -> None:
    assert invalid(dynamodb.update_item, TableName=table, Key=KEY, AttributeUpdates={"a": change}) == LEAD + message


@pytest.mark.parametrize(
    "name, change",
    [
        ("s", {"Action": "ADD", "Value": N}),
        ("n", {"Action": "ADD", "Value": SETS["SS"]}),
        ("s", {"Action": "ADD", "Value": DOCUMENTS["L"]}),
        ("n", {"Action": "DELETE", "Value": SETS["NS"]}),
        ("ss", {"Action": "DELETE", "Value": SETS["NS"]}),
    ],
)
def test_updates_that_the_item_does_not_allow(dynamodb: Any, table: str, name: str, change: dict[str, Any]) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    message = invalid(dynamodb.update_item, TableName=table, Key=KEY, AttributeUpdates={name: change})
    assert message == "Type mismatch for attribute to update"


def test_updates(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    updates: dict[str, Any] = {
        "s": {"Value": {"S": "new"}},
        "n": {"Action": "ADD", "Value": {"N": "2"}},
        "l": {"Action": "ADD", "Value": {"L": [S]}},
        "ss": {"Action": "DELETE", "Value": {"SS": ["a", "z"]}},
        "nil": {"Action": "DELETE"},
        "absent": {"Action": "DELETE"},
        "counter": {"Action": "ADD", "Value": N},
        "list": {"Action": "ADD", "Value": {"L": [N]}},
        "set": {"Action": "ADD", "Value": SETS["SS"]},
    }
    dynamodb.update_item(TableName=table, Key=KEY, AttributeUpdates=updates)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == {
        **KEY,
        "s": {"S": "new"},
        "n": {"N": "7"},
        "l": {"L": [{"N": "1"}, S]},
        "ss": {"SS": ["b"]},
        "counter": N,
        "list": {"L": [N]},
        "set": SETS["SS"],
    }
