"""The input of UpdateTable."""

from typing import Final

from stator.validation.requests.member import FLAG, INDEX_NAME, TABLE_NAME, TEXT
from stator.validation.requests.table_member import (
    ATTRIBUTE_DEFINITIONS,
    BILLING_MODE,
    CAPACITY_UNITS,
    ON_DEMAND_THROUGHPUT,
    PROVISIONED_THROUGHPUT,
    SETTINGS_REPLICATION,
    SSE_SPECIFICATION,
    STREAM_SPECIFICATION,
    TABLE_CLASS,
    WARM_THROUGHPUT,
    global_index,
    vector_index,
)
from stator.validation.scalar import Long, String
from stator.validation.shape import List, Structure, required

_GLOBAL_INDEX_UPDATE: Final = Structure(
    "GlobalSecondaryIndexUpdate",
    {
        "Update": Structure(
            "UpdateGlobalSecondaryIndexAction",
            {
                "IndexName": required(INDEX_NAME),
                "ProvisionedThroughput": PROVISIONED_THROUGHPUT,
                "OnDemandThroughput": ON_DEMAND_THROUGHPUT,
                "WarmThroughput": WARM_THROUGHPUT,
            },
        ),
        "Create": global_index("CreateGlobalSecondaryIndexAction"),
        "Delete": Structure("DeleteGlobalSecondaryIndexAction", {"IndexName": required(INDEX_NAME)}),
    },
)

_THROUGHPUT_OVERRIDE: Final = Structure("ProvisionedThroughputOverride", {"ReadCapacityUnits": CAPACITY_UNITS})
_ON_DEMAND_OVERRIDE: Final = Structure("OnDemandThroughputOverride", {"MaxReadRequestUnits": Long()})
_REPLICA_INDEXES: Final = List(
    Structure(
        "ReplicaGlobalSecondaryIndex",
        {
            "IndexName": required(INDEX_NAME),
            "ProvisionedThroughputOverride": _THROUGHPUT_OVERRIDE,
            "OnDemandThroughputOverride": _ON_DEMAND_OVERRIDE,
        },
    ),
    min=1,
)


def _replica(name: str) -> Structure:
    return Structure(
        name,
        {
            "RegionName": required(TEXT),
            "KMSMasterKeyId": TEXT,
            "ProvisionedThroughputOverride": _THROUGHPUT_OVERRIDE,
            "OnDemandThroughputOverride": _ON_DEMAND_OVERRIDE,
            "GlobalSecondaryIndexes": _REPLICA_INDEXES,
            "TableClassOverride": String(enum=("STANDARD", "STANDARD_INFREQUENT_ACCESS")),
        },
    )


def _region(name: str) -> Structure:
    return Structure(name, {"RegionName": required(TEXT)})


_REPLICA_UPDATE: Final = Structure(
    "ReplicationGroupUpdate",
    {
        "Create": _replica("CreateReplicationGroupMemberAction"),
        "Update": _replica("UpdateReplicationGroupMemberAction"),
        "Delete": _region("DeleteReplicationGroupMemberAction"),
        "Disassociate": Structure(
            "DisassociateReplicationGroupMemberAction",
            {
                "RegionName": required(TEXT),
                "DisassociationMode": required(String(enum=("WAIT_FOR_REPLICATION",))),
            },
        ),
    },
)

UPDATE_TABLE: Final = Structure(
    "UpdateTableInput",
    {
        "TableName": required(TABLE_NAME),
        "ProvisionedThroughput": PROVISIONED_THROUGHPUT,
        "BillingMode": BILLING_MODE,
        "AttributeDefinitions": ATTRIBUTE_DEFINITIONS,
        "GlobalSecondaryIndexUpdates": List(_GLOBAL_INDEX_UPDATE),
        "StreamSpecification": STREAM_SPECIFICATION,
        "SSESpecification": SSE_SPECIFICATION,
        "ReplicaUpdates": List(_REPLICA_UPDATE, min=1),
        "TableClass": TABLE_CLASS,
        "DeletionProtectionEnabled": FLAG,
        "MultiRegionConsistency": String(enum=("EVENTUAL", "STRONG")),
        "GlobalTableWitnessUpdates": List(
            Structure(
                "GlobalTableWitnessGroupUpdate",
                {
                    "Create": _region("CreateGlobalTableWitnessGroupMemberAction"),
                    "Delete": _region("DeleteGlobalTableWitnessGroupMemberAction"),
                },
            ),
            min=1,
            max=1,
        ),
        "OnDemandThroughput": ON_DEMAND_THROUGHPUT,
        "WarmThroughput": WARM_THROUGHPUT,
        "GlobalTableSettingsReplicationMode": SETTINGS_REPLICATION,
        "DisassociationProtectionEnabled": FLAG,
        "VectorIndexUpdates": List(
            Structure(
                "VectorIndexUpdate",
                {
                    "Create": vector_index("CreateVectorIndexAction"),
                    "Delete": Structure("DeleteVectorIndexAction", {"IndexName": required(INDEX_NAME)}),
                },
            )
        ),
    },
)
