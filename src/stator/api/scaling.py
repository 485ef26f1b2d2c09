"""What the operations of Application Auto Scaling have in common: what a request names, what is said where it is not
there, and pages.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

import orjson

from stator.api.call import Call
from stator.autoscaling.alarms import alarms_of
from stator.autoscaling.resource import NAMESPACE, Resource, capacity_of, parse_resource
from stator.autoscaling.scaling import PolicyRecord, Scaling
from stator.errors import (
    InvalidNextTokenException,
    LimitExceededException,
    ObjectNotFoundException,
    ResourceNotFoundException,
    ValidationException,
)
from stator.metrics.alarms import ALARMS_MAX, TooManyAlarmsError

PAGE_MAX: Final = 50

_Item = TypeVar("_Item")


def resource_of(request: dict[str, Any]) -> Resource:
    """What a request names. Raises ValidationException for what cannot be scaled, other services' things among it."""
    found = parse_resource(request["ResourceId"], request["ScalableDimension"])
    if found is None or request["ServiceNamespace"] != NAMESPACE:
        raise ValidationException("Unsupported service namespace, resource type or scalable dimension")
    return found


def refuse_unregistered(resource: Resource, verb: str = "registered") -> NoReturn:
    """Say that there is no scalable target."""
    raise ObjectNotFoundException(f"No scalable target {verb} for {_named(resource)}")


def refuse_unknown(kind: str, resource: Resource, name: str) -> NoReturn:
    """Say that a target has no policy or scheduled action of that name."""
    which = kind.removeprefix("scaling ")  # a policy name, but a scheduled action name
    raise ObjectNotFoundException(f"No {kind} found for {_named(resource)}, {which} name: {name}")


async def tagged(call: Call) -> Scaling:
    """The scalable target whose ARN a request on tags names."""
    arn = call.request["ResourceARN"]
    for scaling in await call.parts.scalings.of(call.account, call.region):
        if scaling.arn == arn:
            return scaling
    raise ResourceNotFoundException(f"Scalable target not found: {arn}", ResourceName=arn)


def check_tags(tags: dict[str, str]) -> None:
    for key in tags:
        if key.lower().startswith("aws:"):
            raise ValidationException(f"Tag keys cannot begin with aws:, which is reserved: {key}")


async def put_alarms(call: Call, scaling: Scaling, policy: PolicyRecord, replaced: Sequence[str] = ()) -> None:
    """Make those of a policy that is there, and delete those that it had before."""
    resource = scaling.resource
    capacity = capacity_of(call.parts.catalog.find(call.account, call.region, resource.table), resource)
    try:
        for alarm in alarms_of(scaling, policy, capacity or 0):
            await call.parts.alarms.put(alarm)
    except TooManyAlarmsError:
        raise LimitExceededException(f"An account has at most {ALARMS_MAX} alarms in a region") from None
    await discard_alarms(call, [name for name in replaced if name not in policy.alarms])


async def discard_alarms(call: Call, names: Sequence[str]) -> None:
    """Delete those of a policy that are still there: people may have deleted some."""
    missing = await call.parts.alarms.delete(call.account, call.region, names) if names else []
    if missing:
        await call.parts.alarms.delete(call.account, call.region, [name for name in names if name not in missing])


async def scalings_for(call: Call) -> list[Scaling]:
    """Those that a Describe request asks about by its namespace, resource and dimension."""
    request = call.request
    if request["ServiceNamespace"] != NAMESPACE:
        return []
    wanted = request.get("ResourceIds") or ([request["ResourceId"]] if "ResourceId" in request else None)
    dimension = request.get("ScalableDimension")
    return [
        scaling
        for scaling in await call.parts.scalings.of(call.account, call.region)
        if (wanted is None or scaling.resource.id in wanted)
        and (dimension is None or scaling.resource.dimension == dimension)
    ]


def page(request: dict[str, Any], items: Sequence[_Item], key: Callable[[_Item], str], name: str) -> dict[str, Any]:
    """The items of a page under `name`, and the token of the next if there is one. The keys are unique; pages go by
    them, so that what was deleted between two pages loses nothing."""
    most = page_size(request)
    after = read_token(request)
    left = sorted((item for item in items if after is None or key(item) > after), key=key)
    answer: dict[str, Any] = {name: left[:most]}
    if len(left) > most:
        answer["NextToken"] = make_token(request, key(left[most - 1]))
    return answer


def page_size(request: dict[str, Any]) -> int:
    most = int(request.get("MaxResults", PAGE_MAX))
    if not 1 <= most <= PAGE_MAX:
        raise ValidationException(f"MaxResults must be between 1 and {PAGE_MAX}")
    return most


def make_token(request: dict[str, Any], after: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_digest(request), after])).decode()


def read_token(request: dict[str, Any]) -> str | None:
    """Where a page begins. Raises InvalidNextTokenException for a token that is not from the same question."""
    token = request.get("NextToken")
    if token is None:
        return None
    try:
        digest, after = orjson.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, TypeError, binascii.Error):
        digest, after = None, None
    if digest != _digest(request) or not isinstance(after, str):
        raise InvalidNextTokenException("The specified NextToken is not valid")
    return after


def _digest(request: dict[str, Any]) -> str:
    asked = {name: value for name, value in request.items() if name not in ("MaxResults", "NextToken")}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _named(resource: Resource) -> str:
    return f"service namespace: {NAMESPACE}, resource ID: {resource.id}, scalable dimension: {resource.dimension}"
