"""EnableAlarmActions."""

from dataclasses import replace

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.validation.requests.cloudwatch import ENABLE_ALARM_ACTIONS


@operation("EnableAlarmActions", ENABLE_ALARM_ACTIONS, CLOUDWATCH)
async def enable_alarm_actions(call: Call) -> Answer:
    """Names of which there is no alarm are passed over, as the service does."""
    for name in call.request["AlarmNames"]:
        await call.parts.alarms.edit(
            call.account, call.region, name, lambda alarm: replace(alarm, actions_enabled=True)
        )
    return b""
