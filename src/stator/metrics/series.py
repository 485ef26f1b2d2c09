"""What a metric is to those who read it: a series of points, named as CloudWatch names them."""

from collections.abc import Iterable, Mapping
from math import frexp, ldexp
from typing import NamedTuple

NAMESPACE = "AWS/DynamoDB"

OWN_NAMESPACE = "Stator"
"""Of instance, shards and nodes. It belongs to no account: whoever may read metrics reads it."""

_STEPS = 16  # buckets between one power of two and the next: a value is known to some 3 %
_LEAST = 1e-3  # what is smaller counts as this


class Series(NamedTuple):
    """Account and region stand beside it. `dimensions` are sorted by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def table(self) -> str:
        """The table that it is about; empty where it is about an account or the instance."""
        return next((value for name, value in self.dimensions if name == "TableName"), "")


class Point(NamedTuple):
    """What was seen from `time` on, in seconds since the epoch, until the next point may begin."""

    time: float
    sum: float
    count: float  # type: ignore[assignment]  # a tuple's own `count` is of no use here
    minimum: float
    maximum: float
    histogram: Mapping[int, int] | None = None  # by `bucket`, for percentiles; only latencies have it


def series(name: str, namespace: str = NAMESPACE, **dimensions: str) -> Series:
    return Series(namespace, name, tuple(sorted(dimensions.items())))


def one(time: float, value: float) -> Point:
    """A point of a single sample."""
    return Point(time, value, 1.0, value, value)


def merge(points: Iterable[Point], time: float) -> Point:
    """At least one point, seen one after the other or by several servers, as one that begins at `time`."""
    total = count = 0.0
    minimum, maximum = float("inf"), float("-inf")
    histogram: dict[int, int] | None = None
    for point in points:
        total += point.sum
        count += point.count
        minimum = min(minimum, point.minimum)
        maximum = max(maximum, point.maximum)
        if point.histogram is not None:
            histogram = {} if histogram is None else histogram
            for at, number in point.histogram.items():
                histogram[at] = histogram.get(at, 0) + number
    return Point(time, total, count, minimum, maximum, histogram)


def group(points: Iterable[Point], period: int) -> list[Point]:
    """Points of whole periods, counted from the epoch, in order of time."""
    periods: dict[float, list[Point]] = {}
    for point in points:
        periods.setdefault(point.time // period * period, []).append(point)
    return [merge(periods[time], time) for time in sorted(periods)]


def bucket(value: float) -> int:
    """The bucket of a histogram that a value belongs to."""
    fraction, exponent = frexp(max(value, _LEAST))
    return exponent * _STEPS + int(fraction * 2 * _STEPS) - _STEPS


def bounds(at: int) -> tuple[float, float]:
    """The least value of a bucket and the least of the next one."""
    return _lower(at), _lower(at + 1)


def percentile(point: Point, percent: float) -> float | None:
    """The value that so many percent of the samples do not exceed, to some 3 %; None of a point without histogram."""
    if not point.histogram:
        return None
    wanted = sum(point.histogram.values()) * percent / 100
    passed = 0.0
    for at in sorted(point.histogram):
        number = point.histogram[at]
        if passed + number >= wanted:
            lower, upper = bounds(at)
            value = lower + (upper - lower) * max(0.0, wanted - passed) / number
            return min(max(value, point.minimum), point.maximum)
        passed += number
    return point.maximum


def _lower(at: int) -> float:
    exponent, step = divmod(at, _STEPS)
    return ldexp(0.5 + step / (2 * _STEPS), exponent)
