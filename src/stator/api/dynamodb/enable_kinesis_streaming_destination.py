"""EnableKinesisStreamingDestination."""

import re

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Status, Table
from stator.tables.catalog import Edit, not_found
from stator.tables.destinations import ENABLING, echo, enable, precision_of
from stator.tables.lifecycle import in_use
from stator.tables.name import resolve
from stator.validation.requests.kinesis_destination import KINESIS_STREAMING_DESTINATION

_STREAM = re.compile(r"arn:[a-z-]+:kinesis:([a-z0-9-]+):[0-9]{12}:stream/[a-zA-Z0-9_.-]{1,128}")


@operation("EnableKinesisStreamingDestination", KINESIS_STREAMING_DESTINATION)
async def enable_kinesis_streaming_destination(call: Call) -> Answer:
    name = resolve(call.account, call.region, call.request["TableName"])
    stream_arn: str = call.request["StreamArn"]
    precision = precision_of(call.request.get("EnableKinesisStreamingConfiguration"))
    place = _STREAM.fullmatch(stream_arn)
    if place is None:
        raise ValidationException(f"Invalid StreamArn: {stream_arn} is not the ARN of a Kinesis data stream")
    if place[1] != call.region:
        raise ValidationException(f"Invalid StreamArn: {stream_arn} is not in the region of the table, {call.region}")
    if not call.parts.kinesis:
        raise ValidationException(
            "This server has no Kinesis endpoint to deliver to. Whoever runs it can set kinesis_endpoint."
        )
    now = call.parts.clock()

    def decide(table: Table | None) -> Edit:
        if table is None:
            raise not_found(name)
        if table.status in (Status.CREATING, Status.DELETING):
            raise in_use(table)
        return Edit(enable(table, stream_arn, precision, now))

    await call.parts.catalog.change(call.account, call.region, name, decide)
    return {
        "TableName": name,
        "StreamArn": stream_arn,
        "DestinationStatus": ENABLING,
        "EnableKinesisStreamingConfiguration": echo(precision),
    }
