"""UpdateTableReplicaAutoScaling: registers targets and policies as Application Auto Scaling's own operations do."""

from collections.abc import Iterator
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.api.scaling import discard_alarms, put_alarms
from stator.autoscaling.configuration import ConfigurationError
from stator.autoscaling.replica import Settings, changed, describe_replica
from stator.autoscaling.resource import READ, WRITE, Resource, global_index
from stator.autoscaling.scaling import Scaling, new_scaling
from stator.errors import ResourceNotFoundException, ValidationException
from stator.model.table import Table
from stator.tables import lifecycle
from stator.validation.requests.replica_auto_scaling import UPDATE_TABLE_REPLICA_AUTO_SCALING

_LEAD = "One or more parameter values were invalid: "


@operation("UpdateTableReplicaAutoScaling", UPDATE_TABLE_REPLICA_AUTO_SCALING)
async def update_table_replica_auto_scaling(call: Call) -> Answer:
    table = call.parts.catalog.require(call.account, call.region, call.request["TableName"])
    lifecycle.check_idle(table)
    if table.on_demand:
        raise ValidationException(f"{_LEAD}Auto scaling settings cannot be set when BillingMode is PAY_PER_REQUEST")
    wanted = list(_wanted(call.request, table))
    if not wanted:
        raise ValidationException(f"{_LEAD}At least one auto scaling setting must be specified")
    now = call.parts.clock()
    for resource, settings in wanted:  # all of them can be, before the first is
        _edited(await call.parts.scalings.find(call.account, call.region, resource), call, resource, settings, now)
    for resource, settings in wanted:
        await _set(call, resource, settings, now)
    scalings = await call.parts.scalings.of(call.account, call.region, table.name)
    return {"TableAutoScalingDescription": describe_replica(table, scalings)}


def _wanted(request: dict[str, Any], table: Table) -> Iterator[tuple[Resource, Settings]]:
    """What the request sets for what."""
    if "ProvisionedWriteCapacityAutoScalingUpdate" in request:
        yield Resource(table.name, None, WRITE), request["ProvisionedWriteCapacityAutoScalingUpdate"]
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        yield from _of_index(table, update, "ProvisionedWriteCapacityAutoScalingUpdate", WRITE)
    for replica in request.get("ReplicaUpdates") or ():
        if replica["RegionName"] != table.region:
            raise ValidationException(f"{_LEAD}Table {table.name} has no replica in region {replica['RegionName']}")
        if "ReplicaProvisionedReadCapacityAutoScalingUpdate" in replica:
            yield Resource(table.name, None, READ), replica["ReplicaProvisionedReadCapacityAutoScalingUpdate"]
        for update in replica.get("ReplicaGlobalSecondaryIndexUpdates") or ():
            yield from _of_index(table, update, "ProvisionedReadCapacityAutoScalingUpdate", READ)


def _of_index(table: Table, update: dict[str, Any], member: str, unit: str) -> Iterator[tuple[Resource, Settings]]:
    name = update.get("IndexName")
    if name is None:
        raise ValidationException(f"{_LEAD}IndexName must be specified")
    if global_index(table, name) is None:
        raise ResourceNotFoundException(f"Requested resource not found: Index {name} for table {table.name}")
    if member in update:
        yield Resource(table.name, name, unit), update[member]


async def _set(call: Call, resource: Resource, settings: Settings, now: float) -> None:
    replaced: list[str] = []

    def edit(before: Scaling | None) -> Scaling | None:
        replaced[:] = [name for policy in before.policies for name in policy.alarms] if before else []
        return _edited(before, call, resource, settings, now)

    after = await call.parts.scalings.change(call.account, call.region, resource, edit)
    kept: set[str] = set()
    if after is not None:
        for policy in after.policies:
            await put_alarms(call, after, policy)
            kept.update(policy.alarms)
    await discard_alarms(call, [name for name in replaced if name not in kept])


def _edited(before: Scaling | None, call: Call, resource: Resource, settings: Settings, now: float) -> Scaling | None:
    if settings.get("AutoScalingDisabled"):
        return None
    try:
        return changed(before or new_scaling(call.account, call.region, resource, now), settings, now)
    except ConfigurationError as error:
        raise ValidationException(f"{_LEAD}{error}") from None
