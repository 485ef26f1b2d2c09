"""GetRecords."""

from hashlib import blake2b
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.api.stream_arn import PREFIX, stream_of
from stator.errors import TrimmedDataAccessException, ValidationException
from stator.journal.iterator import parse, render
from stator.journal.lineage import Shard, StreamRecord, render_number
from stator.journal.record import Entry
from stator.limits import STREAM_RECORDS_MAX
from stator.validation.requests.streams import GET_RECORDS
from stator.values.size import item_bytes


@operation("GetRecords", GET_RECORDS, PREFIX)
async def get_records(call: Call) -> Answer:
    limit = call.request.get("Limit", STREAM_RECORDS_MAX)
    if limit > STREAM_RECORDS_MAX:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {STREAM_RECORDS_MAX}"
        )
    now = call.parts.clock()
    iterator = parse(call.request["ShardIterator"], call.account, call.region, now)
    stream = await stream_of(call, iterator.name)
    shard = _shard(stream, iterator.lane, iterator.generation)
    found = await call.parts.streams.journal.read(
        stream.journal, shard.lane, iterator.cursor, records_max=limit, stop_at_boundary=True
    )
    if found.trimmed:
        raise TrimmedDataAccessException
    answer: dict[str, Any] = {"Records": [render_record(call.region, stream, shard, entry) for entry in found.entries]}
    if found.boundary is None:
        answer["NextShardIterator"] = render(iterator._replace(cursor=found.cursor), now)
    return answer


def _shard(stream: StreamRecord, lane: int, generation: int) -> Shard:
    """Raises TrimmedDataAccessException for a shard whose time is over."""
    for shard in stream.shards[lane]:
        if shard.generation == generation:
            return shard
    raise TrimmedDataAccessException


def render_record(region: str, stream: StreamRecord, shard: Shard, entry: Entry) -> dict[str, Any]:
    view = stream.view_type
    size = item_bytes(entry.keys)
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(entry.time),
        "Keys": entry.keys,
    }
    if "NEW" in view and entry.new_image is not None:
        change["NewImage"] = entry.new_image
        size += entry.new_size
    if "OLD" in view and entry.old_image is not None:
        change["OldImage"] = entry.old_image
        size += entry.old_size
    change["SequenceNumber"] = render_number(shard.lane, entry.sequence)
    change["SizeBytes"] = size
    change["StreamViewType"] = view
    record: dict[str, Any] = {
        "eventID": _event_id(stream, shard.lane, entry.sequence),
        "eventName": entry.event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": change,
    }
    if entry.identity is not None:
        record["userIdentity"] = {"PrincipalId": entry.identity, "Type": "Service"}
    return record


def _event_id(stream: StreamRecord, lane: int, sequence: int) -> str:
    """The same for every reading of one record."""
    return blake2b(f"{stream.table_id}/{lane}/{sequence}".encode(), digest_size=16).hexdigest()
