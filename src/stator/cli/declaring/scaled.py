"""What Application Auto Scaling holds for a table, and what it shall hold."""

from typing import Any, Final, NamedTuple

from stator.cli.client import Api, Client, Refused
from stator.cli.declaring.declaration import Scaling

AUTO_SCALING = Api("application-autoscaling", "AnyScaleFrontendService.", "application/x-amz-json-1.1")

_SPACE: Final = {"ServiceNamespace": "dynamodb"}
_SIDES: Final = ("Read", "Write")


class Wish(NamedTuple):
    """A call that makes one thing so, and how to tell of it."""

    operation: str
    members: dict[str, Any]
    text: str


class Scaler:
    def __init__(self, client: Client) -> None:
        self._client = client

    def wishes(self, table: str, wanted: Scaling) -> list[Wish]:
        """What is to be called so that a table is scaled so; nothing if it is."""
        targets, policies = self._held(table)
        wishes = []
        for side in _SIDES:
            place = _place(table, side)
            least = wanted.read_min if side == "Read" else wanted.write_min
            most = wanted.read_max if side == "Read" else wanted.write_max
            bounds = {"MinCapacity": least, "MaxCapacity": most}
            target = targets.get(place["ScalableDimension"])
            if target is None or any(target.get(name) != value for name, value in bounds.items()):
                text = f"scale {side.lower()}s from {least} to {most} units"
                wishes.append(Wish("RegisterScalableTarget", place | bounds, text))
            name = f"{table}-{side}AutoScalingPolicy"
            shape = {
                "TargetValue": float(wanted.target),
                "ScaleInCooldown": wanted.in_cooldown,
                "ScaleOutCooldown": wanted.out_cooldown,
                "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{side}CapacityUtilization"},
            }
            if target is None or not _same(policies.get((place["ScalableDimension"], name)), shape):
                text = (
                    f"keep {side.lower()}s at {wanted.target:g} % of capacity, cooldowns {wanted.in_cooldown} s in and"
                    f" {wanted.out_cooldown} s out"
                )
                policy = {"PolicyName": name, "PolicyType": "TargetTrackingScaling"}
                members = place | policy | {"TargetTrackingScalingPolicyConfiguration": shape}
                wishes.append(Wish("PutScalingPolicy", members, text))
        return wishes

    def ends(self, table: str) -> list[Wish]:
        """What is to be called so that nothing scales a table."""
        targets, _ = self._held(table)
        return [
            Wish("DeregisterScalableTarget", place, f"do not scale {side.lower()}s any more")
            for side in _SIDES
            if (place := _place(table, side))["ScalableDimension"] in targets
        ]

    def call(self, wish: Wish) -> None:
        self._client.call(wish.operation, wish.members)

    def _held(self, table: str) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
        resource = f"table/{table}"
        targets = self._all("DescribeScalableTargets", "ScalableTargets", {"ResourceIds": [resource]})
        policies = self._all("DescribeScalingPolicies", "ScalingPolicies", {"ResourceId": resource})
        by_dimension = {target["ScalableDimension"]: target for target in targets}
        return by_dimension, {(each["ScalableDimension"], each["PolicyName"]): each for each in policies}

    def _all(self, operation: str, member: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            try:
                page = self._client.call(operation, _SPACE | asked | token)
            except Refused as error:
                if error.code == "ObjectNotFoundException":
                    return found
                raise
            found += page.get(member) or ()
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}


def _place(table: str, side: str) -> dict[str, Any]:
    return _SPACE | {"ResourceId": f"table/{table}", "ScalableDimension": f"dynamodb:table:{side}CapacityUnits"}


def _same(policy: dict[str, Any] | None, shape: dict[str, Any]) -> bool:
    if policy is None:
        return False
    now = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    return not now.get("DisableScaleIn") and all(now.get(name) == value for name, value in shape.items())
