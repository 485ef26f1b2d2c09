"""Expected, QueryFilter, ScanFilter and ConditionalOperator: what they mean and what they refuse, in which words."""

from typing import Any

import pytest

from stator.errors import Family, ValidationException
from stator.expressions import tree
from stator.expressions.legacy_condition import (
    BOUNDS_REVERSED,
    MIXED_TYPES,
    OPERATOR_FOR_ONE_CONDITION,
    OPERATOR_WITHOUT_CONDITIONS,
    check_conditional_operator,
    parse_expected,
    parse_filter,
)
from stator.values.parse import parse_item

INVALID = "One or more parameter values were invalid: "

ITEM, _ = parse_item(
    {
        "n": {"N": "3"},
        "s": {"S": "hello"},
        "b": {"B": "AQL/"},
        "ns": {"NS": ["2", "4", "7"]},
        "l": {"L": [{"N": "2"}, {"N": "4"}]},
        "null": {"NULL": True},
    }
)

N3, N4, N9 = {"N": "3"}, {"N": "4"}, {"N": "9"}
X = {"S": "x"}


def op(operator: str, *arguments: Any) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(arguments)}


CASES = [
    ("n", op("EQ", {"N": "3.0"}), True),
    ("n", op("EQ", {"S": "3"}), False),
    ("n", op("NE", N4), True),
    ("n", op("NE", N3), False),
    ("n", op("NE", {"S": "3"}), True),
    ("n", op("LT", N4), True),
    ("n", op("LT", {"S": "4"}), False),
    ("n", op("LE", N3), True),
    ("n", op("GT", N3), False),
    ("n", op("GE", N3), True),
    ("n", op("BETWEEN", {"N": "3"}, N9), True),
    ("n", op("BETWEEN", N4, N9), False),
    ("n", op("IN", N4, N3), True),
    ("n", op("IN", N4), False),
    ("ns", op("IN", {"N": "2"}), False),
    ("ns", op("EQ", {"NS": ["7", "2", "4"]}), True),
    ("l", op("EQ", {"L": [{"N": "2"}, N4]}), True),
    ("null", op("EQ", {"NULL": True}), True),
    ("null", {"ComparisonOperator": "NOT_NULL"}, True),
    ("n", op("NOT_NULL"), True),
    ("n", op("NULL"), False),
    ("s", op("BEGINS_WITH", {"S": "hell"}), True),
    ("b", op("BEGINS_WITH", {"B": "AQ=="}), True),
    ("n", op("BEGINS_WITH", {"S": "3"}), False),
    ("s", op("CONTAINS", {"S": "ell"}), True),
    ("ns", op("CONTAINS", N4), True),
    ("l", op("CONTAINS", N4), True),
    ("s", op("CONTAINS", N4), False),
    ("s", op("NOT_CONTAINS", {"S": "dog"}), True),
    ("s", op("NOT_CONTAINS", {"S": "ell"}), False),
    ("s", op("NOT_CONTAINS", N4), True),
    ("ns", op("NOT_CONTAINS", N4), False),
    ("n", op("NOT_CONTAINS", N4), True),
    # Missing attributes: NE holds, NOT_CONTAINS does not.
    ("zz", op("NULL"), True),
    ("zz", op("NOT_NULL"), False),
    ("zz", op("NE", N4), True),
    ("zz", op("NOT_CONTAINS", N4), False),
    *[("zz", op(operator, N4), False) for operator in ("EQ", "LT", "LE", "GT", "GE", "IN", "CONTAINS")],
    ("zz", op("BEGINS_WITH", {"S": ""}), False),
    ("zz", op("BETWEEN", N4, N9), False),
]


@pytest.mark.parametrize("parse", [parse_expected, parse_filter])
@pytest.mark.parametrize(("name", "condition", "expected"), CASES)
def test_operators(parse: Any, name: str, condition: dict[str, Any], expected: bool) -> None:
    assert parse({name: condition}, None).holds(ITEM) is expected


@pytest.mark.parametrize(
    ("name", "condition", "expected"),
    [
        ("n", {"Value": N3}, True),
        ("n", {"Value": N4}, False),
        ("zz", {"Value": N4}, False),
        ("n", {"Value": N3, "Exists": True}, True),
        ("n", {"Value": N4, "Exists": True}, False),
        ("n", {"Exists": False}, False),
        ("zz", {"Exists": False}, True),
        ("n", {"ComparisonOperator": "GE", "Value": N3}, True),
        ("n", {"ComparisonOperator": "IN", "Value": N4}, False),
        ("n", {"ComparisonOperator": "NOT_NULL", "Value": None, "Exists": None}, True),
    ],
)
def test_expected_value_and_exists(name: str, condition: dict[str, Any], expected: bool) -> None:
    parsed = parse_expected({name: condition}, None)
    assert parsed is not None
    assert parsed.holds(ITEM) is expected
    assert parsed.holds({}) is (condition.get("Exists") is False)


@pytest.mark.parametrize(
    ("operator", "truths", "expected"),
    [
        (None, "11", True),
        (None, "10", False),
        ("AND", "011", False),
        ("AND", "111", True),
        ("OR", "01", True),
        ("OR", "10", True),
        ("OR", "000", False),
        ("OR", "001", True),
    ],
)
@pytest.mark.parametrize("parse", [parse_expected, parse_filter])
def test_conditional_operator(parse: Any, operator: str | None, truths: str, expected: bool) -> None:
    item = {f"a{index}": {"S": truth} for index, truth in enumerate(truths)}
    conditions = {name: op("EQ", {"S": "1"}) for name in item}
    assert parse(conditions, operator).holds(item) is expected


