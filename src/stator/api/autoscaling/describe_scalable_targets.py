"""DescribeScalableTargets."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import page, scalings_for
from stator.autoscaling.describe import describe_target
from stator.validation.requests.autoscaling import DESCRIBE_SCALABLE_TARGETS


@operation("DescribeScalableTargets", DESCRIBE_SCALABLE_TARGETS, AUTOSCALING)
async def describe_scalable_targets(call: Call) -> Answer:
    found = [describe_target(scaling) for scaling in await scalings_for(call)]
    return page(
        call.request, found, lambda target: f"{target['ResourceId']} {target['ScalableDimension']}", "ScalableTargets"
    )
