"""What the minutes of a rule say together: its heaviest keys, and how much there was when."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from stator.metrics.insight_store import Minute, Texts
from stator.metrics.sketch import Heaviest, add_up

_KEYS_MAX: Final = 1000  # of one period, beyond those asked for

SUM: Final = "Sum"
MAXIMUM: Final = "Maximum"


class Contributor(NamedTuple):
    """A key, what it had in all, and in each period that it was among the heaviest of: its start and how much."""

    texts: Texts
    value: float
    periods: tuple[tuple[float, float], ...]


class Period(NamedTuple):
    time: float
    distinct: int  # keys, at least
    maximum: float  # of the heaviest one
    sum: float


class Report(NamedTuple):
    """`total` is of all keys, also those that are not told of."""

    contributors: tuple[Contributor, ...]
    total: float
    distinct: int
    periods: tuple[Period, ...]


def report(minutes: Iterable[Minute], rule: str, period: int, count: int, order: str = SUM) -> Report:
    """The `count` heaviest by the sum of all periods or by their heaviest one, periods counted from the epoch."""
    by_period: dict[int, list[Heaviest[Texts]]] = {}
    for minute in minutes:
        heaviest = minute.found.get(rule)
        if heaviest is not None:
            by_period.setdefault(minute.time // period * period, []).append(heaviest)
    periods = {time: add_up(by_period[time], _KEYS_MAX) for time in sorted(by_period)}
    keys = {texts for each in periods.values() for texts in each.weights}
    contributors = [_contributor(texts, periods) for texts in keys]
    if order == MAXIMUM:
        contributors.sort(key=lambda each: (-max(value for _, value in each.periods), each.texts))
    else:
        contributors.sort(key=lambda each: (-each.value, each.texts))
    return Report(
        tuple(contributors[:count]),
        sum(each.total for each in periods.values()),
        max([len(keys), *(each.distinct for each in periods.values())]),
        tuple(
            Period(float(time), each.distinct, max(each.weights.values(), default=0.0), each.total)
            for time, each in periods.items()
        ),
    )


def _contributor(texts: Texts, periods: Mapping[int, Heaviest[Texts]]) -> Contributor:
    seen = tuple((float(time), each.weights[texts]) for time, each in periods.items() if texts in each.weights)
    return Contributor(texts, sum(value for _, value in seen), seen)
