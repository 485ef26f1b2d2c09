"""Values of metric math: numbers, lines (CloudWatch's time series) and lists of lines, and operations on each value."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stator.metrics.math.fault import MathError
from stator.metrics.series import Series

Each = Callable[..., float | None]
"""Of numbers to a number, or None where there is no result."""


class Line(Struct, frozen=True):
    """Values by time, in order of time. `series`, `statistic` and `period` are of the metric it came from."""

    points: Mapping[float, float]
    period: int
    label: str = ""
    series: Series | None = None
    statistic: str = ""

    def having(self, points: Mapping[float, float]) -> "Line":
        return replace(self, points=points)


Value = float | Line | list[Line]


def size_of(value: Value) -> int:
    """How many points it has; a number counts as one."""
    if isinstance(value, list):
        return sum(len(line.points) for line in value)
    return len(value.points) if isinstance(value, Line) else 1


def number(value: float | None) -> float | None:
    """A number, or None for what is none: there is no point then."""
    return value if value is not None and math.isfinite(value) else None


def each(function: Each, value: Value) -> Value:
    """A function of one number, of every value."""
    if isinstance(value, list):
        return [_each(function, line) for line in value]
    if isinstance(value, Line):
        return _each(function, value)
    found = number(function(value))
    if found is None:
        raise MathError("a number has no result")
    return found


def _each(function: Each, line: Line) -> Line:
    return line.having({time: found for time, at in line.points.items() if (found := number(function(at))) is not None})


def both(function: Each, left: Value, right: Value) -> Value:
    """A function of two numbers. Of two lines where both have a point; with a list, of each of its lines."""
    if isinstance(left, list) and isinstance(right, list):
        raise MathError("two arrays of time series cannot be combined")
    if isinstance(left, list):
        return [_line(both(function, line, right)) for line in left]
    if isinstance(right, list):
        return [_line(both(function, left, line)) for line in right]
    if isinstance(left, Line):
        if isinstance(right, Line):
            return _joined(function, left, right)
        scalar = right
        return _each(lambda at: function(at, scalar), left)
    if isinstance(right, Line):
        return _each(lambda at: function(left, at), right)
    found = number(function(left, right))
    if found is None:
        raise MathError("numbers have no result")
    return found


def _joined(function: Each, left: Line, right: Line) -> Line:
    others = right.points
    points = {
        time: found
        for time, at in left.points.items()
        if time in others and (found := number(function(at, others[time]))) is not None
    }
    return Line(points, max(left.period, right.period))


def across(function: Callable[[list[float]], float | None], lines: list[Line]) -> Line:
    """A function of all values of one time, at each time at which some line has one."""
    columns: dict[float, list[float]] = {}
    for line in lines:
        for time, value in line.points.items():
            columns.setdefault(time, []).append(value)
    points = {time: found for time in sorted(columns) if (found := number(function(columns[time]))) is not None}
    return Line(points, max((line.period for line in lines), default=0))


def a_line(value: Value, function: str) -> Line:
    if not isinstance(value, Line):
        raise MathError(f"{function} takes a time series")
    return value


def lines_of(value: Value, function: str) -> list[Line]:
    """Of a list or of one line."""
    if isinstance(value, float):
        raise MathError(f"{function} takes an array of time series")
    return value if isinstance(value, list) else [value]


def a_number(value: Value, function: str) -> float:
    if not isinstance(value, float):
        raise MathError(f"{function} takes a number there")
    return value


def _line(value: Value) -> Line:
    return a_line(value, "an operator")


def arithmetic(operator: str) -> Each:
    return _OPERATORS[operator]


def _quotient(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(base: float, exponent: float) -> float | None:
    try:
        found: Any = base**exponent
    except (OverflowError, ZeroDivisionError):
        return None
    return found if isinstance(found, float) else None  # the root of a negative number is complex


_OPERATORS: dict[str, Each] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _quotient,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}
