"""DisableKinesisStreamingDestination."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.model.table import Table
from stator.tables.catalog import Edit, not_found
from stator.tables.destinations import DISABLING, disable
from stator.tables.name import resolve
from stator.validation.requests.kinesis_destination import KINESIS_STREAMING_DESTINATION


@operation("DisableKinesisStreamingDestination", KINESIS_STREAMING_DESTINATION)
async def disable_kinesis_streaming_destination(call: Call) -> Answer:
    name = resolve(call.account, call.region, call.request["TableName"])
    stream_arn: str = call.request["StreamArn"]
    now = call.parts.clock()

    def decide(table: Table | None) -> Edit:
        if table is None:
            raise not_found(name)
        return Edit(disable(table, stream_arn, now))

    await call.parts.catalog.change(call.account, call.region, name, decide)
    return {"TableName": name, "StreamArn": stream_arn, "DestinationStatus": DISABLING}
