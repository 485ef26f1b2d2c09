"""DeleteInstanceBackup, an operation of Stator's own."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.archive import instance
from stator.archive.instance_description import describe_backup
from stator.archive.location import Missing
from stator.errors import BackupInUseException, BackupNotFoundException
from stator.validation.requests.instance_backup import DELETE_INSTANCE_BACKUP


@operation("DeleteInstanceBackup", DELETE_INSTANCE_BACKUP, PRIVATE)
async def delete_instance_backup(call: Call) -> Answer:
    backup_id = call.request["BackupId"]
    if any(job.kind == "instance" and job.id == backup_id for job in call.parts.jobs.open()):
        raise BackupInUseException(f"The backup is being made: {backup_id}")
    try:
        backup = await instance.read(call.parts.archive, backup_id)
    except Missing:
        raise BackupNotFoundException(f"Backup not found: {backup_id}") from None
    await instance.remove(call.parts.archive, backup_id)
    return {"InstanceBackupDescription": describe_backup(backup) | {"BackupStatus": "DELETED"}}
