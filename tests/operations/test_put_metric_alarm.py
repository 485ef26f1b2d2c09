"""PutMetricAlarm: what is kept, and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

METRIC = {
    "Namespace": "AWS/DynamoDB",
    "MetricName": "ConsumedReadCapacityUnits",
    "Dimensions": [{"Name": "TableName", "Value": "things"}],
    "Statistic": "Sum",
    "Period": 60,
}
RULE = {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
STAT = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}


@pytest.fixture
def cloudwatch(account: Any) -> Iterator[Any]:
    client = account.client("cloudwatch")
    yield client
    client.close()


def put(cloudwatch: Any, **members: Any) -> Any:
    asked = {"AlarmName": "a", **METRIC, **RULE, **members}
    cloudwatch.put_metric_alarm(**{name: value for name, value in asked.items() if value is not None})
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[asked["AlarmName"]])["MetricAlarms"]
    return alarm


def refused(cloudwatch: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        put(cloudwatch, **members)
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_new_alarm_is_unchecked(cloudwatch: Any, account: Any) -> None:
    alarm = put(cloudwatch)
    assert alarm["AlarmArn"] == f"arn:aws:cloudwatch:eu-west-1:{account.number}:alarm:a"
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    assert alarm["StateReason"] == "Unchecked: Initial alarm creation"
    assert alarm["ActionsEnabled"] is True
    assert alarm["AlarmActions"] == []


def test_an_extended_statistic_and_high_resolution(cloudwatch: Any) -> None:
    alarm = put(
        cloudwatch, Statistic=None, ExtendedStatistic="p99.9", Period=10, EvaluateLowSampleCountPercentile="ignore"
    )
    assert (alarm["ExtendedStatistic"], alarm["Period"]) == ("p99.9", 10)
    assert "Statistic" not in alarm


def test_actions_that_nobody_allowed_are_refused(cloudwatch: Any) -> None:
    for action in ("http://127.0.0.1:1/", "arn:stator:command:x", "arn:aws:sns:eu-west-1:1:t"):
        assert refused(cloudwatch, AlarmActions=[action])[1].startswith(f"Invalid action {action}: ")
    assert refused(cloudwatch, OKActions=["/bin/sh -c id"]) == ("ValidationError", "Invalid arn syntax: /bin/sh -c id")
    policy = "arn:aws:autoscaling:eu-west-1:1:scalingPolicy:x"
    assert put(cloudwatch, InsufficientDataActions=[policy])["InsufficientDataActions"] == [policy]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"MetricName": None}, "MetricName must not be null"),
        ({"Namespace": None}, "Namespace must not be null"),
        ({"Period": None}, "Period must not be null"),
        ({"EvaluationPeriods": None}, "EvaluationPeriods must not be null"),
        ({"ComparisonOperator": None}, "ComparisonOperator must not be null"),
        ({"Threshold": None}, "Threshold must not be null"),
        ({"Statistic": None}, "Exactly one of Statistic and ExtendedStatistic must be specified."),
        ({"ExtendedStatistic": "p9"}, "Exactly one of Statistic and ExtendedStatistic must be specified."),
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
        (
            {"EvaluationPeriods": 1441},
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        (
            {"TreatMissingData": "maybe"},
            (
                "Option maybe is not supported. Supported options for parameter TreatMissingData are breaching, notBreaching, "
                "ignore and missing."
            ),
        ),
        (
            {"EvaluateLowSampleCountPercentile": "maybe"},
            (
                "Option maybe is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate "
                "and ignore."
            ),
        ),
        ({"ThresholdMetricId": "t"}, "ThresholdMetricId is not supported."),
        ({"EvaluationWindow": {"WallClockWindow": {}}}, "EvaluationWindow.WallClockWindow is not supported."),
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
            "GreaterThanUpperThreshold is not supported: it needs an anomaly detector.",
        ),
    ],
)
def test_complaints(cloudwatch: Any, members: dict[str, Any], message: str) -> None:
    assert refused(cloudwatch, **members) == ("ValidationError", message)


def test_an_unknown_extended_statistic(cloudwatch: Any) -> None:
    assert refused(cloudwatch, Statistic=None, ExtendedStatistic="p101") == (
        "InvalidParameterValue",
        "The value p101 for parameter ExtendedStatistic is not supported.",
    )


def test_members_are_checked_against_the_model(cloudwatch: Any) -> None:
    told = refused(cloudwatch, Statistic="Median", AlarmActions=["x"] * 6)
    assert told[0] == "ValidationError"
    assert told[1].startswith("2 validation errors detected: ")


def only_queries(*queries: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(METRIC), "Metrics": list(queries)}


def test_queries(cloudwatch: Any) -> None:
    first = {"Id": "m1", "MetricStat": STAT, "ReturnData": False}
    alarm = put(cloudwatch, **only_queries(first, {"Id": "e1", "Expression": "m1+1"}))
    assert alarm["Metrics"] == [
        {**first, "MetricStat": STAT},
        {"Id": "e1", "Expression": "m1+1"},
    ]
    assert "Period" not in alarm


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "Exactly one element of the metrics list should return data."),
        (
            [{"Id": "m1", "MetricStat": STAT}, {"Id": "m2", "MetricStat": STAT}],
            "Exactly one element of the metrics list",
        ),
        ([{"Id": "e1", "Expression": "m1+1"}], "Error in expression 'e1': there is no query with the id 'm1'"),
        ([{"Id": "e1", "Expression": "SUM(SEARCH('x', 'Sum', 60))"}], "SEARCH is not supported on Metric Alarms."),
        ([{"Id": "e1", "Expression": "1"}], "Period must not be null"),
        ([{"Id": f"m{n}", "MetricStat": STAT} for n in range(21)], "must not have a size greater than 20"),
    ],
)
def test_queries_that_make_no_alarm(cloudwatch: Any, queries: list[dict[str, Any]], message: str) -> None:
    assert message in refused(cloudwatch, **only_queries(*queries))[1]


def test_queries_stand_alone(cloudwatch: Any) -> None:
    queries = [{"Id": "m1", "MetricStat": STAT}]
    assert refused(cloudwatch, **dict.fromkeys(METRIC) | {"Statistic": "Sum"}, Metrics=queries) == (
        "ValidationError",
        "Statistic should not be set if list of Metrics is set",
    )
