"""Sample requests for `test_every_member`: good ones, which between them make handlers look at every member."""

from typing import Any

KEY = {"pk": {"S": "a"}}
SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}]
DEFINITIONS = [{"AttributeName": "pk", "AttributeType": "S"}]
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
ARN = "arn:aws:dynamodb:eu-west-1:000000000000:table/things"

BY_G = {
    "IndexName": "by_g",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
}
BY_L = {
    "IndexName": "by_l",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
}
PAGE = b"01750000000000-00000000".ljust(56, b"\0").hex()
AUTO_SCALING = {
    "MinimumUnits": 5,
    "MaximumUnits": 50,
    "AutoScalingDisabled": False,
    "AutoScalingRoleArn": "arn:aws:iam::000000000000:role/mine",
    "ScalingPolicyUpdate": {
        "PolicyName": "mine",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 50.0,
            "DisableScaleIn": True,
            "ScaleInCooldown": 1,
            "ScaleOutCooldown": 1,
        },
    },
}
BACKUP = "$BACKUP"
"""Stands for the ARN of the backup that FIRST makes, once it is AVAILABLE."""

FIRST: list[tuple[str, dict[str, Any]]] = [
    (
        "CreateTable",
        {
            "TableName": "things",
            "KeySchema": SCHEMA,
            "AttributeDefinitions": [*DEFINITIONS, {"AttributeName": "g", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by_g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        },
    ),
    (
        "CreateTable",
        {
            "TableName": "provisioned",
            "KeySchema": SCHEMA,
            "AttributeDefinitions": [*DEFINITIONS, {"AttributeName": "g", "AttributeType": "S"}],
            "ProvisionedThroughput": UNITS,
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by_g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                    "ProvisionedThroughput": UNITS,
                }
            ],
        },
    ),
    (
        "CreateTable",
        {
            "TableName": "gone",
            "KeySchema": SCHEMA,
            "AttributeDefinitions": [*DEFINITIONS, {"AttributeName": "g", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by_g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        },
    ),
    ("PutItem", {"TableName": "things", "Item": {"pk": {"S": "s"}}}),
    (
        "CreateTable",
        {
            "TableName": "kept",
            "KeySchema": [*SCHEMA, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "g")],
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [BY_G],
            "LocalSecondaryIndexes": [BY_L],
        },
    ),
    ("CreateBackup", {"TableName": "kept", "BackupName": "first"}),
    (
        "UpdateContinuousBackups",
        {"TableName": "kept", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    ),
]

EXPORT = {
    "TableArn": f"{ARN.removesuffix('things')}kept",
    "ClientToken": "export",
    "S3Bucket": "bucket",
    "S3BucketOwner": "000000000000",
    "S3Prefix": "prefix",
    "S3SseAlgorithm": "KMS",
    "S3SseKmsKeyId": "key",
    "ExportFormat": "ION",
}

CONDITION = {
    "ConditionExpression": "#v = :v OR attribute_not_exists(#v)",
    "ExpressionAttributeNames": {"#v": "v"},
    "ExpressionAttributeValues": {":v": {"S": "v"}},
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
LEGACY = {
    "Expected": {
        "a": {"Exists": False},
        "b": {"ComparisonOperator": "NULL"},
        "c": {"ComparisonOperator": "IN", "AttributeValueList": [{"S": "c"}]},
    },
    "ConditionalOperator": "OR",
}
WRITTEN = {"TableName": "things", "ReturnConsumedCapacity": "TOTAL", "ReturnItemCollectionMetrics": "SIZE"}
INDEX: dict[str, Any] = {
    "IndexName": "idx",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
}
ON_DEMAND = {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 100}
WARM = {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 10_000}
RANGED = [*DEFINITIONS, {"AttributeName": "r", "AttributeType": "S"}]
ENTRY = {
    name: value
    for name, value in CONDITION.items()
    if name in ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
}

SAMPLES: dict[str, list[dict[str, Any]]] = {
    "PutItem": [
        {"Item": KEY, "ReturnValues": "ALL_OLD"} | WRITTEN | CONDITION,
        {"TableName": "things", "Item": KEY} | LEGACY,
    ],
    "GetItem": [
        {
            "TableName": "things",
            "Key": KEY,
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
            "ProjectionExpression": "#v",
            "ExpressionAttributeNames": {"#v": "v"},
        },
        {"TableName": "things", "Key": KEY, "AttributesToGet": ["v"]},
    ],
    "UpdateItem": [
        {"Key": KEY, "UpdateExpression": "SET #w = :v", "ReturnValues": "ALL_NEW"}
        | WRITTEN
        | CONDITION
        | {"ExpressionAttributeNames": {"#v": "v", "#w": "w"}},
        {"TableName": "things", "Key": KEY, "AttributeUpdates": {"u": {"Action": "PUT", "Value": {"S": "u"}}}} | LEGACY,
        {"TableName": "things", "Key": KEY, "Expected": {"zzz": {"Exists": False}}},
    ],
    "DeleteItem": [
        {"Key": KEY, "ReturnValues": "ALL_OLD"} | WRITTEN | CONDITION,
        {"TableName": "things", "Key": KEY} | LEGACY,
    ],
    "Query": [
        {
            "TableName": "things",
            "IndexName": "by_g",
            "KeyConditionExpression": "g = :g",
            "FilterExpression": "#v = :g",
            "ProjectionExpression": "#v",
            "ExpressionAttributeNames": {"#v": "v"},
            "ExpressionAttributeValues": {":g": {"S": "g"}},
            "Limit": 10,
            "ScanIndexForward": False,
            "ConsistentRead": False,
            "ReturnConsumedCapacity": "INDEXES",
            "Select": "SPECIFIC_ATTRIBUTES",
            "ExclusiveStartKey": {"pk": {"S": "a"}, "g": {"S": "g"}},
        },
        {
            "TableName": "things",
            "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
            "QueryFilter": {
                "a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
                "b": {"ComparisonOperator": "NULL"},
            },
            "ConditionalOperator": "OR",
            "AttributesToGet": ["a"],
        },
    ],
    "Scan": [
        {
            "TableName": "things",
            "IndexName": "by_g",
            "FilterExpression": "#v = :g",
            "ProjectionExpression": "#v",
            "ExpressionAttributeNames": {"#v": "v"},
            "ExpressionAttributeValues": {":g": {"S": "g"}},
            "Limit": 10,
            "ConsistentRead": False,
            "ReturnConsumedCapacity": "INDEXES",
            "Select": "SPECIFIC_ATTRIBUTES",
            "ExclusiveStartKey": {"pk": {"S": "a"}, "g": {"S": "g"}},
            "Segment": 0,
            "TotalSegments": 1,
        },
        {
            "TableName": "things",
            "ScanFilter": {
                "a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
                "b": {"ComparisonOperator": "NULL"},
            },
            "ConditionalOperator": "OR",
            "AttributesToGet": ["a"],
        },
    ],
    "BatchGetItem": [
        {
            "RequestItems": {
                "things": {
                    "Keys": [KEY],
                    "ConsistentRead": True,
                    "ProjectionExpression": "#v",
                    "ExpressionAttributeNames": {"#v": "v"},
                }
            },
            "ReturnConsumedCapacity": "TOTAL",
        },
        {"RequestItems": {"things": {"Keys": [KEY], "AttributesToGet": ["v"]}}},
    ],
    "BatchWriteItem": [
        {
            "RequestItems": {
                "things": [{"PutRequest": {"Item": {"pk": {"S": "b"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "c"}}}}]
            },
            "ReturnConsumedCapacity": "TOTAL",
            "ReturnItemCollectionMetrics": "SIZE",
        },
    ],
    "TransactGetItems": [
        {
            "TransactItems": [
                {
                    "Get": {
                        "TableName": "things",
                        "Key": KEY,
                        "ProjectionExpression": "#v",
                        "ExpressionAttributeNames": {"#v": "v"},
                    }
                }
            ],
            "ReturnConsumedCapacity": "TOTAL",
        }
    ],
    "TransactWriteItems": [
        {
            "TransactItems": [
                {"Put": {"TableName": "things", "Item": {"pk": {"S": "p"}}} | CONDITION},
                {"Delete": {"TableName": "things", "Key": {"pk": {"S": "d"}}} | CONDITION},
                {
                    "Update": {"TableName": "things", "Key": {"pk": {"S": "u"}}, "UpdateExpression": "SET w = :v"}
                    | CONDITION
                },
                {"ConditionCheck": {"TableName": "things", "Key": {"pk": {"S": "c"}}} | CONDITION},
            ],
            "ClientRequestToken": "token",
            "ReturnConsumedCapacity": "TOTAL",
            "ReturnItemCollectionMetrics": "SIZE",
        }
    ],
    "ExecuteStatement": [
        {
            "Statement": 'SELECT * FROM "things" WHERE pk = ?',
            "Parameters": [{"S": "a"}],
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
            "Limit": 1,
        },
        {
            "Statement": "UPDATE \"things\" SET w = 'x' WHERE pk = 's'",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ],
    "BatchExecuteStatement": [
        {
            "Statements": [
                {"Statement": 'SELECT * FROM "things" WHERE pk = ?', "Parameters": [{"S": "a"}], "ConsistentRead": True}
            ],
            "ReturnConsumedCapacity": "TOTAL",
        },
        {
            "Statements": [
                {
                    "Statement": "UPDATE \"things\" SET w = 'x' WHERE pk = 's'",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            ],
        },
    ],
    "ExecuteTransaction": [
        {
            "TransactStatements": [
                {
                    "Statement": "UPDATE \"things\" SET w = ? WHERE pk = 's'",
                    "Parameters": [{"S": "x"}],
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            ],
            "ClientRequestToken": "another",
            "ReturnConsumedCapacity": "TOTAL",
        }
    ],
    "CreateTable": [
        {
            "TableName": "one",
            "KeySchema": [*SCHEMA, {"AttributeName": "r", "KeyType": "RANGE"}],
            "AttributeDefinitions": RANGED,
            "BillingMode": "PAY_PER_REQUEST",
            "LocalSecondaryIndexes": [INDEX | {"IndexName": "lsi"}],
            "GlobalSecondaryIndexes": [INDEX | {"OnDemandThroughput": ON_DEMAND, "WarmThroughput": WARM}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "SSESpecification": {"Enabled": False},
            "Tags": [{"Key": "k", "Value": "v"}],
            "TableClass": "STANDARD",
            "DeletionProtectionEnabled": False,
            "WarmThroughput": WARM,
            "OnDemandThroughput": ON_DEMAND,
        },
        {
            "TableName": "two",
            "KeySchema": [*SCHEMA, {"AttributeName": "r", "KeyType": "RANGE"}],
            "AttributeDefinitions": RANGED,
            "ProvisionedThroughput": UNITS,
            "GlobalSecondaryIndexes": [INDEX | {"ProvisionedThroughput": UNITS}],
        },
    ],
    "UpdateTable": [
        {
            "TableName": "provisioned",
            "ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 6},
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "by_g",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 6},
                    }
                }
            ],
        },
        {
            "TableName": "provisioned",
            "AttributeDefinitions": [*DEFINITIONS, {"AttributeName": "h", "AttributeType": "S"}],
            "GlobalSecondaryIndexUpdates": [
                {
                    "Create": {
                        "IndexName": "by_h",
                        "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                        "ProvisionedThroughput": UNITS,
                    }
                }
            ],
        },
        {"TableName": "gone", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_g"}}]},
        {"TableName": "things", "OnDemandThroughput": ON_DEMAND},
        {"TableName": "things", "WarmThroughput": WARM},
        {
            "TableName": "things",
            "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_g", "OnDemandThroughput": ON_DEMAND}}],
        },
        {
            "TableName": "things",
            "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_g", "WarmThroughput": WARM}}],
        },
        {
            "TableName": "things",
            "AttributeDefinitions": [
                *DEFINITIONS,
                {"AttributeName": "g", "AttributeType": "S"},
                {"AttributeName": "h", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexUpdates": [
                {
                    "Create": {
                        "IndexName": "by_h",
                        "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
                        "OnDemandThroughput": ON_DEMAND,
                        "WarmThroughput": WARM,
                    }
                }
            ],
        },
    ],
    "DescribeTable": [{"TableName": "things"}],
    "DeleteTable": [{"TableName": "two"}],
    "ListContributorInsights": [{"TableName": "things", "MaxResults": 1}],
    "ListTables": [{"Limit": 1, "ExclusiveStartTableName": "aaa"}],
    "UpdateTableReplicaAutoScaling": [
        {
            "TableName": "provisioned",
            "ProvisionedWriteCapacityAutoScalingUpdate": AUTO_SCALING,
            "GlobalSecondaryIndexUpdates": [
                {"IndexName": "by_g", "ProvisionedWriteCapacityAutoScalingUpdate": AUTO_SCALING}
            ],
            "ReplicaUpdates": [
                {
                    "RegionName": "eu-west-1",
                    "ReplicaProvisionedReadCapacityAutoScalingUpdate": AUTO_SCALING,
                    "ReplicaGlobalSecondaryIndexUpdates": [
                        {"IndexName": "by_g", "ProvisionedReadCapacityAutoScalingUpdate": AUTO_SCALING}
                    ],
                }
            ],
        }
    ],
    "UpdateTimeToLive": [
        {"TableName": "things", "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}},
    ],
    "DescribeTimeToLive": [{"TableName": "things"}],
    "DescribeKinesisStreamingDestination": [{"TableName": "things"}],
    "TagResource": [{"ResourceArn": ARN, "Tags": [{"Key": "k", "Value": "v"}]}],
    "UntagResource": [{"ResourceArn": ARN, "TagKeys": ["k"]}],
    "ListTagsOfResource": [{"ResourceArn": ARN}],
    "ExportTableToPointInTime": [
        EXPORT
        | {
            "ExportTime": 1_750_000_000,
            "FilterSpecification": {
                "FilterExpression": "#g = :g",
                "ProjectionExpression": "#g",
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeNames": {"#g": "g"},
                "ExpressionAttributeValues": {":g": {"S": "g"}, ":p": {"S": "p"}},
            },
        },
        EXPORT
        | {
            "ExportType": "INCREMENTAL_EXPORT",
            "IncrementalExportSpecification": {
                "ExportFromTime": 1_750_000_000,
                "ExportToTime": 1_750_000_950,
                "ExportViewType": "NEW_IMAGE",
            },
            "ClientToken": "changes",
        },
    ],
    "ListExports": [{"TableArn": ARN, "MaxResults": 1, "NextToken": b"export/01750000000000-00000000".hex()}],
    "CreateBackup": [{"TableName": "things", "BackupName": "second"}],
    "DescribeBackup": [{"BackupArn": BACKUP}],
    "ListBackups": [
        {
            "TableName": "kept",
            "Limit": 1,
            "TimeRangeLowerBound": 1,
            "TimeRangeUpperBound": 2,
            "ExclusiveStartBackupArn": BACKUP,
            "BackupType": "ALL",
        }
    ],
    "ImportTable": [
        {
            "ClientToken": f"import-{mode}",
            "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": "prefix"},
            "InputFormat": "CSV",
            "InputFormatOptions": {"Csv": {"Delimiter": ";", "HeaderList": ["pk"]}},
            "InputCompressionType": "GZIP",
            "TableCreationParameters": {
                "TableName": f"imported-{mode}",
                "AttributeDefinitions": [*DEFINITIONS, {"AttributeName": "g", "AttributeType": "S"}],
                "KeySchema": SCHEMA,
                "BillingMode": mode,
                "GlobalSecondaryIndexes": [BY_G | {throughput: units} | warm],
                "SSESpecification": {"Enabled": False},
                throughput: units,
            },
        }
        for mode, throughput, units, warm in (
            ("PAY_PER_REQUEST", "OnDemandThroughput", ON_DEMAND, {"WarmThroughput": WARM}),
            ("PROVISIONED", "ProvisionedThroughput", UNITS, {}),
        )
    ],
    "ListImports": [{"TableArn": ARN, "PageSize": 1, "NextToken": PAGE}],
    "StartBulkPutItems": [
        {
            "ClientToken": "bulk",
            "InputS3Configuration": {
                "S3Bucket": "bucket",
                "S3KeyPrefix": "prefix",
                "InputFormat": "ION",
                "InputCompressionType": "ZSTD",
            },
            "OutputS3Configuration": {
                "S3Bucket": "bucket",
                "S3KeyPrefix": "reports",
                "S3SseAlgorithm": "KMS",
                "S3SseKmsKeyId": "key",
                "OutputType": ["ERROR"],
            },
            "TableName": "things",
            "MaxWriteRequestUnits": 1024,
            "PerformanceTier": "STANDARD",
        }
    ],
    "ListBulkOperations": [{"MaxResults": 1, "NextToken": PAGE}],
    "RestoreTableFromBackup": [
        {
            "TargetTableName": "restored",
            "BackupArn": BACKUP,
            "BillingModeOverride": "PAY_PER_REQUEST",
            "OnDemandThroughputOverride": ON_DEMAND,
            "GlobalSecondaryIndexOverride": [BY_G | {"OnDemandThroughput": ON_DEMAND, "WarmThroughput": WARM}],
            "LocalSecondaryIndexOverride": [BY_L],
            "SSESpecificationOverride": {"Enabled": False},
            "VectorIndexOverride": [],
        },
        {
            "TargetTableName": "provisioned_again",
            "BackupArn": BACKUP,
            "BillingModeOverride": "PROVISIONED",
            "ProvisionedThroughputOverride": UNITS,
            "GlobalSecondaryIndexOverride": [BY_G | {"ProvisionedThroughput": UNITS}],
        },
    ],
    "RestoreTableToPointInTime": [
        {
            "TargetTableName": "recovered",
            "SourceTableName": "kept",
            "UseLatestRestorableTime": True,
            "BillingModeOverride": "PAY_PER_REQUEST",
            "OnDemandThroughputOverride": ON_DEMAND,
            "GlobalSecondaryIndexOverride": [BY_G | {"OnDemandThroughput": ON_DEMAND, "WarmThroughput": WARM}],
            "LocalSecondaryIndexOverride": [BY_L],
            "SSESpecificationOverride": {"Enabled": False},
            "VectorIndexOverride": [],
        },
        {
            "TargetTableName": "recovered_again",
            "SourceTableArn": f"{ARN.removesuffix('things')}kept",
            "RestoreDateTime": 1_750_000_000,
            "BillingModeOverride": "PROVISIONED",
            "ProvisionedThroughputOverride": UNITS,
            "GlobalSecondaryIndexOverride": [BY_G | {"ProvisionedThroughput": UNITS}],
        },
    ],
}
