"""The inputs of Application Auto Scaling's fourteen operations."""

from typing import Final

from stator.validation.requests.member import FLAG
from stator.validation.scalar import Double, Integer, String, Timestamp, Type
from stator.validation.shape import List, Map, Member, Structure, required

_PRINTABLE: Final = "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"
_PRINTABLE_FASTER: Final = "[\r\n\t\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"


def _text(*, min: int | None = None, max: int | None = None) -> String:
    return String(min=min, max=max, pattern=_PRINTABLE, faster=_PRINTABLE_FASTER)


SERVICE_NAMESPACES: Final = (
    "ecs",
    "elasticmapreduce",
    "ec2",
    "appstream",
    "dynamodb",
    "rds",
    "sagemaker",
    "custom-resource",
    "comprehend",
    "lambda",
    "cassandra",
    "kafka",
    "elasticache",
    "neptune",
    "workspaces",
)

SCALABLE_DIMENSIONS: Final = (
    "ecs:service:DesiredCount",
    "ec2:spot-fleet-request:TargetCapacity",
    "elasticmapreduce:instancegroup:InstanceCount",
    "appstream:fleet:DesiredCapacity",
    "dynamodb:table:ReadCapacityUnits",
    "dynamodb:table:WriteCapacityUnits",
    "dynamodb:index:ReadCapacityUnits",
    "dynamodb:index:WriteCapacityUnits",
    "rds:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredInstanceCount",
    "custom-resource:ResourceType:Property",
    "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
    "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
    "lambda:function:ProvisionedConcurrency",
    "cassandra:table:ReadCapacityUnits",
    "cassandra:table:WriteCapacityUnits",
    "kafka:broker-storage:VolumeSize",
    "elasticache:cache-cluster:Nodes",
    "elasticache:replication-group:NodeGroups",
    "elasticache:replication-group:Replicas",
    "neptune:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredProvisionedConcurrency",
    "sagemaker:inference-component:DesiredCopyCount",
    "workspaces:workspacespool:DesiredUserSessions",
)

METRIC_TYPES: Final = (
    "DynamoDBReadCapacityUtilization",
    "DynamoDBWriteCapacityUtilization",
    "ALBRequestCountPerTarget",
    "RDSReaderAverageCPUUtilization",
    "RDSReaderAverageDatabaseConnections",
    "EC2SpotFleetRequestAverageCPUUtilization",
    "EC2SpotFleetRequestAverageNetworkIn",
    "EC2SpotFleetRequestAverageNetworkOut",
    "SageMakerVariantInvocationsPerInstance",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization",
    "AppStreamAverageCapacityUtilization",
    "ComprehendInferenceUtilization",
    "LambdaProvisionedConcurrencyUtilization",
    "CassandraReadCapacityUtilization",
    "CassandraWriteCapacityUtilization",
    "KafkaBrokerStorageUtilization",
    "ElastiCacheEngineCPUUtilization",
    "ElastiCacheDatabaseMemoryUsagePercentage",
    "ElastiCachePrimaryEngineCPUUtilization",
    "ElastiCacheReplicaEngineCPUUtilization",
    "ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage",
    "NeptuneReaderAverageCPUUtilization",
    "SageMakerVariantProvisionedConcurrencyUtilization",
    "ElastiCacheDatabaseCapacityUsageCountedForEvictPercentage",
    "SageMakerInferenceComponentInvocationsPerCopy",
    "WorkSpacesAverageUserSessionsCapacityUtilization",
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
    "ECSServiceAverageCPUUtilizationHighResolution",
    "ECSServiceAverageMemoryUtilizationHighResolution",
)

_NAMESPACE: Final = String(enum=SERVICE_NAMESPACES)
_DIMENSION: Final = String(enum=SCALABLE_DIMENSIONS)
_ID: Final = _text(min=1, max=1600)
_IDS: Final = List(_ID, max=50)
_XML: Final = _text()
_PLAIN: Final = String()
_INTEGER: Final = Integer()
_DOUBLE: Final = Double()
_TIME: Final = Timestamp()
_POLICY_NAME: Final = String(min=1, max=256, pattern="\\p{Print}+", faster="[ -~]+")
_ACTION_NAME: Final = String(
    min=1,
    max=256,
    pattern="(?!((^[ ]+.*)|(.*([\\u0000-\\u001f]|[\\u007f-\\u009f]|[:/|])+.*)|(.*[ ]+$))).+",
    faster="(?! )[^\\u0000-\\u001f\\u007f-\\u009f:/|]+(?<! )",
)
_TAGS: Final = Map(String(min=0, max=256), keys=String(min=1, max=128))
_ARN: Final = String(
    min=1, max=1011, pattern="^arn:.+:application-autoscaling:.+:[0-9]+:scalable-target\\/[a-zA-Z0-9-]+$"
)
_RESOURCE: Final = {
    "ServiceNamespace": required(_NAMESPACE),
    "ResourceId": required(_ID),
    "ScalableDimension": required(_DIMENSION),
}
_PAGE: Final = {"MaxResults": _INTEGER, "NextToken": _XML}

