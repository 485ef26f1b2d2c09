"""UpdateKinesisStreamingDestination."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.model.table import Table
from stator.tables.catalog import Edit, not_found
from stator.tables.destinations import UPDATING, echo, precision_of, update
from stator.tables.name import resolve
from stator.validation.requests.kinesis_destination import UPDATE_KINESIS_STREAMING_DESTINATION


@operation("UpdateKinesisStreamingDestination", UPDATE_KINESIS_STREAMING_DESTINATION)
async def update_kinesis_streaming_destination(call: Call) -> Answer:
    name = resolve(call.account, call.region, call.request["TableName"])
    stream_arn: str = call.request["StreamArn"]
    precision = precision_of(call.request.get("UpdateKinesisStreamingConfiguration"))
    now = call.parts.clock()

    def decide(table: Table | None) -> Edit:
        if table is None:
            raise not_found(name)
        return Edit(update(table, stream_arn, precision, now))

    await call.parts.catalog.change(call.account, call.region, name, decide)
    return {
        "TableName": name,
        "StreamArn": stream_arn,
        "DestinationStatus": UPDATING,
        "UpdateKinesisStreamingConfiguration": echo(precision),
    }
