"""UntagResource, of an alarm."""

from stator.api.alarm_description import alarm_name_of
from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import ResourceNotFoundException
from stator.validation.requests.cloudwatch import UNTAG_RESOURCE


@operation("UntagResource", UNTAG_RESOURCE, CLOUDWATCH)
async def untag_resource(call: Call) -> Answer:
    name = alarm_name_of(call)
    gone = dict.fromkeys(call.request["TagKeys"])
    if await call.parts.alarms.tag(call.account, call.region, name, gone) is None:
        raise ResourceNotFoundException(f"There is no alarm {name}")
    return {}
