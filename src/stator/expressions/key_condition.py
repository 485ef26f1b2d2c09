"""KeyConditionExpression: condition trees of the few forms that a Query can follow, to key terms.

Which attributes are the keys is not known here: whoever has the table's schema checks names, types and number of terms.
"""

from typing import Literal

from stator.errors import Family, ValidationException
from stator.expressions import tree
from stator.expressions.lexer import invalid

KIND = "KeyConditionExpression"

_FLIPPED: dict[str, Literal["=", "<", "<=", ">", ">="]] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def key_terms(condition: tree.Condition, negates: bool = False) -> tuple[tree.KeyTerm, ...]:
    """The terms in the order written, each of another attribute; `negates` as in Scope. Raises ValidationException."""
    terms: dict[str, tree.KeyTerm] = {}
    for part in condition.conditions if isinstance(condition, tree.And) else (condition,):
        term = _term(part)
        if term.attribute in terms:
            raise invalid(KIND, "KeyConditionExpressions must only contain one condition per key")
        terms[term.attribute] = term
    if negates:
        raise _operator("NOT")  # a double one, which left no trace in the tree
    return tuple(terms.values())


def _term(condition: tree.Condition) -> tree.KeyTerm:
    if isinstance(condition, tree.Comparison) and condition.operator != "<>":
        return _comparison(condition.operator, condition.left, condition.right)
    if isinstance(condition, tree.Between):
        operands = (condition.operand, condition.low, condition.high)
        return _first_operand_term("BETWEEN", operands)
    if isinstance(condition, tree.FunctionCall) and condition.name == "begins_with":
        return _first_operand_term("begins_with", condition.operands)
    raise _operator(_name(condition))


def _name(condition: tree.Condition) -> str:
    """What error messages call this kind of condition."""
    if isinstance(condition, tree.FunctionCall):
        return condition.name
    if isinstance(condition, tree.Comparison):
        return condition.operator
    return type(condition).__name__.upper()


def _comparison(operator: Literal["=", "<", "<=", ">", ">="], left: tree.Operand, right: tree.Operand) -> tree.KeyTerm:
    attribute, values = _split((left, right))
    if isinstance(left, tree.PathOperand):
        return tree.KeyTerm(attribute, operator, values)
    return tree.KeyTerm(attribute, _FLIPPED[operator], values)


def _first_operand_term(
    operator: Literal["BETWEEN", "begins_with"], operands: tuple[tree.Operand, ...]
) -> tree.KeyTerm:
    if not isinstance(operands[0], tree.PathOperand):
        raise invalid(KIND, f"{operator} operator must have the key attribute as its first operand")
    attribute, values = _split(operands)
    return tree.KeyTerm(attribute, operator, values)


def _split(operands: tuple[tree.Operand, ...]) -> tuple[str, tuple[tree.ValueOperand, ...]]:
    """The one attribute among these operands, and the values."""
    attribute: str | None = None
    values: list[tree.ValueOperand] = []
    for operand in operands:
        if isinstance(operand, tree.SizeOf | tree.Truth):
            raise _operator("size")
        if isinstance(operand, tree.ValueOperand):
            values.append(operand)
            continue
        if attribute is not None:
            raise invalid(KIND, "Multiple attribute names used in one condition")
        if len(operand.path) > 1:
            raise invalid(KIND, "KeyConditionExpressions cannot have conditions on nested attributes")
        attribute = str(operand.path[0])
    if attribute is None:
        raise invalid(KIND, "No key attribute specified")
    return attribute, tuple(values)


def _operator(name: str) -> ValidationException:
    return ValidationException(f"Invalid operator used in KeyConditionExpression: {name}", Family.EXPRESSION)
