"""ListInstanceBackups, an operation of Stator's own: every backup of an instance in the archive, also of others."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.archive.instances import instance
from stator.archive.instances.description import describe_all
from stator.validation.requests.instance_backup import LIST_INSTANCE_BACKUPS


@operation("ListInstanceBackups", LIST_INSTANCE_BACKUPS, PRIVATE)
async def list_instance_backups(call: Call) -> Answer:
    own = call.parts.catalog.instance
    backups = await instance.read_all(call.parts.archive)
    jobs = call.parts.jobs.list("instance", "", "")
    return describe_all(backups, jobs, None if own is None else own.id, call.parts.clock())
