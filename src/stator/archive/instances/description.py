"""How Stator's own operations tell of backups of the whole instance. Pure."""

from collections.abc import Sequence
from typing import Any

from stator.archive.instances.instance import PERIOD_SECONDS, InstanceBackup
from stator.archive.job import COMPLETED, FAILED, Job

CREATING = "CREATING"
AVAILABLE = "AVAILABLE"

_STATUSES = {COMPLETED: AVAILABLE, FAILED: FAILED}


def describe_backup(backup: InstanceBackup) -> dict[str, Any]:
    """An InstanceBackupDescription of what is in the archive."""
    return {
        "BackupId": backup.id,
        "InstanceId": backup.instance,
        "Comment": backup.comment,
        "Kept": backup.kept,
        "BackupStatus": AVAILABLE,
        "BackupCreationDateTime": backup.begun,
        "RestorableDateTime": backup.moment,
        "BackupCompletionDateTime": backup.ended,
        "TableCount": len(backup.tables),
        "ItemCount": backup.items,
        "BackupSizeBytes": backup.bytes,
        "StoredBytes": backup.stored,
    }


def describe_job(job: Job) -> dict[str, Any]:
    """The same of one that is being made, or that came to nothing."""
    told = {
        "BackupId": job.id,
        "Comment": job.request["comment"],
        "Kept": job.request["keep"],
        "BackupStatus": _STATUSES.get(job.state, CREATING),
        "BackupCreationDateTime": job.created,
        "TableCount": job.progress.get("tables", 0),
        "ItemCount": job.progress.get("items", 0),
        "BackupSizeBytes": job.progress.get("bytes", 0),
        "ExpectedTableCount": job.progress.get("of_tables", 0),
        "ExpectedSizeBytes": job.progress.get("of_bytes", 0),
    }
    return told if job.failure is None else told | {"FailureMessage": job.failure[1]}


def describe_all(backups: Sequence[InstanceBackup], jobs: Sequence[Job], own: str | None, now: float) -> dict[str, Any]:
    """A list of both, the oldest first, and the times that the instance `own` can be rolled back to."""
    made = {backup.id for backup in backups}
    waiting = [describe_job(job) for job in jobs if job.id not in made and job.state != COMPLETED]
    told = sorted([*map(describe_backup, backups), *waiting], key=lambda each: each["BackupCreationDateTime"])
    moments = [backup.moment for backup in backups if backup.instance == own]
    window: dict[str, Any] = {}
    if moments and max(moments) >= now - PERIOD_SECONDS:
        window["EarliestRestorableDateTime"] = max(min(moments), now - PERIOD_SECONDS)
        window["LatestRestorableDateTime"] = max(moments)
    return {"InstanceBackups": told, "InstanceId": own, **window}
