"""The two maps of placeholders and the rules on when they may be given."""

from typing import Any

import pytest

from stator.errors import Family, ValidationException
from stator.expressions.placeholders import check_mix, check_names, check_placeholders_needed, parse_values


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, "ExpressionAttributeNames must not be empty"),
        ({"a": "a"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
        ({"#": "a"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
        ({"#a": "a", "#b-c": "b"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#b-c"'),
        ({"#é": "a"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#é"'),
        ({"#a\n": "a"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a\n"'),
        ({"#a": ""}, "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"),
        ({"#a": "", "b": "b"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "b"'),
        (
            {"#" + "a" * 255: "a"},
            (
                "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too "
                "long; size of key: 256"
            ),
        ),
        ({f"#{n}": "x" * 65_535 for n in range(33)}, "ExpressionAttributeNames exceeds max size"),
    ],
)
def test_faulty_names(names: dict[str, str], expected: str) -> None:
    with pytest.raises(ValidationException) as raised:
        check_names(names)
    assert raised.value.message == expected
    assert raised.value.family is Family.EXPRESSION


def test_good_names() -> None:
    check_names({"#a": "a b.c", "#0": "status", "#_": "é", "#" + "a" * 254: "x"})


@pytest.mark.parametrize(
    ("values", "expected", "family"),
    [
        ({}, "ExpressionAttributeValues must not be empty", Family.EXPRESSION),
        (
            {"v": {"S": ""}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"',
            Family.EXPRESSION,
        ),
        (
            {":v": {"N": "x"}, "#w": {"S": ""}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: "#w"',
            Family.EXPRESSION,
        ),
        (
            {":v": {"S": ""}, ":b": {"N": "dog"}},
            (
                "ExpressionAttributeValues contains invalid value: "
                "The parameter cannot be converted to a numeric value: dog for key :b"
            ),
            Family.BARE,
        ),
        (
            {":b": {}},
            (
                "ExpressionAttributeValues contains invalid value: "
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :b"
            ),
            Family.BARE,
        ),
        (
            {":b": {"SS": []}},
            "One or more parameter values were invalid: An string set  may not be empty",
            Family.VALUE,
        ),
        (
            {":b": {"NULL": False}},
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
            Family.VALUE,
        ),
    ],
)
def test_faulty_values(values: dict[str, Any], expected: str, family: Family) -> None:
    with pytest.raises(ValidationException) as raised:
        parse_values(values)
    assert raised.value.message == expected
    assert raised.value.family is family


def test_value_nested_too_deep() -> None:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(33):
        value = {"L": [value]}
    with pytest.raises(ValidationException) as raised:
        parse_values({":v": value})
    assert raised.value.message == (
        "Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit"
    )
    assert raised.value.family is Family.BARE


def test_values_become_canonical() -> None:
    assert parse_values({":v": {"N": "1.50"}, ":_0": {"SS": ["b", "a"]}}) == {
        ":v": {"N": "1.5"},
        ":_0": {"SS": ["a", "b"]},
    }


QUERY = ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"]
QUERY_LEGACY = ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"]


def mix_message(legacy: str, expressions: str) -> str:
    return (
        "Can not use both expression and non-expression parameters in the same request: "
        f"Non-expression parameters: {{{legacy}}} Expression parameters: {{{expressions}}}"
    )


@pytest.mark.parametrize(
    ("given", "legacy", "expressions"),
    [
        (["AttributesToGet", "ProjectionExpression"], "AttributesToGet", "ProjectionExpression"),
        (
            ["QueryFilter", "FilterExpression", "AttributesToGet", "ProjectionExpression"],
            "AttributesToGet, QueryFilter",
            "ProjectionExpression, FilterExpression",
        ),
        (["KeyConditions", "KeyConditionExpression"], "KeyConditions", "KeyConditionExpression"),
        (["KeyConditions", "FilterExpression", "QueryFilter"], "QueryFilter", "FilterExpression"),
    ],
)
def test_mix(given: list[str], legacy: str, expressions: str) -> None:
    with pytest.raises(ValidationException) as raised:
        check_mix({parameter: {} for parameter in given}, QUERY, QUERY_LEGACY)
    assert raised.value.message == mix_message(legacy, expressions)
    assert raised.value.family is Family.MIX


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"KeyConditions": {}, "FilterExpression": "a = b"},
        {"KeyConditions": {}, "QueryFilter": {}, "AttributesToGet": []},
        {"FilterExpression": "", "QueryFilter": None},
    ],
)
def test_no_mix(request_: dict[str, Any]) -> None:
    check_mix(request_, QUERY, QUERY_LEGACY)


NAMES_UNNEEDED = "ExpressionAttributeNames can only be specified when using expressions"
VALUES_UNNEEDED = "ExpressionAttributeValues can only be specified when using expressions: "


@pytest.mark.parametrize(
    ("request_", "parameters", "expected"),
    [
        ({"ExpressionAttributeNames": {}}, QUERY, NAMES_UNNEEDED),
        ({"ExpressionAttributeNames": {}, "ExpressionAttributeValues": {}}, QUERY, NAMES_UNNEEDED),
        (
            {"ExpressionAttributeValues": {}},
            ["ConditionExpression"],
            VALUES_UNNEEDED + "ConditionExpression is null",
        ),
        (
            {"ExpressionAttributeValues": {}},
            ["UpdateExpression", "ConditionExpression"],
            VALUES_UNNEEDED + "UpdateExpression is null and ConditionExpression is null",
        ),
        (
            {"ExpressionAttributeValues": {}, "ProjectionExpression": "a"},
            ["ProjectionExpression", "FilterExpression"],
            VALUES_UNNEEDED + "FilterExpression is null",
        ),
        (
            {"ExpressionAttributeValues": {}},
            QUERY,
            VALUES_UNNEEDED + "FilterExpression and KeyConditionExpression are null",
        ),
    ],
)
def test_placeholders_without_expressions(request_: dict[str, Any], parameters: list[str], expected: str) -> None:
    with pytest.raises(ValidationException) as raised:
        check_placeholders_needed(request_, parameters)
    assert raised.value.message == expected
    assert raised.value.family is Family.EXPRESSION


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"ExpressionAttributeNames": {}, "ProjectionExpression": ""},
        {"ExpressionAttributeValues": {}, "FilterExpression": ""},
        {"ExpressionAttributeValues": {}, "KeyConditionExpression": "", "ExpressionAttributeNames": {}},
    ],
)
def test_placeholders_with_expressions(request_: dict[str, Any]) -> None:
    check_placeholders_needed(request_, QUERY)


def test_get_item_knows_no_values() -> None:
    check_placeholders_needed({"ExpressionAttributeValues": {}}, ["ProjectionExpression"])
