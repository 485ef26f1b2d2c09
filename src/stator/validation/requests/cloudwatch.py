"""The inputs of CloudWatch's operations on metrics and alarms."""

from typing import Final

from stator.validation.requests.member import FLAG, TEXT
from stator.validation.scalar import Double, Integer, String, Timestamp, Type
from stator.validation.shape import List, Map, Structure, required

UNITS: Final = (
    *("Seconds", "Microseconds", "Milliseconds"),
    *("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"),
    *("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count"),
    *("Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second"),
    *("Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second"),
    *("Count/Second", "None"),
)
COMPARISONS: Final = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)

_NAMESPACE: Final = String(min=1, max=255, pattern="[^:].*")
_NAME: Final = String(min=1, max=255)
_PERIOD: Final = Integer(min=1)
_UNIT: Final = String(enum=UNITS)
_STATISTIC: Final = String(enum=("SampleCount", "Average", "Sum", "Minimum", "Maximum"))
_SCAN: Final = String(enum=("TimestampDescending", "TimestampAscending"))
_STATE: Final = String(enum=("OK", "ALARM", "INSUFFICIENT_DATA"))
_ALARM_TYPES: Final = List(String(enum=("CompositeAlarm", "MetricAlarm", "LogAlarm")))
_ALARM_NAMES: Final = List(_NAME, max=100)
_RECORDS: Final = Integer(min=1, max=100)
_ARN: Final = required(String(min=1, max=1024))
_DIMENSION_VALUE: Final = String(min=1, max=1024)
_DIMENSIONS: Final = List(
    Structure("Dimension", {"Name": required(_NAME), "Value": required(_DIMENSION_VALUE)}), max=30
)
_QUERIES: Final = List(
    Structure(
        "MetricDataQuery",
        {
            "Id": required(_NAME),
            "MetricStat": Structure(
                "MetricStat",
                {
                    "Metric": required(
                        Structure("Metric", {"Namespace": _NAMESPACE, "MetricName": _NAME, "Dimensions": _DIMENSIONS})
                    ),
                    "Period": required(_PERIOD),
                    "Stat": required(TEXT),
                    "Unit": _UNIT,
                },
            ),
            "Expression": String(min=1, max=2048),
            "Label": TEXT,
            "ReturnData": FLAG,
            "Period": _PERIOD,
            "AccountId": _NAME,
        },
    )
)
_TAGS: Final = List(
    Structure("Tag", {"Key": required(String(min=1, max=128)), "Value": required(String(min=0, max=256))})
)
_ACTIONS: Final = List(String(min=1, max=1024), max=5)
_TAG_KEYS: Final = List(String(min=1, max=128), min=1, max=50)

_DATA: Final = List(
    Structure(
        "MetricDatum",
        {
            "MetricName": required(_NAME),
            "Dimensions": _DIMENSIONS,
            "Timestamp": Timestamp(),
            "Value": Double(),
            "StatisticValues": Structure(
                "StatisticSet",
                {name: required(Double()) for name in ("SampleCount", "Sum", "Minimum", "Maximum")},
            ),
            "Values": List(Double()),
            "Counts": List(Double()),
            "Unit": _UNIT,
            "StorageResolution": Integer(min=1),
        },
    )
)

_METRIC: Final[dict[str, Type]] = {
    "Statistic": _STATISTIC,
    "ExtendedStatistic": TEXT,
    "Dimensions": _DIMENSIONS,
    "Period": _PERIOD,
    "Unit": _UNIT,
}

GET_METRIC_DATA: Final = Structure(
    "GetMetricDataInput",
    {
        "MetricDataQueries": required(_QUERIES),
        "StartTime": required(Timestamp()),
        "EndTime": required(Timestamp()),
        "NextToken": TEXT,
        "ScanBy": _SCAN,
        "MaxDatapoints": Integer(),
        "LabelOptions": Structure("LabelOptions", {"Timezone": TEXT}),
    },
)

GET_METRIC_STATISTICS: Final = Structure(
    "GetMetricStatisticsInput",
    {
        "Namespace": required(_NAMESPACE),
        "MetricName": required(_NAME),
        "Dimensions": _DIMENSIONS,
        "StartTime": required(Timestamp()),
        "EndTime": required(Timestamp()),
        "Period": required(_PERIOD),
        "Statistics": List(_STATISTIC, min=1, max=5),
        "ExtendedStatistics": List(TEXT, min=1, max=10),
        "Unit": _UNIT,
    },
)

LIST_METRICS: Final = Structure(
    "ListMetricsInput",
    {
        "Namespace": _NAMESPACE,
        "MetricName": _NAME,
        "Dimensions": List(Structure("DimensionFilter", {"Name": required(_NAME), "Value": _DIMENSION_VALUE}), max=10),
        "NextToken": TEXT,
        "RecentlyActive": String(enum=("PT3H",)),
        "IncludeLinkedAccounts": FLAG,
        "OwningAccount": _NAME,
    },
)

