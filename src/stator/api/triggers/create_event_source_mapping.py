"""CreateEventSourceMapping."""

import re
from typing import Any
from uuid import uuid4

from stator.api.call import Call
from stator.api.triggers.settings import DEFAULTS, function_arn, settings_of
from stator.errors import InvalidParameterValueException, ResourceConflictException
from stator.journal.lineage import Name, StreamRecord
from stator.journal.mapping import Mapping, describe

_STREAM = re.compile(
    r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):([0-9]{12}):table/([a-zA-Z0-9_.-]{3,255})/stream/([0-9T:.-]+)"
)


async def create_event_source_mapping(call: Call) -> dict[str, Any]:
    """All changes since the answer are delivered, also with LATEST."""
    request, mappings = call.request, call.parts.mappings
    function = function_arn(call, request["FunctionName"])
    settings = DEFAULTS | settings_of(call)
    position, moment = _start(call)
    stream = await _stream(call)
    for other in await mappings.all(call.account, call.region):
        if (other.stream_arn, other.function_arn) == (stream.name.arn, function):
            raise ResourceConflictException(
                f'The event source arn (" {stream.name.arn} ") and function (" {function} ") provided mapping already '
                f"exists. Please update or delete the existing mapping with UUID {other.uuid}"
            )
    mapping = Mapping(
        uuid=str(uuid4()),
        account=call.account,
        region=call.region,
        stream_arn=stream.name.arn,
        function_arn=function,
        revision=0,
        modified=mappings.clock(),
        starting_position=position,
        starting_timestamp=moment,
        result="No records processed",
        **settings,
    )
    await mappings.create(mapping, stream)
    return describe(mapping, "Creating")


def _start(call: Call) -> tuple[str, float | None]:
    position = call.request.get("StartingPosition")
    moment = call.request.get("StartingPositionTimestamp")
    if position is None:
        raise InvalidParameterValueException("StartingPosition is required for a DynamoDB stream.")
    if (position == "AT_TIMESTAMP") != (moment is not None):
        raise InvalidParameterValueException("StartingPositionTimestamp goes with the StartingPosition AT_TIMESTAMP.")
    return position, moment


async def _stream(call: Call) -> StreamRecord:
    arn = call.request.get("EventSourceArn")
    place = _STREAM.fullmatch(arn or "")
    if place is None:
        raise InvalidParameterValueException("EventSourceArn must be the ARN of a DynamoDB stream.")
    region, account, table, label = place.groups()
    stream = None
    if (region, account) == (call.region, call.account):
        stream = await call.parts.streams.find(Name(account, region, table, label))
    if stream is None:
        raise InvalidParameterValueException(f"Stream not found: {arn}")
    return stream
