"""DescribeAlarms."""

from typing import Any

from stator.api.alarm_description import describe_alarm
from stator.api.call import Answer, Call
from stator.api.metric_window import place_of, token_of
from stator.api.registry import CLOUDWATCH, operation
from stator.metrics.alarm import Alarm
from stator.validation.requests.cloudwatch import DESCRIBE_ALARMS

_PAGE = 50


@operation("DescribeAlarms", DESCRIBE_ALARMS, CLOUDWATCH)
async def describe_alarms(call: Call) -> Answer:
    request = call.request
    most = request.get("MaxRecords", _PAGE)
    after = place_of(request.get("NextToken"))
    found = await _chosen(call)
    page = [alarm for alarm in found if after is None or alarm.name.encode() > after.encode()]
    answer: dict[str, Any] = {
        "CompositeAlarms": [],
        "MetricAlarms": [describe_alarm(alarm) for alarm in page[:most]],
        "LogAlarms": [],
    }
    if len(page) > most:
        answer["NextToken"] = token_of(page[most - 1].name)
    return answer


async def _chosen(call: Call) -> list[Alarm]:
    """In the order of their names. There are metric alarms alone, and none is the child or parent of another."""
    request = call.request
    if "MetricAlarm" not in request.get("AlarmTypes", ("MetricAlarm",)):
        return []
    if "ChildrenOfAlarmName" in request or "ParentsOfAlarmName" in request:
        return []
    alarms = await call.parts.alarms.all(call.account, call.region)
    names = request.get("AlarmNames")
    if names:
        alarms = [alarm for alarm in alarms if alarm.name in names]
    prefix, action = request.get("AlarmNamePrefix", ""), request.get("ActionPrefix")
    state = request.get("StateValue")
    return [
        alarm
        for alarm in alarms
        if alarm.name.startswith(prefix)
        and state in (None, alarm.state)
        and (action is None or any(each.startswith(action) for each in _actions(alarm)))
    ]


def _actions(alarm: Alarm) -> tuple[str, ...]:
    return alarm.ok_actions + alarm.alarm_actions + alarm.missing_actions
