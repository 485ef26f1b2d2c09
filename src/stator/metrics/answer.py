"""Answers to queries: what is read from the series there are, and what expressions make of it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from stator.metrics.definition import UNITS
from stator.metrics.label import distinguishing
from stator.metrics.math.evaluate import Scene, Search, Work, evaluate, searches
from stator.metrics.math.fault import MathError
from stator.metrics.math.functions import Span
from stator.metrics.math.line import Line, Value
from stator.metrics.query import MetricStat, Query, QueryError, needs, ordered
from stator.metrics.search import found
from stator.metrics.series import NAMESPACE, OWN_NAMESPACE, Point, Series
from stator.metrics.series_store import SeriesStore
from stator.metrics.statistic import statistic_of

_DEFAULT_PERIOD = 60
_TOGETHER = 8  # series read at once: two weeks of as many are 170,000 points

POINTS_MAX: Final = 1_000_000
"""Of metrics that a request may ask for by name."""

SEARCHES_MAX: Final = 50
"""In the expressions of one request."""


class Window(NamedTuple):
    """`start <= time < end`, in seconds since the epoch."""

    start: float
    end: float

    def span(self, period: int) -> Span:
        """From the beginning of a period on."""
        return Span(self.start // period * period, self.end, period)


class Source:
    """What the metrics of one account in one region are read from."""

    def __init__(self, store: SeriesStore, account: str, region: str) -> None:
        self._store, self._account, self._region = store, account, region
        self._names: list[Series] | None = None
        self._searches = 0

    async def lines(self, stats: Sequence[MetricStat], window: Window) -> list[Line]:
        """In their order. Those of one period and table are read together."""
        lines: dict[int, Line] = {}
        periods: dict[int, list[int]] = {}
        for place, stat in enumerate(stats):
            periods.setdefault(stat.period, []).append(place)
        for period, places in periods.items():
            span = window.span(period)
            for first in range(0, len(places), _TOGETHER):
                batch = places[first : first + _TOGETHER]
                wanted = [stats[place].series for place in batch]
                read = await self._store.read_all(
                    self._account, self._region, wanted, span.start, span.end, period=period
                )
                for place, points in zip(batch, read, strict=True):
                    lines[place] = _line(stats[place], points)
                await asyncio.sleep(0)  # others have a turn
        return [lines[place] for place in range(len(stats))]

    async def search(self, search: Search, window: Window, work: Work) -> list[Line]:
        """Raises MathError."""
        self._searches += 1
        if self._searches > SEARCHES_MAX:
            raise MathError(f"the expressions of a request have more than {SEARCHES_MAX} searches")
        if self._names is None:
            self._names = await self._store.names(self._account, self._region)
        stats = [MetricStat(series, search.period, search.statistic) for series in found(search.text, self._names)]
        work.spend(len(stats) * window.span(search.period).count())
        lines = [line for line in await self.lines(stats, window) if line.points]
        labels = distinguishing(lines)
        return [replace(line, label=label) for line, label in zip(lines, labels, strict=True)]


async def answer(queries: Sequence[Query], source: Source, window: Window) -> dict[str, Value]:
    """The value of every query, by its id. Raises QueryError."""
    by_id = {query.id: query for query in queries}
    check_size((query.period or _DEFAULT_PERIOD for query in queries), window)
    stats = {query.id: query.stat for query in queries if query.stat is not None}
    lines = await source.lines(list(stats.values()), window)
    values: dict[str, Value] = {
        id_: replace(line, label=by_id[id_].label or line.label) for id_, line in zip(stats, lines, strict=True)
    }
    work = Work()
    for query in ordered(queries):
        if query.tree is None:
            continue
        period = query.period or _period(query, by_id, values)
        try:
            asked = dict.fromkeys(searches(query.tree, period))
            wanted = {each: await source.search(each, window, work) for each in asked}
            scene = Scene(window.span(period), values, tuple(stats), wanted, work)
            values[query.id] = evaluate(query.tree, scene)
        except MathError as fault:
            raise QueryError(f"Error in expression '{query.id}': {fault}.") from None
        await asyncio.sleep(0)
    return values


def check_size(periods: Iterable[int], window: Window) -> None:
    """Raises QueryError for so many points that nobody else would be served meanwhile."""
    wanted = sum((window.end - window.start) / period for period in periods)
    if wanted > POINTS_MAX:
        raise QueryError(
            f"You have requested up to {wanted:.0f} datapoints, which exceeds the limit of {POINTS_MAX}. You may reduce"
            " the datapoints requested by increasing Period, or decreasing the time range."
        )


def unit_of(series: Series, otherwise: str) -> str:
    """What a metric is counted in. Of those that clients bring it is not kept."""
    return UNITS.get(series.name, otherwise) if series.namespace in (NAMESPACE, OWN_NAMESPACE) else otherwise


def _line(stat: MetricStat, points: list[Point]) -> Line:
    value = statistic_of(stat.statistic)
    values: dict[float, float] = {}
    if value is not None and (stat.unit is None or stat.unit == unit_of(stat.series, stat.unit)):
        values = {point.time: at for point in points if (at := value(point)) is not None}
    return Line(values, stat.period, stat.series.name, stat.series, stat.statistic)


def _period(query: Query, by_id: Mapping[str, Query], values: Mapping[str, Value]) -> int:
    """The longest of what an expression refers to; of all metrics where it refers to none."""
    referred = needs(query, by_id) or [each.id for each in by_id.values() if each.stat]
    periods = [line.period for id_ in referred for line in _lines(values.get(id_, 0.0))]
    return max(periods, default=0) or _DEFAULT_PERIOD


def _lines(value: Value) -> list[Line]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, Line) else []
