"""Metric math: what expressions come to."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.math import evaluate as evaluate_module
from stator.metrics.math.evaluate import FUNCTIONS, Scene, Search, check, evaluate, searches
from stator.metrics.math.fault import MathError
from stator.metrics.math.functions import Span
from stator.metrics.math.line import Line, Value
from stator.metrics.math.parser import parse

MINUTE = 60
SPAN = Span(600.0, 900.0, MINUTE)  # 600, 660, 720, 780, 840
NOON = 1_749_988_800.0  # Sunday, 15 June 2025


def line(*values: float | None, start: float = 600.0, period: int = MINUTE) -> Line:
    return Line({start + period * at: value for at, value in enumerate(values) if value is not None}, period)


def scene(**values: Value) -> Scene:
    return Scene(SPAN, values, tuple(name for name in values if name.startswith("m")))


def value(expression: str, **values: Value) -> Value:
    tree = parse(expression)
    check(tree)
    return evaluate(tree, scene(**values))


def points(expression: str, **values: Value) -> Any:
    """Of a line: its values at 600, 660, ... 840, None where there is none; of an array: those of each line."""
    found = value(expression, **values)
    if isinstance(found, list):
        return [row(each) for each in found]
    return row(found) if isinstance(found, Line) else found


def row(found: Line) -> list[float | None]:
    assert list(found.points) == sorted(found.points)
    return [found.points.get(time) for time in SPAN.times()]


A = line(1.0, 2.0, None, 4.0, 5.0)
B = line(10.0, None, 30.0, 40.0, 0.0)


def test_numbers() -> None:
    assert value("1+2*3") == 7
    assert value("-2^2") == -4
    assert value("7 > 3 AND 2 <= 1") == 0
    assert value("1 == 1 || 0") == 1
    assert value("MAX(1, 5, 3)") == 5


def test_lines_are_combined_where_both_have_points() -> None:
    assert points("m1 + m2", m1=A, m2=B) == [11, None, None, 44, 5]
    assert points("m1 / m2", m1=A, m2=B) == [0.1, None, None, 0.1, None]
    assert points("m1 * 2", m1=A) == [2, 4, None, 8, 10]
    assert points("2 ^ m1", m1=A) == [2, 4, None, 16, 32]
    assert points("-m1", m1=A) == [-1, -2, None, -4, -5]
    assert points("m1 >= 2 AND m1 < 5", m1=A) == [0, 1, None, 1, 0]
    assert points("(0-1)^(m1/2)", m1=line(1.0, 2.0)) == [
        None,
        -1,
        None,
        None,
        None,
    ]  # a root of a negative number is none


def test_arrays_are_combined_with_lines_and_numbers_only() -> None:
    assert points("METRICS() * 2", m1=A, m2=B) == [[2, 4, None, 8, 10], [20, None, 60, 80, 0]]
    assert points("m1 - METRICS('m2')", m1=A, m2=B) == [[-9, None, None, -36, 5]]
    with pytest.raises(MathError, match="two arrays"):
        value("METRICS() + METRICS()", m1=A)


def test_folds_of_a_line_are_numbers() -> None:
    assert value("SUM(m1)", m1=A) == 12
    assert value("AVG(m1)", m1=A) == 3
    assert value("MIN(m1) + MAX(m1)", m1=A) == 6
    assert value("STDDEV(m1)", m1=line(2.0, 4.0)) == 1
    assert value("DATAPOINT_COUNT(m1)", m1=A) == 4
    assert points("m1 / MAX(m1)", m1=A) == [0.2, 0.4, None, 0.8, 1]


def test_folds_of_an_array_are_lines() -> None:
    assert points("SUM(METRICS())", m1=A, m2=B) == [11, 2, 30, 44, 5]
    assert points("MAX([m1, m2])", m1=A, m2=B) == [10, 2, 30, 40, 5]
    assert points("AVG(METRICS('2'))", m1=A, m2=B) == [10, None, 30, 40, 0]
    assert points("DATAPOINT_COUNT(METRICS())", m1=A, m2=B) == [2, 1, 1, 2, 2]
    assert points("MAX(m1, 3)", m1=A) == [3, 3, None, 4, 5]
    assert points("SUM([])") == [None] * 5


def test_a_line_without_points_leaves_nothing() -> None:
    assert points("m1 / MAX(m1)", m1=line()) == [None] * 5
    assert points("AVG(m1)", m1=line()) == [None] * 5
    assert value("SUM(m1)", m1=line()) == 0


def test_functions_of_each_value() -> None:
    assert points("ABS(m1)", m1=line(-1.5, 2.0)) == [1.5, 2, None, None, None]
    assert points("CEIL(m1)", m1=line(1.2)) == [2, None, None, None, None]
    assert points("FLOOR(m1)", m1=line(-1.2)) == [-2, None, None, None, None]
    assert points("LOG10(m1)", m1=line(100.0, 0.0, -1.0)) == [2, None, None, None, None]
    assert points("LOG(m1)", m1=line(math.e)) == [1, None, None, None, None]


def test_what_no_number_can_hold_is_left_out() -> None:
    huge = line(-1e308, 1e308, 1e308)
    assert points("SUM(m1)", m1=line(1e308, 1e308)) == [None] * 5
    assert points("AVG([m1,m1])", m1=line(1.0, 1e308)) == [1, None, None, None, None]
    assert points("DIFF(m1)", m1=huge) == [None, None, 0, None, None]
    assert points("RUNNING_SUM(m1)", m1=line(1e308, 1e308)) == [1e308, None, None, None, None]


def test_functions_of_steps() -> None:
    assert points("DIFF(m1)", m1=A) == [None, 1, None, 2, 1]
    assert points("DIFF_TIME(m1)", m1=A) == [None, 60, None, 120, 60]
    assert points("RATE(m1)", m1=A) == [None, 1 / 60, None, 2 / 120, 1 / 60]
    assert points("RUNNING_SUM(m1)", m1=A) == [1, 3, None, 7, 12]


def test_fill() -> None:
    assert points("FILL(m1, 0)", m1=A) == [1, 2, 0, 4, 5]
    assert points("FILL(m1, REPEAT)", m1=line(None, 2.0, None, 4.0)) == [None, 2, 2, 4, 4]
    assert points("FILL(m1, LINEAR)", m1=line(None, 2.0, None, None, 8.0)) == [None, 2, 4, 6, 8]
    assert points("FILL(m1, m2)", m1=A, m2=B) == [1, 2, 30, 4, 5]
    assert points("FILL(METRICS(), 7)", m1=line(), m2=A) == [[7] * 5, [1, 2, 7, 4, 5]]
    with pytest.raises(MathError, match="FILL fills"):
        value("FILL(m1, SOMEHOW)", m1=A)


def test_if() -> None:
    assert points("IF(m1 > 2, m1, 0)", m1=A) == [0, 0, None, 4, 5]
    assert points("IF(m1 > 2, m2)", m1=A, m2=B) == [None, None, None, 40, 0]
    assert points("IF(1, m1, m2)", m1=A, m2=B) == row(A)
    assert value("IF(0, 1, 2)") == 2
    assert points("IF(0, m1)", m1=A) == [None] * 5


def test_functions_of_arrays() -> None:
    low, high, empty = line(1.0, 1.0), line(3.0, 2.0), line()
    several: dict[str, Value] = {"m1": low, "m2": high, "m3": empty}
    assert points("SORT(METRICS(), MAX, DESC)", **several) == [row(high), row(low), row(empty)]
    assert points("SORT(METRICS(), SUM, ASC, 1)", **several) == [row(low)]
    assert points("SLICE(METRICS(), 1)", **several) == [row(high), row(empty)]
    assert points("SLICE(METRICS(), 0, 1)", **several) == [row(low)]
    assert points("REMOVE_EMPTY(METRICS())", **several) == [row(low), row(high)]
    assert points("FIRST(SORT(METRICS(), MAX, DESC))", **several) == row(high)
    assert points("LAST(SLICE(METRICS(), 0, 2))", **several) == row(high)
    assert value("METRIC_COUNT(METRICS())", **several) == 3
    with pytest.raises(MathError, match="SORT takes"):
        value("SORT(METRICS(), MEDIAN, DESC)", **several)


def test_functions_of_time() -> None:
    at_noon = line(1.0, start=NOON)
    for expression, expected in {
        "MINUTE": 0,
        "HOUR": 12,
        "DAY": 7,
        "DATE": 15,
        "MONTH": 6,
        "YEAR": 2025,
        "EPOCH": NOON,
    }.items():
        found = value(f"{expression}(m1)", m1=at_noon)
        assert isinstance(found, Line)
        assert found.points == {NOON: expected}


def test_period_and_time_series() -> None:
    assert value("PERIOD(m1)", m1=line(1.0, period=300)) == 300
    assert points("TIME_SERIES(3)") == [3] * 5
    assert points("m1 / PERIOD(m1)", m1=line(60.0)) == [1, None, None, None, None]


def test_searches_are_told_and_taken() -> None:
    tree = parse("SUM(SEARCH('x', 'Sum')) + SUM(SEARCH('y', 'Average', 300))")
    wanted = searches(tree, 60)
    assert set(wanted) == {Search("x", "Sum", 60), Search("y", "Average", 300)}
    given = Scene(
        SPAN, {}, (), {Search("x", "Sum", 60): [line(1.0), line(2.0)], Search("y", "Average", 300): [line(5.0)]}
    )
    found = evaluate(tree, given)
    assert isinstance(found, Line)
    assert row(found) == [8, None, None, None, None]


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("NOPE(m1)", "unsupported function"),
        ("ANOMALY_DETECTION_BAND(m1)", "not supported"),
        ("ABS()", "does not take 0"),
        ("ABS(m1, m1)", "does not take 2"),
        ("m9", "no query with the id"),
        ("REPEAT", "unexpected"),
        ("'text'", "unexpected"),
        ("SUM(1)", None),
        ("FILL(1, 0)", "takes time series"),
        ("HOUR(1)", "takes a time series"),
        ("IF(METRICS(), 1, 2)", "IF takes"),
        ("SLICE(METRICS(), m1)", "takes a number"),
        ("METRICS(m1)", "in quotes"),
        ("SEARCH(m1, 'Sum')", "SEARCH takes"),
        ("SEARCH('x', 'Sum', 0.5)", "SEARCH takes"),
        ("1/0", "no result"),
        ("LOG(0)", "no result"),
        ("10^999", "no result"),
        ("TIME_SERIES(m1)", "takes a number"),
        ("SLICE(METRICS(), 1e400)", "too large"),
    ],
)
def test_complaints(expression: str, complaint: str | None) -> None:
    if complaint is None:
        with pytest.raises(MathError):
            value(expression, m1=A)
    else:
        with pytest.raises(MathError, match=complaint):
            value(expression, m1=A)


def test_there_is_an_end_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate_module, "WORK_MAX", 1000)
    wide = line(*[1.0] * 100)
    assert value("ABS(m1)", m1=wide) is not None
    for expression in (
        f"ABS([{','.join(['m1'] * 20)}])",
        "+".join(["m1"] * 20),
        "ABS(" * 20 + "m1" + ")" * 20,
        "--" * 10 + "-".join(["m1"] * 20),
    ):
        with pytest.raises(MathError, match="more than 1000 datapoints"):
            value(expression, m1=wide)
    empty = line()
    with pytest.raises(MathError, match="more than 1000 datapoints"):
        value(f"FILL([{','.join(['m1'] * 300)}], 0)", m1=empty)


NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6))
LINES = st.lists(NUMBERS, max_size=5).map(lambda values: line(*values))


@given(LINES, LINES)
def test_a_sum_of_an_array_is_the_sum_of_filled_lines(one: Line, other: Line) -> None:
    found = points("SUM([m1, m2])", m1=one, m2=other)
    filled = points("FILL(m1, 0) + FILL(m2, 0)", m1=one, m2=other)
    for place, time in enumerate(SPAN.times()):
        if time in one.points or time in other.points:
            assert found[place] == pytest.approx(filled[place])
        else:
            assert found[place] is None


@given(LINES)
def test_a_running_sum_ends_in_the_sum(one: Line) -> None:
    found = value("RUNNING_SUM(m1)", m1=one)
    assert isinstance(found, Line)
    assert (list(found.points.values()) or [0.0])[-1] == pytest.approx(value("SUM(m1)", m1=one), abs=1e-3)


@given(LINES)
def test_filling_leaves_what_was_there_and_no_gap(one: Line) -> None:
    for how in ("0", "REPEAT", "LINEAR"):
        found = value(f"FILL(m1, {how})", m1=one)
        assert isinstance(found, Line)
        assert {time: found.points[time] for time in one.points} == one.points
    filled = value("FILL(m1, 0)", m1=one)
    assert isinstance(filled, Line)
    assert len(filled.points) == 5


OPERANDS = st.sampled_from(
    ["m1", "m2", "METRICS()", "[m1,m2]", "1", "0", "2.5", "1e308", "'x'", "REPEAT", "MAX", "DESC"]
)
EXPRESSIONS = st.recursive(
    OPERANDS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "^", "<", "==", " AND "]), inner).map("".join),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({','.join(call[1])})"
        ),
        inner.map(lambda each: f"(-{each})"),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_every_expression_has_a_value_or_a_complaint(expression: str) -> None:
    try:
        found = value(expression, m1=A, m2=B)
    except MathError:
        return
    for each in found if isinstance(found, list) else [found]:
        for number in each.points.values() if isinstance(each, Line) else [each]:
            assert isinstance(number, float | int)
            assert math.isfinite(number)
