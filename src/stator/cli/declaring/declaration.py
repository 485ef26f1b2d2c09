"""The file of `stator apply`: tables as they shall be, in the words of CreateTable and of Cumulus's configuration."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from stator.cli.complaint import Complaint
from stator.cli.declaring.members import check, check_keys

_BYTES_MAX: Final = 1024 * 1024

# Of a deployment. Everything else there is a table.
_DEPLOYMENT: Final = ("enablePointInTime", "AutoScalingPolicyConfiguration", "prefix")
_POLICY: Final = ("targetValue", "scaleInCooldown", "scaleOutCooldown")
_BOUNDS: Final = ("ReadMinCapacity", "ReadMaxCapacity", "WriteMinCapacity", "WriteMaxCapacity")
_CREATE: Final = (
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "Tags",
)
_TABLE: Final = (
    *_CREATE,
    *_BOUNDS,
    "TableName",
    "attributes",
    "schema",
    "enablePointInTime",
    "enableAutoScaling",
    "AutoScalingPolicyConfiguration",
    "TimeToLiveSpecification",
)


class Scaling(Struct, frozen=True):
    """Of reads and writes of a table, with Cumulus's defaults: capacities in units a second, cooldowns in seconds."""

    read_min: int = 5
    read_max: int = 10
    write_min: int = 1
    write_max: int = 2
    target: float = 30
    in_cooldown: int = 0
    out_cooldown: int = 0


class Declared(Struct, frozen=True):
    """A table. What is None was not said, and is left as it is."""

    name: str
    create: Mapping[str, Any]
    """Members of CreateTable, without the name; no keys where the table has to be there."""
    scaling: Scaling | None = None
    scaled: bool | None = None  # False: what scales it is taken away
    recovery: bool | None = None
    time_to_live: Mapping[str, Any] | None = None


def read(text: str, deployment: str | None = None) -> list[Declared]:
    """The tables of a deployment, the only one if none is named. Raises Complaint."""
    import yaml  # 20 ms, and only this command needs it

    if len(text) > _BYTES_MAX:
        raise Complaint("it is longer than 1 MB, so it is no declaration of tables.")
    try:
        told = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Complaint(f"it is no YAML: {' '.join(str(error).split())}.") from error
    deployments = _mapping("the file", told)
    if not deployments:
        raise Complaint("it declares nothing.")
    if deployment is None:
        if len(deployments) > 1:
            raise Complaint(f"which deployment? Name one with --deployment: {', '.join(map(str, deployments))}.")
        (deployment,) = deployments
    if deployment not in deployments:
        raise Complaint(f"it has no deployment {deployment}, but {', '.join(map(str, deployments))}.")
    return _deployment(str(deployment), _mapping(str(deployment), deployments[deployment]))


def _deployment(name: str, members: Mapping[str, Any]) -> list[Declared]:
    policy = _policy(name, members.get("AutoScalingPolicyConfiguration"))
    recovery = _switch(name, members, "enablePointInTime")
    prefix = members.get("prefix", "")
    tables = [
        _table(key, f"{prefix}-{key}" if prefix else key, _mapping(key, told), policy, recovery)
        for key, told in members.items()
        if key not in _DEPLOYMENT
    ]
    if not tables:
        raise Complaint(f"{name} has no tables.")
    names = [table.name for table in tables]
    twice = {each for each in names if names.count(each) > 1}
    if twice:
        raise Complaint(f"{min(twice)} is declared twice.")
    return tables


