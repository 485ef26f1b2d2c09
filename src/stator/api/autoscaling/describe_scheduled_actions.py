"""DescribeScheduledActions."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import page, scalings_for
from stator.autoscaling.describe import describe_action
from stator.validation.requests.autoscaling import DESCRIBE_SCHEDULED_ACTIONS


@operation("DescribeScheduledActions", DESCRIBE_SCHEDULED_ACTIONS, AUTOSCALING)
async def describe_scheduled_actions(call: Call) -> Answer:
    names = call.request.get("ScheduledActionNames")
    found = [
        describe_action(scaling, action)
        for scaling in await scalings_for(call)
        for action in scaling.actions
        if not names or action.name in names or scaling.action_arn(action) in names
    ]
    return page(call.request, found, lambda action: action["ScheduledActionARN"], "ScheduledActions")
