"""ListTagsForResource, of an alarm."""

from stator.api.alarm_description import alarm_name_of
from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import ResourceNotFoundException
from stator.validation.requests.cloudwatch import LIST_TAGS_FOR_RESOURCE


@operation("ListTagsForResource", LIST_TAGS_FOR_RESOURCE, CLOUDWATCH)
async def list_tags_for_resource(call: Call) -> Answer:
    name = alarm_name_of(call)
    alarm = await call.parts.alarms.find(call.account, call.region, name)
    if alarm is None:
        raise ResourceNotFoundException(f"There is no alarm {name}")
    return {"Tags": [{"Key": key, "Value": value} for key, value in alarm.tags]}
