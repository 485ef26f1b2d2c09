"""The inputs of the operations that restore a table, which share what they let one override."""

from typing import Final

from stator.validation.requests.backup import BACKUP_ARN
from stator.validation.requests.member import FLAG
from stator.validation.requests.table_member import (
    BILLING_MODE,
    LOCAL_INDEX,
    ON_DEMAND_THROUGHPUT,
    PROVISIONED_THROUGHPUT,
    SSE_SPECIFICATION,
    global_index,
    vector_index,
)
from stator.validation.scalar import String, Timestamp, Type
from stator.validation.shape import List, Structure, required
from stator.validation.table_name import NAME_LENGTH_MAX, NAME_LENGTH_MIN, NAME_PATTERN

TARGET_TABLE_NAME: Final = String(min=NAME_LENGTH_MIN, max=NAME_LENGTH_MAX, pattern=NAME_PATTERN)

CROSS_REGION: Final = "Invalid Request: sseSpecificationOverride must be provided for cross-region restores"

OVERRIDES: Final[dict[str, Type]] = {
    "BillingModeOverride": BILLING_MODE,
    "GlobalSecondaryIndexOverride": List(global_index("GlobalSecondaryIndex")),
    "LocalSecondaryIndexOverride": List(LOCAL_INDEX),
    "ProvisionedThroughputOverride": PROVISIONED_THROUGHPUT,
    "OnDemandThroughputOverride": ON_DEMAND_THROUGHPUT,
    "SSESpecificationOverride": SSE_SPECIFICATION,
    "VectorIndexOverride": List(vector_index("VectorIndex")),
}

RESTORE_TABLE_TO_POINT_IN_TIME: Final = Structure(
    "RestoreTableToPointInTimeInput",
    {
        "SourceTableArn": String(min=1, max=1024),
        "SourceTableName": TARGET_TABLE_NAME,
        "TargetTableName": required(TARGET_TABLE_NAME),
        "UseLatestRestorableTime": FLAG,
        "RestoreDateTime": Timestamp(),
        **OVERRIDES,
    },
)

RESTORE_TABLE_FROM_BACKUP: Final = Structure(
    "RestoreTableFromBackupInput",
    {"TargetTableName": required(TARGET_TABLE_NAME), "BackupArn": required(BACKUP_ARN), **OVERRIDES},
)
