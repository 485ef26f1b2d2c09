"""What came before key condition expressions: KeyConditions."""

from collections.abc import Mapping
from typing import Any, Literal

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.legacy_condition import parse_arguments
from stator.values.attribute import AttributeValue

NO_CONDITIONS = "Conditions can be of length 1 or 2 only"
NOT_INDEXABLE = "Attempted conditional constraint is not an indexable operation"

_OPERATORS: dict[str, Literal["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]] = {
    "EQ": "=",
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    "BETWEEN": "BETWEEN",
    "BEGINS_WITH": "begins_with",
}


class LegacyKeyConditions:
    """Key conditions with the values of their request."""

    __slots__ = ("_indexable", "_terms", "values")

    def __init__(self, terms: tuple[tree.KeyTerm, ...], values: Mapping[str, AttributeValue], indexable: bool) -> None:
        self._terms = terms
        self._indexable = indexable
        self.values = values

    @property
    def terms(self) -> tuple[tree.KeyTerm, ...]:
        """The terms in the order given. Raises ValidationException when one has an operator that no key takes, which
        the service says only once it knows the table."""
        if not self._indexable:
            raise ValidationException(NOT_INDEXABLE)
        return self._terms


def parse_key_conditions(conditions: Mapping[str, Mapping[str, Any]]) -> LegacyKeyConditions:
    """The terms that `KeyConditions` means. Raises ValidationException for arguments that its operators do not take."""
    terms: list[tree.KeyTerm] = []
    values: dict[str, AttributeValue] = {}
    for name, condition in conditions.items():
        comparison, arguments = parse_arguments(condition)
        operands = []
        for argument in arguments:
            operand = tree.ValueOperand(f":{len(values)}")
            values[operand.name] = argument
            operands.append(operand)
        operator = _OPERATORS.get(comparison)
        if operator is not None:
            terms.append(tree.KeyTerm(name, operator, tuple(operands)))
    if not conditions:
        raise ValidationException(NO_CONDITIONS)
    return LegacyKeyConditions(tuple(terms), values, len(terms) == len(conditions))
