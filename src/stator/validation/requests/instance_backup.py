"""The inputs of Stator's own operations on backups of the whole instance."""

from typing import Final

from stator.validation.scalar import Boolean, String
from stator.validation.shape import Structure, required

COMMENT_LENGTH_MAX = 256

CREATE_INSTANCE_BACKUP: Final = Structure(
    "CreateInstanceBackupRequest",
    {"Comment": String(min=0, max=COMMENT_LENGTH_MAX), "Keep": Boolean()},
)

DESCRIBE_INSTANCE_BACKUP: Final = Structure(
    "DescribeInstanceBackupRequest", {"BackupId": required(String(min=13, max=13, pattern="[0-9]+"))}
)

DELETE_INSTANCE_BACKUP: Final = Structure(
    "DeleteInstanceBackupRequest", {"BackupId": required(String(min=13, max=13, pattern="[0-9]+"))}
)

LIST_INSTANCE_BACKUPS: Final = Structure("ListInstanceBackupsRequest", {})