def test_tree_values_and_paths() -> None:
    parsed = parse_filter({"a": op("IN", N3, {"N": "04"}), "b.c": op("EQ", X)}, "OR")
    assert parsed is not None
    assert parsed.tree == tree.Or(
        (
            tree.In(tree.PathOperand(("a",)), (tree.ValueOperand(":0"), tree.ValueOperand(":1"))),
            tree.Comparison("=", tree.PathOperand(("b.c",)), tree.ValueOperand(":2")),
        )
    )
    assert parsed.values == {":0": N3, ":1": N4, ":2": X}
    assert parsed.paths == (("a",), ("b.c",))


@pytest.mark.parametrize("parse", [parse_expected, parse_filter])
def test_no_conditions(parse: Any) -> None:
    assert parse(None, None) is None
    assert parse({}, None) is None


def refusal(parse: Any, *arguments: Any) -> ValidationException:
    with pytest.raises(ValidationException) as raised:
        parse(*arguments)
    return raised.value


@pytest.mark.parametrize("parse", [parse_expected, parse_filter, check_conditional_operator])
@pytest.mark.parametrize("operator", ["AND", "OR"])
def test_conditional_operator_needs_conditions_to_join(parse: Any, operator: str) -> None:
    assert refusal(parse, None, operator).message == OPERATOR_WITHOUT_CONDITIONS
    assert refusal(parse, {}, operator).message == OPERATOR_WITHOUT_CONDITIONS
    # Before any look at the condition itself
    assert refusal(parse, {"a": op("EQ", {})}, operator).message == OPERATOR_FOR_ONE_CONDITION


COUNTS = "Invalid number of argument(s) for the {} ComparisonOperator"


@pytest.mark.parametrize("parse", [parse_expected, parse_filter])
@pytest.mark.parametrize(
    ("condition", "text"),
    [
        *[(op(operator, X), INVALID + COUNTS.format(operator)) for operator in ("NULL", "NOT_NULL", "BETWEEN")],
        *[
            (op(operator, *arguments), INVALID + COUNTS.format(operator))
            for operator in ("EQ", "NE", "LT", "LE", "GT", "GE", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH")
            for arguments in ((), (X, X))
        ],
        (op("BETWEEN", X, X, X), INVALID + COUNTS.format("BETWEEN")),
        (op("IN"), INVALID + COUNTS.format("IN")),
        (op("IN", X, N3), MIXED_TYPES),
        (op("BETWEEN", X, N3), MIXED_TYPES),
        (op("BETWEEN", N9, N4), BOUNDS_REVERSED),
        (op("BETWEEN", {"S": "b"}, {"S": "a"}), BOUNDS_REVERSED),
        *[
            (
                op(operator, {kind: content}),
                f"{INVALID}ComparisonOperator {operator} is not valid for {kind} AttributeValue type",
            )
            for operator in ("LT", "LE", "GT", "GE", "IN", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH")
            for kind, content in {"SS": ["a"], "NS": ["1"], "BS": ["YQ=="], "M": {}, "L": []}.items()
        ],
        *[
            (
                op(operator, {kind: True}),
                f"{INVALID}ComparisonOperator {operator} is not valid for {kind} AttributeValue type",
            )
            for operator in ("LT", "IN", "BEGINS_WITH")
            for kind in ("BOOL", "NULL")
        ],
        (op("BEGINS_WITH", N3), f"{INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        (
            op("BETWEEN", {"SS": ["a"]}, {"SS": ["b"]}),
            f"{INVALID}ComparisonOperator BETWEEN is not valid for SS AttributeValue type",
        ),
        # Values are looked at before their number
        (op("EQ", X, {"N": "b"}), "The parameter cannot be converted to a numeric value: b"),
        (op("EQ", {}), "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ],
)
def test_arguments_refused(parse: Any, condition: dict[str, Any], text: str) -> None:
    error = refusal(parse, {"a": condition}, None)
    assert error.message == text
    assert error.family is Family.BARE


def test_missing_argument_list() -> None:
    assert refusal(parse_filter, {"a": {"ComparisonOperator": "EQ"}}, None).message == INVALID + COUNTS.format("EQ")


def test_bad_sets_keep_their_family() -> None:
    assert refusal(parse_expected, {"a": {"Value": {"SS": []}}}, None).family is Family.VALUE


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ({}, "Value must be provided when Exists is null"),
        ({"Exists": True}, "Value must be provided when Exists is true"),
        ({"Exists": False, "Value": X}, "Value cannot be used when Exists is false"),
        ({"ComparisonOperator": "LT"}, "Value or AttributeValueList must be used with ComparisonOperator: LT"),
        ({"Exists": True, "ComparisonOperator": "LT"}, "Exists and ComparisonOperator cannot be used together"),
        ({"Exists": False, "ComparisonOperator": "NULL"}, "Exists and ComparisonOperator cannot be used together"),
        ({**op("LT", X), "Value": X}, "Value and AttributeValueList cannot be used together"),
        ({**op("LT", X), "Value": X, "Exists": True}, "Value and AttributeValueList cannot be used together"),
        ({"AttributeValueList": [X]}, "AttributeValueList can only be used with a ComparisonOperator"),
        ({"AttributeValueList": [X], "Exists": True}, "AttributeValueList can only be used with a ComparisonOperator"),
    ],
)
def test_expected_members_misused(condition: dict[str, Any], complaint: str) -> None:
    assert refusal(parse_expected, {"a": condition}, None).message == f"{INVALID}{complaint} for Attribute: a"


def test_single_value_counts_as_one_argument() -> None:
    for operator in ("NULL", "BETWEEN"):
        error = refusal(parse_expected, {"a": {"ComparisonOperator": operator, "Value": X}}, None)
        assert error.message == INVALID + COUNTS.format(operator)
