"""CreateInstanceBackup, an operation of Stator's own: wish for a backup of everything there is."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.archive.instances import instance
from stator.archive.instances.description import describe_job
from stator.archive.job import Job
from stator.errors import BackupInUseException
from stator.validation.requests.instance_backup import CREATE_INSTANCE_BACKUP

KIND = "instance"


@operation("CreateInstanceBackup", CREATE_INSTANCE_BACKUP, PRIVATE)
async def create_instance_backup(call: Call) -> Answer:
    jobs, now = call.parts.jobs, call.parts.clock()
    under_way = next((job for job in jobs.open() if job.kind == KIND), None)
    if under_way is not None:
        raise BackupInUseException(f"A backup of the instance is being made already: {under_way.id}")
    request = {"comment": call.request.get("Comment") or "", "keep": bool(call.request.get("Keep"))}
    while jobs.find(KIND, "", "", instance.id_of(now)) is not None:
        now += 0.001
    job = await jobs.add(Job(KIND, instance.id_of(now), "", "", created=now, request=request))
    return {"InstanceBackupDescription": describe_job(job)}
