"""UntagResource, of a scalable target."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import tagged
from stator.autoscaling.scaling import Scaling
from stator.errors import ResourceNotFoundException
from stator.validation.requests.autoscaling import UNTAG_RESOURCE


@operation("UntagResource", UNTAG_RESOURCE, AUTOSCALING)
async def untag_resource(call: Call) -> Answer:
    arn, keys = call.request["ResourceARN"], call.request["TagKeys"]
    found = await tagged(call)

    def edit(before: Scaling | None) -> Scaling:
        if before is None or before.arn != arn:
            raise ResourceNotFoundException(f"Scalable target not found: {arn}", ResourceName=arn)
        return replace(before, tags={key: value for key, value in before.tags.items() if key not in keys})

    await call.parts.scalings.change(call.account, call.region, found.resource, edit)
    return {}
