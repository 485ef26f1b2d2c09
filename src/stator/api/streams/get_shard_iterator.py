"""GetShardIterator."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.api.stream_arn import PREFIX, parse_arn, stream_of
from stator.errors import ResourceNotFoundException, TrimmedDataAccessException, ValidationException
from stator.journal.iterator import Iterator, render
from stator.journal.lineage import Shard, StreamRecord, parse_number
from stator.validation.requests.streams import GET_SHARD_ITERATOR

_NUMBERED = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


@operation("GetShardIterator", GET_SHARD_ITERATOR, PREFIX)
async def get_shard_iterator(call: Call) -> Answer:
    request = call.request
    name = parse_arn(call, request["StreamArn"])
    _check_mix(request)
    stream = await stream_of(call, name)
    shard = stream.shard(request["ShardId"])
    if shard is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Shard: {request['ShardId']} in stream: {name.arn} not found"
        )
    cursor = await _cursor(call, stream, shard, request)
    iterator = Iterator(name, shard.lane, shard.generation, cursor)
    return {"ShardIterator": render(iterator, call.parts.clock())}


def _check_mix(request: dict[str, Any]) -> None:
    kind = request["ShardIteratorType"]
    if kind in _NUMBERED and "SequenceNumber" not in request:
        raise ValidationException(f"SequenceNumber must be specified for ShardIteratorType {kind}")
    if kind not in _NUMBERED and "SequenceNumber" in request:
        raise ValidationException(f"SequenceNumber must not be specified for ShardIteratorType {kind}")
    if kind == "AT_TIMESTAMP" and "Timestamp" not in request:
        raise ValidationException(f"Timestamp must be specified for ShardIteratorType {kind}")
    if kind != "AT_TIMESTAMP" and "Timestamp" in request:
        raise ValidationException(f"Timestamp must not be specified for ShardIteratorType {kind}")


async def _cursor(call: Call, stream: StreamRecord, shard: Shard, request: dict[str, Any]) -> int:
    """The sequence after which the iterator reads: never before the shard's first record or past its last."""
    journal = call.parts.streams.journal
    kind = request["ShardIteratorType"]
    begin = shard.start or 0
    oldest = await journal.first(stream.journal, shard.lane) - 1
    if kind in _NUMBERED:
        sequence = parse_number(request["SequenceNumber"], shard.lane)
        if sequence is None or sequence < begin or (shard.end is not None and sequence > shard.end):
            raise ValidationException(f"Invalid SequenceNumber: {request['SequenceNumber']} is not in shard {shard.id}")
        cursor = sequence - 1 if kind == "AT_SEQUENCE_NUMBER" else sequence
        cursor = max(cursor, begin)
        if cursor < oldest:
            raise TrimmedDataAccessException
        return cursor
    if kind == "LATEST":
        cursor = await journal.end(stream.journal, shard.lane, begin) if shard.end is None else shard.end
    elif kind == "AT_TIMESTAMP":
        cursor = await journal.before(stream.journal, shard.lane, request["Timestamp"])
    else:
        cursor = begin
    cursor = max(cursor, begin, oldest)
    return cursor if shard.end is None else min(cursor, shard.end)
