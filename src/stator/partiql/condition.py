"""WHERE to the tree that conditions of every kind are evaluated from."""

from typing import Final

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.checks import ORDERED, SIZED, TEXTUAL, Bounds, OperandType, TypeName, Values, wrong_type
from stator.partiql.constant import is_constant, kind_of
from stator.partiql.fault import refused
from stator.partiql.scope import Scope
from stator.partiql.syntax import (
    BetweenNode,
    BinaryNode,
    CallNode,
    InNode,
    IsNode,
    LogicNode,
    NegativeNode,
    Node,
    NotNode,
    Parameter,
    PathNode,
)

IN_OPTIONS_MAX: Final = 100

_COMPARATORS: Final[dict[str, tree.Comparator]] = {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ORDERINGS: Final = frozenset(("<", "<=", ">", ">="))
_OPERANDS: Final = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_MISUSED = "The function is not allowed to be used this way in an expression; function: "


def lower_condition(node: Node, scope: Scope) -> tree.Condition:
    """The condition that an expression is. Raises ValidationException for one that no item could be tested with."""
    if isinstance(node, LogicNode):
        parts = tuple(lower_condition(part, scope) for part in node.parts)
        return tree.And(parts) if node.operator == "and" else tree.Or(parts)
    if isinstance(node, NotNode):
        return _negated(lower_condition(node.operand, scope))
    if isinstance(node, BinaryNode):
        return _comparison(node, scope)
    if isinstance(node, BetweenNode):
        return _between(node, scope)
    if isinstance(node, InNode):
        return _in(node, scope)
    if isinstance(node, IsNode):
        return _is(node, scope)
    if isinstance(node, CallNode):
        return _function(node, scope)
    raise ValidationException(f"Unsupported operation: {kind_of(node)}")


def _negated(condition: tree.Condition) -> tree.Condition:
    return condition.condition if isinstance(condition, tree.Not) else tree.Not(condition)


def _operand(node: Node, scope: Scope) -> tree.Operand:
    if isinstance(node, PathNode):
        return tree.PathOperand(node.path)
    if isinstance(node, Parameter) or is_constant(node):
        return scope.operand(node)
    if isinstance(node, CallNode) and node.name.lower() == "size":
        return _size(node, scope)
    if isinstance(node, NegativeNode):
        raise _no_number(node)
    if isinstance(node, BinaryNode) and node.operator not in _COMPARATORS:
        raise _unsupported(node)
    return tree.Truth(lower_condition(node, scope))


def _no_number(node: NegativeNode) -> ValidationException:
    return ValidationException(
        f"Incorrect number of operands for operator or function; operator or function: {node.sign}, "
        "number of operands: 1"
    )


def _unsupported(node: BinaryNode) -> ValidationException:
    return ValidationException(f"Unsupported operator in Condition Expression. Operator: {node.operator.upper()}")


def _comparison(node: BinaryNode, scope: Scope) -> tree.Condition:
    comparator = _COMPARATORS.get(node.operator)
    if comparator is None:
        raise _unsupported(node)
    left, right = _operand(node.left, scope), _operand(node.right, scope)
    if comparator in _ORDERINGS:
        for operand in (left, right):
            _require(operand, comparator, ORDERED, scope)
    return tree.Comparison(comparator, left, right)


def _between(node: BetweenNode, scope: Scope) -> tree.Condition:
    operand, low, high = (_operand(each, scope) for each in (node.operand, node.low, node.high))
    for each in (operand, low, high):
        _require(each, "BETWEEN", ORDERED, scope)
    if isinstance(low, tree.ValueOperand) and isinstance(high, tree.ValueOperand):
        scope.require(Bounds(low.name, high.name))
    return tree.Between(operand, low, high)


def _in(node: InNode, scope: Scope) -> tree.Condition:
    count = len(node.options)
    if count > IN_OPTIONS_MAX:
        raise ValidationException(f"The IN operator is provided with too many operands; number of operands: {count}")
    return tree.In(_operand(node.operand, scope), tuple(_operand(option, scope) for option in node.options))


def _is(node: IsNode, scope: Scope) -> tree.Condition:
    if node.type not in ("missing", "null"):
        raise ValidationException("Unsupported operation: IsType")
    if not isinstance(node.operand, PathNode):
        raise ValidationException(f"Unsupported operation: {kind_of(node.operand)}")
    operand = tree.PathOperand(node.operand.path)
    if node.type == "missing":
        return tree.FunctionCall("attribute_not_exists", (operand,))
    null = scope.hidden({"S": "NULL"})
    return tree.FunctionCall("attribute_type", (operand, null))


def _function(node: CallNode, scope: Scope) -> tree.Condition:
    name = node.name.lower()
    if name not in _OPERANDS:
        raise refused(scope.text, node.place, f"Unrecognized function: {node.name}")
    if name == "size":
        raise ValidationException(_MISUSED + name)
    _check_count(name, node)
    if name in ("attribute_exists", "attribute_not_exists"):
        (path,) = node.arguments
        if not isinstance(path, PathNode):
            raise _path_required(name)
        return tree.FunctionCall(name, (tree.PathOperand(path.path),))
    first, second = (_operand(argument, scope) for argument in node.arguments)
    if name == "begins_with":
        _require(first, name, TEXTUAL, scope)
        _require(second, name, TEXTUAL, scope)
    elif name == "attribute_type":
        _check_type_name(second, scope)
    return tree.FunctionCall(name, (first, second))


def _check_count(name: str, node: CallNode) -> None:
    if len(node.arguments) != _OPERANDS[name]:
        raise ValidationException(
            f"Incorrect number of operands for operator or function; operator or function: {name}, "
            f"number of operands: {len(node.arguments)}"
        )


def _path_required(name: str) -> ValidationException:
    return ValidationException(f"Operator or function requires a document path; operator or function: {name}")


def _size(node: CallNode, scope: Scope) -> tree.Operand:
    _check_count("size", node)
    operand = _operand(node.arguments[0], scope)
    if not isinstance(operand, tree.PathOperand | tree.ValueOperand):
        raise _path_required("size")
    _require(operand, "size", SIZED, scope)
    return tree.SizeOf(operand)


def _require(operand: tree.Operand, function: str, allowed: frozenset[str], scope: Scope) -> None:
    if isinstance(operand, tree.Truth):
        raise ValidationException(wrong_type(function, "BOOL"))
    if isinstance(operand, tree.ValueOperand):
        scope.require(OperandType(function, operand.name, allowed))


class _TypeName(TypeName):
    """Worded as by expressions, but that PartiQL lists the types in another order."""

    __slots__ = ()

    def problem(self, values: Values) -> str | None:
        problem = super().problem(values)
        if problem is not None and "valid types" in problem:
            return problem.partition("{")[0] + "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
        return problem


def _check_type_name(operand: tree.Operand, scope: Scope) -> None:
    if not isinstance(operand, tree.ValueOperand):
        raise _path_required("attribute_type")
    scope.require(_TypeName(operand.name))
