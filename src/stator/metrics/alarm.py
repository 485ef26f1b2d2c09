"""An alarm: what it watches, when it goes off, and the state it is in. Pure.

Stored in space 0, in the partition `alarms`, as JSON that begins with its format; docs/formats.md has it.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from stator.metrics.series import Series
from stator.storage.store import Key

FORMAT: Final = 1
SPACE: Final = 0
ALARMS: Final = bytes(8) + b"alarms"

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
UNCHECKED: Final = "Unchecked: Initial alarm creation"


class Alarm(Struct, frozen=True, kw_only=True):
    """Times are seconds since the epoch. It watches one `series`, or what `queries` come to. Names of operators and of
    ways to treat missing data are CloudWatch's."""

    account: str
    region: str
    name: str
    comparison: str  # ComparisonOperator
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int | None = None  # of the periods above; None: all of them
    missing_data: str | None = None  # TreatMissingData; None: as "missing"
    series: Series | None = None
    statistic: str = ""  # Statistic or ExtendedStatistic; empty with queries
    period: int = 0  # seconds; 0 with queries
    unit: str | None = None
    low_samples: str | None = None  # EvaluateLowSampleCountPercentile
    queries: tuple[Mapping[str, Any], ...] = ()  # MetricDataQuery as on the wire; one returns data
    description: str | None = None
    actions_enabled: bool = True
    ok_actions: tuple[str, ...] = ()
    alarm_actions: tuple[str, ...] = ()
    missing_actions: tuple[str, ...] = ()  # InsufficientDataActions
    tags: tuple[tuple[str, str], ...] = ()
    configured: float = 0.0
    state: str = INSUFFICIENT_DATA
    reason: str = UNCHECKED
    reason_data: str | None = None  # JSON
    updated: float = 0.0  # the state or its reason
    transitioned: float = 0.0  # the state
    revision: int = 1  # grows with every change of its configuration

    @property
    def arn(self) -> str:
        return alarm_arn(self.account, self.region, self.name)

    @property
    def key(self) -> Key:
        return alarm_key(self.account, self.region, self.name)

    @property
    def actions(self) -> tuple[str, ...]:
        """What is to be done in the state it is in."""
        if not self.actions_enabled:
            return ()
        return {OK: self.ok_actions, ALARM: self.alarm_actions}.get(self.state, self.missing_actions)

    @property
    def extended(self) -> bool:
        """Whether its statistic is an ExtendedStatistic."""
        return bool(self.statistic) and self.statistic not in STATISTICS


STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def alarm_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def alarm_key(account: str, region: str, name: str) -> Key:
    return Key(SPACE, ALARMS, f"{account}/{region}/{name}".encode())


def encode(alarm: Alarm) -> bytes:
    return orjson.dumps({"format": FORMAT} | to_builtins(alarm))


def decode(value: bytes) -> Alarm:
    """Raises ValueError for an alarm that this version cannot read."""
    stored = orjson.loads(value)
    if stored.pop("format") != FORMAT:
        raise ValueError(f"alarm of another format; this version reads format {FORMAT}")
    if stored["series"] is not None:
        namespace, name, dimensions = stored["series"]
        stored["series"] = Series(namespace, name, _pairs(dimensions))
    for member in ("queries", "ok_actions", "alarm_actions", "missing_actions"):
        stored[member] = tuple(stored[member])
    stored["tags"] = _pairs(stored["tags"])
    return Alarm(**stored)


def reconfigured(before: Alarm | None, wanted: Alarm, now: float) -> Alarm:
    """`wanted` in the state that the alarm of this name is in. One that is new is unchecked. Tags are set apart."""
    if before is None:
        return replace(wanted, configured=now, updated=now, transitioned=now, revision=1)
    return replace(
        wanted,
        configured=now,
        tags=before.tags,
        state=before.state,
        reason=before.reason,
        reason_data=before.reason_data,
        updated=before.updated,
        transitioned=before.transitioned,
        revision=before.revision + 1,
    )


def moved(alarm: Alarm, state: str, reason: str, reason_data: str | None, now: float) -> Alarm:
    """The alarm in a state, the one it is in or another."""
    transitioned = alarm.transitioned if state == alarm.state else now
    return replace(alarm, state=state, reason=reason, reason_data=reason_data, updated=now, transitioned=transitioned)


def configuration(alarm: Alarm) -> dict[str, Any]:
    """The members of a MetricAlarm that its owner chose."""
    told: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": alarm.description,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": list(alarm.missing_actions),
        "Dimensions": [],
    }
    if alarm.series is not None:
        told |= {
            "MetricName": alarm.series.name,
            "Namespace": alarm.series.namespace,
            "ExtendedStatistic" if alarm.extended else "Statistic": alarm.statistic,
            "Dimensions": [{"Name": name, "Value": value} for name, value in alarm.series.dimensions],
            "Period": alarm.period,
            "Unit": alarm.unit,
        }
    told |= {
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.missing_data,
        "EvaluateLowSampleCountPercentile": alarm.low_samples,
        "Metrics": list(alarm.queries) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _pairs(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs)
