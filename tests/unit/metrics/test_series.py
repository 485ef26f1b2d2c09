"""Points, and what becomes of many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.series import Point, bounds, bucket, group, merge, one, percentile, series

values = st.floats(min_value=0.001, max_value=1e7)


def point_of(samples: list[float], time: float = 0.0) -> Point:
    histogram: dict[int, int] = {}
    for value in samples:
        histogram[bucket(value)] = histogram.get(bucket(value), 0) + 1
    return Point(time, sum(samples), len(samples), min(samples), max(samples), histogram)


@given(values)
def test_a_value_lies_in_its_bucket_and_the_bucket_is_narrow(value: float) -> None:
    lower, upper = bounds(bucket(value))
    assert lower <= value < upper
    assert upper / lower <= 1.0626


@given(st.lists(values, min_size=1, max_size=200), st.sampled_from([0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0]))
def test_percentiles_are_near(samples: list[float], percent: float) -> None:
    found = percentile(point_of(samples), percent)
    ordered = sorted(samples)
    place = max(0, -(-len(ordered) * percent // 100) - 1)
    assert found is not None
    assert found == pytest.approx(ordered[int(place)], rel=0.065)
    assert ordered[0] <= found <= ordered[-1]


def test_no_percentile_without_a_histogram() -> None:
    assert percentile(one(1.0, 5.0), 50) is None


@given(st.lists(st.lists(values, min_size=1, max_size=5), min_size=1, max_size=8))
def test_merging_is_as_if_all_had_been_seen_at_once(parts: list[list[float]]) -> None:
    whole = point_of([value for part in parts for value in part], 7.0)
    merged = merge([point_of(part) for part in parts], 7.0)
    assert merged._replace(sum=0.0) == whole._replace(sum=0.0)
    assert merged.sum == pytest.approx(whole.sum)


def test_periods_begin_at_their_multiples() -> None:
    points = [one(float(time), 1.0) for time in (59, 60, 61, 119, 120)]
    assert [(point.time, point.sum) for point in group(points, 60)] == [(0.0, 1.0), (60.0, 3.0), (120.0, 1.0)]


def test_dimensions_are_sorted() -> None:
    named = series("ConsumedReadCapacityUnits", TableName="t", GlobalSecondaryIndexName="g")
    assert named.dimensions == (("GlobalSecondaryIndexName", "g"), ("TableName", "t"))
    assert named.table == "t"
    assert series("UserErrors").table == ""
