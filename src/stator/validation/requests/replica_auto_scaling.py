"""The inputs of UpdateTableReplicaAutoScaling and DescribeTableReplicaAutoScaling."""

from typing import Final

from stator.validation.requests.member import FLAG, INDEX_NAME, TABLE_NAME, TEXT
from stator.validation.scalar import Double, Integer, Long, String
from stator.validation.shape import List, Structure, required

_UNITS: Final = Long(min=1)
_SETTINGS: Final = Structure(
    "AutoScalingSettingsUpdate",
    {
        "MinimumUnits": _UNITS,
        "MaximumUnits": _UNITS,
        "AutoScalingDisabled": FLAG,
        "AutoScalingRoleArn": String(
            min=1,
            max=1600,
            pattern="[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
            faster="[\r\n\t\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*",
        ),
        "ScalingPolicyUpdate": Structure(
            "AutoScalingPolicyUpdate",
            {
                "PolicyName": String(min=1, max=256, pattern="\\p{Print}+", faster="[ -~]+"),
                "TargetTrackingScalingPolicyConfiguration": required(
                    Structure(
                        "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate",
                        {
                            "DisableScaleIn": FLAG,
                            "ScaleInCooldown": Integer(),
                            "ScaleOutCooldown": Integer(),
                            "TargetValue": required(Double()),
                        },
                    )
                ),
            },
        ),
    },
)

UPDATE_TABLE_REPLICA_AUTO_SCALING: Final = Structure(
    "UpdateTableReplicaAutoScalingInput",
    {
        "GlobalSecondaryIndexUpdates": List(
            Structure(
                "GlobalSecondaryIndexAutoScalingUpdate",
                {"IndexName": INDEX_NAME, "ProvisionedWriteCapacityAutoScalingUpdate": _SETTINGS},
            ),
            min=1,
        ),
        "TableName": required(TABLE_NAME),
        "ProvisionedWriteCapacityAutoScalingUpdate": _SETTINGS,
        "ReplicaUpdates": List(
            Structure(
                "ReplicaAutoScalingUpdate",
                {
                    "RegionName": required(TEXT),
                    "ReplicaGlobalSecondaryIndexUpdates": List(
                        Structure(
                            "ReplicaGlobalSecondaryIndexAutoScalingUpdate",
                            {"IndexName": INDEX_NAME, "ProvisionedReadCapacityAutoScalingUpdate": _SETTINGS},
                        )
                    ),
                    "ReplicaProvisionedReadCapacityAutoScalingUpdate": _SETTINGS,
                },
            ),
            min=1,
        ),
    },
)

DESCRIBE_TABLE_REPLICA_AUTO_SCALING: Final = Structure(
    "DescribeTableReplicaAutoScalingInput", {"TableName": required(TABLE_NAME)}
)
