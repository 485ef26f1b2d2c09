"""What expressions mean: the trees that every parser makes and every evaluator reads.

Attribute names are resolved (`#n` replaced) when the tree is made; values stay placeholders (`:v`), looked up in the
request's values at evaluation, so that one parsed tree serves every request with the same text and names.
"""

from typing import Literal

from msgspec import Struct

Path = tuple[str | int, ...]
"""A document path: attribute name first, then map keys (str) and list indexes (int)."""

Comparator = Literal["=", "<>", "<", "<=", ">", ">="]


class PathOperand(Struct, frozen=True):
    path: Path


class ValueOperand(Struct, frozen=True):
    name: str  # with its colon


class SizeOf(Struct, frozen=True):
    operand: "PathOperand | ValueOperand"


class Truth(Struct, frozen=True):
    """What a condition is worth as a value: BOOL. Only PartiQL can write it."""

    condition: "Condition"


Operand = PathOperand | ValueOperand | SizeOf | Truth


class Comparison(Struct, frozen=True):
    operator: Comparator
    left: Operand
    right: Operand


class Between(Struct, frozen=True):
    operand: Operand
    low: Operand
    high: Operand


class In(Struct, frozen=True):
    operand: Operand
    options: tuple[Operand, ...]


class FunctionCall(Struct, frozen=True):
    """A condition function: attribute_exists, attribute_not_exists, attribute_type, begins_with or contains."""

    name: str
    operands: tuple[Operand, ...]


class Not(Struct, frozen=True):
    condition: "Condition"


class And(Struct, frozen=True):
    conditions: tuple["Condition", ...]


class Or(Struct, frozen=True):
    conditions: tuple["Condition", ...]


Condition = Comparison | Between | In | FunctionCall | Not | And | Or


class IfNotExists(Struct, frozen=True):
    path: Path
    otherwise: "UpdateValue"


class ListAppend(Struct, frozen=True):
    left: "UpdateValue"
    right: "UpdateValue"


class Arithmetic(Struct, frozen=True):
    operator: Literal["+", "-"]
    left: "UpdateValue"
    right: "UpdateValue"


UpdateValue = PathOperand | ValueOperand | IfNotExists | ListAppend | Arithmetic


class Assignment(Struct, frozen=True):
    """`SET path = value`."""

    path: Path
    value: UpdateValue


class Operation(Struct, frozen=True):
    """`ADD path :value` or `DELETE path :value`."""

    path: Path
    value: ValueOperand


class Update(Struct, frozen=True):
    """An update expression; each section in the order written, empty when absent."""

    sets: tuple[Assignment, ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[Operation, ...] = ()
    deletes: tuple[Operation, ...] = ()


class KeyTerm(Struct, frozen=True):
    """One condition of a key condition: the attribute and what it is compared with."""

    attribute: str
    operator: Literal["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]
    operands: tuple[ValueOperand, ...]
