"""What was done, or could not be done, and why: scaling activities, kept for six weeks.

Rows in space 0, a partition for each account and region, sorted by time; docs/formats.md has them.
"""

import uuid
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

import orjson
from msgspec import Struct, to_builtins

from stator.autoscaling.decision import AT_MAX, AT_MIN
from stator.autoscaling.resource import NAMESPACE, Resource, parse_resource
from stator.storage.store import Key, Put, Row

FORMAT: Final = 1
SPACE: Final = 0
ACTIVITIES: Final = bytes(8) + b"scaling/activities/"
ACTIVITIES_END: Final = bytes(8) + b"scaling/activities0"  # "0" follows "/"
KEPT_SECONDS: Final = 6 * 7 * 86_400
KEPT_MAX: Final = 1000
"""Of one resource; of more the oldest go."""

SUCCESSFUL, FAILED = "Successful", "Failed"


class Activity(Struct, frozen=True):
    """`details` are figures, for programs. `not_scaled` is the code of a NotScaledReason."""

    id: str
    account: str
    region: str
    resource: Resource
    description: str
    cause: str
    time: float
    status: str
    message: str
    details: Mapping[str, Any]
    not_scaled: str | None = None

    @property
    def key(self) -> Key:
        return Key(SPACE, partition_of(self.account, self.region), sort_of(self.time) + self.id.encode())


_numbers = count()


def new_id() -> str:
    """A UUID that sorts after those that this process made before: of one moment the later activity comes later."""
    return f"{next(_numbers) & 0xFFFFFFFF:08x}{str(uuid.uuid4())[8:]}"


def partition_of(account: str, region: str) -> bytes:
    return ACTIVITIES + f"{account}/{region}".encode()


def sort_of(time: float) -> bytes:
    return int(time * 1_000_000).to_bytes(8, "big")


def activity_put(activity: Activity) -> Put:
    stored = to_builtins(activity) | {"resource": [activity.resource.id, activity.resource.dimension]}
    value = orjson.dumps({"format": FORMAT} | stored)
    return Put(activity.key, len(value), value)


def activity_of(row: Row) -> Activity:
    """Raises ValueError for one that this version cannot read."""
    stored = orjson.loads(row.value)
    if stored.pop("format") != FORMAT:
        raise ValueError(f"scaling activity of another format; this version reads format {FORMAT}")
    resource = parse_resource(*stored["resource"])
    if resource is None:
        raise ValueError(f"{stored['resource']} is nothing that can be scaled")
    return Activity(**stored | {"resource": resource})


def describe_activity(activity: Activity) -> dict[str, Any]:
    """ScalingActivity."""
    described = {
        "ActivityId": activity.id,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": activity.resource.id,
        "ScalableDimension": activity.resource.dimension,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": round(activity.time, 3),
        "EndTime": round(activity.time, 3),
        "StatusCode": activity.status,
        "StatusMessage": activity.message,
        "Details": orjson.dumps(activity.details).decode(),
    }
    if activity.not_scaled is not None:
        reason: dict[str, Any] = {"Code": activity.not_scaled}
        shown = {AT_MAX: ("MaxCapacity", "maximum"), AT_MIN: ("MinCapacity", "minimum")}.get(activity.not_scaled)
        if shown is not None:
            reason[shown[0]] = activity.details[shown[1]]
        if "capacity" in activity.details:
            reason["CurrentCapacity"] = activity.details["capacity"]
        described["NotScaledReasons"] = [reason]
    return described
