"""What was counted since the process began, for Prometheus: sums of what is drained."""

from collections.abc import Callable, Iterable, Iterator
from math import ldexp

from stator.metrics.metric import LATENCY, REFUSED, TABLE_REQUESTS, Figure
from stator.metrics.recorder import Sample

TABLES_MAX = 1000
"""Tables with figures of their own; those that come after them count together, under this name."""
OTHERS = "(others)"

_REFUSED = frozenset(
    {"ConditionalCheckFailedRequests", "SystemErrors", "ThrottledRequests", "TransactionConflict", "UserErrors"}
)
_EXPONENTS = range(-3, 15)  # bounds of 0.125 ms to 16 s, each twice the one before
_STEPS = 16  # of a histogram's buckets between two powers of two

Place = tuple[str, str, str]
"""Account, region, table."""


class Totals:
    def __init__(self) -> None:
        self._served: dict[tuple[Place, str], float] = {}
        self._refused: dict[tuple[Place, str], float] = {}
        self._latencies: dict[str, _Latency] = {}
        self._places: set[Place] = set()

    def add(self, samples: Iterable[Sample]) -> None:
        for account, region, series, point in samples:
            if series.name == "SuccessfulRequestLatency":
                operation = dict(series.dimensions)["Operation"]
                served = self._place(account, region, series.table), operation
                self._served[served] = self._served.get(served, 0.0) + point.count
                latency = self._latencies.setdefault(operation, _Latency())
                latency.sum += point.sum / 1000
                for at, number in (point.histogram or {}).items():
                    exponent = at // _STEPS  # values of the bucket are below two to this power
                    latency.numbers[exponent] = latency.numbers.get(exponent, 0) + number
            elif series.name in _REFUSED:
                refused = self._place(account, region, series.table), series.name
                self._refused[refused] = self._refused.get(refused, 0.0) + point.sum

    def figures(self, is_there: Callable[[str, str, str], bool]) -> Iterator[Figure]:
        """All of them; those of tables that are gone are forgotten."""
        for place in [place for place in self._places if place[2] not in ("", OTHERS) and not is_there(*place)]:
            self._forget(place)
        for (place, operation), value in self._served.items():
            yield Figure(TABLE_REQUESTS, (*place, operation), value)
        for (place, name), value in self._refused.items():
            yield Figure(REFUSED, (*place, name), value)
        for operation, latency in self._latencies.items():
            yield Figure(LATENCY, (operation,), latency.sum, latency.buckets())

    def _place(self, account: str, region: str, table: str) -> Place:
        place = account, region, table
        if place not in self._places:
            if len(self._places) >= TABLES_MAX:
                return "", "", OTHERS
            self._places.add(place)
        return place

    def _forget(self, place: Place) -> None:
        self._places.discard(place)
        for counts in (self._served, self._refused):
            for key in [key for key in counts if key[0] == place]:
                del counts[key]


class _Latency:
    __slots__ = ("numbers", "sum")

    def __init__(self) -> None:
        self.sum = 0.0  # seconds
        self.numbers: dict[int, int] = {}  # by the power of two, in milliseconds, that they are below

    def buckets(self) -> list[tuple[str, float]]:
        bounds = [
            (repr(ldexp(1, exponent) / 1000), float(sum(n for at, n in self.numbers.items() if at <= exponent)))
            for exponent in _EXPONENTS
        ]
        return [*bounds, ("+Inf", float(sum(self.numbers.values())))]
