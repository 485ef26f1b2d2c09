"""Statistics by their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.series import Point, bucket
from stator.metrics.statistic import statistic_of


def spread(*values: float) -> Point:
    histogram: dict[int, int] = {}
    for value in values:
        histogram[bucket(value)] = histogram.get(bucket(value), 0) + 1
    return Point(0.0, sum(values), float(len(values)), min(values), max(values), histogram)


def value(name: str, point: Point) -> float | None:
    statistic = statistic_of(name)
    assert statistic is not None
    return statistic(point)


HUNDRED = spread(*(float(number) for number in range(1, 101)))
SAME = Point(0.0, 30.0, 10.0, 3.0, 3.0)
UNKNOWN = Point(0.0, 30.0, 10.0, 1.0, 9.0)


def test_the_simple_ones() -> None:
    assert [value(name, UNKNOWN) for name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")] == [
        10,
        30,
        3,
        1,
        9,
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p50", 50),
        ("p99.9", 100),
        ("p0", 1),
        ("p100", 100),
        ("tm90", 45.5),
        ("TM(:90%)", 45.5),
        ("TM(10%:90%)", 50.5),
        ("IQM", 50.5),
        ("TM(20:80)", 50),
        ("tc90", 90),
        ("TC(50:)", 50),
        ("ts50", 25 * 51),
        ("TS(:100)", 5050),
        ("PR(:50)", 50),
        ("PR(20:80)", 60),
        ("wm90", 0.9 * 45.5 + 0.1 * 90),
        ("WM(10%:90%)", 0.1 * 10 + 0.8 * 50.5 + 0.1 * 90),
    ],
)
def test_of_a_hundred_samples(name: str, expected: float) -> None:
    assert value(name, HUNDRED) == pytest.approx(expected, rel=0.05)


def test_equal_samples_need_no_histogram() -> None:
    assert value("p90", SAME) == 3
    assert value("tm90", SAME) == 3
    assert value("tc90", SAME) == pytest.approx(9)
    assert value("TC(:2)", SAME) == 0
    assert value("TM(:2)", SAME) is None
    assert value("wm50", SAME) == 3


def test_what_is_not_known_has_no_value() -> None:
    assert value("p90", UNKNOWN) is None
    assert value("IQM", UNKNOWN) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "average",
        "p",
        "p101",
        "p-1",
        "p5x",
        "pr50",
        "TM",
        "TM()",
        "TM(:)",
        "TM(10:90%)",
        "TM(10%:200%)",
        "PR(:10%)",
        "XX(1:2)",
        "tm1e5",
    ],
)
def test_unknown_names(name: str) -> None:
    assert statistic_of(name) is None


@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=50), st.floats(0, 100))
def test_parts_add_up_to_the_whole(values: list[float], percent: float) -> None:
    point = spread(*values)
    lower, upper = f"TC(:{percent:.4f}%)", f"TC({percent:.4f}%:)"
    counted = (value(lower, point) or 0.0) + (value(upper, point) or 0.0)
    assert counted == pytest.approx(len(values))
    mean = value("TM(0%:100%)", point)
    assert mean is not None
    assert point.minimum - 1e-9 <= mean <= point.maximum + 1e-9
    assert mean == pytest.approx(point.sum / point.count, rel=0.07)
