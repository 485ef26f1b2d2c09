"""The state that an alarm should be in, by what was measured. Pure.

With a period missing, older ones count instead, as far as the service looks back; what is still missing then is treated
as the alarm wishes. The table of CloudWatch's user guide, "Configuring how alarms treat missing data", is in the tests.
"""

import time as clock
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from stator.metrics.alarm import ALARM, INSUFFICIENT_DATA, OK, Alarm
from stator.metrics.alarm_message import moment

LOOK_BACK: Final = 2
"""Periods more than the alarm evaluates, to find values in the place of missing ones."""

_COMPARE: Final[dict[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanOrEqualToThreshold": (lambda value, limit: value >= limit, "greater than or equal to"),
    "GreaterThanThreshold": (lambda value, limit: value > limit, "greater than"),
    "LessThanThreshold": (lambda value, limit: value < limit, "less than"),
    "LessThanOrEqualToThreshold": (lambda value, limit: value <= limit, "less than or equal to"),
}
COMPARISONS: Final = frozenset(_COMPARE)
MISSING_DATA: Final = ("breaching", "notBreaching", "ignore", "missing")
_REASON_LENGTH_MAX = 1023
_POINTS_TOLD_MAX = 5


class Measured(NamedTuple):
    """A period: when it began, what its statistic was (None: missing) and of how many samples, where that is known."""

    time: float
    value: float | None
    samples: float | None = None


class Verdict(NamedTuple):
    state: str
    reason: str
    reason_data: str  # JSON


def judge(alarm: Alarm, periods: Sequence[Measured], now: float) -> Verdict | None:
    """`periods`: the latest first, `evaluation_periods + LOOK_BACK` of them. None to leave the alarm as it is."""
    wanted = alarm.evaluation_periods
    known = [each for each in periods if each.value is not None][:wanted]
    breaching = [each for each in known if _breaches(alarm, each)]
    needed = alarm.datapoints_to_alarm or wanted
    missing = wanted - len(known)
    treatment = alarm.missing_data or "missing"
    if _too_few_samples(alarm, known):
        return None
    if treatment == "breaching":
        state = ALARM if len(breaching) + missing >= needed else OK
    elif len(breaching) >= needed:
        state = ALARM
    elif treatment == "notBreaching" or len(breaching) < len(known):
        state = OK
    elif known:
        # All that is known breaches, but it is too little. Only if that is not the beginning of more to come.
        oldest = max(place for place, each in enumerate(periods, 1) if each in known)
        if treatment == "ignore" or oldest < needed:
            return None
        state = ALARM
    elif treatment == "ignore":
        return None
    else:
        state = INSUFFICIENT_DATA
    if state == alarm.state:
        return None
    return Verdict(state, _reason(alarm, state, known, missing)[:_REASON_LENGTH_MAX], _data(alarm, known, now))


def _breaches(alarm: Alarm, measured: Measured) -> bool:
    return measured.value is not None and _COMPARE[alarm.comparison][0](measured.value, alarm.threshold)


def _too_few_samples(alarm: Alarm, known: Sequence[Measured]) -> bool:
    """Whether a percentile says nothing yet: there should be ten samples beyond it."""
    if alarm.low_samples != "ignore" or not alarm.statistic.startswith("p"):
        return False
    percent = float(alarm.statistic[1:])
    beyond = min(percent, 100 - percent)
    return beyond > 0 and any(each.samples is not None and each.samples * beyond < 10 * 100 for each in known)


def _reason(alarm: Alarm, state: str, known: Sequence[Measured], missing: int) -> str:
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_many(missing)} unknown."
    treated = ""
    if missing and alarm.missing_data in ("breaching", "notBreaching"):
        how = "Breaching" if alarm.missing_data == "breaching" else "NonBreaching"
        treated = f"{_many(missing, 'missing ')} treated as [{how}]"
    if not known:
        periods = "period" if missing == 1 else "periods"
        return f"Threshold Crossed: no datapoints were received for {missing} {periods} and {treated}."
    told = [each for each in known if _breaches(alarm, each) == (state == ALARM)] or list(known)
    points = ", ".join(
        f"{each.value} ({clock.strftime('%d/%m/%y %H:%M:%S', clock.gmtime(each.time))})"
        for each in told[:_POINTS_TOLD_MAX]
    )
    more = ", ..." if len(told) > _POINTS_TOLD_MAX else ""
    wanted, needed = alarm.evaluation_periods, alarm.datapoints_to_alarm or alarm.evaluation_periods
    number = f"{len(told)} out of the last {wanted} datapoints" if wanted > 1 else "1 datapoint"
    verb = "was" if len(told) == 1 else "were"
    negation = "" if state == ALARM else "not "
    least = needed if state == ALARM else wanted - needed + 1
    change = "OK -> ALARM" if state == ALARM else "ALARM -> OK"
    return (
        f"Threshold Crossed: {number} [{points}{more}] {verb} {negation}{_COMPARE[alarm.comparison][1]} the threshold "
        f"({alarm.threshold}){' and ' + treated if treated else ''} "
        f"(minimum {least} datapoint{'' if least == 1 else 's'} for {change} transition)."
    )


def _many(number: int, kind: str = "") -> str:
    return f"1 {kind}datapoint was" if number == 1 else f"{number} {kind}datapoints were"


def _data(alarm: Alarm, known: Sequence[Measured], now: float) -> str:
    data: dict[str, Any] = {"version": "1.0", "queryDate": moment(now)}
    if known:
        data["startDate"] = moment(known[-1].time)
    if alarm.statistic:
        data["statistic"] = alarm.statistic
    if alarm.period:
        data["period"] = alarm.period
    shown = known[: 4 * _POINTS_TOLD_MAX]
    data["recentDatapoints"] = [each.value for each in reversed(shown)]
    data["threshold"] = alarm.threshold
    data["evaluatedDatapoints"] = [_point(each) for each in shown]
    return orjson.dumps(data).decode()


def _point(measured: Measured) -> dict[str, Any]:
    point: dict[str, Any] = {"timestamp": moment(measured.time)}
    if measured.samples is not None:
        point["sampleCount"] = measured.samples
    return point | {"value": measured.value}
