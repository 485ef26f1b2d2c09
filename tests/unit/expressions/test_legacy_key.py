"""KeyConditions: its terms and its refusals."""

from typing import Any

import pytest

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.legacy_key import NO_CONDITIONS, NOT_INDEXABLE, parse_key_conditions

INVALID = "One or more parameter values were invalid: "
A, B = {"S": "a"}, {"S": "b"}


def op(operator: str, *arguments: Any) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(arguments)}


@pytest.mark.parametrize(
    ("operator", "arguments", "expected"),
    [
        ("EQ", (A,), "="),
        ("LT", (A,), "<"),
        ("LE", (A,), "<="),
        ("GT", (A,), ">"),
        ("GE", (A,), ">="),
        ("BEGINS_WITH", (A,), "begins_with"),
        ("BETWEEN", (A, B), "BETWEEN"),
        ("BETWEEN", (A, A), "BETWEEN"),
    ],
)
def test_terms(operator: str, arguments: tuple[Any, ...], expected: Any) -> None:
    parsed = parse_key_conditions({"pk": op("EQ", {"N": "1.0"}), "sk": op(operator, *arguments)})
    operands = tuple(tree.ValueOperand(f":{index}") for index in range(1, 1 + len(arguments)))
    assert parsed.terms == (
        tree.KeyTerm("pk", "=", (tree.ValueOperand(":0"),)),
        tree.KeyTerm("sk", expected, operands),
    )
    assert [parsed.values[operand.name] for operand in operands] == list(arguments)
    assert parsed.values[":0"] == {"N": "1"}


@pytest.mark.parametrize(
    "condition",
    [op("NE", A), op("IN", A, B), op("NULL"), op("NOT_NULL"), op("CONTAINS", A), op("NOT_CONTAINS", A)],
)
def test_operators_of_filters_are_refused_when_the_terms_are_wanted(condition: dict[str, Any]) -> None:
    parsed = parse_key_conditions({"pk": op("EQ", A), "sk": condition})
    with pytest.raises(ValidationException) as raised:
        _ = parsed.terms
    assert raised.value.message == NOT_INDEXABLE


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ({}, NO_CONDITIONS),
        ({"a": op("EQ")}, f"{INVALID}Invalid number of argument(s) for the EQ ComparisonOperator"),
        ({"a": op("NE", A, B)}, f"{INVALID}Invalid number of argument(s) for the NE ComparisonOperator"),
        ({"a": op("IN", A, {"N": "1"})}, f"{INVALID}AttributeValues inside AttributeValueList must be of same type"),
        (
            {"a": op("BEGINS_WITH", {"N": "1"})},
            f"{INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type",
        ),
        (
            {"a": op("BETWEEN", B, A)},
            "One or more parameter values were invalid: The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ),
        ({"a": op("EQ", {})}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ],
)
def test_refused(conditions: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as raised:
        parse_key_conditions(conditions)
    assert raised.value.message == text
