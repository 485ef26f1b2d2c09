"""The input of CreateTable."""

from typing import Final

from stator.validation.requests.member import FLAG, TEXT
from stator.validation.requests.table_member import (
    ATTRIBUTE_DEFINITIONS,
    BILLING_MODE,
    KEY_SCHEMA,
    LOCAL_INDEX,
    ON_DEMAND_THROUGHPUT,
    PROVISIONED_THROUGHPUT,
    SETTINGS_REPLICATION,
    SSE_SPECIFICATION,
    STREAM_SPECIFICATION,
    TABLE_CLASS,
    TAGS,
    WARM_THROUGHPUT,
    global_index,
    vector_index,
)
from stator.validation.scalar import String
from stator.validation.shape import List, Structure, required
from stator.validation.table_name import ARN_LENGTH_MAX, NewTableName

CREATE_TABLE: Final = Structure(
    "CreateTableInput",
    {
        "AttributeDefinitions": required(ATTRIBUTE_DEFINITIONS),
        "TableName": required(NewTableName()),
        "BillingMode": BILLING_MODE,
        "ProvisionedThroughput": PROVISIONED_THROUGHPUT,
        "KeySchema": required(KEY_SCHEMA),
        "LocalSecondaryIndexes": List(LOCAL_INDEX),
        "GlobalSecondaryIndexes": List(global_index("GlobalSecondaryIndex")),
        "StreamSpecification": STREAM_SPECIFICATION,
        "SSESpecification": SSE_SPECIFICATION,
        "Tags": TAGS,
        "TableClass": TABLE_CLASS,
        "DeletionProtectionEnabled": FLAG,
        "WarmThroughput": WARM_THROUGHPUT,
        "ResourcePolicy": TEXT,
        "OnDemandThroughput": ON_DEMAND_THROUGHPUT,
        "GlobalTableSourceArn": String(min=1, max=ARN_LENGTH_MAX),
        "GlobalTableSettingsReplicationMode": SETTINGS_REPLICATION,
        "VectorIndexes": List(vector_index("VectorIndex")),
    },
)
