"""DescribeExport."""

from stator.api.call import Answer, Call
from stator.api.export_arn import export_of
from stator.api.registry import operation
from stator.archive.exports.exports import describe
from stator.validation.requests.export import DESCRIBE_EXPORT


@operation("DescribeExport", DESCRIBE_EXPORT)
async def describe_export(call: Call) -> Answer:
    return {"ExportDescription": describe(export_of(call, call.request["ExportArn"]))}
