"""Labels of results."""

from datetime import timedelta, timezone

import pytest

from stator.metrics.label import Labeller, distinguishing, timezone_of
from stator.metrics.math.line import Line
from stator.metrics.series import series

TEN = 1_750_000_000.0 // 60 * 60  # 2025-06-15 15:06:00 UTC
LINE = Line(
    {TEN: 4.0, TEN + 60: 1.0, TEN + 120: 2.5},
    60,
    "the label",
    series("ConsumedReadCapacityUnits", TableName="orders"),
    "Sum",
)
LABELLER = Labeller("000000000001", "eu-west-1", TEN + 7200)


@pytest.mark.parametrize(
    ("label", "filled"),
    [
        ("plain", "plain"),
        ("${LABEL} x", "the label x"),
        ("${MAX}/${MIN}/${AVG}/${SUM}", "4/1/2.5/7.5"),
        ("${FIRST} ${LAST} ${DATAPOINT_COUNT}", "4 2.5 3"),
        ("${FIRST_LAST_RANGE}", "4 - 2.5"),
        ("${MIN_MAX_RANGE}", "1 - 4"),
        ("${LAST_TIME}", "2025-06-15 15:08:00 UTC"),
        ("${MIN_TIME_RELATIVE}", "1 hour ago"),
        ("${FIRST_LAST_TIME_RANGE}", "2025-06-15 15:06:00 UTC - 2025-06-15 15:08:00 UTC"),
        ("${PROP('MetricName')} ${PROP('Dim.TableName')}", "ConsumedReadCapacityUnits orders"),
        ("${PROP('Dim.Operation')}|${PROP('Stat')}|${PROP('Period')}", "|Sum|60"),
        ("${PROP('Region')} ${PROP('AccountId')} ${PROP('Namespace')}", "eu-west-1 000000000001 AWS/DynamoDB"),
        ("${UNKNOWN} $ {} ${", "${UNKNOWN} $ {} ${"),
    ],
)
def test_labels_are_filled_in(label: str, filled: str) -> None:
    assert LABELLER.fill(label, LINE) == filled


def test_a_line_without_points_has_no_figures() -> None:
    assert LABELLER.fill("a${MAX}${LAST_TIME}${FIRST_LAST_RANGE}b", Line({}, 60)) == "ab"


def test_times_are_of_the_zone_asked_for() -> None:
    zone = timezone_of("+0230")
    assert zone == timezone(timedelta(hours=2, minutes=30))
    assert Labeller("", "", TEN, zone).fill("${LAST_TIME}", LINE) == "2025-06-15 17:38:00 UTC+02:30"
    assert timezone_of("-0800") == timezone(timedelta(hours=-8))
    assert [timezone_of(text) for text in ("", "0130", "+1:30", "+2500", "UTC")] == [None] * 5


def test_lines_are_told_apart_by_what_differs() -> None:
    def a_line(name: str, **dimensions: str) -> Line:
        return Line({}, 60, name, series(name, **dimensions))

    assert distinguishing([a_line("Reads", TableName="a")]) == ["Reads"]
    assert distinguishing([a_line("Reads", TableName="a"), a_line("Reads", TableName="b")]) == ["a", "b"]
    assert distinguishing([a_line("Reads", TableName="a"), a_line("Writes", TableName="a")]) == ["Reads", "Writes"]
    assert distinguishing([a_line("Reads", T="a", O="x"), a_line("Reads", T="a", O="y")]) == ["x", "y"]
    assert distinguishing([a_line("Reads", T="a"), a_line("Writes", T="b")]) == ["a Reads", "b Writes"]
    assert distinguishing([]) == []
