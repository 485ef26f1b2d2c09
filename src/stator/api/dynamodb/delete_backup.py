"""DeleteBackup."""

import logging

from msgspec.structs import replace

from stator.api.backup_arn import backup_of
from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive.backup import CREATING, DELETED, SYSTEM, description, expiry
from stator.archive.places.failure import ArchiveError
from stator.errors import BackupInUseException, InternalServerError, ValidationException
from stator.validation.requests.backup import DELETE_BACKUP

_log = logging.getLogger(__name__)


@operation("DeleteBackup", DELETE_BACKUP)
async def delete_backup(call: Call) -> Answer:
    arn = call.request["BackupArn"]
    backup = await backup_of(call, arn)
    if backup.type == SYSTEM:
        raise ValidationException(
            f"Invalid Request: User is not allowed to delete the system backup with arn {arn}. "
            f"It will automatically expire on {expiry(backup)}"
        )
    if backup.status == CREATING:
        raise BackupInUseException(f"Backup is being created: {arn}")
    if call.parts.backups.is_used(backup):
        raise BackupInUseException(f"Backup is being used to restore table: {arn}")
    try:
        await call.parts.backups.remove(backup)
    except ArchiveError as error:
        _log.error("the backup %s cannot be removed: %s", arn, error)
        raise InternalServerError("The archive of this server cannot be reached. Its log says why.") from None
    return {"BackupDescription": description(replace(backup, status=DELETED), arn)}
