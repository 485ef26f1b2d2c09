"""The state that an alarm should be in."""

from typing import Any

import orjson
import pytest

from stator.metrics.alarm import ALARM, INSUFFICIENT_DATA, OK, Alarm
from stator.metrics.alarm_state import LOOK_BACK, Measured, Verdict, judge
from stator.metrics.series import series

NOW = 1_750_000_020.0
SAME = "the state it was in"


def an_alarm(**members: Any) -> Alarm:
    wanted: dict[str, Any] = {
        "comparison": "GreaterThanThreshold",
        "threshold": 5.0,
        "evaluation_periods": 3,
        "series": series("M"),
        "statistic": "Sum",
        "period": 60,
        "state": "none yet",
    }
    return Alarm(account="1", region="r", name="a", **wanted | members)


def measured(drawn: str, samples: float = 1.0) -> list[Measured]:
    """Drawn as in the guide, the oldest first: X breaches, 0 does not, - is missing."""
    values = {"X": 9.0, "0": 1.0, "-": None}
    newest_first = drawn.replace(" ", "")[::-1]
    return [Measured(NOW - 60 * (at + 1), values[each], samples) for at, each in enumerate(newest_first)]


def state(alarm: Alarm, drawn: str, samples: float = 1.0) -> str:
    verdict = judge(alarm, measured(drawn, samples), NOW)
    return SAME if verdict is None else verdict.state


# CloudWatch's user guide: missing, ignore, breaching, notBreaching.
THREE_OF_THREE = [
    ("0 - X - X", (OK, OK, OK, OK)),
    ("0 - - - -", (OK, OK, OK, OK)),
    ("- - - - -", (INSUFFICIENT_DATA, SAME, ALARM, OK)),
    ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", (ALARM, SAME, ALARM, OK)),
]
TWO_OF_THREE = [
    ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", (OK, OK, ALARM, OK)),
    ("- - - - 0", (OK, OK, ALARM, OK)),
    ("- - - X -", (ALARM, SAME, ALARM, OK)),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("needed", "drawn", "expected"),
    [
        *((3, drawn, expected) for drawn, expected in THREE_OF_THREE),
        *((2, drawn, expected) for drawn, expected in TWO_OF_THREE),
    ],
)
def test_missing_data_is_treated_as_the_guide_says(needed: int, drawn: str, expected: tuple[str, ...]) -> None:
    found = [state(an_alarm(datapoints_to_alarm=needed, missing_data=how), drawn) for how in TREATMENTS]
    if (needed, drawn) == (3, "0 - - - -"):  # of the three that count two are missing, which breach
        assert found == [OK, OK, OK, OK]
    assert tuple(found) == expected


def test_a_first_value_that_breaches_may_be_the_beginning_of_more() -> None:
    assert state(an_alarm(), "- - - - X") == SAME
    assert state(an_alarm(), "- - - X X") == SAME
    assert state(an_alarm(), "- - X X X") == ALARM
    assert state(an_alarm(evaluation_periods=1), "- - X") == ALARM


@pytest.mark.parametrize(
    ("comparison", "states"),
    [
        ("GreaterThanThreshold", (OK, OK, ALARM)),
        ("GreaterThanOrEqualToThreshold", (OK, ALARM, ALARM)),
        ("LessThanThreshold", (ALARM, OK, OK)),
        ("LessThanOrEqualToThreshold", (ALARM, ALARM, OK)),
    ],
)
def test_comparisons(comparison: str, states: tuple[str, ...]) -> None:
    alarm = an_alarm(comparison=comparison, evaluation_periods=1)
    verdicts = [judge(alarm, [Measured(NOW - 60, value)], NOW) for value in (4.0, 5.0, 6.0)]
    assert tuple(verdict.state for verdict in verdicts if verdict is not None) == states


def test_nothing_is_said_of_an_alarm_that_stays_as_it_is() -> None:
    assert judge(an_alarm(state=ALARM), measured("0 0 X X X"), NOW) is None
    assert judge(an_alarm(state=INSUFFICIENT_DATA), measured("- - - - -"), NOW) is None


def told(alarm: Alarm, drawn: str) -> Verdict:
    verdict = judge(alarm, measured(drawn), NOW)
    assert verdict is not None
    return verdict


def test_reasons() -> None:
    one = an_alarm(evaluation_periods=1)
    assert told(one, "- - X").reason == (
        "Threshold Crossed: 1 datapoint [9.0 (15/06/25 15:06:00)] was greater than the threshold (5.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert told(one, "- - 0").reason == (
        "Threshold Crossed: 1 datapoint [1.0 (15/06/25 15:06:00)] was not greater than the threshold (5.0) "
        "(minimum 1 datapoint for ALARM -> OK transition)."
    )
    assert told(an_alarm(datapoints_to_alarm=2), "0 0 X 0 X").reason == (
        "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (15/06/25 15:06:00), 9.0 (15/06/25 15:04:00)] were "
        "greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    assert told(an_alarm(), "-----").reason == "Insufficient Data: 3 datapoints were unknown."
    assert told(an_alarm(missing_data="breaching"), "-----").reason == (
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
        "[Breaching]."
    )


def test_reason_data_is_json() -> None:
    data = orjson.loads(told(an_alarm(datapoints_to_alarm=2), "00X0X").reason_data)
    assert (data["version"], data["statistic"], data["period"], data["threshold"]) == ("1.0", "Sum", 60, 5.0)
    assert data["recentDatapoints"] == [9.0, 1.0, 9.0]
    assert data["evaluatedDatapoints"][0] == {
        "timestamp": "2025-06-15T15:06:00.000+0000",
        "sampleCount": 1.0,
        "value": 9.0,
    }


def test_reasons_are_as_long_as_the_service_lets_them_be() -> None:
    many = an_alarm(evaluation_periods=1000)
    verdict = told(many, "X" * (1000 + LOOK_BACK))
    assert len(verdict.reason) <= 1023
    assert len(verdict.reason_data) <= 4000


def test_percentiles_of_few_samples_can_be_ignored() -> None:
    cautious = an_alarm(statistic="p90", low_samples="ignore", evaluation_periods=1)
    assert state(cautious, "--X", samples=99) == SAME
    assert state(cautious, "--X", samples=100) == ALARM
    assert state(an_alarm(statistic="p90", evaluation_periods=1), "--X", samples=1) == ALARM
    assert state(an_alarm(statistic="p10", low_samples="ignore", evaluation_periods=1), "--X", samples=99) == SAME
