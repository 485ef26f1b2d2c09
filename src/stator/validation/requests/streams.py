"""The inputs of the operations of DynamoDB Streams: ListStreams, DescribeStream, GetShardIterator and GetRecords."""

from typing import Final

from stator.validation.scalar import Integer, String, Timestamp
from stator.validation.shape import Structure, required
from stator.validation.table_name import NAME_LENGTH_MAX, NAME_LENGTH_MIN, NAME_PATTERN

_STREAM_ARN: Final = String(min=37, max=1024)
_SHARD_ID: Final = String(min=28, max=65)
_LIMIT: Final = Integer(min=1)

LIST_STREAMS: Final = Structure(
    "ListStreamsInput",
    {
        "TableName": String(min=NAME_LENGTH_MIN, max=NAME_LENGTH_MAX, pattern=NAME_PATTERN),
        "Limit": _LIMIT,
        "ExclusiveStartStreamArn": _STREAM_ARN,
    },
)

DESCRIBE_STREAM: Final = Structure(
    "DescribeStreamInput",
    {
        "StreamArn": required(_STREAM_ARN),
        "Limit": _LIMIT,
        "ExclusiveStartShardId": _SHARD_ID,
        "ShardFilter": Structure("ShardFilter", {"Type": String(enum=("CHILD_SHARDS",)), "ShardId": _SHARD_ID}),
    },
)

GET_SHARD_ITERATOR: Final = Structure(
    "GetShardIteratorInput",
    {
        "StreamArn": required(_STREAM_ARN),
        "ShardId": required(_SHARD_ID),
        "ShardIteratorType": required(
            String(
                enum=("AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "TRIM_HORIZON", "AT_SEQUENCE_NUMBER"),
            )
        ),
        "SequenceNumber": String(min=21, max=40),
        "Timestamp": Timestamp(),
    },
)

GET_RECORDS: Final = Structure("GetRecordsInput", {"ShardIterator": required(String(min=1, max=2048)), "Limit": _LIMIT})
