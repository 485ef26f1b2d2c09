"""DescribeBackup."""

from stator.api.backup_arn import backup_of
from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive.backup import description
from stator.validation.requests.backup import DESCRIBE_BACKUP


@operation("DescribeBackup", DESCRIBE_BACKUP)
async def describe_backup(call: Call) -> Answer:
    arn = call.request["BackupArn"]
    return {"BackupDescription": description(await backup_of(call, arn), arn)}
