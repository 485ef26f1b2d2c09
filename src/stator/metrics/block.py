"""Points of many series over a minute or an hour, in columns, and as the bytes of a row. See docs/formats.md."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import orjson
import zstandard

from stator.metrics.series import Point, Series, merge

FORMAT = 1
_LEVEL = 1
_BYTES_MAX = 64 * 1024 * 1024  # of a block that is unpacked


class Columns:
    """Points of one series in order of time: `at` counts units from the block's start."""

    __slots__ = ("at", "count", "histogram", "maximum", "minimum", "sum")

    def __init__(self) -> None:
        self.at: list[int] = []
        self.sum: list[float] = []
        self.count: list[float] = []
        self.minimum: list[float] = []
        self.maximum: list[float] = []
        self.histogram: list[Mapping[int, int] | None] = []

    def add(self, at: int, point: Point) -> None:
        """Not before the last one; at the time of the last one both count."""
        if self.at and self.at[-1] >= at:
            point = merge((self.point(-1, 0.0, 0), point), 0.0)
            for column in (self.sum, self.count, self.minimum, self.maximum):
                column.pop()
            self.histogram.pop()
        else:
            self.at.append(at)
        self.sum.append(point.sum)
        self.count.append(point.count)
        self.minimum.append(point.minimum)
        self.maximum.append(point.maximum)
        self.histogram.append(point.histogram)

    def point(self, place: int, start: float, unit: int) -> Point:
        return Point(
            start + self.at[place] * unit,
            self.sum[place],
            self.count[place],
            self.minimum[place],
            self.maximum[place],
            self.histogram[place],
        )

    def total(self, time: float) -> Point:
        """All of them as one that begins at `time`."""
        histogram: dict[int, int] | None = None
        for each in self.histogram:
            if each is not None:
                histogram = {} if histogram is None else histogram
                for at, number in each.items():
                    histogram[at] = histogram.get(at, 0) + number
        return Point(time, sum(self.sum), sum(self.count), min(self.minimum), max(self.maximum), histogram)


class Block:
    """`start` is when it begins, in seconds since the epoch, `unit` how many seconds a point stands for, `router` who
    saw it. `dirty` tells whether there is something that is not in the store yet."""

    __slots__ = ("dirty", "router", "series", "start", "unit")

    def __init__(self, start: int, unit: int, router: bytes) -> None:
        self.router = router
        self.start = start
        self.unit = unit
        self.series: dict[Series, Columns] = {}
        self.dirty = False

    def add(self, series: Series, point: Point) -> None:
        columns = self.series.get(series)
        if columns is None:
            columns = self.series[series] = Columns()
        columns.add(int(point.time - self.start) // self.unit, point)
        self.dirty = True

    def points(self, series: Series) -> Iterator[Point]:
        columns = self.series.get(series)
        if columns is not None:
            for place in range(len(columns.at)):
                yield columns.point(place, self.start, self.unit)

    def totals(self) -> Iterator[tuple[Series, Point]]:
        """Each series as one point over the whole block."""
        for series, columns in self.series.items():
            yield series, columns.total(self.start)

    def encode(self) -> bytes:
        rows = [[*series, *_cells(columns)] for series, columns in self.series.items()]
        block = [FORMAT, self.start, self.unit, rows]
        return zstandard.compress(orjson.dumps(block, option=orjson.OPT_NON_STR_KEYS), _LEVEL)

    @classmethod
    def decode(cls, data: bytes, router: bytes) -> Self:
        """Raises ValueError for a block that this version cannot read."""
        stored = orjson.loads(zstandard.decompress(data, max_output_size=_BYTES_MAX))
        if stored[0] != FORMAT:
            raise ValueError(f"metrics of format {stored[0]}; this version reads format {FORMAT}")
        block = cls(stored[1], stored[2], router)
        for namespace, name, dimensions, *cells in stored[3]:
            series = Series(namespace, name, tuple((key, value) for key, value in dimensions))
            block.series[series] = _columns(cells)
        return block


def _cells(columns: Columns) -> list[Any]:
    histograms = columns.histogram if any(columns.histogram) else None
    return [columns.at, columns.sum, columns.count, columns.minimum, columns.maximum, histograms]


def _columns(cells: list[Any]) -> Columns:
    columns = Columns()
    columns.at, columns.sum, columns.count, columns.minimum, columns.maximum, histograms = cells
    if histograms is None:
        columns.histogram = [None] * len(columns.at)
    else:
        columns.histogram = [each and {int(at): number for at, number in each.items()} for each in histograms]
    return columns
