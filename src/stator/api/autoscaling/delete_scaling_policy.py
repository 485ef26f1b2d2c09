"""DeleteScalingPolicy. The alarms that were made for it go with it."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import discard_alarms, refuse_unknown, resource_of
from stator.autoscaling.scaling import Scaling
from stator.validation.requests.autoscaling import DELETE_SCALING_POLICY


@operation("DeleteScalingPolicy", DELETE_SCALING_POLICY, AUTOSCALING)
async def delete_scaling_policy(call: Call) -> Answer:
    name = call.request["PolicyName"]
    resource = resource_of(call.request)
    alarms: list[str] = []

    def edit(before: Scaling | None) -> Scaling:
        old = None if before is None else before.policy(name)
        if before is None or old is None:
            refuse_unknown("scaling policy", resource, name)
        alarms[:] = old.alarms
        return replace(before, policies=tuple(policy for policy in before.policies if policy != old))

    await call.parts.scalings.change(call.account, call.region, resource, edit)
    await discard_alarms(call, alarms)
    return {}
