"""What came before key condition and projection expressions: KeyConditions and AttributesToGet."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.legacy_condition import parse_arguments
from stator.values.attribute import AttributeValue
from stator.values.parse import INVALID

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


class LegacyKeyConditions(NamedTuple):
    """Key conditions with their values.

    `unindexable` names attributes whose operator no key takes. The service says so only once it knows the table and has
    found the attribute to be a key, so the check is the caller's: ValidationException(NOT_INDEXABLE).
    """

    terms: tuple[tree.KeyTerm, ...]
    values: Mapping[str, AttributeValue]
    unindexable: tuple[str, ...]


def parse_key_conditions(conditions: Mapping[str, Mapping[str, Any]]) -> LegacyKeyConditions:
    """The terms that `KeyConditions` means, in the order given. Raises ValidationException."""
    terms: list[tree.KeyTerm] = []
    values: dict[str, AttributeValue] = {}
    unindexable: list[str] = []
    for name, condition in conditions.items():
        comparison, arguments = parse_arguments(condition)
        operator = _OPERATORS.get(comparison)
        if operator is None:
            unindexable.append(name)
            continue
        operands = []
        for argument in arguments:
            operand = tree.ValueOperand(f":{len(values)}")
            values[operand.name] = argument
            operands.append(operand)
        terms.append(tree.KeyTerm(name, operator, tuple(operands)))
    if not conditions:
        raise ValidationException(NO_CONDITIONS)
    return LegacyKeyConditions(tuple(terms), values, tuple(unindexable))


def parse_attributes_to_get(names: Sequence[str]) -> tuple[tree.Path, ...]:
    """The paths that `AttributesToGet` means. Raises ValidationException for a name given twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValidationException(f"{INVALID}Duplicate value in attribute name: {name}")
        seen.add(name)
    return tuple((name,) for name in names)