_STEP_SCALING: Final = Structure(
    "StepScalingPolicyConfiguration",
    {
        "AdjustmentType": String(enum=("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")),
        "StepAdjustments": List(
            Structure(
                "StepAdjustment",
                {
                    "MetricIntervalLowerBound": _DOUBLE,
                    "MetricIntervalUpperBound": _DOUBLE,
                    "ScalingAdjustment": required(_INTEGER),
                },
            )
        ),
        "MinAdjustmentMagnitude": _INTEGER,
        "Cooldown": _INTEGER,
        "MetricAggregationType": String(enum=("Average", "Minimum", "Maximum")),
    },
)

_PREDEFINED: Final = Structure(
    "PredefinedMetricSpecification",
    {"PredefinedMetricType": required(String(enum=METRIC_TYPES)), "ResourceLabel": String(min=1, max=1023)},
)


def _metric(prefix: str) -> Structure:
    """A metric of CloudWatch as target tracking and predictive scaling name it."""
    dimension = Structure(
        f"{prefix}Dimension", {"Name": required(_text(min=1, max=255)), "Value": required(_text(min=1, max=1024))}
    )
    return Structure(
        prefix,
        {
            "Dimensions": List(dimension),
            "MetricName": _text(min=1, max=255),
            "Namespace": _text(min=1, max=255),
        },
    )


def _query(prefix: str) -> Structure:
    stat = Structure(
        f"{prefix}Stat",
        {
            "Metric": required(_metric(prefix)),
            "Stat": required(_XML),
            "Unit": _text(min=1, max=1023),
        },
    )
    return Structure(
        f"{prefix}DataQuery",
        {
            "Expression": _text(min=1, max=2048),
            "Id": required(_text(min=1, max=255)),
            "Label": _XML,
            "MetricStat": stat,
            "ReturnData": FLAG,
        },
    )


_TARGET_TRACKING: Final = Structure(
    "TargetTrackingScalingPolicyConfiguration",
    {
        "TargetValue": required(_DOUBLE),
        "PredefinedMetricSpecification": _PREDEFINED,
        "CustomizedMetricSpecification": Structure(
            "CustomizedMetricSpecification",
            {
                "MetricName": _PLAIN,
                "Namespace": _PLAIN,
                "Dimensions": List(Structure("MetricDimension", {"Name": required(_PLAIN), "Value": required(_PLAIN)})),
                "Statistic": String(enum=("Average", "Minimum", "Maximum", "SampleCount", "Sum")),
                "Unit": _PLAIN,
                "Metrics": List(_query("TargetTrackingMetric")),
            },
        ),
        "ScaleOutCooldown": _INTEGER,
        "ScaleInCooldown": _INTEGER,
        "DisableScaleIn": FLAG,
    },
)


def _predicted(kind: str) -> Structure:
    members: dict[str, Type | Member] = {
        "PredefinedMetricType": required(String(min=1, max=128)),
        "ResourceLabel": String(min=1, max=1023),
    }
    return Structure(f"PredictiveScaling{kind}Specification", members)


_PREDICTED_METRIC: Final = Structure(
    "PredictiveScalingCustomizedMetricSpecification",
    {"MetricDataQueries": required(List(_query("PredictiveScalingMetric")))},
)
_PREDICTIVE: Final = Structure(
    "PredictiveScalingPolicyConfiguration",
    {
        "MetricSpecifications": required(
            List(
                Structure(
                    "PredictiveScalingMetricSpecification",
                    {
                        "TargetValue": required(_DOUBLE),
                        "PredefinedMetricPairSpecification": _predicted("PredefinedMetricPair"),
                        "PredefinedScalingMetricSpecification": _predicted("PredefinedScalingMetric"),
                        "PredefinedLoadMetricSpecification": _predicted("PredefinedLoadMetric"),
                        "CustomizedScalingMetricSpecification": _PREDICTED_METRIC,
                        "CustomizedLoadMetricSpecification": _PREDICTED_METRIC,
                        "CustomizedCapacityMetricSpecification": _PREDICTED_METRIC,
                    },
                )
            )
        ),
        "Mode": String(enum=("ForecastOnly", "ForecastAndScale")),
        "SchedulingBufferTime": Integer(min=0, max=3600),
        "MaxCapacityBreachBehavior": String(enum=("HonorMaxCapacity", "IncreaseMaxCapacity")),
        "MaxCapacityBuffer": Integer(min=0, max=100),
    },
)

