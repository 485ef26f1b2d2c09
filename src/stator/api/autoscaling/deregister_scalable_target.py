"""DeregisterScalableTarget. What is registered for the target goes with it, but for what was done."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import discard_alarms, refuse_unregistered, resource_of
from stator.autoscaling.scaling import Scaling
from stator.validation.requests.autoscaling import DEREGISTER_SCALABLE_TARGET


@operation("DeregisterScalableTarget", DEREGISTER_SCALABLE_TARGET, AUTOSCALING)
async def deregister_scalable_target(call: Call) -> Answer:
    resource = resource_of(call.request)
    gone: list[Scaling] = []

    def edit(before: Scaling | None) -> None:
        if before is None:
            refuse_unregistered(resource, "found")
        gone[:] = [before]

    await call.parts.scalings.change(call.account, call.region, resource, edit)
    for scaling in gone:
        names = [alarm for policy in scaling.policies for alarm in policy.alarms]
        await discard_alarms(call, names)
    return {}
