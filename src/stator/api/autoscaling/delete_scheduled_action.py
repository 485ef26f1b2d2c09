"""DeleteScheduledAction."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import refuse_unknown, resource_of
from stator.autoscaling.scaling import Scaling
from stator.validation.requests.autoscaling import DELETE_SCHEDULED_ACTION


@operation("DeleteScheduledAction", DELETE_SCHEDULED_ACTION, AUTOSCALING)
async def delete_scheduled_action(call: Call) -> Answer:
    name = call.request["ScheduledActionName"]
    resource = resource_of(call.request)

    def edit(before: Scaling | None) -> Scaling:
        old = None if before is None else before.action(name)
        if before is None or old is None:
            refuse_unknown("scheduled action", resource, name)
        return replace(before, actions=tuple(action for action in before.actions if action != old))

    await call.parts.scalings.change(call.account, call.region, resource, edit)
    return {}
