"""What the constants of an expression must be: the checks that depend on the request's values.

The tree of an expression serves every request with the same text, the values differ, so these are kept beside the tree
and made again for each request. A check that is content costs a few hundred nanoseconds.
"""

from collections.abc import Mapping
from typing import Protocol

from stator.values import compare
from stator.values.attribute import AttributeValue

Values = Mapping[str, AttributeValue]

TYPE_NAMES = frozenset(("S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"))
SIZED = TYPE_NAMES - {"N", "BOOL", "NULL"}
ORDERED = frozenset(("S", "N", "B"))
TEXTUAL = frozenset(("S", "B"))
NUMERIC = frozenset(("N",))
LIST = frozenset(("L",))
ADDABLE = frozenset(("N", "SS", "NS", "BS"))
DELETABLE = frozenset(("SS", "NS", "BS"))

_LONG_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
}

# The types of the service's storage layer; what it names when the type is no constant.
_STORED_TYPES = "{S,SS,N,NS,B,BS,BOOL,NULL,L,M,HD,DOUBLE,FLOAT,HDS,FS,DOUBLESET,DICT,DECIMAL,INT,DECIMALSET,INTSET}"


class Check(Protocol):
    def problem(self, values: Values) -> str | None:
        """What is wrong with these values, None if nothing. Values that are not defined are no matter of a check."""


def type_of(value: AttributeValue) -> str:
    return next(iter(value))


def wrong_type(function: str, found: str) -> str:
    return f"Incorrect operand type for operator or function; operator or function: {function}, operand type: {found}"


class OperandType:
    """A constant operand of a function or operator has one of the types that make sense there."""

    __slots__ = ("allowed", "function", "name")

    def __init__(self, function: str, name: str, allowed: frozenset[str]) -> None:
        self.function = function
        self.name = name
        self.allowed = allowed

    def problem(self, values: Values) -> str | None:
        value = values.get(self.name)
        if value is None:
            return None
        found = type_of(value)
        return None if found in self.allowed else wrong_type(self.function, found)


class SectionType:
    """The operand of ADD or DELETE."""

    __slots__ = ("allowed", "name", "section")

    def __init__(self, section: str, name: str) -> None:
        self.section = section
        self.name = name
        self.allowed = ADDABLE if section == "ADD" else DELETABLE

    def problem(self, values: Values) -> str | None:
        value = values.get(self.name)
        if value is None or type_of(value) in self.allowed:
            return None
        return (
            f"Incorrect operand type for operator or function; operator: {self.section}, "
            f"operand type: {_LONG_NAMES[type_of(value)]}"
        )


class TypeName:
    """The second operand of attribute_type: a constant that names a type."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def problem(self, values: Values) -> str | None:
        value = values.get(self.name)
        if value is None:
            return None
        text = value.get("S")
        if text is None:
            return wrong_type("attribute_type", type_of(value))
        if text in TYPE_NAMES:
            return None
        return f"Invalid attribute type name found; type: {text}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"


class Bounds:
    """The constants of a BETWEEN: of one type and in order."""

    __slots__ = ("high", "low")

    def __init__(self, low: str, high: str) -> None:
        self.low = low
        self.high = high

    def problem(self, values: Values) -> str | None:
        low = values.get(self.low)
        high = values.get(self.high)
        if low is None or high is None:
            return None
        low_type, high_type = type_of(low), type_of(high)
        if low_type != high_type:
            fault = "same data type for lower and upper bounds"
        elif compare.order(high, low) == -1:
            fault = "upper bound to be greater than or equal to lower bound"
        else:
            return None
        return (
            f"The BETWEEN operator requires {fault}; "
            f"lower bound operand: AttributeValue: {{{low_type}:{low[low_type]}}}, "
            f"upper bound operand: AttributeValue: {{{high_type}:{high[high_type]}}}"
        )


def type_name_missing() -> str:
    """The problem of an attribute_type whose second operand is a path."""
    return wrong_type("attribute_type", _STORED_TYPES)
