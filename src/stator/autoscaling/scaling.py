"""What is registered for a resource: its bounds, its policies and its scheduled actions, and how far they have come.

Two rows in space 0 for each, as JSON that begins with its format; docs/formats.md has them. One is written by requests
and by scheduled actions that are due, the other by who acts on it.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final

import orjson
from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from stator.autoscaling.decision import Bounds
from stator.autoscaling.policy import Memory
from stator.autoscaling.resource import NAMESPACE, Resource, parse_resource
from stator.autoscaling.schedule import Schedule, parse_schedule
from stator.storage.store import Key, Put

FORMAT: Final = 1
SPACE: Final = 0
_KIND = bytes(8) + b"scaling/"
TARGETS: Final = _KIND + b"targets"
STATES: Final = _KIND + b"states"

_ROLE: Final = (
    "role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
)

TRACKING, STEPPING = "TargetTrackingScaling", "StepScaling"


class PolicyRecord(Struct, frozen=True):
    """`configuration` is that of its kind, as it was sent."""

    name: str
    id: str
    kind: str  # TargetTrackingScaling or StepScaling
    configuration: Mapping[str, Any]
    created: float
    alarms: tuple[str, ...] = ()  # names of those made for it


class ScheduledAction(Struct, frozen=True):
    name: str
    id: str
    schedule: str
    zone: str | None
    start: float | None
    end: float | None
    minimum: int | None
    maximum: int | None
    created: float
    done: float
    """Until when it has been seen to that it is done: only what is due later is still to be."""

    def parse(self) -> Schedule:
        return parse_schedule(self.schedule, self.zone, start=self.start, end=self.end, created=self.created)


class Scaling(Struct, frozen=True, kw_only=True):
    """A scalable target with all that hangs on it. Times are seconds since the epoch."""

    account: str
    region: str
    resource: Resource
    id: str
    minimum: int
    maximum: int
    created: float
    role_arn: str
    in_suspended: bool = False
    out_suspended: bool = False
    scheduled_suspended: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    bounded: int = 0  # how many times its bounds were set
    bounded_by: str = ""  # by whom, if it was no request: " by ..."
    policies: tuple[PolicyRecord, ...] = ()
    actions: tuple[ScheduledAction, ...] = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:application-autoscaling:{self.region}:{self.account}:scalable-target/{self.id}"

    @property
    def sort(self) -> bytes:
        return sort_of(self.account, self.region, self.resource)

    def policy(self, name: str) -> PolicyRecord | None:
        return next((policy for policy in self.policies if policy.name == name), None)

    def action(self, name: str) -> ScheduledAction | None:
        return next((action for action in self.actions if action.name == name), None)

    def with_policies(self, *policies: PolicyRecord) -> "Scaling":
        return replace(self, policies=policies)

    def policy_arn(self, policy: PolicyRecord) -> str:
        return self._arn("scalingPolicy", policy.id, f"policyName/{policy.name}")

    def action_arn(self, action: ScheduledAction) -> str:
        return self._arn("scheduledAction", action.id, f"scheduledActionName/{action.name}")

    def bounds(self, state: "State") -> Bounds:
        forced = self.bounded_by if self.bounded > state.bounded else None
        return Bounds(self.minimum, self.maximum, self.in_suspended, self.out_suspended, forced)

    def _arn(self, kind: str, uid: str, name: str) -> str:
        place = f"{self.region}:{self.account}:{kind}:{uid}"
        return f"arn:aws:autoscaling:{place}:resource/{NAMESPACE}/{self.resource.id}:{name}"


class State(Struct, frozen=True):
    """What was done for a scaling. `id` is the scaling's: what was registered anew begins anew."""

    id: str
    memory: Memory = field(default_factory=Memory)
    bounded: int = 0  # the `bounded` that has been seen to
    in_blocked: float = 0.0  # until when capacity is not to be lowered, because the table refused it
    out_blocked: float = 0.0  # likewise raised
    told: str = ""  # what last kept a wish from coming true: it is told once


def new_scaling(account: str, region: str, resource: Resource, now: float) -> Scaling:
    """Of a resource that has none, without bounds. The role is the one that the service makes for itself."""
    return Scaling(
        account=account,
        region=region,
        resource=resource,
        id=secrets.token_hex(18),
        minimum=0,
        maximum=0,
        created=now,
        role_arn=f"arn:aws:iam::{account}:{_ROLE}",
    )


def fired(scaling: Scaling, action: ScheduledAction, now: float) -> Scaling:
    """What a scheduled action makes of a scaling."""
    minimum = scaling.minimum if action.minimum is None else action.minimum
    maximum = scaling.maximum if action.maximum is None else action.maximum
    # Where the bound that it has is on the wrong side of the one that stays, that one gives way.
    if action.maximum is None:
        maximum = max(minimum, maximum)
    else:
        minimum = min(minimum, maximum)
    actions = tuple(replace(each, done=now) if each == action else each for each in scaling.actions)
    bounded_by = f" by scheduled action {action.name}"
    return replace(
        scaling, minimum=minimum, maximum=maximum, bounded=scaling.bounded + 1, bounded_by=bounded_by, actions=actions
    )


def sort_of(account: str, region: str, resource: Resource) -> bytes:
    return f"{account}/{region}/{resource.id}/{resource.unit}".encode()


def encode(scaling: Scaling) -> bytes:
    stored = to_builtins(scaling)
    stored["resource"] = [scaling.resource.id, scaling.resource.dimension]
    return orjson.dumps({"format": FORMAT} | stored)


def decode(value: bytes) -> Scaling:
    """Raises ValueError for a row that this version cannot read."""
    stored = _members(value, "scalable target")
    resource = parse_resource(*stored["resource"])
    if resource is None:
        raise ValueError(f"{stored['resource']} is nothing that can be scaled")
    stored["resource"] = resource
    stored["policies"] = tuple(
        PolicyRecord(**policy | {"alarms": tuple(policy["alarms"])}) for policy in stored["policies"]
    )
    stored["actions"] = tuple(ScheduledAction(**action) for action in stored["actions"])
    return Scaling(**stored)


def encode_state(state: State) -> bytes:
    return orjson.dumps({"format": FORMAT} | to_builtins(state))


def decode_state(value: bytes) -> State:
    stored = _members(value, "state of a scalable target")
    return State(**stored | {"memory": Memory(**stored["memory"])})


def scaling_put(scaling: Scaling) -> Put:
    value = encode(scaling)
    return Put(Key(SPACE, TARGETS, scaling.sort), len(value), value)


def state_put(scaling: Scaling, state: State) -> Put:
    value = encode_state(state)
    return Put(Key(SPACE, STATES, scaling.sort), len(value), value)


def _members(value: bytes, what: str) -> dict[str, Any]:
    stored: dict[str, Any] = orjson.loads(value)
    if stored.pop("format") != FORMAT:
        raise ValueError(f"{what} of another format; this version reads format {FORMAT}")
    return stored
