"""CreateInstanceBackup, an operation of Stator's own: wish for a backup of everything there is."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.archive.instances.description import describe_job
from stator.archive.instances.wish import wish
from stator.validation.requests.instance_backup import CREATE_INSTANCE_BACKUP


@operation("CreateInstanceBackup", CREATE_INSTANCE_BACKUP, PRIVATE)
async def create_instance_backup(call: Call) -> Answer:
    comment, keep = call.request.get("Comment") or "", bool(call.request.get("Keep"))
    job = await wish(call.parts.jobs, call.parts.clock(), comment=comment, keep=keep)
    return {"InstanceBackupDescription": describe_job(job)}
