"""RestoreTableFromBackup."""

from stator.api.backup_arn import backup_of, parse_arn
from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive.backup import CREATING
from stator.archive.restores import restores
from stator.errors import BackupInUseException, ValidationException
from stator.tables.describe import describe
from stator.validation.requests.restore import CROSS_REGION, RESTORE_TABLE_FROM_BACKUP


@operation("RestoreTableFromBackup", RESTORE_TABLE_FROM_BACKUP)
async def restore_table_from_backup(call: Call) -> Answer:
    arn = call.request["BackupArn"]
    if parse_arn(call, arn)[0] != call.region and "SSESpecificationOverride" not in call.request:
        raise ValidationException(CROSS_REGION)
    backup = await backup_of(call, arn)
    if backup.status == CREATING:
        raise BackupInUseException(f"Backup is being created: {arn}")
    now = call.parts.clock()
    source, place = restores.from_backup(backup), (call.account, call.region)
    restores.check_request(call.parts.catalog, source, call.request, place=place, now=now)
    if call.parts.backups.is_used(backup):
        raise BackupInUseException(f"Backup is being used to restore another table: {arn}")
    with call.parts.backups.using(backup):
        table = await restores.begin(
            call.parts.catalog,
            call.parts.jobs,
            source,
            call.request,
            place=place,
            now=now,
        )
    return {"TableDescription": describe(table, {}, now)}
