"""CreateBackup."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive import backup as backups
from stator.model.table import Status, Table
from stator.tables.catalog import Edit
from stator.tables.name import resolve
from stator.tables.recovery import is_being_imported, not_found, unavailable
from stator.validation.requests.backup import CREATE_BACKUP


@operation("CreateBackup", CREATE_BACKUP)
async def create_backup(call: Call) -> Answer:
    catalog = call.parts.catalog
    name = resolve(call.account, call.region, call.request["TableName"])
    table = _check(catalog.find(call.account, call.region, name), name)
    used = (await catalog.usages(table))[table.space]
    backup = backups.make(table, call.request["BackupName"], call.parts.clock(), items=used.rows, bytes=used.size)
    job = backups.to_job(backup)

    def decide(now: Table | None) -> Edit:
        return Edit(_check(now, name), puts=(call.parts.jobs.put(job),))

    await catalog.change(call.account, call.region, name, decide)
    call.parts.jobs.note(job)
    return {"BackupDetails": backups.details(backup)}


def _check(table: Table | None, name: str) -> Table:
    if table is not None and is_being_imported(table):
        raise unavailable(name)
    if table is None or table.status in (Status.CREATING, Status.DELETING):
        raise not_found(name)
    return table
