"""DisableAlarmActions."""

from dataclasses import replace

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.validation.requests.cloudwatch import DISABLE_ALARM_ACTIONS


@operation("DisableAlarmActions", DISABLE_ALARM_ACTIONS, CLOUDWATCH)
async def disable_alarm_actions(call: Call) -> Answer:
    """Names of which there is no alarm are passed over, as the service does."""
    for name in call.request["AlarmNames"]:
        await call.parts.alarms.edit(
            call.account, call.region, name, lambda alarm: replace(alarm, actions_enabled=False)
        )
    return b""
