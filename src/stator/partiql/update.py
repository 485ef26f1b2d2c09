"""SET and REMOVE to the tree that updates of every kind are applied from."""

from collections.abc import Sequence
from typing import Final, Literal

from stator.errors import ValidationException
from stator.expressions.checks import LIST, NUMERIC, OperandType, Values
from stator.expressions.overlap import find_conflict, find_overlap
from stator.expressions.tree import (
    Arithmetic,
    Assignment,
    ListAppend,
    Operation,
    Path,
    PathOperand,
    Update,
    UpdateValue,
    ValueOperand,
)
from stator.partiql.constant import is_constant, kind_of
from stator.partiql.fault import Place, refused
from stator.partiql.scope import Scope
from stator.partiql.syntax import (
    BagNode,
    BinaryNode,
    CallNode,
    NegativeNode,
    Node,
    Parameter,
    PathNode,
    RemoveNode,
    SetNode,
)

_SET_FUNCTIONS: Final = ("set_add", "set_delete")
_SETS: Final = frozenset(("SS", "NS", "BS"))
_PAIR: Final = 2


def lower_update(actions: Sequence[SetNode | RemoveNode], scope: Scope) -> Update:
    """All actions of an UPDATE together. Raises ValidationException."""
    sets: list[Assignment] = []
    adds: list[Operation] = []
    deletes: list[Operation] = []
    removes: list[Path] = []
    for action in actions:
        if isinstance(action, RemoveNode):
            removes.append(action.target.path)
        elif isinstance(action.value, CallNode) and action.value.name.lower() in _SET_FUNCTIONS:
            operation = _set_function(action.target.path, action.value, scope)
            (adds if action.value.name.lower() == "set_add" else deletes).append(operation)
        else:
            sets.append(Assignment(action.target.path, _value(action.value, scope)))
    targets = [action.target.path for action in actions]
    problem = find_overlap(targets) or find_conflict(targets)
    if problem is not None:
        raise ValidationException(problem)
    return Update(tuple(sets), tuple(removes), tuple(adds), tuple(deletes))


def _value(node: Node, scope: Scope) -> UpdateValue:
    if isinstance(node, PathNode):
        return PathOperand(node.path)
    if isinstance(node, Parameter) or is_constant(node):
        return scope.operand(node)
    if isinstance(node, BinaryNode):
        return _arithmetic(node, scope)
    if isinstance(node, NegativeNode):
        raise ValidationException(
            f"Incorrect number of operands for operator or function; operator or function: {node.sign}, "
            "number of operands: 1"
        )
    if isinstance(node, CallNode):
        return _list_append(node, scope)
    raise ValidationException(f"Unsupported operation: {kind_of(node)}")


def _arithmetic(node: BinaryNode, scope: Scope) -> UpdateValue:
    if node.operator not in ("+", "-"):
        raise ValidationException(f"Unsupported operator in Update Expression. Operator: {node.operator.upper()}")
    operator: Literal["+", "-"] = "+" if node.operator == "+" else "-"
    left, right = _value(node.left, scope), _value(node.right, scope)
    for operand in (left, right):
        if isinstance(operand, ValueOperand):
            scope.require(OperandType(operator, operand.name, NUMERIC))
    return Arithmetic(operator, left, right)


def _list_append(node: CallNode, scope: Scope) -> UpdateValue:
    name = node.name.lower()
    if name != "list_append":
        raise refused(scope.text, node.place, f"Unrecognized function: {node.name}")
    if len(node.arguments) != _PAIR:
        raise ValidationException(
            f"Incorrect number of operands for operator or function; operator or function: {name}, "
            f"number of operands: {len(node.arguments)}"
        )
    left, right = (_value(argument, scope) for argument in node.arguments)
    for operand in (left, right):
        if isinstance(operand, ValueOperand):
            scope.require(OperandType(name, operand.name, LIST))
    return ListAppend(left, right)


class _IsSet:
    """The second argument of a set function is a set."""

    __slots__ = ("name", "problem_text")

    def __init__(self, name: str, problem_text: str) -> None:
        self.name = name
        self.problem_text = problem_text

    def problem(self, values: Values) -> str | None:
        value = values.get(self.name)
        return None if value is None or not _SETS.isdisjoint(value) else self.problem_text


def _set_function(target: Path, node: CallNode, scope: Scope) -> Operation:
    shown = node.name.upper()
    if len(node.arguments) != _PAIR:
        raise refused(scope.text, node.place, f"{shown} must have exactly two arguments")
    first, second = node.arguments
    if not isinstance(first, PathNode) or first.path != target:
        raise refused(scope.text, node.place, f"The first argument to {shown} must equal the assignment value")
    no_set = _no_set(shown, first.place, scope)
    if not isinstance(second, Parameter | BagNode):
        raise no_set
    operand = scope.operand(second)
    scope.require(_IsSet(operand.name, no_set.message))
    return Operation(target, operand)


def _no_set(shown: str, place: Place, scope: Scope) -> ValidationException:
    # The place is the first argument's, although the second is at fault.
    return refused(scope.text, place, f"The second argument to {shown} must be a value with type SET")
