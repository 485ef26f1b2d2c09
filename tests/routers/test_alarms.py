"""Alarms where several routers share a store: one looks at them and one tells of them, whichever was asked."""

import contextlib
from typing import Any

from tests.listener import Listener
from tests.routers.pair import Pair, in_touch
from tests.running import wait_until


def put(cloudwatch: Any, action: str) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="busy",
        Namespace="AWS/DynamoDB",
        MetricName="ReadThrottleEvents",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",  # so that it stays as it is set
        OKActions=[action],
        AlarmActions=[action],
    )


def state(cloudwatch: Any) -> str:
    return str(cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"])


def told(cloudwatch: Any) -> int:
    return len(cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"])


def test_one_of_them_tells_and_another_goes_on() -> None:
    with (
        contextlib.closing(Listener()) as listener,
        in_touch(),
        contextlib.closing(Pair(alarm_urls=listener.url)) as pair,
    ):
        first, second = pair.clients("cloudwatch")
        put(second, listener.url + "/")
        second.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="by hand")
        assert state(first) == "ALARM"
        wait_until(lambda: told(first) == 1)
        pair.stop(0)
        second.set_alarm_state(AlarmName="busy", StateValue="OK", StateReason="by hand")
        wait_until(lambda: told(second) == 2)
        assert listener.states() == ["ALARM", "OK"]
        first.close()
        second.close()
