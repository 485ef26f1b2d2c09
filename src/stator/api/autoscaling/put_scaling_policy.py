"""PutScalingPolicy. Step scaling, which the service does not have for DynamoDB, is taken, too."""

import uuid
from typing import Any, Final

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import put_alarms, refuse_unregistered, resource_of
from stator.autoscaling.alarms import alarm_names
from stator.autoscaling.configuration import (
    MANY_OF_A_METRIC,
    ConfigurationError,
    check_stepping,
    check_tracking,
    same_metric,
)
from stator.autoscaling.describe import describe_alarms
from stator.autoscaling.resource import Resource
from stator.autoscaling.scaling import STEPPING, TRACKING, PolicyRecord, Scaling
from stator.errors import LimitExceededException, ValidationException
from stator.validation.requests.autoscaling import PUT_SCALING_POLICY

POLICIES_MAX: Final = 50
"""Of a scalable target, as the service has it."""

_CONFIGURATIONS: Final = {
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    STEPPING: "StepScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}


@operation("PutScalingPolicy", PUT_SCALING_POLICY, AUTOSCALING)
async def put_scaling_policy(call: Call) -> Answer:
    request = call.request
    resource = resource_of(request)
    fresh, kind, now = str(uuid.uuid4()), request.get("PolicyType"), call.parts.clock()

    def edit(before: Scaling | None) -> Scaling:
        if before is None:
            refuse_unregistered(resource)
        old = before.policy(request["PolicyName"])
        kept = tuple(policy for policy in before.policies if policy != old)
        if old is None and len(kept) >= POLICIES_MAX:
            raise LimitExceededException(f"A scalable target has at most {POLICIES_MAX} scaling policies")
        new = _record(resource, request, kind or (old.kind if old else None), old)
        new = replace(new, id=old.id, created=old.created) if old else replace(new, id=fresh, created=now)
        if new.kind == TRACKING and any(
            other.kind == TRACKING and same_metric(other.configuration, new.configuration) for other in kept
        ):
            raise ValidationException(MANY_OF_A_METRIC)
        replaced[:] = () if old is None else old.alarms
        return replace(before, policies=(*kept, new))

    replaced: list[str] = []
    after = await call.parts.scalings.change(call.account, call.region, resource, edit)
    policy = None if after is None else after.policy(request["PolicyName"])
    if after is None or policy is None:
        raise RuntimeError("a policy was put and is not there")
    await put_alarms(call, after, policy, replaced)
    return {"PolicyARN": after.policy_arn(policy), "Alarms": describe_alarms(after, policy)}


def _record(resource: Resource, request: dict[str, Any], kind: str | None, old: PolicyRecord | None) -> PolicyRecord:
    """The policy that is asked for; what the request leaves out is as it was."""
    given = [each for each, member in _CONFIGURATIONS.items() if member in request]
    if kind is None:
        raise ValidationException("PolicyType must be specified for a new scaling policy")
    if kind == "PredictiveScaling":
        raise ValidationException("PolicyType PredictiveScaling is not supported for service namespace: dynamodb")
    if any(each != kind for each in given):
        raise ValidationException(f"Only {_CONFIGURATIONS[kind]} may be specified with the PolicyType {kind}")
    if given:
        configuration = request[_CONFIGURATIONS[kind]]
    elif old is not None and old.kind == kind:
        configuration = old.configuration
    else:
        raise ValidationException(f"{_CONFIGURATIONS[kind]} must be specified with the PolicyType {kind}")
    try:
        if kind == TRACKING:
            check_tracking(resource, configuration)
        else:
            check_stepping(configuration)
    except ConfigurationError as error:
        raise ValidationException(str(error)) from None
    names = alarm_names(resource, kind, configuration)
    if old is not None and old.kind == kind and len(old.alarms) == len(names):
        names = old.alarms
    return PolicyRecord(request["PolicyName"], "", kind, configuration, 0.0, names)
