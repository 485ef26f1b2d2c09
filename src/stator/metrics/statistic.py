"""Statistics by the names that CloudWatch has for them, and what each makes of a point. Pure.

Percentiles and trimmed figures need to know how samples were spread. Points with a histogram tell it to some 3 %; of
others it is known only where all samples were equal, and there is no value elsewhere, as with the service.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from stator.metrics.series import Point, bounds, percentile

Statistic = Callable[[Point], float | None]

_SIMPLE: Final[dict[str, Statistic]] = {
    "SampleCount": lambda point: point.count,
    "Average": lambda point: point.sum / point.count if point.count else None,
    "Sum": lambda point: point.sum,
    "Minimum": lambda point: point.minimum,
    "Maximum": lambda point: point.maximum,
}
_NUMBER = r"\d{1,15}(?:\.\d{1,10})?"
_PERCENT = re.compile(r"(p|tm|tc|ts|wm|pr)(\d{1,3}(?:\.\d{1,10})?)")
_BETWEEN = re.compile(rf"(TM|TC|TS|WM|PR)\(({_NUMBER}%?)?:({_NUMBER}%?)?\)")


class _Span(NamedTuple):
    """Samples that lie evenly between two values."""

    lower: float
    upper: float
    number: float

    def sum(self, first: float, last: float) -> float:
        """Of the samples from one to another, counted within the span."""
        width = self.upper - self.lower
        middle = self.lower + width * (first + last) / 2 / self.number
        return middle * (last - first)


class _Inside(NamedTuple):
    """What lies between two bounds: how many samples, their sum, and what is left out below and above."""

    count: float  # type: ignore[assignment]  # a tuple's own `count` is of no use here
    sum: float
    below: float
    above: float
    lowest: float
    highest: float


@lru_cache(maxsize=256)
def statistic_of(name: str) -> Statistic | None:
    """None where the service knows no statistic of this name."""
    simple = _SIMPLE.get(name)
    if simple is not None:
        return simple
    if name == "IQM":
        return _between("TM", "25%", "75%")
    found = _PERCENT.fullmatch(name)
    if found is not None:
        kind, percent = found[1], float(found[2])
        if percent > 100 or kind == "pr":
            return None
        if kind == "p":
            return lambda point: _percentile(point, percent)
        return _between(kind.upper(), None, f"{percent}%")
    found = _BETWEEN.fullmatch(name)
    if found is None or (found[2] is None and found[3] is None):
        return None
    given = [bound for bound in (found[2], found[3]) if bound is not None]
    in_percent = [bound.endswith("%") for bound in given]
    if len(set(in_percent)) > 1 or (in_percent[0] and any(float(bound[:-1]) > 100 for bound in given)):
        return None
    if found[1] == "PR" and in_percent[0]:
        return None  # a rank is asked of values
    return _between(found[1], found[2], found[3])


def _percentile(point: Point, percent: float) -> float | None:
    if point.histogram:
        return percentile(point, percent)
    return point.minimum if point.minimum == point.maximum else None


def _between(kind: str, lower: str | None, upper: str | None) -> Statistic:
    def value(point: Point) -> float | None:
        spans = list(_spans(point))
        total = sum(span.number for span in spans)
        if not total:
            return None
        inside = _inside(spans, _place(spans, lower, 0.0), _place(spans, upper, total))
        if kind == "TC":
            return inside.count
        if kind == "TS":
            return inside.sum
        if kind == "PR":
            return 100 * inside.count / total
        if kind == "WM":
            outside = inside.below * inside.lowest + inside.above * inside.highest
            return (inside.sum + outside) / total
        return inside.sum / inside.count if inside.count else None

    return value


def _spans(point: Point) -> Iterator[_Span]:
    if point.histogram:
        for at in sorted(point.histogram):
            lower, upper = bounds(at)
            least, most = max(lower, point.minimum), min(upper, point.maximum)
            yield _Span(min(least, most), max(least, most), point.histogram[at])
    elif point.minimum == point.maximum and point.count:
        yield _Span(point.minimum, point.maximum, point.count)


def _place(spans: list[_Span], bound: str | None, default: float) -> float:
    """How many samples lie below a bound, which is a percentage of them or a value."""
    if bound is None:
        return default
    if bound.endswith("%"):
        return sum(span.number for span in spans) * float(bound[:-1]) / 100
    value = float(bound)
    passed = 0.0
    for span in spans:
        if span.upper <= value:
            passed += span.number
        elif span.lower < value:
            passed += span.number * (value - span.lower) / (span.upper - span.lower)
    return passed


def _inside(spans: list[_Span], first: float, last: float) -> _Inside:
    total = sum(span.number for span in spans)
    first, last = min(first, total), min(max(first, last), total)
    passed = summed = 0.0
    lowest, highest = spans[0].lower, spans[-1].upper
    for span in spans:
        begin, end = max(first - passed, 0.0), min(last - passed, span.number)
        if begin < end:
            summed += span.sum(begin, end)
        if passed <= first < passed + span.number:
            lowest = span.lower + (span.upper - span.lower) * (first - passed) / span.number
        if passed < last <= passed + span.number:
            highest = span.lower + (span.upper - span.lower) * (last - passed) / span.number
        passed += span.number
    return _Inside(last - first, summed, first, total - last, lowest, highest)
