"""PutScheduledAction."""

import uuid
from typing import Any, Final

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import refuse_unregistered, resource_of
from stator.autoscaling.scaling import Scaling, ScheduledAction
from stator.autoscaling.schedule import END, YEARS, At, ScheduleError
from stator.errors import LimitExceededException, ValidationException
from stator.validation.requests.autoscaling import PUT_SCHEDULED_ACTION

ACTIONS_MAX: Final = 200
"""Of a scalable target, as the service has it."""


@operation("PutScheduledAction", PUT_SCHEDULED_ACTION, AUTOSCALING)
async def put_scheduled_action(call: Call) -> Answer:
    request = call.request
    resource = resource_of(request)
    fresh, now = str(uuid.uuid4()), call.parts.clock()

    def edit(before: Scaling | None) -> Scaling:
        if before is None:
            refuse_unregistered(resource)
        old = before.action(request["ScheduledActionName"])
        kept = tuple(action for action in before.actions if action != old)
        if old is None and len(kept) >= ACTIONS_MAX:
            raise LimitExceededException(f"A scalable target has at most {ACTIONS_MAX} scheduled actions")
        new = _action(request, old, now)
        if old is None:
            new = replace(new, id=fresh)
        return replace(before, actions=(*kept, new))

    await call.parts.scalings.change(call.account, call.region, resource, edit)
    return {}


def _action(request: dict[str, Any], old: ScheduledAction | None, now: float) -> ScheduledAction:
    """The action that is asked for. What the request leaves out is as it was, but for the start and the end."""
    schedule = request.get("Schedule") or (old.schedule if old else None)
    if schedule is None:
        raise ValidationException("Schedule must be specified for a new scheduled action")
    bounds = request.get("ScalableTargetAction")
    if bounds is None:
        bounds = {"MinCapacity": old.minimum, "MaxCapacity": old.maximum} if old else {}
    minimum, maximum = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    _check_bounds(minimum, maximum)
    action = ScheduledAction(
        name=request["ScheduledActionName"],
        id=old.id if old else "",
        schedule=schedule,
        zone=request.get("Timezone") or (old.zone if old else None),
        start=request.get("StartTime"),
        end=request.get("EndTime"),
        minimum=minimum,
        maximum=maximum,
        created=old.created if old else now,
        done=now,
    )
    _check_times(action, old, now)
    return action


def _check_bounds(minimum: int | None, maximum: int | None) -> None:
    if minimum is None and maximum is None:
        raise ValidationException("ScalableTargetAction must have at least one of MinCapacity and MaxCapacity")
    if min(each for each in (minimum, maximum) if each is not None) < 1:
        raise ValidationException("Minimum capacity must be at least 1 for DynamoDB")
    if minimum is not None and maximum is not None and maximum < minimum:
        raise ValidationException("Maximum capacity cannot be less than minimum capacity")


def _check_times(action: ScheduledAction, old: ScheduledAction | None, now: float) -> None:
    for name, time in (("StartTime", action.start), ("EndTime", action.end)):
        if time is not None and not 0 <= time <= END:
            raise ValidationException(f"{name} must be between the years {YEARS[0]} and {YEARS[1]}")
    if action.start is not None and action.end is not None and action.end <= action.start:
        raise ValidationException("EndTime must be after StartTime")
    try:
        schedule = action.parse()
    except ScheduleError as error:
        raise ValidationException(f"Invalid schedule: {error}") from None
    if isinstance(schedule.kind, At) and schedule.next_after(now) is None:
        if old is not None and (old.schedule, old.zone) == (action.schedule, action.zone):
            return  # it is over, and stays as it is
        raise ValidationException("The time of the schedule must be in the future and not after EndTime")
