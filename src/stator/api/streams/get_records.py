"""GetRecords."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.api.stream_arn import PREFIX, stream_of
from stator.errors import TrimmedDataAccessException, ValidationException
from stator.journal.event import render_record
from stator.journal.iterator import parse, render
from stator.journal.lineage import Shard, StreamRecord
from stator.limits import STREAM_RECORDS_MAX
from stator.validation.requests.streams import GET_RECORDS


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
    call.table = f"{stream.name.table}/stream/{stream.name.label}"
    shard = _shard(stream, iterator.lane, iterator.generation)
    found = await call.parts.streams.journal.read(
        stream.journal, shard.lane, iterator.cursor, records_max=limit, stop_at_boundary=True
    )
    if found.trimmed:
        raise TrimmedDataAccessException
    records = [render_record(call.region, stream, shard.lane, entry) for entry in found.entries]
    size = sum(record["dynamodb"]["SizeBytes"] for record in records)
    call.parts.recorder.returned(call.account, call.region, call.table, "GetRecords", len(records), size=size)
    answer: dict[str, Any] = {"Records": records}
    if found.boundary is None:
        answer["NextShardIterator"] = render(iterator._replace(cursor=found.cursor), now)
    return answer


def _shard(stream: StreamRecord, lane: int, generation: int) -> Shard:
    """Raises TrimmedDataAccessException for a shard whose time is over."""
    for shard in stream.shards[lane]:
        if shard.generation == generation:
            return shard
    raise TrimmedDataAccessException
