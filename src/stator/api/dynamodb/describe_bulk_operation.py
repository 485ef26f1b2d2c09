"""DescribeBulkOperation."""

from stator.api.bulk_operations import bulk_operation_of, describe_bulk_operation
from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.validation.requests.bulk_operation import DESCRIBE_BULK_OPERATION


@operation("DescribeBulkOperation", DESCRIBE_BULK_OPERATION)
async def describe(call: Call) -> Answer:
    job = bulk_operation_of(call)
    table = call.parts.catalog.find(call.account, call.region, job.table)
    return {"BulkOperationDescription": describe_bulk_operation(job, table)}
