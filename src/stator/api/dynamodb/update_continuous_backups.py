"""UpdateContinuousBackups."""

from stator.api.call import Answer, Call
from stator.api.continuous_backups import describe_continuous_backups
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Table
from stator.tables import recovery
from stator.tables.catalog import Edit
from stator.tables.name import resolve
from stator.validation.requests.continuous_backups import UPDATE_CONTINUOUS_BACKUPS


@operation("UpdateContinuousBackups", UPDATE_CONTINUOUS_BACKUPS)
async def update_continuous_backups(call: Call) -> Answer:
    catalog, clock = call.parts.catalog, call.parts.clock
    name = resolve(call.account, call.region, call.request["TableName"])
    specification = call.request["PointInTimeRecoverySpecification"]
    enabled, period = specification["PointInTimeRecoveryEnabled"], specification.get("RecoveryPeriodInDays")
    if period is not None and not enabled:
        raise ValidationException(
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
        )

    def prepare(table: Table | None) -> Edit:
        return Edit(recovery.prepare(recovery.check(table, name)))

    def enable(table: Table | None) -> Edit:
        return Edit(recovery.enable(recovery.prepare(recovery.check(table, name)), period, clock()))

    def disable(table: Table | None) -> Edit:
        return Edit(recovery.disable(recovery.check(table, name)))

    if enabled:
        await catalog.change(call.account, call.region, name, prepare)
    changed = await catalog.change(call.account, call.region, name, enable if enabled else disable)
    return {"ContinuousBackupsDescription": describe_continuous_backups(call, changed)}