PUT_METRIC_DATA: Final = Structure(
    "PutMetricDataInput",
    {
        "Namespace": required(_NAMESPACE),
        "MetricData": _DATA,
        "EntityMetricData": List(
            Structure(
                "EntityMetricData",
                {
                    "Entity": Structure(
                        "Entity",
                        {
                            "KeyAttributes": Map(String(min=1, max=2048), keys=String(min=1, max=32), min=2, max=4),
                            "Attributes": Map(String(min=1, max=2048), keys=String(min=1, max=256), min=0, max=10),
                        },
                    ),
                    "MetricData": _DATA,
                },
            )
        ),
        "StrictEntityValidation": FLAG,
    },
)

PUT_METRIC_ALARM: Final = Structure(
    "PutMetricAlarmInput",
    {
        "AlarmName": required(_NAME),
        "AlarmDescription": String(min=0, max=1024),
        "ActionsEnabled": FLAG,
        "OKActions": _ACTIONS,
        "AlarmActions": _ACTIONS,
        "InsufficientDataActions": _ACTIONS,
        "MetricName": _NAME,
        "Namespace": _NAMESPACE,
        **_METRIC,
        "EvaluationPeriods": Integer(min=1),
        "DatapointsToAlarm": Integer(min=1),
        "Threshold": Double(),
        "ComparisonOperator": String(enum=COMPARISONS),
        "TreatMissingData": _NAME,
        "EvaluateLowSampleCountPercentile": _NAME,
        "Metrics": _QUERIES,
        "Tags": _TAGS,
        "ThresholdMetricId": _NAME,
        "EvaluationWindow": Structure(
            "EvaluationWindow",
            {
                "WallClockWindow": Structure("WallClockWindow", {"Timezone": String(min=1, max=50)}),
                "SlidingWindow": Structure("SlidingWindow", {}),
            },
        ),
        "WarmUpConfiguration": Structure(
            "WarmUpConfiguration",
            {
                "WarmUpPeriodDurationInMinutes": required(Integer(min=1, max=2880)),
                "OnlyStartEvaluatingAfterWarmUpPeriodEnds": FLAG,
            },
        ),
        "EvaluationCriteria": Structure(
            "EvaluationCriteria",
            {
                "PromQLCriteria": Structure(
                    "AlarmPromQLCriteria",
                    {
                        "Query": required(String(min=1, max=10_000)),
                        "PendingPeriod": Integer(min=0, max=86_400),
                        "RecoveryPeriod": Integer(min=0, max=86_400),
                    },
                )
            },
        ),
        "EvaluationInterval": Integer(min=10, max=3600),
        "ActionConfiguration": Structure(
            "ActionConfiguration",
            {
                "AlarmTagsPropagation": Structure(
                    "AlarmTagsPropagation",
                    {"Enabled": required(FLAG), "IncludedTagKeys": _TAG_KEYS, "ExcludedTagKeys": _TAG_KEYS},
                )
            },
        ),
    },
)

DESCRIBE_ALARMS: Final = Structure(
    "DescribeAlarmsInput",
    {
        "AlarmNames": _ALARM_NAMES,
        "AlarmNamePrefix": _NAME,
        "AlarmTypes": _ALARM_TYPES,
        "ChildrenOfAlarmName": _NAME,
        "ParentsOfAlarmName": _NAME,
        "StateValue": _STATE,
        "ActionPrefix": String(min=1, max=1024),
        "MaxRecords": _RECORDS,
        "NextToken": TEXT,
    },
)

DESCRIBE_ALARMS_FOR_METRIC: Final = Structure(
    "DescribeAlarmsForMetricInput",
    {"MetricName": required(_NAME), "Namespace": required(_NAMESPACE), **_METRIC},
)

DESCRIBE_ALARM_HISTORY: Final = Structure(
    "DescribeAlarmHistoryInput",
    {
        "AlarmName": _NAME,
        "AlarmContributorId": String(min=1, max=16),
        "AlarmTypes": _ALARM_TYPES,
        "HistoryItemType": String(
            enum=(
                "ConfigurationUpdate",
                "StateUpdate",
                "Action",
                "AlarmContributorStateUpdate",
                "AlarmContributorAction",
            )
        ),
        "StartDate": Timestamp(),
        "EndDate": Timestamp(),
        "MaxRecords": _RECORDS,
        "NextToken": TEXT,
        "ScanBy": _SCAN,
    },
)

SET_ALARM_STATE: Final = Structure(
    "SetAlarmStateInput",
    {
        "AlarmName": required(_NAME),
        "StateValue": required(_STATE),
        "StateReason": required(String(min=0, max=1023)),
        "StateReasonData": String(min=0, max=4000),
    },
)

ENABLE_ALARM_ACTIONS: Final = Structure("EnableAlarmActionsInput", {"AlarmNames": required(_ALARM_NAMES)})
DISABLE_ALARM_ACTIONS: Final = Structure("DisableAlarmActionsInput", {"AlarmNames": required(_ALARM_NAMES)})
DELETE_ALARMS: Final = Structure("DeleteAlarmsInput", {"AlarmNames": required(_ALARM_NAMES)})

TAG_RESOURCE: Final = Structure("TagResourceInput", {"ResourceARN": _ARN, "Tags": required(_TAGS)})
UNTAG_RESOURCE: Final = Structure(
    "UntagResourceInput", {"ResourceARN": _ARN, "TagKeys": required(List(String(min=1, max=128)))}
)
LIST_TAGS_FOR_RESOURCE: Final = Structure("ListTagsForResourceInput", {"ResourceARN": _ARN})
