"""SetAlarmState."""

import orjson

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import InvalidFormatFault, ResourceNotFound
from stator.validation.requests.cloudwatch import SET_ALARM_STATE


@operation("SetAlarmState", SET_ALARM_STATE, CLOUDWATCH)
async def set_alarm_state(call: Call) -> Answer:
    """Until it is evaluated next. Whoever is to be told of the state is."""
    request = call.request
    data = request.get("StateReasonData")
    if data is not None:
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError:
            raise InvalidFormatFault("StateReasonData must be JSON.") from None
    alarms = call.parts.alarms
    alarm = await alarms.find(call.account, call.region, request["AlarmName"])
    if alarm is None or not await alarms.set_state(alarm, request["StateValue"], request["StateReason"], data):
        raise ResourceNotFound(f"There is no alarm {request['AlarmName']}")
    return b""
