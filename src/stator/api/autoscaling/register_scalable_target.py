"""RegisterScalableTarget."""

from typing import Any, Final

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import check_tags, resource_of
from stator.autoscaling.resource import Resource, global_index
from stator.autoscaling.scaling import Scaling, new_scaling
from stator.errors import LimitExceededException, ValidationException
from stator.limits import TAGS_MAX
from stator.model.table import Table
from stator.validation.requests.autoscaling import REGISTER_SCALABLE_TARGET

TARGETS_MAX: Final = 5000
"""Of an account in a region, as the service has it for DynamoDB."""

_SUSPENDED: Final = {
    "DynamicScalingInSuspended": "in_suspended",
    "DynamicScalingOutSuspended": "out_suspended",
    "ScheduledScalingSuspended": "scheduled_suspended",
}


@operation("RegisterScalableTarget", REGISTER_SCALABLE_TARGET, AUTOSCALING)
async def register_scalable_target(call: Call) -> Answer:
    request, scalings = call.request, call.parts.scalings
    resource = resource_of(request)
    tags = request.get("Tags") or {}
    check_tags(tags)
    if len(tags) > TAGS_MAX:
        raise ValidationException(f"A scalable target has at most {TAGS_MAX} tags")
    before = await scalings.find(call.account, call.region, resource)
    if before is None:
        _check_exists(call.parts.catalog.find(call.account, call.region, resource.table), resource)
        if len(await scalings.of(call.account, call.region)) >= TARGETS_MAX:
            raise LimitExceededException(f"An account has at most {TARGETS_MAX} scalable targets in a region")
    fresh = replace(new_scaling(call.account, call.region, resource, call.parts.clock()), tags=dict(tags))

    def edit(before: Scaling | None) -> Scaling:
        if before is None:
            return _changed(fresh, request)
        if tags:
            raise ValidationException(
                "Tags can only be specified when a scalable target is registered; use TagResource"
            )
        return _changed(before, request)

    after = await scalings.change(call.account, call.region, resource, edit)
    return {} if after is None else {"ScalableTargetARN": after.arn}


def _changed(scaling: Scaling, request: dict[str, Any]) -> Scaling:
    missing = [name for name in ("MinCapacity", "MaxCapacity") if name not in request]
    if missing and not scaling.maximum:
        raise ValidationException(f"{' and '.join(missing)} must be specified for a new scalable target")
    minimum = request.get("MinCapacity", scaling.minimum)
    maximum = request.get("MaxCapacity", scaling.maximum)
    check_bounds(minimum, maximum)
    suspended = request.get("SuspendedState") or {}
    after = replace(
        scaling,
        minimum=minimum,
        maximum=maximum,
        role_arn=request.get("RoleARN", scaling.role_arn),
        **{ours: suspended[name] for name, ours in _SUSPENDED.items() if name in suspended},
    )
    if not missing or (minimum, maximum) != (scaling.minimum, scaling.maximum):
        after = replace(after, bounded=after.bounded + 1, bounded_by="")
    return after


def check_bounds(minimum: int, maximum: int) -> None:
    """Raise ValidationException for bounds that no table can be kept within."""
    if minimum < 1:
        raise ValidationException("Minimum capacity must be at least 1 for DynamoDB")
    if maximum < minimum:
        raise ValidationException("Maximum capacity cannot be less than minimum capacity")


def _check_exists(table: Table | None, resource: Resource) -> None:
    if table is None:
        raise ValidationException(f"DynamoDB table does not exist: table/{resource.table}")
    if resource.index is not None and global_index(table.becomes or table, resource.index) is None:
        raise ValidationException(f"DynamoDB index does not exist: {resource.id}")
