"""The inputs of the four operations on Kinesis streaming destinations."""

from typing import Final

from stator.validation.requests.member import TABLE_NAME
from stator.validation.scalar import String
from stator.validation.shape import Structure, required

_STREAM_ARN: Final = String(min=37, max=1024)
_PRECISION: Final = String(enum=("MILLISECOND", "MICROSECOND"))

KINESIS_STREAMING_DESTINATION: Final = Structure(
    "KinesisStreamingDestinationInput",
    {
        "TableName": required(TABLE_NAME),
        "StreamArn": required(_STREAM_ARN),
        "EnableKinesisStreamingConfiguration": Structure(
            "EnableKinesisStreamingConfiguration", {"ApproximateCreationDateTimePrecision": _PRECISION}
        ),
    },
)

UPDATE_KINESIS_STREAMING_DESTINATION: Final = Structure(
    "UpdateKinesisStreamingDestinationInput",
    {
        "TableName": required(TABLE_NAME),
        "StreamArn": required(_STREAM_ARN),
        "UpdateKinesisStreamingConfiguration": Structure(
            "UpdateKinesisStreamingConfiguration", {"ApproximateCreationDateTimePrecision": _PRECISION}
        ),
    },
)

DESCRIBE_KINESIS_STREAMING_DESTINATION: Final = Structure(
    "DescribeKinesisStreamingDestinationInput", {"TableName": required(TABLE_NAME)}
)
