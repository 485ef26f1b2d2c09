"""The inputs of Lambda's five operations on event source mappings, as far as DynamoDB streams have them."""

from typing import Final

from stator.validation.requests.member import FLAG, TEXT
from stator.validation.scalar import Integer, String, Timestamp
from stator.validation.shape import List, Structure, required

_UUID: Final = required(String(min=1, max=128))
_FUNCTION: Final = String(min=1, max=140)

_SETTINGS: Final = {
    "Enabled": FLAG,
    "BatchSize": Integer(min=1, max=10_000),
    "FilterCriteria": Structure(
        "FilterCriteria", {"Filters": List(Structure("Filter", {"Pattern": String(max=4096)}), max=5)}
    ),
    "MaximumBatchingWindowInSeconds": Integer(min=0, max=300),
    "ParallelizationFactor": Integer(min=1, max=10),
    "DestinationConfig": Structure(
        "DestinationConfig",
        {
            "OnSuccess": Structure("OnSuccess", {"Destination": String(max=1024)}),
            "OnFailure": Structure("OnFailure", {"Destination": String(max=1024)}),
        },
    ),
    "MaximumRecordAgeInSeconds": Integer(min=-1, max=604_800),
    "BisectBatchOnFunctionError": FLAG,
    "MaximumRetryAttempts": Integer(min=-1, max=10_000),
    "TumblingWindowInSeconds": Integer(min=0, max=900),
    "FunctionResponseTypes": List(String(enum=("ReportBatchItemFailures",)), max=1),
}

CREATE_EVENT_SOURCE_MAPPING: Final = Structure(
    "CreateEventSourceMappingRequest",
    {
        "EventSourceArn": TEXT,
        "FunctionName": required(_FUNCTION),
        **_SETTINGS,
        "StartingPosition": String(enum=("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")),
        "StartingPositionTimestamp": Timestamp(),
    },
)

UPDATE_EVENT_SOURCE_MAPPING: Final = Structure(
    "UpdateEventSourceMappingRequest", {"UUID": _UUID, "FunctionName": _FUNCTION, **_SETTINGS}
)

NAME_EVENT_SOURCE_MAPPING: Final = Structure("EventSourceMappingRequest", {"UUID": _UUID})

LIST_EVENT_SOURCE_MAPPINGS: Final = Structure(
    "ListEventSourceMappingsRequest",
    {
        "EventSourceArn": TEXT,
        "FunctionName": _FUNCTION,
        "Marker": TEXT,
        "MaxItems": Integer(min=1, max=10_000),
    },
)
