"""ListBulkOperations: those of the last 90 days, which is how long finished ones are kept."""

from typing import Any

from stator.api.bulk_operations import summarise
from stator.api.call import Answer, Call
from stator.api.intake import page
from stator.api.registry import operation
from stator.archive.intake.intake import BULK
from stator.limits import LIST_BULK_OPERATIONS_DEFAULT
from stator.validation.requests.bulk_operation import LIST_BULK_OPERATIONS


@operation("ListBulkOperations", LIST_BULK_OPERATIONS)
async def list_bulk_operations(call: Call) -> Answer:
    request = call.request
    found = call.parts.jobs.list(BULK, call.account, call.region)
    shown, token = page(found, request.get("NextToken"), request.get("MaxResults", LIST_BULK_OPERATIONS_DEFAULT))
    answer: dict[str, Any] = {"BulkOperationsSummaryList": [summarise(job) for job in shown]}
    return answer if token is None else answer | {"NextToken": token}