def _table(
    key: str, name: str, told: Mapping[str, Any], policy: Mapping[str, float], recovery: bool | None
) -> Declared:
    for member in told:
        if member not in _TABLE:
            raise Complaint(f"{key} has {member}, which means nothing here. It may have {', '.join(sorted(_TABLE))}.")
    own = _switch(key, told, "enablePointInTime")
    scaled = _switch(key, told, "enableAutoScaling")
    scaling = None
    if scaled:
        scaling = _scaling(key, told, {**policy, **_policy(key, told.get("AutoScalingPolicyConfiguration"))})
    elif any(bound in told for bound in _BOUNDS):
        raise Complaint(f"{key} has bounds for auto scaling, but not enableAutoScaling: true.")
    check(key, {member: told[member] for member in (*_CREATE, "TimeToLiveSpecification") if member in told})
    create = {member: copy.deepcopy(told[member]) for member in _CREATE if member in told}
    for short, member in (("attributes", "AttributeDefinitions"), ("schema", "KeySchema")):
        if short in told:
            create[member] = _elements(key, short, told[short])
    check_keys(key, create)
    if scaling is not None:
        if create.get("BillingMode") == "PAY_PER_REQUEST":
            raise Complaint(f"{key} is on demand, so there is nothing to scale: leave one of the two out.")
        # It is launched at the minimum; what it is at later is the scaling's.
        launched = {"ReadCapacityUnits": scaling.read_min, "WriteCapacityUnits": scaling.write_min}
        create["ProvisionedThroughput"] = launched
    elif "ProvisionedThroughput" not in create and "KeySchema" in create:
        create.setdefault("BillingMode", "PAY_PER_REQUEST")
    return Declared(
        str(told.get("TableName", name)),
        create,
        scaling,
        scaled,
        recovery if own is None else own,
        _mapping(key, told["TimeToLiveSpecification"]) if "TimeToLiveSpecification" in told else None,
    )


def _scaling(key: str, told: Mapping[str, Any], policy: Mapping[str, float]) -> Scaling:
    default = Scaling()
    bounds = {
        "read_min": _units(key, told, "ReadMinCapacity", default.read_min),
        "read_max": _units(key, told, "ReadMaxCapacity", default.read_max),
        "write_min": _units(key, told, "WriteMinCapacity", default.write_min),
        "write_max": _units(key, told, "WriteMaxCapacity", default.write_max),
    }
    for what in ("Read", "Write"):
        least, most = bounds[f"{what.lower()}_min"], bounds[f"{what.lower()}_max"]
        if least > most:
            raise Complaint(f"{key} has {what}MinCapacity {least}, which is more than {what}MaxCapacity {most}.")
    return Scaling(
        **bounds,
        target=policy.get("targetValue", default.target),
        in_cooldown=int(policy.get("scaleInCooldown", default.in_cooldown)),
        out_cooldown=int(policy.get("scaleOutCooldown", default.out_cooldown)),
    )


def _policy(where: str, told: Any) -> dict[str, float]:
    members = _mapping(f"AutoScalingPolicyConfiguration of {where}", told)
    for name, value in members.items():
        if name not in _POLICY:
            raise Complaint(f"AutoScalingPolicyConfiguration of {where} has {name}; it may have {', '.join(_POLICY)}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
            raise Complaint(f"{name} of {where} must be a number from 0 on, not {value}.")
    if not 0 < members.get("targetValue", 1) <= 100:
        raise Complaint(f"targetValue of {where} is a percentage: more than 0, at most 100.")
    return dict(members)


def _elements(key: str, member: str, told: Any) -> list[dict[str, Any]]:
    """Cumulus's short form of attributes and keys: a list of names, each with its type."""
    kind = "AttributeType" if member == "attributes" else "KeyType"
    if not isinstance(told, list) or not all(isinstance(each, dict) and set(each) == {"name", "type"} for each in told):
        raise Complaint(f"{member} of {key} must be a list of names with types, such as - {{name: id, type: S}}.")
    return [{"AttributeName": str(each["name"]), kind: str(each["type"])} for each in told]


def _mapping(where: str, told: Any) -> dict[str, Any]:
    if told is None:
        return {}
    if not isinstance(told, dict) or not all(isinstance(name, str) for name in told):
        raise Complaint(f"{where} must have members, such as `name: value`.")
    return told


def _switch(where: str, told: Mapping[str, Any], name: str) -> bool | None:
    value = told.get(name)
    if value is not None and not isinstance(value, bool):
        raise Complaint(f"{name} of {where} is true or false, not {value}.")
    return value


def _units(where: str, told: Mapping[str, Any], name: str, default: int) -> int:
    value = told.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Complaint(f"{name} of {where} must be a whole number from 1 on, not {value}.")
    return value
