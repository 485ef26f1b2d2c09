"""TagResource, of a scalable target."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import check_tags, tagged
from stator.autoscaling.scaling import Scaling
from stator.errors import ResourceNotFoundException, TooManyTagsException
from stator.limits import TAGS_MAX
from stator.validation.requests.autoscaling import TAG_RESOURCE


@operation("TagResource", TAG_RESOURCE, AUTOSCALING)
async def tag_resource(call: Call) -> Answer:
    arn, tags = call.request["ResourceARN"], call.request["Tags"]
    found = await tagged(call)
    check_tags(tags)

    def edit(before: Scaling | None) -> Scaling:
        if before is None or before.arn != arn:
            raise ResourceNotFoundException(f"Scalable target not found: {arn}", ResourceName=arn)
        after = replace(before, tags={**before.tags, **tags})
        if len(after.tags) > TAGS_MAX:
            raise TooManyTagsException(f"A scalable target has at most {TAGS_MAX} tags", ResourceName=arn)
        return after

    await call.parts.scalings.change(call.account, call.region, found.resource, edit)
    return {}
