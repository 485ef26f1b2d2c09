"""DisableAlarmActions."""

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.validation.requests.cloudwatch import DISABLE_ALARM_ACTIONS


@operation("DisableAlarmActions", DISABLE_ALARM_ACTIONS, CLOUDWATCH)
async def disable_alarm_actions(call: Call) -> Answer:
    names = call.request["AlarmNames"]
    await call.parts.alarms.enable_actions(call.account, call.region, names, enabled=False)
    return b""
