"""DeleteTable."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive import backup as backups
from stator.archive.job import Job
from stator.errors import ResourceInUseException, ValidationException
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Edit, not_found
from stator.tables.describe import describe
from stator.tables.name import resolve
from stator.validation.requests.table import DELETE_TABLE


@operation("DeleteTable", DELETE_TABLE)
async def delete_table(call: Call) -> Answer:
    catalog = call.parts.catalog
    name = resolve(call.account, call.region, call.request["TableName"])
    now = call.parts.clock()
    left: list[Job] = []  # what makes the backup that a table with recovery to a point in time leaves

    def decide(table: Table | None) -> Edit:
        left.clear()
        if table is None:
            raise not_found(name)
        lifecycle.check_idle(table)
        if any(table.space in job.spaces for job in call.parts.jobs.open() if job.kind == backups.JOB):
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table is being backed up: {name}"
            )
        if table.deletion_protection:
            raise ValidationException(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        if table.recovery is not None:
            left.append(backups.to_job(backups.make_system(table, now)))
        puts = [call.parts.jobs.put(job) for job in left]
        return Edit(lifecycle.delete(table, now + catalog.transition_seconds), drops=table.spaces, puts=puts)

    table = await catalog.change(call.account, call.region, name, decide)
    for job in left:
        call.parts.jobs.note(job)
    return {"TableDescription": describe(table, await catalog.usages(table), now)}
