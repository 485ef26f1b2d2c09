"""ExpressionAttributeNames and -Values: when they may be given, what is wrong with them, and which text wins."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.exact.asking import KEY
from tests.operations.faults import ENVELOPE, invalid
from tests.running import RunningServer, new_account

UNNEEDED_NAMES = "ExpressionAttributeNames can only be specified when using expressions"
UNNEEDED_VALUES = "ExpressionAttributeValues can only be specified when using expressions: "
NO_NAME = "An expression attribute name used in the document path is not defined; attribute name: #x"
NO_VALUE = "An expression attribute value used in expression is not defined; attribute value: :x"
UNUSED_NAMES = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"
UNUSED_VALUES = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
INVALID = "One or more parameter values were invalid: "


@pytest.fixture(scope="module")
def dynamodb(server: RunningServer) -> Iterator[Any]:
    client = new_account(server.url).client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    return create_table(dynamodb, "things", "pk:S", "sk:S")


def base(operation: str, table: str) -> dict[str, Any]:
    own: dict[str, Any] = {"TableName": table}
    if operation == "put_item":
        own["Item"] = KEY
    elif operation == "query":
        own["KeyConditions"] = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}
    elif operation != "scan":
        own["Key"] = KEY
    return own


def message(dynamodb: Any, operation: str, table: str, names: Any, values: Any, **more: Any) -> str:
    request = base(operation, table) | more
    if names is not None:
        request["ExpressionAttributeNames"] = names
    if values is not None:
        request["ExpressionAttributeValues"] = values
    return invalid(getattr(dynamodb, operation), **request)


WRITES = ("put_item", "update_item", "delete_item")
E = ENVELOPE


@pytest.mark.parametrize(
    "operation, names, values, expected",
    [
        ("put_item", {"#a": "a"}, None, E + UNNEEDED_NAMES),
        ("update_item", {"#a": "a"}, {":a": {"S": ""}}, E + UNNEEDED_NAMES),
        ("delete_item", {"#a": "a"}, None, E + UNNEEDED_NAMES),
        ("get_item", {"#a": "a"}, None, UNNEEDED_NAMES),
        ("query", {"#a": "a"}, None, UNNEEDED_NAMES),
        ("scan", {"#a": "a"}, None, UNNEEDED_NAMES),
        ("put_item", None, {":a": {"S": ""}}, f"{E}{UNNEEDED_VALUES}ConditionExpression is null"),
        ("delete_item", None, {":a": {"S": ""}}, f"{E}{UNNEEDED_VALUES}ConditionExpression is null"),
        (
            "update_item",
            None,
            {":a": {"S": ""}},
            f"{E}{UNNEEDED_VALUES}UpdateExpression is null and ConditionExpression is null",
        ),
        ("scan", None, {":a": {"S": ""}}, f"{UNNEEDED_VALUES}FilterExpression is null"),
        ("query", None, {":a": {"S": ""}}, f"{UNNEEDED_VALUES}FilterExpression and KeyConditionExpression are null"),
        # Malformed values are not looked at before that.
        ("scan", None, {":a": {"N": "x"}}, f"{UNNEEDED_VALUES}FilterExpression is null"),
    ],
)
def test_without_expressions(dynamodb: Any, table: str, operation: str, names: Any, values: Any, expected: str) -> None:
    assert message(dynamodb, operation, table, names, values) == expected


@pytest.mark.parametrize(
    "names, values, problem",
    [
        ({}, None, "ExpressionAttributeNames must not be empty"),
        ({}, {}, "ExpressionAttributeNames must not be empty"),
        (None, {}, "ExpressionAttributeValues must not be empty"),
        ({"a": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
        ({"#": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
        ({":a": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: ":a"'),
        ({"#a b": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a b"'),
        (None, {"v": {"S": ""}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
        (None, {"#v": {"S": ""}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "#v"'),
        (None, {":": {"S": ""}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: ":"'),
        ({"#a": ""}, None, "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"),
        ({"#x": "x"}, None, "Invalid {kind}: " + NO_VALUE),
        (None, {":x": {"S": ""}}, "Invalid {kind}: " + NO_NAME),
        ({"#x": "x", "#a": "a", "#b": "b"}, {":x": {"S": ""}, ":a": {"S": ""}}, UNUSED_NAMES),
        ({"#x": "x"}, {":x": {"S": ""}, ":a": {"S": ""}}, UNUSED_VALUES),
        # What is undefined is told before what is unused.
        ({"#a": "a"}, {":x": {"S": ""}, ":a": {"S": ""}}, "Invalid {kind}: " + NO_NAME),
        (None, {":x": {"SS": []}}, INVALID + "An string set  may not be empty"),
        (None, {":x": {"NS": []}}, INVALID + "An number set  may not be empty"),
        (None, {":x": {"BS": []}}, INVALID + "Binary sets should not be empty"),
        (None, {":x": {"SS": ["a", "a"]}}, INVALID + "Input collection [a, a] contains duplicates."),
        (None, {":x": {"NULL": False}}, INVALID + "Null attribute value types must have the value of true"),
    ],
)
def test_faults(dynamodb: Any, table: str, names: Any, values: Any, problem: str) -> None:
    condition = {"ConditionExpression": "#x = :x"}
    for operation in WRITES:
        given = message(dynamodb, operation, table, names, values, **condition)
        assert given == E + problem.replace("{kind}", "ConditionExpression"), operation
    given = message(dynamodb, "scan", table, names, values, FilterExpression="#x = :x")
    assert given == problem.replace("{kind}", "FilterExpression")
    given = message(dynamodb, "update_item", table, names, values, UpdateExpression="SET #x = :x")
    assert given == E + problem.replace("{kind}", "UpdateExpression")
    request = {"TableName": table, "KeyConditionExpression": "#x = :x"}
    if names is not None:
        request["ExpressionAttributeNames"] = names
    if values is not None:
        request["ExpressionAttributeValues"] = values
    assert invalid(dynamodb.query, **request) == problem.replace("{kind}", "KeyConditionExpression")


@pytest.mark.parametrize(
    "value, problem",
    [
        ({"N": "dog"}, "The parameter cannot be converted to a numeric value: dog"),
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "a", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
    ],
)
def test_malformed_values_are_bare_everywhere(dynamodb: Any, table: str, value: Any, problem: str) -> None:
    expected = f"ExpressionAttributeValues contains invalid value: {problem} for key :x"
    values = {":a": {"S": ""}, ":x": value}
    for operation in WRITES:
        given = message(dynamodb, operation, table, None, values, ConditionExpression="a = :a AND x = :x")
        assert given == expected, operation
    assert message(dynamodb, "scan", table, None, values, FilterExpression="a = :a AND x = :x") == expected


def test_projections_use_names_too(dynamodb: Any, table: str) -> None:
    names = {"#a": "a", "#b": "b"}
    assert message(dynamodb, "get_item", table, {"#a": "a"}, None, ProjectionExpression="#x") == (
        f"Invalid ProjectionExpression: {NO_NAME}"
    )
    assert message(dynamodb, "get_item", table, names, None, ProjectionExpression="a") == UNUSED_NAMES
    asked = {"Keys": [KEY], "ProjectionExpression": "a", "ExpressionAttributeNames": names}
    assert invalid(dynamodb.batch_get_item, RequestItems={table: asked}) == UNUSED_NAMES


def test_unused_in_a_transaction_is_bare(dynamodb: Any, table: str) -> None:
    put = {"TableName": table, "Item": KEY, "ConditionExpression": "attribute_exists(a)"}
    put["ExpressionAttributeNames"] = {"#a": "a", "#b": "b"}
    assert invalid(dynamodb.transact_write_items, TransactItems=[{"Put": put}]) == UNUSED_NAMES


def test_every_expression_is_parsed_before_unused_ones_are_told(dynamodb: Any, table: str) -> None:
    given = message(
        dynamodb,
        "update_item",
        table,
        {"#a": "a", "#b": "b"},
        None,
        UpdateExpression="REMOVE c",
        ConditionExpression="attribute_exists(",
    )
    assert given.startswith(f"{E}Invalid ConditionExpression: Syntax error;")


def test_a_branch_that_is_never_looked_at_uses_its_placeholders(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(
        TableName=table,
        Item=KEY,
        ConditionExpression="attribute_not_exists(nothing) OR #x = :x",
        ExpressionAttributeNames={"#x": "x"},
        ExpressionAttributeValues={":x": {"S": ""}},
    )


@pytest.mark.parametrize("sigil, parameter", [("#", "ExpressionAttributeNames"), (":", "ExpressionAttributeValues")])
def test_length_of_a_placeholder(dynamodb: Any, table: str, sigil: str, parameter: str) -> None:
    def ask(length: int) -> dict[str, Any]:
        word = sigil + "a" * (length - 1)
        side = "x = " + word if sigil == ":" else f"attribute_exists({word})"
        value: Any = {"S": ""} if sigil == ":" else "a"
        return {"TableName": table, "FilterExpression": side, parameter: {word: value}}

    dynamodb.scan(**ask(255))
    assert invalid(dynamodb.scan, **ask(256)).startswith(f"{parameter} contains invalid key: ")


def test_two_megabytes_of_substitutions(dynamodb: Any, table: str) -> None:
    def ask(count: int, size: int) -> dict[str, Any]:
        return {
            "TableName": table,
            "FilterExpression": " OR ".join(f"a = :v{number}" for number in range(count)),
            "ExpressionAttributeValues": {f":v{number}": {"S": "x" * size} for number in range(count)},
        }

    dynamodb.scan(**ask(8, 250_000))
    assert invalid(dynamodb.scan, **ask(9, 250_000)).startswith("ExpressionAttributeValues ")


MIXED = (
    "Can not use both expression and non-expression parameters in the same request: "
    "Non-expression parameters: {{{}}} Expression parameters: {{{}}}"
)
TRUE = {"a": {"Exists": False}}
FILTER = {"a": {"ComparisonOperator": "NULL"}}


@pytest.mark.parametrize(
    "operation, more, legacy, expressions",
    [
        ("put_item", {"Expected": TRUE, "ConditionExpression": ""}, "Expected", "ConditionExpression"),
        ("delete_item", {"Expected": TRUE, "ConditionExpression": ""}, "Expected", "ConditionExpression"),
        (
            "delete_item",
            {"ConditionalOperator": "AND", "ConditionExpression": ""},
            "ConditionalOperator",
            "ConditionExpression",
        ),
        (
            "update_item",
            {"AttributeUpdates": {}, "Expected": TRUE, "UpdateExpression": "", "ConditionExpression": ""},
            "AttributeUpdates, Expected",
            "UpdateExpression, ConditionExpression",
        ),
        ("update_item", {"AttributeUpdates": {}, "ConditionExpression": ""}, "AttributeUpdates", "ConditionExpression"),
        ("get_item", {"AttributesToGet": ["a"], "ProjectionExpression": ""}, "AttributesToGet", "ProjectionExpression"),
        ("scan", {"ScanFilter": FILTER, "FilterExpression": ""}, "ScanFilter", "FilterExpression"),
        (
            "scan",
            {"AttributesToGet": ["a"], "FilterExpression": "", "ProjectionExpression": ""},
            "AttributesToGet",
            "ProjectionExpression, FilterExpression",
        ),
        ("query", {"QueryFilter": FILTER, "FilterExpression": ""}, "QueryFilter", "FilterExpression"),
        ("query", {"KeyConditionExpression": ""}, "KeyConditions", "KeyConditionExpression"),
    ],
)
def test_mixing(dynamodb: Any, table: str, operation: str, more: dict[str, Any], legacy: str, expressions: str) -> None:
    given = message(dynamodb, operation, table, None, None, **more)
    assert given == (E if operation in WRITES else "") + MIXED.format(legacy, expressions)
