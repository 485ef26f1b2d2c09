"""The backup that a BackupArn means."""

import logging
import re

from stator.api.call import Call
from stator.archive import backup as backups
from stator.archive.backup import Backup
from stator.archive.places.failure import ArchiveError
from stator.errors import AccessDeniedException, BackupNotFoundException, InternalServerError, ValidationException

_log = logging.getLogger(__name__)

_ARN = re.compile(
    r"arn:([^:]*):([^:]*):([a-z0-9-]*):([0-9]*):table/([a-zA-Z0-9_.-]{3,255})/backup/([0-9a-f-]+)", re.ASCII
)
_PARTITION = re.compile("aws[a-z-]*")


def parse_arn(call: Call, arn: str) -> tuple[str, str, str]:
    """(region, table, id). Raises ValidationException for what is no backup's ARN, AccessDeniedException for another
    account's."""
    place = _ARN.fullmatch(arn)
    if place is None:
        raise ValidationException("Invalid Backup ARN")
    partition, service, region, account, table, id = place.groups()
    if service != "dynamodb" or _PARTITION.fullmatch(partition) is None:
        raise ValidationException("Invalid Request: BackupArn is not valid")
    if account != call.account or not region:
        raise AccessDeniedException("Access is denied")
    return region, table, id


async def backup_of(call: Call, arn: str) -> Backup:
    """The backup of that ARN, CREATING or AVAILABLE. Raises BackupNotFoundException.

    It is looked for in the caller's region, whatever the region of the ARN: the service does the same."""
    _, table, id = parse_arn(call, arn)
    await look(call)
    job = call.parts.jobs.find(backups.JOB, call.account, call.region, id)
    if job is not None and not job.finished and job.table == table:
        return backups.of_job(job)
    backup = call.parts.backups.find(call.account, call.region, table, id)
    if backup is None:
        raise BackupNotFoundException(f"Backup not found: {arn}")
    return backup


async def all_backups(call: Call) -> list[Backup]:
    """Every backup of the caller's account and region, in no order."""
    await look(call)
    # One is AVAILABLE when its job is finished, not a moment earlier.
    creating = [
        backups.of_job(job) for job in call.parts.jobs.list(backups.JOB, call.account, call.region) if not job.finished
    ]
    made = call.parts.backups.of(call.account, call.region)
    return list({backup.path: backup for backup in [*made, *creating]}.values())


async def look(call: Call) -> None:
    """Wait until it is known which backups there are."""
    try:
        await call.parts.backups.ready()
    except ArchiveError as error:
        _log.error("which backups there are cannot be told: %s", error)
        raise InternalServerError("The archive of this server cannot be reached. Its log says why.") from None
