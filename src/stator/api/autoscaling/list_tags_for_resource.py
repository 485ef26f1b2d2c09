"""ListTagsForResource, of a scalable target."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import tagged
from stator.validation.requests.autoscaling import LIST_TAGS_FOR_RESOURCE


@operation("ListTagsForResource", LIST_TAGS_FOR_RESOURCE, AUTOSCALING)
async def list_tags_for_resource(call: Call) -> Answer:
    return {"Tags": dict((await tagged(call)).tags)}
