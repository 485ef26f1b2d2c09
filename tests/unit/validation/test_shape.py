"""The vocabulary: conversions, constraints, order, renderings."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.errors import SerializationException, ValidationException, WireError
from stator.validation.requests.batch_get_item import BATCH_GET_ITEM
from stator.validation.requests.batch_write_item import BATCH_WRITE_ITEM
from stator.validation.requests.create_table import CREATE_TABLE
from stator.validation.requests.delete_item import DELETE_ITEM
from stator.validation.requests.get_item import GET_ITEM
from stator.validation.requests.put_item import PUT_ITEM
from stator.validation.requests.query import QUERY
from stator.validation.requests.scan import SCAN
from stator.validation.requests.tag import TAG_RESOURCE, UNTAG_RESOURCE
from stator.validation.requests.time_to_live import UPDATE_TIME_TO_LIVE
from stator.validation.requests.update_item import UPDATE_ITEM
from stator.validation.requests.update_table import UPDATE_TABLE
from stator.validation.scalar import Blob, Boolean, Double, Integer, Long, String, Timestamp, Type
from stator.validation.shape import List, Map, Structure, required

BRACKETED = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810."
CAST = "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class"
STRUCTURE = "Start of structure or map found where not expected"

INNER = Structure("Inner", {"A": required(String(min=1)), "B": Integer(min=0)})
EVERY: dict[str, Type] = {
    "S": String(),
    "I": Integer(),
    "L": Long(),
    "D": Double(),
    "B": Boolean(),
    "Y": Blob(),
    "T": Timestamp(),
    "List": List(String()),
    "Map": Map(String()),
    "Inner": INNER,
    "Inners": List(INNER),
    "Named": Map(INNER),
    "Lists": Map(List(INNER)),
}
SHAPE = Structure("SampleInput", EVERY)


def said(shape: Structure, body: Any) -> str:
    with pytest.raises(WireError) as caught:
        shape.check(body)
    return caught.value.message


@pytest.mark.parametrize(
    ("member", "raw", "converted"),
    [
        ("S", "", ""),
        ("I", 1.9, 1),
        ("I", -1.5, -2),
        ("L", 1 << 40, 1 << 40),
        ("D", 3, 3.0),
        ("B", "Yes", True),
        ("B", "0", False),
        ("B", False, False),
        ("Y", "YQ==", "YQ=="),
        ("T", 1.5, 1.5),
        ("Inner", {"A": "a", "B": None, "C": 1}, {"A": "a"}),
        ("Lists", {"k": [{"A": "a"}]}, {"k": [{"A": "a"}]}),
    ],
)
def test_conversions(member: str, raw: Any, converted: Any) -> None:
    assert SHAPE.check({member: raw}) == {member: converted}


@pytest.mark.parametrize(
    ("member", "raw", "message"),
    [
        ("S", 1, "NUMBER_VALUE cannot be converted to String"),
        ("S", 1.0, "DECIMAL_VALUE cannot be converted to String"),
        ("S", True, "TRUE_VALUE cannot be converted to String"),
        ("S", [], "Unrecognized collection type class java.lang.String"),
        ("S", {}, STRUCTURE),
        ("I", "1", "STRING_VALUE cannot be converted to Integer"),
        ("I", False, "FALSE_VALUE cannot be converted to Integer"),
        ("I", [], "Unrecognized collection type class java.lang.Integer"),
        ("I", 1 << 31, "NUMBER_VALUE cannot be converted to Integer"),
        ("L", "", "STRING_VALUE cannot be converted to Long"),
        ("L", {}, STRUCTURE),
        ("D", "1", "STRING_VALUE cannot be converted to Double"),
        ("B", 1, "NUMBER_VALUE cannot be converted to Boolean"),
        ("B", 1.5, "DECIMAL_VALUE cannot be converted to Boolean"),
        ("B", "maybe", "Unexpected token received from parser"),
        ("Y", 1, "only base-64-encoded strings are convertible to bytes"),
        ("Y", "abc", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
        ("Y", "YR==", "Invalid last non-pad Base64 character dectected"),
        ("List", "a", "Unexpected field type"),
        ("List", {}, STRUCTURE),
        ("Map", 1, "Unexpected field type"),
        ("Map", [], "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"),
        ("Inner", 1, "Unexpected field type"),
        ("Inner", [], "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.Inner"),
        ("Inners", ["a"], "Unexpected value type in payload"),
        ("Named", {"k": True}, "Unexpected value type in payload"),
        ("Named", [], f"Unrecognized collection type {BRACKETED}Inner>"),
        (
            "Lists",
            [],
            (
                "Unrecognized collection type java.util.Map<java.lang.String, "
                "java.util.List<com.amazonaws.dynamodb.v20120810.Inner>>"
            ),
        ),
    ],
)
def test_refused_types(member: str, raw: Any, message: str) -> None:
    with pytest.raises(SerializationException) as caught:
        SHAPE.check({member: raw})
    assert caught.value.message == message


def test_a_scalar_for_a_list_in_a_map_leaks_javas_words() -> None:
    assert said(SHAPE, {"Lists": {"k": "a"}}).startswith(CAST)
    assert said(BATCH_GET_ITEM, {"RequestItems": {"abc": {"Keys": [1]}}}).startswith(CAST)


@pytest.mark.parametrize("body", [[], "a", 1, None])
def test_a_body_that_is_no_object(body: Any) -> None:
    assert said(SHAPE, body) == ""


def test_the_nested_fault_is_told_whatever_the_order_sent() -> None:
    for body in ({"TableName": 1, "Item": 2}, {"Item": 2, "TableName": 1}):
        assert said(PUT_ITEM, body) == "Unexpected field type"


def test_null_is_absent_and_unknown_is_ignored() -> None:
    assert SHAPE.check({"S": None, "X": {"deep": []}, "I": 1}) == {"I": 1}


NULL = "Value null at '%s' failed to satisfy constraint: Member must not be null"
ENUM = "Value 'hi' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]"
CAPACITY = ENUM % ("returnConsumedCapacity", "INDEXES, TOTAL, NONE")
METRICS = ENUM % ("returnItemCollectionMetrics", "SIZE, NONE")
VALUES = ENUM % ("returnValues", "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW")
NAME = "Value '%s' at 'tableName' failed to satisfy constraint: Member must %s"
PATTERN = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
RETURNS = {"ReturnConsumedCapacity": "hi", "ReturnItemCollectionMetrics": "hi", "ReturnValues": "hi"}
COMPARISON = "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS"


@pytest.mark.parametrize(
    ("shape", "body", "faults"),
    [
        (PUT_ITEM, {"ReturnValues": "hi"}, [NULL % "tableName"]),
        (PUT_ITEM, {"TableName": "bad name!", **RETURNS}, [NAME % ("bad name!", PATTERN)]),
        (PUT_ITEM, {"TableName": "abc", **RETURNS}, [CAPACITY, NULL % "item", VALUES, METRICS]),
        (PUT_ITEM, {"TableName": "", "Item": {}}, [NAME % ("", "have length greater than or equal to 1")]),
        (PUT_ITEM, {"TableName": "a" * 256, "Item": {}}, [NAME % ("a" * 256, "have length less than or equal to 255")]),
        (GET_ITEM, {}, [NULL % "key", NULL % "tableName"]),
        (DELETE_ITEM, {"TableName": "abc", **RETURNS}, [CAPACITY, VALUES, METRICS, NULL % "key"]),
        (UPDATE_ITEM, {"TableName": "abc", **RETURNS}, [CAPACITY, METRICS, VALUES, NULL % "key"]),
        (
            QUERY,
            {"TableName": "abc", "Limit": 0},
            ["Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"],
        ),
        (
            SCAN,
            {"TableName": "abc", "Limit": 0},
            ["Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"],
        ),
        (
            QUERY,
            {"TableName": "abc", "QueryFilter": {"a": {}, "b": {"ComparisonOperator": "hi"}}},
            [
                NULL % "queryFilter.a.member.comparisonOperator",
                ENUM % ("queryFilter.b.member.comparisonOperator", COMPARISON),
            ],
        ),
        (BATCH_WRITE_ITEM, {**RETURNS}, [CAPACITY, METRICS, NULL % "requestItems"]),
        (
            BATCH_WRITE_ITEM,
            {"RequestItems": {"abc": [{"PutRequest": {}, "DeleteRequest": {}}]}},
            [
                NULL % "requestItems.abc.member.1.member.deleteRequest.key",
                NULL % "requestItems.abc.member.1.member.putRequest.item",
            ],
        ),
        (
            BATCH_GET_ITEM,
            {"RequestItems": {"abc": {"Keys": [{}] * 101}}},
            [
                (
                    "Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: "
                    "Member must have length less than or equal to 100"
                )
            ],
        ),
        (TAG_RESOURCE, {"ResourceArn": "arn:a"}, [NULL % "tags"]),
        (
            UPDATE_TIME_TO_LIVE,
            {"TableName": "abc", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": ""}},
            [
                (
                    "Value '' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: "
                    "Member must have length greater than or equal to 1"
                )
            ],
        ),
        (
            CREATE_TABLE,
            {"TableName": "x!"},
            [NAME % ("x!", PATTERN), NAME % ("x!", "have length greater than or equal to 3")],
        ),
        (CREATE_TABLE, {"TableName": "abc"}, [NULL % "attributeDefinitions", NULL % "keySchema"]),
        (
            CREATE_TABLE,
            {
                "TableName": "abc",
                "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "hi"}],
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}] * 3,
                "ProvisionedThroughput": {"ReadCapacityUnits": -1},
            },
            [
                ENUM % ("attributeDefinitions.1.member.attributeType", "B, N, S"),
                NULL % "provisionedThroughput.writeCapacityUnits",
                (
                    "Value '-1' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: "
                    "Member must have value greater than or equal to 1"
                ),
                (
                    "Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=a, keyType=HASH), "
                    "KeySchemaElement(attributeName=a, keyType=HASH)]' at 'keySchema' failed to satisfy constraint: "
                    "Member must have length less than or equal to 2"
                ),
            ],
        ),
    ],
)
def test_constraints(shape: Structure, body: dict[str, Any], faults: list[str]) -> None:
    errors = "error" if len(faults) == 1 else "errors"
    assert said(shape, body) == f"{len(faults)} validation {errors} detected: {'; '.join(faults)}"


def test_ten_faults_are_told() -> None:
    body = {"TableName": "abc", "AttributeDefinitions": [{}] * 9, "KeySchema": []}
    message = said(CREATE_TABLE, body)
    assert message.startswith("10 validation errors detected: ")
    assert message.endswith(NULL % "attributeDefinitions.5.member.attributeType")


def test_too_many_writes_show_the_requests() -> None:
    puts = [{"PutRequest": {"Item": {"a": {"S": "x"}}}}] * 26
    message = said(BATCH_WRITE_ITEM, {"RequestItems": {"abc": puts}})
    assert message.startswith(
        "1 validation error detected: Value '{abc=[WriteRequest(putRequest=PutRequest(item={a=com.amazonaws.dynamodb."
        "v20120810.AttributeValue@"
    )
    assert message.endswith(
        ", workloadProfileName=null), deleteRequest=null)]}' at 'requestItems' failed to satisfy constraint: Map value must "
        "satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or "
        "equal to 1]"
    )


@pytest.mark.parametrize(
    ("shape", "body", "message"),
    [
        (BATCH_GET_ITEM, {"RequestItems": {}}, "The requestItems parameter is required for BatchGetItem"),
        (BATCH_WRITE_ITEM, {"RequestItems": {}}, "The requestItems parameter is required for BatchWriteItem"),
        (CREATE_TABLE, {}, "The parameter 'TableName' is required but was not present in the request"),
        (UPDATE_TABLE, {}, "The parameter 'TableName' is required but was not present in the request"),
        (
            UPDATE_TABLE,
            {"TableName": "ab"},
            "TableName must be at least 3 characters long and at most 255 characters long",
        ),
        (TAG_RESOURCE, {}, "Invalid TableArn"),
        (
            UPDATE_TABLE,
            {"TableName": "abc", "TableClass": "hi"},
            (
                "Invalid table-class parameter provided. Please try again with a valid table-class value: "
                "[STANDARD, STANDARD_INFREQUENT_ACCESS]."
            ),
        ),
    ],
)
def test_words_of_their_own(shape: Structure, body: dict[str, Any], message: str) -> None:
    assert said(shape, body) == message


@pytest.mark.parametrize("shape", [GET_ITEM, DELETE_ITEM, UPDATE_ITEM])
def test_an_arn_is_a_table_name(shape: Structure) -> None:
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/" + "a" * 200
    assert shape.check({"TableName": arn, "Key": {}})["TableName"] == arn
    long = arn + "a" * 1024
    assert said(shape, {"TableName": long, "Key": {}}).endswith("Member must have length less than or equal to 1024")


ALL = [
    PUT_ITEM,
    GET_ITEM,
    UPDATE_ITEM,
    DELETE_ITEM,
    QUERY,
    SCAN,
    BATCH_GET_ITEM,
    BATCH_WRITE_ITEM,
    CREATE_TABLE,
    UPDATE_TABLE,
    TAG_RESOURCE,
    UNTAG_RESOURCE,
    UPDATE_TIME_TO_LIVE,
]
NAMES = sorted({name for shape in ALL for name in shape.members})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*NAMES, "AttributeName", "S", "M", "L", "Create", "abc"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(shape=st.sampled_from(ALL), body=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
def test_any_json_gives_a_request_or_a_wire_error(shape: Structure, body: dict[str, Any]) -> None:
    try:
        request = shape.check(body)
    except (SerializationException, ValidationException):
        return
    assert request.keys() <= body.keys()
    assert None not in request.values()
    assert shape.check(request) == request


@pytest.mark.parametrize("shape", ALL)
@pytest.mark.parametrize("levels", [40, 500])
def test_deep_nesting_gives_no_recursion_error(shape: Structure, levels: int) -> None:
    deep: Any = {"S": "x"}
    for _ in range(levels):
        deep = {"L": [{"M": {"a": deep}}]}
    for name in shape.members:
        for body in (
            {name: deep},
            {name: {"a": deep}},
            {name: [deep]},
            {name: {"abc": [{"PutRequest": {"Item": deep}}]}},
        ):
            try:
                shape.check(body)
            except WireError:
                continue
