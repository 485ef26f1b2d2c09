"""DescribeTable."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.tables.describe import describe
from stator.validation.requests.table import DESCRIBE_TABLE


@operation("DescribeTable", DESCRIBE_TABLE)
async def describe_table(call: Call) -> Answer:
    catalog = call.parts.catalog
    table = catalog.require(call.account, call.region, call.request["TableName"])
    return {"Table": describe(table, await catalog.usages(table), call.parts.clock())}
