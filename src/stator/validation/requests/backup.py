"""The inputs of the operations on on-demand backups."""

from typing import Final

from stator.validation.requests.member import ITEM_TABLE_NAME
from stator.validation.scalar import Integer, String, Timestamp
from stator.validation.shape import Structure, required

BACKUP_ARN: Final = String(min=37, max=1024)

CREATE_BACKUP: Final = Structure(
    "CreateBackupInput",
    {
        "TableName": required(ITEM_TABLE_NAME),
        "BackupName": required(String(min=3, max=255, pattern="[a-zA-Z0-9_.-]+")),
    },
)

DESCRIBE_BACKUP: Final = Structure("DescribeBackupInput", {"BackupArn": required(BACKUP_ARN)})

DELETE_BACKUP: Final = Structure("DeleteBackupInput", {"BackupArn": required(BACKUP_ARN)})

LIST_BACKUPS: Final = Structure(
    "ListBackupsInput",
    {
        "TableName": ITEM_TABLE_NAME,
        "Limit": Integer(min=1, max=100),
        "TimeRangeLowerBound": Timestamp(),
        "TimeRangeUpperBound": Timestamp(),
        "ExclusiveStartBackupArn": BACKUP_ARN,
        "BackupType": String(enum=("USER", "SYSTEM", "AWS_BACKUP", "ALL")),
    },
)