REGISTER_SCALABLE_TARGET: Final = Structure(
    "RegisterScalableTargetRequest",
    {
        **_RESOURCE,
        "MinCapacity": _INTEGER,
        "MaxCapacity": _INTEGER,
        "RoleARN": _ID,
        "SuspendedState": Structure(
            "SuspendedState",
            {
                "DynamicScalingInSuspended": FLAG,
                "DynamicScalingOutSuspended": FLAG,
                "ScheduledScalingSuspended": FLAG,
            },
        ),
        "Tags": _TAGS,
    },
)

DEREGISTER_SCALABLE_TARGET: Final = Structure("DeregisterScalableTargetRequest", _RESOURCE)

DESCRIBE_SCALABLE_TARGETS: Final = Structure(
    "DescribeScalableTargetsRequest",
    {"ServiceNamespace": required(_NAMESPACE), "ResourceIds": _IDS, "ScalableDimension": _DIMENSION, **_PAGE},
)

PUT_SCALING_POLICY: Final = Structure(
    "PutScalingPolicyRequest",
    {
        "PolicyName": required(_POLICY_NAME),
        **_RESOURCE,
        "PolicyType": String(enum=("StepScaling", "TargetTrackingScaling", "PredictiveScaling")),
        "StepScalingPolicyConfiguration": _STEP_SCALING,
        "TargetTrackingScalingPolicyConfiguration": _TARGET_TRACKING,
        "PredictiveScalingPolicyConfiguration": _PREDICTIVE,
    },
)

DELETE_SCALING_POLICY: Final = Structure("DeleteScalingPolicyRequest", {"PolicyName": required(_ID), **_RESOURCE})

DESCRIBE_SCALING_POLICIES: Final = Structure(
    "DescribeScalingPoliciesRequest",
    {
        "PolicyNames": _IDS,
        "ServiceNamespace": required(_NAMESPACE),
        "ResourceId": _ID,
        "ScalableDimension": _DIMENSION,
        **_PAGE,
    },
)

PUT_SCHEDULED_ACTION: Final = Structure(
    "PutScheduledActionRequest",
    {
        "ServiceNamespace": required(_NAMESPACE),
        "Schedule": _ID,
        "Timezone": _ID,
        "ScheduledActionName": required(_ACTION_NAME),
        "ResourceId": required(_ID),
        "ScalableDimension": required(_DIMENSION),
        "StartTime": _TIME,
        "EndTime": _TIME,
        "ScalableTargetAction": Structure("ScalableTargetAction", {"MinCapacity": _INTEGER, "MaxCapacity": _INTEGER}),
    },
)

DELETE_SCHEDULED_ACTION: Final = Structure(
    "DeleteScheduledActionRequest", {"ScheduledActionName": required(_ID), **_RESOURCE}
)

DESCRIBE_SCHEDULED_ACTIONS: Final = Structure(
    "DescribeScheduledActionsRequest",
    {
        "ScheduledActionNames": _IDS,
        "ServiceNamespace": required(_NAMESPACE),
        "ResourceId": _ID,
        "ScalableDimension": _DIMENSION,
        **_PAGE,
    },
)

DESCRIBE_SCALING_ACTIVITIES: Final = Structure(
    "DescribeScalingActivitiesRequest",
    {
        "ServiceNamespace": required(_NAMESPACE),
        "ResourceId": _ID,
        "ScalableDimension": _DIMENSION,
        **_PAGE,
        "IncludeNotScaledActivities": FLAG,
    },
)

GET_PREDICTIVE_SCALING_FORECAST: Final = Structure(
    "GetPredictiveScalingForecastRequest",
    {**_RESOURCE, "PolicyName": required(_POLICY_NAME), "StartTime": required(_TIME), "EndTime": required(_TIME)},
)

LIST_TAGS_FOR_RESOURCE: Final = Structure("ListTagsForResourceRequest", {"ResourceARN": required(_ARN)})

TAG_RESOURCE: Final = Structure("TagResourceRequest", {"ResourceARN": required(_ARN), "Tags": required(_TAGS)})

UNTAG_RESOURCE: Final = Structure(
    "UntagResourceRequest",
    {"ResourceARN": required(_ARN), "TagKeys": required(List(String(min=1, max=128), min=0, max=200))},
)
