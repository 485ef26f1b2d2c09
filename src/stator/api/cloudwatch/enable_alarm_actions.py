"""EnableAlarmActions."""

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.validation.requests.cloudwatch import ENABLE_ALARM_ACTIONS


@operation("EnableAlarmActions", ENABLE_ALARM_ACTIONS, CLOUDWATCH)
async def enable_alarm_actions(call: Call) -> Answer:
    names = call.request["AlarmNames"]
    await call.parts.alarms.enable_actions(call.account, call.region, names, enabled=True)
    return b""
