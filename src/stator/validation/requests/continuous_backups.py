"""The inputs of UpdateContinuousBackups and DescribeContinuousBackups."""

from typing import Final

from stator.validation.requests.member import FLAG, ITEM_TABLE_NAME
from stator.validation.scalar import Integer
from stator.validation.shape import Structure, required

UPDATE_CONTINUOUS_BACKUPS: Final = Structure(
    "UpdateContinuousBackupsInput",
    {
        "TableName": required(ITEM_TABLE_NAME),
        "PointInTimeRecoverySpecification": required(
            Structure(
                "PointInTimeRecoverySpecification",
                {"PointInTimeRecoveryEnabled": required(FLAG), "RecoveryPeriodInDays": Integer(min=1, max=35)},
            )
        ),
    },
)

DESCRIBE_CONTINUOUS_BACKUPS: Final = Structure(
    "DescribeContinuousBackupsInput", {"TableName": required(ITEM_TABLE_NAME)}
)
