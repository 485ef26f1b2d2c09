"""What came before condition expressions: Expected, QueryFilter and ScanFilter, made into the same trees.

Members come as the request had them, with the types of JSON and the enums checked; attribute values are parsed here.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.evaluate import Predicate, predicate
from stator.values import compare
from stator.values.attribute import AttributeValue, Item
from stator.values.parse import INVALID, parse_value

OPERATOR_WITHOUT_CONDITIONS = "ConditionalOperator cannot be used without Filter or Expected"
OPERATOR_FOR_ONE_CONDITION = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
BOUNDS_REVERSED = (
    f"{INVALID}The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
)
MIXED_TYPES = f"{INVALID}AttributeValues inside AttributeValueList must be of same type"

Conditions = Mapping[str, Mapping[str, Any]]

_COMPARATORS: dict[str, tree.Comparator] = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_FUNCTIONS = {
    "NULL": "attribute_not_exists",
    "NOT_NULL": "attribute_exists",
    "BEGINS_WITH": "begins_with",
    "CONTAINS": "contains",
}

_ARGUMENT_COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}  # all others take one, IN at least one
_ORDERED_TYPES = ("S", "N", "B")
_ARGUMENT_TYPES = {
    "LT": _ORDERED_TYPES,
    "LE": _ORDERED_TYPES,
    "GT": _ORDERED_TYPES,
    "GE": _ORDERED_TYPES,
    "BETWEEN": _ORDERED_TYPES,
    "IN": _ORDERED_TYPES,
    "BEGINS_WITH": ("S", "B"),
    "CONTAINS": ("S", "N", "B", "BOOL", "NULL"),
    "NOT_CONTAINS": ("S", "N", "B", "BOOL", "NULL"),
}


class LegacyCondition(NamedTuple):
    """A condition with its values, ready to be asked about items (`{}` for an absent one)."""

    tree: tree.Condition
    values: Mapping[str, AttributeValue]
    paths: tuple[tree.Path, ...]
    test: Predicate

    def holds(self, item: Item) -> bool:
        return self.test(item, self.values)


def check_conditional_operator(conditions: Conditions | None, operator: str | None) -> None:
    """Check that a ConditionalOperator has conditions to join. The service does this before it looks at values."""
    if operator is None:
        return
    if not conditions:
        raise ValidationException(OPERATOR_WITHOUT_CONDITIONS)
    if len(conditions) == 1:
        raise ValidationException(OPERATOR_FOR_ONE_CONDITION)


def parse_expected(expected: Conditions | None, operator: str | None) -> LegacyCondition | None:
    """The condition that `Expected` and `ConditionalOperator` mean; None when there is none.

    Raises ValidationException.
    """
    check_conditional_operator(expected, operator)
    if not expected:
        return None
    return _joined({name: _expectation(name, condition) for name, condition in expected.items()}, operator)


def parse_filter(conditions: Conditions | None, operator: str | None) -> LegacyCondition | None:
    """The condition that `QueryFilter` or `ScanFilter` and `ConditionalOperator` mean; None when there is none.

    Raises ValidationException.
    """
    check_conditional_operator(conditions, operator)
    if not conditions:
        return None
    return _joined({name: parse_arguments(condition) for name, condition in conditions.items()}, operator)


def parse_arguments(condition: Mapping[str, Any]) -> tuple[str, list[AttributeValue]]:
    """The ComparisonOperator of a Condition structure and its parsed arguments, checked against each other."""
    operator = condition["ComparisonOperator"]
    arguments = [parse_value(raw) for raw in condition.get("AttributeValueList") or ()]
    _check_arguments(operator, arguments)
    return operator, arguments


def _check_arguments(operator: str, arguments: list[AttributeValue]) -> None:
    count = len(arguments)
    if count != _ARGUMENT_COUNTS.get(operator, 1) and not (operator == "IN" and count):
        raise ValidationException(f"{INVALID}Invalid number of argument(s) for the {operator} ComparisonOperator")
    if not arguments:
        return
    (kind,) = arguments[0]
    if not all(kind in argument for argument in arguments):
        raise ValidationException(MIXED_TYPES)
    if kind not in _ARGUMENT_TYPES.get(operator, (kind,)):
        raise ValidationException(f"{INVALID}ComparisonOperator {operator} is not valid for {kind} AttributeValue type")
    if operator == "BETWEEN":
        low, high = arguments
        if (compare.order(low, high) or 0) > 0:
            raise ValidationException(BOUNDS_REVERSED)


def _expectation(name: str, condition: Mapping[str, Any]) -> tuple[str, list[AttributeValue]]:
    """One entry of Expected as a comparison operator and its arguments."""
    operator, exists = condition.get("ComparisonOperator"), condition.get("Exists")
    listed, single = condition.get("AttributeValueList"), condition.get("Value")
    arguments = [parse_value(raw) for raw in (listed if single is None else (*(listed or ()), single)) or ()]
    if listed is not None and single is not None:
        raise _misused("Value and AttributeValueList cannot be used together", name)
    if operator is None:
        return _value_or_absence(name, listed, exists, arguments)
    if exists is not None:
        raise _misused("Exists and ComparisonOperator cannot be used together", name)
    if listed is None and single is None and operator not in ("NULL", "NOT_NULL"):
        raise _misused(f"Value or AttributeValueList must be used with ComparisonOperator: {operator}", name)
    _check_arguments(operator, arguments)
    return operator, arguments


def _value_or_absence(
    name: str, listed: Any, exists: bool | None, arguments: list[AttributeValue]
) -> tuple[str, list[AttributeValue]]:
    if listed is not None:
        raise _misused("AttributeValueList can only be used with a ComparisonOperator", name)
    if exists is False:
        if arguments:
            raise _misused("Value cannot be used when Exists is false", name)
        return "NULL", []
    if not arguments:
        raise _misused(f"Value must be provided when Exists is {'null' if exists is None else 'true'}", name)
    return "EQ", arguments


def _misused(complaint: str, name: str) -> ValidationException:
    return ValidationException(f"{INVALID}{complaint} for Attribute: {name}")


def _joined(comparisons: Mapping[str, tuple[str, list[AttributeValue]]], operator: str | None) -> LegacyCondition:
    values: dict[str, AttributeValue] = {}
    parts: list[tree.Condition] = []
    for name, (comparison, arguments) in comparisons.items():
        operands = []
        for argument in arguments:
            placeholder = f":{len(values)}"
            values[placeholder] = argument
            operands.append(tree.ValueOperand(placeholder))
        parts.append(_condition(tree.PathOperand((name,)), comparison, operands))
    condition = parts[0]
    if len(parts) > 1:
        condition = tree.Or(tuple(parts)) if operator == "OR" else tree.And(tuple(parts))
    return LegacyCondition(condition, values, tuple((name,) for name in comparisons), predicate(condition))


def _condition(attribute: tree.PathOperand, comparison: str, operands: list[tree.ValueOperand]) -> tree.Condition:
    if comparison in _COMPARATORS:
        return tree.Comparison(_COMPARATORS[comparison], attribute, operands[0])
    if comparison in _FUNCTIONS:
        return tree.FunctionCall(_FUNCTIONS[comparison], (attribute, *operands))
    if comparison == "BETWEEN":
        return tree.Between(attribute, operands[0], operands[1])
    if comparison == "IN":
        return tree.In(attribute, tuple(operands))
    # NOT_CONTAINS: unlike `NOT contains(...)` it does not hold for a missing attribute.
    return tree.And(
        (
            tree.FunctionCall("attribute_exists", (attribute,)),
            tree.Not(tree.FunctionCall("contains", (attribute, *operands))),
        )
    )
