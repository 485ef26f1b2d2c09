"""DescribeInstanceBackup, an operation of Stator's own."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.archive.instances import instance
from stator.archive.instances.description import describe_backup, describe_job
from stator.archive.job import COMPLETED
from stator.archive.places.location import Missing
from stator.errors import BackupNotFoundException
from stator.validation.requests.instance_backup import DESCRIBE_INSTANCE_BACKUP


@operation("DescribeInstanceBackup", DESCRIBE_INSTANCE_BACKUP, PRIVATE)
async def describe_instance_backup(call: Call) -> Answer:
    backup_id = call.request["BackupId"]
    job = call.parts.jobs.find("instance", "", "", backup_id)
    if job is not None and job.state != COMPLETED:
        return {"InstanceBackupDescription": describe_job(job)}
    try:
        return {"InstanceBackupDescription": describe_backup(await instance.read(call.parts.archive, backup_id))}
    except Missing:
        raise BackupNotFoundException(f"Backup not found: {backup_id}") from None
