"""DeleteInstanceBackup, an operation of Stator's own. With the last backup the journaling of everything ends."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.archive.chains import catalog_journal
from stator.archive.instances import instance
from stator.archive.instances.description import describe_backup
from stator.archive.places.location import Missing
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
    own = call.parts.catalog.instance
    waits = any(job.kind == "instance" for job in call.parts.jobs.open())
    if own is not None and not waits and not await instance.read_all(call.parts.archive, own.id):
        await call.parts.catalog.unjournal_all()
        await catalog_journal.remove(call.parts.archive, own.id)
    return {"InstanceBackupDescription": describe_backup(backup) | {"BackupStatus": "DELETED"}}
