"""What expressions mean: the trees that every parser makes and every evaluator reads.

Attribute names are resolved (`#n` replaced) when the tree is made; values stay placeholders (`:v`), looked up in the
request's values at evaluation, so that one parsed tree serves every request with the same text and names.
"""

from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]
"""A document path: attribute name first, then map keys (str) and list indexes (int)."""

Comparator = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class PathOperand:
    path: Path


@dataclass(frozen=True, slots=True)
class ValueOperand:
    name: str  # with its colon


@dataclass(frozen=True, slots=True)
class SizeOf:
    operand: "PathOperand | ValueOperand"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a condition is worth as a value: BOOL. Only PartiQL can write it."""

    condition: "Condition"


Operand = PathOperand | ValueOperand | SizeOf | Truth


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: Comparator
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A condition function: attribute_exists, attribute_not_exists, attribute_type, begins_with or contains."""

    name: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    conditions: tuple["Condition", ...]


Condition = Comparison | Between | In | FunctionCall | Not | And | Or


@dataclass(frozen=True, slots=True)
class IfNotExists:
    path: Path
    otherwise: "UpdateValue"


@dataclass(frozen=True, slots=True)
class ListAppend:
    left: "UpdateValue"
    right: "UpdateValue"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: Literal["+", "-"]
    left: "UpdateValue"
    right: "UpdateValue"


UpdateValue = PathOperand | ValueOperand | IfNotExists | ListAppend | Arithmetic


@dataclass(frozen=True, slots=True)
class Assignment:
    """`SET path = value`."""

    path: Path
    value: UpdateValue


@dataclass(frozen=True, slots=True)
class Operation:
    """`ADD path :value` or `DELETE path :value`."""

    path: Path
    value: ValueOperand


@dataclass(frozen=True, slots=True)
class Update:
    """An update expression; each section in the order written, empty when absent."""

    sets: tuple[Assignment, ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[Operation, ...] = ()
    deletes: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """One condition of a key condition: the attribute and what it is compared with."""

    attribute: str
    operator: Literal["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]
    operands: tuple[ValueOperand, ...]
