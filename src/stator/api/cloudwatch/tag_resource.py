"""TagResource, of an alarm."""

from stator.api.alarm_description import alarm_name_of
from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import InvalidParameterValueException, ResourceNotFoundException
from stator.validation.requests.cloudwatch import TAG_RESOURCE

_TAGS_MAX = 50


@operation("TagResource", TAG_RESOURCE, CLOUDWATCH)
async def tag_resource(call: Call) -> Answer:
    name = alarm_name_of(call)
    tags = {tag["Key"]: tag["Value"] for tag in call.request["Tags"]}
    alarm = await call.parts.alarms.find(call.account, call.region, name)
    if alarm is None:
        raise ResourceNotFoundException(f"There is no alarm {name}")
    if len({**dict(alarm.tags), **tags}) > _TAGS_MAX:
        raise InvalidParameterValueException(f"An alarm has at most {_TAGS_MAX} tags.")
    await call.parts.alarms.tag(call.account, call.region, name, tags)
    return {}
