"""Target tracking by a metric of somebody's choice, and what of it CloudWatch is asked."""

from typing import Any

import pytest

from stator.autoscaling.alarms import alarms_of
from stator.autoscaling.configuration import ConfigurationError, check_tracking
from stator.autoscaling.load import Load
from stator.autoscaling.metric_tracking import MetricTracking, metric_queries
from stator.autoscaling.policy import Memory, Situation
from stator.autoscaling.resource import Resource
from stator.autoscaling.scaling import TRACKING, PolicyRecord, new_scaling

TABLE = Resource("music", None, "write")
POLICY = MetricTracking("p", 10.0)
LATENCY = {"Namespace": "AWS/DynamoDB", "MetricName": "SuccessfulRequestLatency", "Statistic": "Average"}
MATH: dict[str, Any] = {
    "Metrics": [
        {
            "Id": "m1",
            "MetricStat": {"Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "ReturnedItemCount"}, "Stat": "Sum"},
            "ReturnData": False,
        },
        {"Id": "e1", "Expression": "m1 / 60"},
    ]
}


def situation(value: float | None, now: float = 1000.0, memory: Memory | None = None) -> Situation:
    metrics = {} if value is None else {"p": value}
    return Situation(now, "write", 100, Load(0.0), memory or Memory(), metrics=metrics)


def test_above_the_target_capacity_grows_in_proportion() -> None:
    wish = POLICY.wish(situation(15.0))
    assert wish.capacity == 150
    assert wish.reason == "its metric is 15 with 100 write units a second, and the target is 10"


def test_a_change_is_waited_for_as_long_as_the_metric_cannot_tell_of_it() -> None:
    assert POLICY.wish(situation(15.0, memory=Memory(out_at=941.0))).capacity == 100
    assert POLICY.wish(situation(15.0, memory=Memory(out_at=940.0))).capacity == 150
    slow = MetricTracking("p", 10.0, out_cooldown=300.0)
    assert slow.wish(situation(15.0, memory=Memory(out_at=701.0))).capacity == 100


def test_below_nine_tenths_for_a_while_it_shrinks() -> None:
    first = POLICY.wish(situation(5.0))
    assert (first.capacity, first.notes) == (100, {"low_since": 1000.0})
    memory = Memory(notes={"p.low_since": 1000.0})
    assert POLICY.wish(situation(5.0, 1059.0, memory)).capacity == 100
    done = POLICY.wish(situation(5.0, 1060.0, memory))
    assert (done.capacity, done.reason.endswith("for 60 seconds")) == (50, True)


@pytest.mark.parametrize("value", [9.5, 10.0, None])
def test_near_the_target_and_without_a_value_nothing_happens(value: float | None) -> None:
    wish = POLICY.wish(situation(value, 1060.0, Memory(notes={"p.low_since": 1000.0})))
    assert (wish.capacity, wish.notes) == (100, {})


def test_it_can_be_kept_from_shrinking() -> None:
    policy = MetricTracking("p", 10.0, scales_in=False)
    assert policy.wish(situation(1.0, 2000.0, Memory(notes={"p.low_since": 1000.0}))).capacity == 100


def test_what_is_asked_is_of_minutes() -> None:
    (query,) = metric_queries(LATENCY)
    assert query["MetricStat"]["Period"] == 60
    assert query["ReturnData"]
    first, second = metric_queries(MATH)
    assert first["MetricStat"]["Period"] == 60
    assert second == MATH["Metrics"][1]


@pytest.mark.parametrize("custom", [LATENCY, MATH])
def test_metrics_that_can_be_followed_have_a_pair_of_alarms(custom: dict[str, Any]) -> None:
    configuration = {"TargetValue": 10.0, "CustomizedMetricSpecification": custom}
    check_tracking(TABLE, configuration)
    policy = PolicyRecord("p", "1", TRACKING, configuration, 1.0, ("high", "low"))
    high, low = alarms_of(new_scaling("1", "eu", TABLE, 0.0).with_policies(policy), policy, 100)
    assert (high.threshold, low.threshold) == (10.0, 9.0)
    assert bool(high.queries) is (custom is MATH)
    assert (high.series is None) is (custom is MATH)


@pytest.mark.parametrize(
    "custom, part",
    [
        ({**LATENCY, **MATH}, "together"),
        ({**LATENCY, "Statistic": None}, "must be specified"),
        ({"Metrics": [MATH["Metrics"][1]]}, "m1"),
        ({"Metrics": [MATH["Metrics"][0]]}, "Exactly one"),
        ({"Metrics": [{"Id": "1x", "Expression": "1"}]}, "pattern"),
    ],
)
def test_metrics_that_cannot(custom: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigurationError, match=part):
        check_tracking(TABLE, {"TargetValue": 10.0, "CustomizedMetricSpecification": custom})
