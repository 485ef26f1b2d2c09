"""The functions of metric math that take values; those that take names as well are in `evaluate`. Pure."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from stator.metrics.math.fault import MathError
from stator.metrics.math.line import Each, Line, Value, a_line, a_number, across, each, lines_of, number

Fold = Callable[[list[float]], float]


def _sum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf  # which is no point


def _deviation(values: list[float]) -> float:
    from statistics import pstdev  # what it loads in turn takes a while

    return pstdev(values)


FOLDS: Final[Mapping[str, Fold]] = {
    "SUM": _sum,
    "AVG": lambda values: _sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "STDDEV": _deviation,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
"""Of the values of a line a number, of a list of lines a line."""


class Span(NamedTuple):
    """The time that is asked for: `start <= time < end`, with a point each `period` seconds."""

    start: float
    end: float
    period: int

    def times(self, period: int = 0) -> list[float]:
        step = period or self.period
        first = -(-self.start // step) * step
        return [first + step * place for place in range(self.count(step))]

    def count(self, period: int = 0) -> int:
        """How many times these are."""
        step = period or self.period
        first = -(-self.start // step) * step
        return max(0, math.ceil((self.end - first) / step))


def fold(name: str, value: Value) -> Value:
    function = FOLDS[name]
    if isinstance(value, float):
        raise MathError(f"{name} takes time series")
    if isinstance(value, list):
        return across(function, value)
    if not value.points:
        if name in ("SUM", "DATAPOINT_COUNT"):
            return 0.0
        raise NoValueError
    found = number(function(list(value.points.values())))
    if found is None:
        raise NoValueError
    return found


class NoValueError(Exception):
    """A line without points has no such number: whatever is made of it has no points, either."""


def _logarithm(function: Callable[[float], float]) -> Each:
    return lambda value: function(value) if value > 0 else None


EACH: Final[Mapping[str, Each]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": _logarithm(math.log),
    "LOG10": _logarithm(math.log10),
}
"""Of every value."""

CALENDAR: Final[Mapping[str, Callable[[datetime], float]]] = {
    "MINUTE": lambda moment: float(moment.minute),
    "HOUR": lambda moment: float(moment.hour),
    "DAY": lambda moment: float(moment.isoweekday()),
    "DATE": lambda moment: float(moment.day),
    "MONTH": lambda moment: float(moment.month),
    "YEAR": lambda moment: float(moment.year),
    "EPOCH": lambda moment: moment.timestamp(),
}
"""Of the time of every point, in UTC. Weeks begin with Monday, which is 1."""


def calendar(name: str, value: Value) -> Value:
    function = CALENDAR[name]
    line = a_line(value, name)
    return line.having({time: function(datetime.fromtimestamp(time, UTC)) for time in line.points})


def _per_line(function: Callable[[Line], dict[float, float]]) -> Callable[[Value], Value]:
    def of(value: Value) -> Value:
        if isinstance(value, float):
            raise MathError("a number is no time series")
        if isinstance(value, list):
            return [stepped(line) for line in value]
        return stepped(value)

    def stepped(line: Line) -> Line:
        return line.having({time: at for time, at in function(line).items() if math.isfinite(at)})

    return of


def _pairs(line: Line) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return list(pairwise(line.points.items()))


STEPS: Final[Mapping[str, Callable[[Value], Value]]] = {
    "DIFF": _per_line(lambda line: {time: value - last for (_, last), (time, value) in _pairs(line)}),
    "DIFF_TIME": _per_line(lambda line: {time: time - before for (before, _), (time, _) in _pairs(line)}),
    "RATE": _per_line(
        lambda line: {time: (value - last) / (time - before) for (before, last), (time, value) in _pairs(line)}
    ),
    "RUNNING_SUM": _per_line(lambda line: dict(zip(line.points, accumulate(line.points.values()), strict=True))),
}
"""Of each value and those before it."""


def fill(value: Value, filling: Value | str, span: Span) -> Value:
    """Values at the times that have none: a number, those of a line, the last one again, or on the way to the next."""
    if isinstance(value, float):
        raise MathError("FILL takes time series")
    if isinstance(value, list):
        return [_filled(line, filling, span) for line in value]
    return _filled(value, filling, span)


def _filled(line: Line, filling: Value | str, span: Span) -> Line:
    times = sorted({*span.times(line.period), *line.points})
    known = line.points
    if filling == "REPEAT":
        return line.having(_repeated(times, known))
    if filling == "LINEAR":
        return line.having(_interpolated(times, known))
    if isinstance(filling, float):
        return line.having({time: known.get(time, filling) for time in times})
    if isinstance(filling, Line):
        others = {**filling.points, **known}
        return line.having({time: others[time] for time in times if time in others})
    raise MathError("FILL fills with a number, a time series, REPEAT or LINEAR")


def _repeated(times: list[float], known: Mapping[float, float]) -> dict[float, float]:
    points: dict[float, float] = {}
    last: float | None = None
    for time in times:
        last = known.get(time, last)
        if last is not None:
            points[time] = last
    return points


def _interpolated(times: list[float], known: Mapping[float, float]) -> dict[float, float]:
    points: dict[float, float] = {}
    between: list[float] = []
    before: float | None = None
    for time in times:
        if time not in known:
            between.append(time)
            continue
        if before is not None:
            slope = (known[time] - known[before]) / (time - before)
            points |= {each_time: known[before] + slope * (each_time - before) for each_time in between}
        between = []
        points[time] = known[time]
        before = time
    return points


def choose(condition: Value, chosen: Value, other: Value | None) -> Value:
    """IF: where there is no other value there is no point."""
    if isinstance(condition, list) or isinstance(chosen, list) or isinstance(other, list):
        raise MathError("IF takes numbers and time series")
    if isinstance(condition, float):
        found = chosen if condition else other
        if found is None:
            raise NoValueError
        return found
    points: dict[float, float] = {}
    for time, holds in condition.points.items():
        picked = chosen if holds else other
        value = picked.points.get(time) if isinstance(picked, Line) else picked
        if value is not None:
            points[time] = value
    return condition.having(points)


def part(value: Value, first: float, last: float | None) -> Value:
    """SLICE: counted from 0, without the last one."""
    lines = lines_of(value, "SLICE")
    return lines[max(0, int(first)) : None if last is None else max(0, int(last))]


def ranked(value: Value, by: str, order: str, most: float | None) -> Value:
    """SORT. Lines without points come last."""
    function = FOLDS.get(by)
    if by == "LAST":
        function = lambda values: values[-1]  # noqa: E731
    if function is None or order not in ("ASC", "DESC"):
        raise MathError("SORT takes an array of time series, AVG, MIN, MAX, SUM or LAST, and ASC or DESC")
    lines = lines_of(value, "SORT")
    known = [line for line in lines if line.points]
    known.sort(key=lambda line: function(list(line.points.values())), reverse=order == "DESC")
    found = known + [line for line in lines if not line.points]
    return found if most is None else found[: max(0, int(most))]


def picked(name: str, value: Value) -> Value:
    """FIRST and LAST of an array."""
    lines = lines_of(value, name)
    if not lines:
        raise NoValueError
    return lines[0] if name == "FIRST" else lines[-1]


def on_all(name: str, value: Value) -> Value:
    return each(EACH[name], value)


def constant(value: Value, span: Span) -> Line:
    """TIME_SERIES: the same at every time."""
    same = a_number(value, "TIME_SERIES")
    return Line(dict.fromkeys(span.times(), same), span.period)
