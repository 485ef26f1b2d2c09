"""DescribeKinesisStreamingDestination."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.tables.destinations import describe
from stator.validation.requests.kinesis_destination import DESCRIBE_KINESIS_STREAMING_DESTINATION


@operation("DescribeKinesisStreamingDestination", DESCRIBE_KINESIS_STREAMING_DESTINATION)
async def describe_kinesis_streaming_destination(call: Call) -> Answer:
    table = call.parts.catalog.require(call.account, call.region, call.request["TableName"])
    return {"TableName": table.name, "KinesisDataStreamDestinations": describe(table)}
