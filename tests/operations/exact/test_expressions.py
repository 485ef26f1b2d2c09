"""What is said about the text of an expression: syntax, words, sizes, constants. Over HTTP, to the letter."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.exact.asking import ENVELOPED, placeholders, prefix, refusal, send
from tests.operations.faults import invalid
from tests.running import RunningServer, new_account


@pytest.fixture(scope="module")
def dynamodb(server: RunningServer) -> Iterator[Any]:
    """One client for all: what is asked here leaves nothing behind that another test would see."""
    client = new_account(server.url).client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    return create_table(dynamodb, "things", "pk:S", "sk:S")


CONDITION_OPERATIONS = ("PutItem", "DeleteItem", "Scan", "Query")


def condition_kind(operation: str) -> str:
    return "ConditionExpression" if operation in ENVELOPED else "FilterExpression"


REDUNDANT = "The expression has redundant parentheses;"
MISUSED = "The function is not allowed to be used this way in an expression; function: "
OPERANDS = "Incorrect number of operands for operator or function; operator or function: "
OPERAND_TYPE = "Incorrect operand type for operator or function; operator or function: "
PATH = "Operator or function requires a document path; operator or function: "
DISTINCT = "The first operand must be distinct from the remaining operands for this operator or function; operator: "
BETWEEN_TYPES = "The BETWEEN operator requires same data type for lower and upper bounds; "
BETWEEN_ORDER = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
TYPE_NAMES = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"

CONDITION_FAULTS = [
    ("", "The expression can not be empty;"),
    (" \t\n", "The expression can not be empty;"),
    ("a", 'Syntax error; token: "<EOF>", near: "a"'),
    ("a = :s AND", 'Syntax error; token: "<EOF>", near: "AND"'),
    ("a b c", 'Syntax error; token: "b", near: "a b c"'),
    ("a = \t:s  ! b", 'Syntax error; token: "!", near: ":s  ! b"'),
    ("a > 4", 'Syntax error; token: "4", near: "> 4"'),
    ("((a = :s))", REDUNDANT),
    ("a = :s OR ((b = :s))", REDUNDANT),
    ("a = :s AND ((b = :s OR a = :t) AND ((a = :s)))", REDUNDANT),
    ("(a) = :s", REDUNDANT),
    ("a = (:s)", REDUNDANT),
    ("f(a)", "Invalid function name; function: f"),
    ("SIZE(a) > :n", "Invalid function name; function: SIZE"),
    ("size(a)", MISUSED + "size"),
    ("attribute_exists(a) = :s", MISUSED + "attribute_exists"),
    ("status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
    ("a.sTaTuS = :s", "Attribute name is a reserved keyword; reserved keyword: sTaTuS"),
    ("begins_with(a)", OPERANDS + "begins_with, number of operands: 1"),
    ("attribute_exists(a, b)", OPERANDS + "attribute_exists, number of operands: 2"),
    ("contains(a, b, c)", OPERANDS + "contains, number of operands: 3"),
    ("size(a, b) > :n", OPERANDS + "size, number of operands: 2"),
    ("attribute_exists(:s)", PATH + "attribute_exists"),
    ("attribute_not_exists(:s)", PATH + "attribute_not_exists"),
    ("begins_with(a, :n)", OPERAND_TYPE + "begins_with, operand type: N"),
    ("size(:n) > :n", OPERAND_TYPE + "size, operand type: N"),
    ("size(:bool) > :n", OPERAND_TYPE + "size, operand type: BOOL"),
    ("size(:null) > :n", OPERAND_TYPE + "size, operand type: NULL"),
    ("a < :bool", OPERAND_TYPE + "<, operand type: BOOL"),
    ("a <= :null", OPERAND_TYPE + "<=, operand type: NULL"),
    ("a > :l", OPERAND_TYPE + ">, operand type: L"),
    ("a >= :m", OPERAND_TYPE + ">=, operand type: M"),
    ("a < :ss", OPERAND_TYPE + "<, operand type: SS"),
    ("a < :ns", OPERAND_TYPE + "<, operand type: NS"),
    ("a < :bs", OPERAND_TYPE + "<, operand type: BS"),
    ("attribute_type(a, :n)", OPERAND_TYPE + "attribute_type, operand type: N"),
    ("attribute_type(a, :dog)", f"Invalid attribute type name found; type: DOG, valid types: {TYPE_NAMES}"),
    ("contains(a, #a)", DISTINCT + "contains, first operand: [a]"),
    ("a = a", DISTINCT + "=, first operand: [a]"),
    ("a.b[1] < #a.b[1]", DISTINCT + "<, first operand: [a, b, [1]]"),
    (
        "a BETWEEN :s AND :n",
        BETWEEN_TYPES + "lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:5}",
    ),
    (
        "a BETWEEN :t AND :s",
        BETWEEN_ORDER + "lower bound operand: AttributeValue: {S:y}, upper bound operand: AttributeValue: {S:x}",
    ),
    (
        "a BETWEEN :two AND :n",
        BETWEEN_ORDER + "lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:5}",
    ),
    ("a[99999999999999] = :s", "List index is not within the allowable range; index: [99999999999999]"),
    ("a" + ".b" * 32 + " = :s", "The document path has too many nesting levels; nesting levels: 33"),
    ("a = :s OR " * 150 + "a = :s", "The expression contains too many operators; operator count: 301"),
    (
        "a = :s" + " " * 4091,
        "Expression size has exceeded the maximum allowed size; expression size: 4097",
    ),
    (
        "attribute_exists(" + "é" * 2041,
        "Expression size has exceeded the maximum allowed size; expression size: 4099",
    ),
]


@pytest.mark.parametrize("text, problem", CONDITION_FAULTS)
def test_conditions(dynamodb: Any, table: str, text: str, problem: str) -> None:
    for operation in CONDITION_OPERATIONS:
        kind = condition_kind(operation)
        if operation == "Query":  # a filter goes with an expression for the keys
            message = invalid(dynamodb.query, **filtered_query(table, text))
        else:
            message = refusal(dynamodb, operation, table, text)
        assert message == f"{prefix(operation)}Invalid {kind}: {problem}"


def filtered_query(table: str, text: str) -> dict[str, Any]:
    given = placeholders(text)
    values = given.pop("ExpressionAttributeValues", {}) | {":pk": {"S": "a"}}
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "FilterExpression": text,
        "ExpressionAttributeValues": values,
        **given,
    }


@pytest.mark.parametrize(
    "text",
    [
        "(a = :s) AND (b = :t)",
        "(a = :s AND (b = :t))",
        "NOT (a = :s)",
        "a\r\n<>\t:s",
        "not a = :s aNd b BetweeN :n anD :two oR a iN (:s, :t)",
        "#a.b[0].#dot > :n",
        "size(:ss) = :n",
        "size(a) = size(a)",
        ":s = :s",
        "begins_with(:s, a) AND begins_with(a, b)",
        "contains(:ss, a)",
        "attribute_type(:n, :type)",
        "a = :bool OR a = :l OR a <> :m",
        "a[2147483647] = :s",
        "a" + ".b" * 31 + " = :s",
        "a IN (" + ", ".join([":s"] * 99) + ")",
        "a = :s OR " * 149 + "a = :s",
        "a = :s" + " " * 4090,
    ],
)
def test_conditions_that_are_fine(dynamodb: Any, table: str, text: str) -> None:
    send(dynamodb, "Scan", table, text)


def test_a_hundred_values_are_too_many_for_in(dynamodb: Any, table: str) -> None:
    text = "a IN (" + ", ".join([":s"] * 100) + ")"
    assert refusal(dynamodb, "Scan", table, text).startswith("Invalid FilterExpression: The IN operator")


def test_attribute_type_wants_a_constant(dynamodb: Any, table: str) -> None:
    message = refusal(dynamodb, "Scan", table, "attribute_type(a, b)")
    assert message.startswith(f"Invalid FilterExpression: {OPERAND_TYPE}attribute_type, operand type: ")


OVERLAP = "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
SECTION_TYPE = "Incorrect operand type for operator or function; operator: {}, operand type: {}"

UPDATE_FAULTS = [
    ("", "The expression can not be empty;"),
    ("  ", "The expression can not be empty;"),
    ("INVALID SYNTAX HERE", 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
    ("SET _123 = :s", 'Syntax error; token: "_", near: "SET _123"'),
    ("SET a = :s,", 'Syntax error; token: "<EOF>", near: ","'),
    ("SET a = b + c + :n", 'Syntax error; token: "+", near: "c + :n"'),
    ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
    ("ADD a = :n", 'Syntax error; token: "=", near: "a = :n"'),
    ("SET a = f(b)", "Invalid function name; function: f"),
    ("SET a = List_Append(b, :l)", "Invalid function name; function: List_Append"),
    ("SET status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
    ("SET a = :s SET b = :s", 'The "SET" section can only be used once in an update expression;'),
    ("REMOVE a SET b = :s remove c", 'The "REMOVE" section can only be used once in an update expression;'),
    ("SET a.b = :s, a.b[0] = :s", OVERLAP.format("overlap", "[a, b]", "[a, b, [0]]")),
    ("SET a = :s REMOVE #a", OVERLAP.format("overlap", "[a]", "[a]")),
    ("SET #dot.z = :s REMOVE #dot", OVERLAP.format("overlap", "[x.y, z]", "[x.y]")),
    ("SET a.b = :s, a[1] = :s", OVERLAP.format("conflict", "[a, b]", "[a, [1]]")),
    ("SET a = list_append(b)", OPERANDS + "list_append, number of operands: 1"),
    ("SET a = if_not_exists(b, :s, :s)", OPERANDS + "if_not_exists, number of operands: 3"),
    ("SET a = if_not_exists(:s, b)", PATH + "if_not_exists"),
    ("SET a = a + :s", OPERAND_TYPE + "+, operand type: S"),
    ("SET a = :l - a", OPERAND_TYPE + "-, operand type: L"),
    ("SET a = list_append(b, :s)", OPERAND_TYPE + "list_append, operand type: S"),
    ("ADD a :s", SECTION_TYPE.format("ADD", "STRING")),
    ("ADD a :b", SECTION_TYPE.format("ADD", "BINARY")),
    ("ADD a :null", SECTION_TYPE.format("ADD", "NULL")),
    ("ADD a :bool", SECTION_TYPE.format("ADD", "BOOLEAN")),
    ("ADD a :l", SECTION_TYPE.format("ADD", "LIST")),
    ("ADD a :m", SECTION_TYPE.format("ADD", "MAP")),
    ("DELETE a :n", SECTION_TYPE.format("DELETE", "NUMBER")),
    ("DELETE a :s", SECTION_TYPE.format("DELETE", "STRING")),
    ("REMOVE a[2147483648]", "List index is not within the allowable range; index: [2147483648]"),
    ("REMOVE a" + "[0]" * 32, "The document path has too many nesting levels; nesting levels: 33"),
    ("REMOVE a" + " " * 4089, "Expression size has exceeded the maximum allowed size; expression size: 4097"),
]


@pytest.mark.parametrize("text, problem", UPDATE_FAULTS)
def test_updates(dynamodb: Any, table: str, text: str, problem: str) -> None:
    assert refusal(dynamodb, "UpdateItem", table, text) == f"{prefix('UpdateItem')}Invalid UpdateExpression: {problem}"
    action = {"TableName": table, "Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}, "UpdateExpression": text}
    action |= placeholders(text)
    assert invalid(dynamodb.transact_write_items, TransactItems=[{"Update": action}]) == (
        f"Invalid UpdateExpression: {problem}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "aDd n :n dElete f :ss Remove a Set b=:s,d=(:s)",
        "SET a = (b.c)",
        "SET x = (:n + :two)",
        "SET x = ((:n) - (:two))",
        "SET #dot = :s, x = :s",
        "REMOVE a[0], a[1], b.c",
        "SET l = list_append(if_not_exists(l, :l), :l)",
        "SET l = if_not_exists(l, list_append(:l, :l))",
    ],
)
def test_updates_that_are_fine(dynamodb: Any, table: str, text: str) -> None:
    item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "b": {"M": {"c": {"N": "1"}}}, "a": {"L": []}}
    dynamodb.put_item(TableName=table, Item=item)
    send(dynamodb, "UpdateItem", table, text)


PROJECTION_FAULTS = [
    ("", "The expression can not be empty;"),
    ("!!", 'Syntax error; token: "!", near: "!!"'),
    ("a,", 'Syntax error; token: "<EOF>", near: ","'),
    ("a b", 'Syntax error; token: "b", near: "a b"'),
    ("size(a)", 'Syntax error; token: "(", near: "size(a"'),
    ("a, Status", "Attribute name is a reserved keyword; reserved keyword: Status"),
    ("a.b, a.b[0]", OVERLAP.format("overlap", "[a, b]", "[a, b, [0]]")),
    ("a, #a", OVERLAP.format("overlap", "[a]", "[a]")),
    ("a.b, a[0]", OVERLAP.format("conflict", "[a, b]", "[a, [0]]")),
    ("a[99999999999999]", "List index is not within the allowable range; index: [99999999999999]"),
    ("a" + ".b" * 32, "The document path has too many nesting levels; nesting levels: 33"),
    ("a" + " " * 4096, "Expression size has exceeded the maximum allowed size; expression size: 4097"),
]


@pytest.mark.parametrize("text, problem", PROJECTION_FAULTS)
def test_projections(dynamodb: Any, table: str, text: str, problem: str) -> None:
    expected = f"Invalid ProjectionExpression: {problem}"
    assert refusal(dynamodb, "GetItem", table, text) == expected  # though there is no item
    assert refusal(dynamodb, "Scan", table, text, "ProjectionExpression") == expected
    asked = {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "1"}}], "ProjectionExpression": text} | placeholders(text)
    assert invalid(dynamodb.batch_get_item, RequestItems={table: asked}) == expected


KEY_CONDITION_FAULTS = [
    ("", "Invalid KeyConditionExpression: The expression can not be empty;"),
    ("pk = ", 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "="'),
    ("((pk = :s))", "Invalid KeyConditionExpression: The expression has redundant parentheses;"),
    ("sk = :s", "Query condition missed key schema element: pk"),
    ("pk < :s", "Query key condition not supported"),
    ("begins_with(pk, :s)", "Query key condition not supported"),
    (
        "pk = :s AND pk = :t",
        "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
    ),
    ("pk = :s OR sk = :t", "Invalid operator used in KeyConditionExpression: OR"),
    ("NOT pk = :s", "Invalid operator used in KeyConditionExpression: NOT"),
    ("pk IN (:s, :t)", "Invalid operator used in KeyConditionExpression: IN"),
    ("pk = :s AND sk <> :t", "Invalid operator used in KeyConditionExpression: <>"),
    ("pk = :s AND attribute_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
    ("pk = :s AND contains(sk, :t)", "Invalid operator used in KeyConditionExpression: contains"),
    ("pk = :s AND size(sk) = :n", "Invalid operator used in KeyConditionExpression: size"),
    ("pk = sk", "Invalid KeyConditionExpression: Multiple attribute names used in one condition"),
    (":s = :t", "Invalid KeyConditionExpression: No key attribute specified"),
    (
        "pk.a = :s",
        "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes",
    ),
    ("pk = :n", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
    (
        "pk = :s AND sk > :n",
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
    ),
    (
        "pk = :s AND sk = :t AND a = :s",
        "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)",
    ),
    ("pk = :s AND a = :t", "Query condition missed key schema element: sk"),
    ("pk = :s AND begins_with(sk, :n)", f"Invalid KeyConditionExpression: {OPERAND_TYPE}begins_with, operand type: N"),
]


@pytest.mark.parametrize("text, message", KEY_CONDITION_FAULTS)
def test_key_conditions(dynamodb: Any, table: str, text: str, message: str) -> None:
    assert refusal(dynamodb, "Query", table, text, "KeyConditionExpression") == message


@pytest.mark.parametrize(
    "text",
    [
        "sk = :t AND pk = :s",
        ":s = pk AND :t <= sk",
        "(pk = :s) AND (sk BETWEEN :s AND :t)",
        "(pk = :s AND begins_with(sk, :t))",
    ],
)
def test_key_conditions_that_are_fine(dynamodb: Any, table: str, text: str) -> None:
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "x"}, "sk": {"S": "y"}})
    assert send(dynamodb, "Query", table, text, "KeyConditionExpression")["Count"] == 1


def test_neither_form_of_key_condition(dynamodb: Any, table: str) -> None:
    assert invalid(dynamodb.query, TableName=table) == (
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    )


def test_empty_key_in_a_key_condition(dynamodb: Any, table: str) -> None:
    message = invalid(
        dynamodb.query,
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": ""}},
    )
    assert message == (
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        "string value. Key: pk"
    )


def test_expressions_are_looked_at_before_the_table(dynamodb: Any) -> None:
    message = refusal(dynamodb, "UpdateItem", "nowhere", "SET a = ")
    assert message.startswith("1 validation error detected: Invalid UpdateExpression: Syntax error;")
    assert refusal(dynamodb, "Query", "nowhere", "pk", "KeyConditionExpression").startswith(
        "Invalid KeyConditionExpression: Syntax error;"
    )
