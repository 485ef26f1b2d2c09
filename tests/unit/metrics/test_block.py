"""Blocks as bytes and back."""

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.block import Block
from stator.metrics.series import Point, Series, group, merge, series

numbers = st.floats(min_value=0, max_value=1e9)
histograms = st.none() | st.dictionaries(st.integers(-160, 160), st.integers(1, 1000), max_size=5)
names = st.builds(lambda name, table: series(name, TableName=table), st.text(max_size=5), st.text(max_size=5))


@st.composite
def points(draw: st.DrawFn) -> list[tuple[Series, Point]]:
    drawn = []
    for offset in sorted(draw(st.lists(st.integers(0, 59), max_size=20))):
        value = draw(numbers)
        drawn.append((draw(names), Point(600.0 + offset, value, 1.0, value, value, draw(histograms) or None)))
    return drawn


@given(points())
def test_a_block_comes_back_as_it_was(drawn: list[tuple[Series, Point]]) -> None:
    block = Block(600, 1, b"me")
    seen: dict[Series, list[Point]] = {}
    for which, point in drawn:
        block.add(which, point)
        seen.setdefault(which, []).append(point)
    again = Block.decode(block.encode(), b"me")
    assert (again.start, again.unit, again.router) == (600, 1, b"me")
    assert set(again.series) == set(seen)
    for which, added in seen.items():
        assert [_plain(point) for point in again.points(which)] == [_plain(point) for point in group(added, 1)]
    assert {which: _plain(point) for which, point in again.totals()} == {
        which: _plain(merge(added, 600.0)) for which, added in seen.items()
    }


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        Block.decode(zstandard.compress(orjson.dumps([2, 0, 1, []])), b"")


def _plain(point: Point) -> tuple[object, ...]:
    rounded = point._replace(sum=0.0, histogram=dict(point.histogram) if point.histogram else None)
    return (*rounded, pytest.approx(point.sum))
