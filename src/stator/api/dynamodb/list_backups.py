"""ListBackups."""

from collections.abc import Callable
from typing import Any

from stator.api.backup_arn import all_backups, parse_arn
from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive.backup import USER, Backup, summary
from stator.errors import ValidationException
from stator.limits import LIST_BACKUPS_MAX
from stator.tables.name import resolve
from stator.validation.requests.backup import LIST_BACKUPS


@operation("ListBackups", LIST_BACKUPS)
async def list_backups(call: Call) -> Answer:
    request = call.request
    lower, upper = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")
    if lower is not None and upper is not None and lower > upper:
        raise ValidationException(
            "One or more parameter values were invalid: "
            "Time range lower bound must be less than or equal to upper bound"
        )
    after = _start(call)
    wanted = _filter(call)
    found = sorted(
        ((_place(backup.table.name, backup.id), backup) for backup in await all_backups(call) if wanted(backup)),
        key=lambda pair: pair[0],
    )
    left = [backup for place, backup in found if place > after]
    limit = request.get("Limit", LIST_BACKUPS_MAX)
    answer: dict[str, Any] = {"BackupSummaries": [summary(backup) for backup in left[:limit]]}
    if limit < len(left):
        answer["LastEvaluatedBackupArn"] = left[limit - 1].arn
    return answer


def _start(call: Call) -> tuple[str, str]:
    """The place of ExclusiveStartBackupArn. Raises ValidationException or AccessDeniedException."""
    arn = call.request.get("ExclusiveStartBackupArn")
    if arn is None:
        return "", ""
    region, table, id = parse_arn(call, arn)
    if region != call.region:
        raise ValidationException("Invalid Request: The supplied ExclusiveStartBackupArn does not match the region")
    return _place(table, id)


def _filter(call: Call) -> Callable[[Backup], bool]:
    request = call.request
    type_ = request.get("BackupType", USER)
    name = request.get("TableName")
    table = None if name is None else resolve(call.account, call.region, name)
    lower, upper = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")

    def wanted(backup: Backup) -> bool:
        return (
            type_ in (backup.type, "ALL")
            and table in (None, backup.table.name)
            and (lower is None or backup.created >= lower)
            and (upper is None or backup.created < upper)
        )

    return wanted


def _place(table: str, id: str) -> tuple[str, str]:
    """Backups are listed in the order of their creation, which an id begins with."""
    return id, table
