"""DeleteAlarms."""

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import ResourceNotFound
from stator.validation.requests.cloudwatch import DELETE_ALARMS


@operation("DeleteAlarms", DELETE_ALARMS, CLOUDWATCH)
async def delete_alarms(call: Call) -> Answer:
    """All of them, or none where one is not there."""
    names = list(dict.fromkeys(call.request["AlarmNames"]))
    missing = await call.parts.alarms.delete(call.account, call.region, names)
    if missing:
        raise ResourceNotFound(f"There is no alarm {missing[0]}")
    return b""
