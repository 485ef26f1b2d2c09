"""What is told of an alarm that changed its state: the JSON that CloudWatch sends to a topic. Pure."""

import time
from typing import Any

import orjson

from stator.metrics.alarm import Alarm

_SUBJECT_LENGTH_MAX = 100


def subject(alarm: Alarm) -> str:
    return f'{alarm.state}: "{alarm.name}" in {alarm.region}'[:_SUBJECT_LENGTH_MAX]


def message(before: Alarm, after: Alarm) -> str:
    return orjson.dumps(
        {
            "AlarmName": after.name,
            "AlarmDescription": after.description,
            "AWSAccountId": after.account,
            "AlarmConfigurationUpdatedTimestamp": moment(after.configured),
            "NewStateValue": after.state,
            "NewStateReason": after.reason,
            "StateChangeTime": moment(after.updated),
            "Region": after.region,
            "AlarmArn": after.arn,
            "OldStateValue": before.state,
            "OKActions": list(after.ok_actions),
            "AlarmActions": list(after.alarm_actions),
            "InsufficientDataActions": list(after.missing_actions),
            "Trigger": _trigger(after),
        }
    ).decode()


def moment(seconds: float) -> str:
    """As CloudWatch writes times in its messages."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds * 1000) % 1000:03d}+0000"


def _trigger(alarm: Alarm) -> dict[str, Any]:
    trigger: dict[str, Any] = {}
    if alarm.series is None:
        trigger["Metrics"] = list(alarm.queries)
    else:
        kind = "ExtendedStatistic" if alarm.extended else "Statistic"
        trigger |= {
            "MetricName": alarm.series.name,
            "Namespace": alarm.series.namespace,
            "StatisticType": kind,
            kind: alarm.statistic if alarm.extended else alarm.statistic.upper(),
            "Unit": alarm.unit,
            "Dimensions": [{"value": value, "name": name} for name, value in alarm.series.dimensions],
        }
    return trigger | {
        "Period": alarm.period or max((query.get("Period") or 0 for query in alarm.queries), default=0),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.low_samples or "",
    }
