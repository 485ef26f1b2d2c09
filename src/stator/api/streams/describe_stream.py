"""DescribeStream."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.api.stream_arn import PREFIX, parse_arn, stream_of
from stator.errors import ValidationException
from stator.journal.lineage import Shard, StreamRecord
from stator.limits import DESCRIBE_STREAM_SHARDS_MAX
from stator.validation.requests.streams import DESCRIBE_STREAM


@operation("DescribeStream", DESCRIBE_STREAM, PREFIX)
async def describe_stream(call: Call) -> Answer:
    request = call.request
    limit = request.get("Limit", DESCRIBE_STREAM_SHARDS_MAX)
    if limit > DESCRIBE_STREAM_SHARDS_MAX:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {DESCRIBE_STREAM_SHARDS_MAX}"
        )
    stream = await stream_of(call, parse_arn(call, request["StreamArn"]))
    found = _shards(stream, request.get("ExclusiveStartShardId"), request.get("ShardFilter") or {})
    described: dict[str, Any] = {
        "StreamArn": stream.name.arn,
        "StreamLabel": stream.name.label,
        "StreamStatus": _status(call, stream),
        "StreamViewType": stream.view_type,
        "CreationRequestDateTime": stream.created,
        "TableName": stream.name.table,
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in stream.keys],
        "Shards": [_describe(shard) for shard in found[:limit]],
    }
    if len(found) > limit:
        described["LastEvaluatedShardId"] = found[limit - 1].id
    return {"StreamDescription": described}


def _shards(stream: StreamRecord, after: str | None, wanted: dict[str, Any]) -> list[Shard]:
    """In the order of their ids, which is that of their beginnings."""
    shards = sorted((shard for lane in stream.shards for shard in lane), key=lambda shard: shard.id)
    if after is not None:
        shards = [shard for shard in shards if shard.id > after]
    if wanted:
        if "Type" not in wanted or "ShardId" not in wanted:
            raise ValidationException("ShardFilter needs both Type and ShardId")
        shards = [shard for shard in shards if shard.parent == wanted["ShardId"]]
    return shards


def _status(call: Call, stream: StreamRecord) -> str:
    now, transition = call.parts.clock(), call.parts.catalog.transition_seconds
    if stream.disabled is not None:
        return "DISABLING" if now < stream.disabled + transition else "DISABLED"
    return "ENABLING" if now < stream.created + transition else "ENABLED"


def _describe(shard: Shard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": shard.first_number}
    if shard.last_number is not None:
        numbers["EndingSequenceNumber"] = shard.last_number
    described: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": numbers}
    if shard.parent is not None:
        described["ParentShardId"] = shard.parent
    return described
