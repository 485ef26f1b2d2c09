"""CancelBulkOperation. One that is finished stays as it is, and the answer says how."""

from stator.api.bulk_operations import bulk_operation_of, status
from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.validation.requests.bulk_operation import CANCEL_BULK_OPERATION


@operation("CancelBulkOperation", CANCEL_BULK_OPERATION)
async def cancel_bulk_operation(call: Call) -> Answer:
    job = await call.parts.jobs.request_cancel(bulk_operation_of(call))
    return {"BulkOperationArn": call.request["BulkOperationArn"], "BulkOperationStatus": status(job)}
