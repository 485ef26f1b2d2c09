"""DescribeAlarms, DescribeAlarmsForMetric and DescribeAlarmHistory, and what is changed in alarms that are there."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError

METRIC = {"Namespace": "AWS/DynamoDB", "MetricName": "ReadThrottleEvents"}
# Without data they stay as they are, however often the server looks at them meanwhile.
RULE = {
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",
}
POLICY = "arn:aws:autoscaling:eu-west-1:1:scalingPolicy:x"


@pytest.fixture
def cloudwatch(account: Any) -> Iterator[Any]:
    client = account.client("cloudwatch")
    yield client
    client.close()


def put(cloudwatch: Any, name: str, **members: Any) -> None:
    table = [{"Name": "TableName", "Value": name}]
    chosen = {**METRIC, "Dimensions": table, "Statistic": "Sum", "Period": 60, **RULE, **members}
    cloudwatch.put_metric_alarm(AlarmName=name, **chosen)


def names(answer: Any) -> list[str]:
    return [alarm["AlarmName"] for alarm in answer["MetricAlarms"]]


def test_alarms_are_chosen(cloudwatch: Any) -> None:
    for name in ("b", "a", "ab"):
        put(cloudwatch, name)
    put(cloudwatch, "c", OKActions=[POLICY])
    cloudwatch.set_alarm_state(AlarmName="b", StateValue="ALARM", StateReason="x")
    assert names(cloudwatch.describe_alarms()) == ["a", "ab", "b", "c"]
    assert names(cloudwatch.describe_alarms(AlarmNames=["c", "a", "gone"])) == ["a", "c"]
    assert names(cloudwatch.describe_alarms(AlarmNamePrefix="a")) == ["a", "ab"]
    assert names(cloudwatch.describe_alarms(StateValue="ALARM")) == ["b"]
    assert names(cloudwatch.describe_alarms(ActionPrefix="arn:aws:autoscaling")) == ["c"]
    assert names(cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])) == []
    assert names(cloudwatch.describe_alarms(ChildrenOfAlarmName="a")) == []
    assert cloudwatch.describe_alarms()["CompositeAlarms"] == []


def test_alarms_are_paged(cloudwatch: Any) -> None:
    wanted = sorted(f"alarm é {number}" for number in range(7))
    for name in wanted:
        put(cloudwatch, name)
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(MaxRecords=3))
    assert [len(page["MetricAlarms"]) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in names(page)] == wanted


def test_alarms_of_a_metric(cloudwatch: Any) -> None:
    for name in ("a", "b"):
        put(cloudwatch, name)
    table = [{"Name": "TableName", "Value": "a"}]
    assert names(cloudwatch.describe_alarms_for_metric(**METRIC, Dimensions=table)) == ["a"]
    assert names(cloudwatch.describe_alarms_for_metric(**METRIC, Dimensions=table, Statistic="Sum", Period=60)) == ["a"]
    assert names(cloudwatch.describe_alarms_for_metric(**METRIC, Dimensions=table, Statistic="Average")) == []
    assert names(cloudwatch.describe_alarms_for_metric(**METRIC, Dimensions=table, Period=300)) == []
    assert names(cloudwatch.describe_alarms_for_metric(**METRIC)) == []


def test_actions_are_switched(cloudwatch: Any) -> None:
    put(cloudwatch, "a")
    put(cloudwatch, "b")
    cloudwatch.disable_alarm_actions(AlarmNames=["a", "gone"])
    enabled = {alarm["AlarmName"]: alarm["ActionsEnabled"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert enabled == {"a": False, "b": True}
    cloudwatch.enable_alarm_actions(AlarmNames=["a"])
    assert cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["ActionsEnabled"] is True


def test_a_state_is_set(cloudwatch: Any) -> None:
    put(cloudwatch, "a")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="by hand", StateReasonData='{"a":1}')
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"], alarm["StateReasonData"]) == ("OK", "by hand", '{"a":1}')
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="x", StateReasonData="{")
    assert error.value.response["Error"]["Code"] == "InvalidFormat"
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="FINE", StateReason="x")
    assert error.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'FINE' at 'stateValue' failed to satisfy constraint: "
        "Member must satisfy enum value set: [OK, ALARM, INSUFFICIENT_DATA]"
    )


def test_deletion(cloudwatch: Any) -> None:
    put(cloudwatch, "a")
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.delete_alarms(AlarmNames=["a", "gone"])
    assert names(cloudwatch.describe_alarms()) == ["a"]
    cloudwatch.delete_alarms(AlarmNames=["a", "a"])
    assert names(cloudwatch.describe_alarms()) == []


def test_history_is_chosen_and_paged(cloudwatch: Any) -> None:
    put(cloudwatch, "a")
    put(cloudwatch, "b")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="x")
    cloudwatch.delete_alarms(AlarmNames=["a"])
    items = cloudwatch.describe_alarm_history(AlarmName="a")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == [
        'Alarm "a" deleted',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "a" created',
    ]
    assert {item["AlarmType"] for item in items} == {"MetricAlarm"}
    assert orjson.loads(items[2]["HistoryData"])["createdAlarm"]["Threshold"] == 5.0
    oldest = cloudwatch.describe_alarm_history(ScanBy="TimestampAscending", MaxRecords=2)
    assert [item["AlarmName"] for item in oldest["AlarmHistoryItems"]] == ["a", "b"]
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["AlarmHistoryItems"]) for page in pages][:2] == [2, 2]
    kinds = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in kinds] == ["StateUpdate"]
    assert cloudwatch.describe_alarm_history(StartDate=0, EndDate=1)["AlarmHistoryItems"] == []
    assert cloudwatch.describe_alarm_history(AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"] == []


def test_tags(cloudwatch: Any, account: Any) -> None:
    put(cloudwatch, "a")
    arn = f"arn:aws:cloudwatch:eu-west-1:{account.number}:alarm:a"
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "1"}, {"Key": "l", "Value": ""}])
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "2"}])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("k", "2"), ("l", "")]
    with pytest.raises(ClientError) as error:
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": f"{n}", "Value": ""} for n in range(50)])
    assert error.value.response["Error"]["Code"] == "InvalidParameterValue"
    for wrong in (arn + "x", arn.replace(account.number, "000000000000"), "arn:aws:s3:::b"):
        with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
            cloudwatch.list_tags_for_resource(ResourceARN=wrong)


@pytest.mark.parametrize("token", ["x", "WzFd", "WyJ6eiJd", "W10="])
def test_tokens_that_were_not_given_out(cloudwatch: Any, token: str) -> None:
    with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
        cloudwatch.describe_alarm_history(NextToken=token)
    if token != "WyJ6eiJd":
        with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
            cloudwatch.describe_alarms(NextToken=token)
